"""Arrows go one way: pipeline.nn <- pipeline <- studies; analysis reads files."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"pipeline", "studies", "analysis", "benchmarks", "tests"}
ALLOWED = {
    "pipeline/nn": ("pipeline.nn",),
    "pipeline/primer": ("pipeline.nn", "pipeline.primer"),
    "pipeline": ("pipeline",),
    "studies": ("pipeline", "studies"),
    "analysis": ("analysis", "pipeline.params", "pipeline.errors", "pipeline.files"),
}
NUMPY_ONLY = {"pipeline/nn", "pipeline/primer"}  # and the standard library


def imports(source: str) -> Iterator[str]:
    """The full names of the modules that a source imports, wherever it does."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(path: Path) -> str:
    """The part of the house that a file belongs to."""
    parts = path.relative_to(ROOT).parts
    inner = "/".join(parts[:2])
    return inner if inner in NUMPY_ONLY else parts[0]


def wrong(path: Path, source: str) -> list[str]:
    """The imports of a file that the house does not allow."""
    allowed = ALLOWED[room(path)]
    found = set(imports(source))
    strangers = {
        name
        for name in found
        if name.split(".")[0] in OURS
        and not any(name == part or name.startswith(f"{part}.") for part in allowed)
    }
    if room(path) in NUMPY_ONLY:
        known = {*sys.stdlib_module_names, "numpy", "pipeline"}
        strangers |= {name for name in found if name.split(".")[0] not in known}
    return sorted(strangers)


SOURCES = [
    path
    for package in ("pipeline", "studies", "analysis")
    for path in sorted((ROOT / package).rglob("*.py"))
    if "notebooks" not in path.parts  # these may import anything
]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_arrows_go_one_way(path: Path) -> None:
    """No file imports from a room that lies downstream of its own."""
    assert wrong(path, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("pipeline/nn/mlp.py", "import scipy.special"),
        ("pipeline/nn/mlp.py", "from pipeline import params"),
        ("pipeline/nn/mlp.py", "from pipeline.primer import toy_data"),
        ("pipeline/primer/toy_data.py", "from sklearn.datasets import make_moons"),
        ("pipeline/primer/toy_data.py", "from pipeline.training import recipe"),
        ("pipeline/prepare.py", "from studies.rounds import run_study"),
        ("studies/run.py", "def f():\n    import analysis.tables"),
        ("analysis/load.py", "from pipeline.nn import mlp"),
        ("analysis/plots/primer/paths.py", "from pipeline.primer import surfaces"),
    ],
)
def test_a_turned_arrow_is_seen(place: str, line: str) -> None:
    """The walk would catch an import that goes the wrong way, in a function too."""
    assert wrong(ROOT / place, line)
