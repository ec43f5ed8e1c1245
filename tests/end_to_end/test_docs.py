"""What README and docs say is there is there."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline import params
from pipeline.workspace import merged

ROOT = Path(__file__).parents[2]
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "experiments" / "README.md",
]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link and picture of a page is a file of the project."""
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        if not target.startswith("https://"):
            assert (page.parent / target).exists(), target


def test_the_tree_is_true() -> None:
    """Every file and folder that the README's tree names is there."""
    tree = next(block for block in blocks(README, "text") if "params.yaml" in block)
    named, folder = [], Path()
    for line in tree.splitlines():
        names = re.split(r"\s{3,}", line.strip())[0].split()
        if line.startswith(" "):
            named += [folder / name for name in names]
        else:
            named += map(Path, names)
            folder = Path(names[0])
    assert len(named) > 25
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_make_targets_are_there() -> None:
    """Every `make` command of the pages is a target that make lists."""
    listed = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"repro", "quick", "test", "check", "dashboard", "bench", "lock", "clean"} <= listed
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        asked = set(re.findall(r"(?:^|`)make ([a-z]+)", text, re.MULTILINE))
        assert asked <= listed, page


def test_the_graph_is_current(tmp_path: Path) -> None:
    """The README's graph is the one that DVC draws."""
    for name in ("dvc.yaml", "params.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc/config").write_text("[core]\n    no_scm = true\n    analytics = false\n")
    command = [sys.executable, "-m", "dvc", "dag", "--collapse-foreach-matrix", "--mermaid"]
    drawn = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert blocks(README, "mermaid")[0].split() == drawn.stdout.split()


def test_the_study_of_the_docs_is_valid(tmp_path: Path) -> None:
    """The study that `your own study` shows can be pasted into params.yaml."""
    page = (ROOT / "docs/how-to/own-study.md").read_text(encoding="utf-8")
    yaml = YAML()
    whole = merged(yaml.load(ROOT / "params.yaml"), yaml.load(blocks(page, "yaml")[0]))
    with (tmp_path / "params.yaml").open("w") as file:
        yaml.dump(whole, file)
    assert params.load(tmp_path / "params.yaml").study("wide").trials == 32


def test_modules_of_the_pages_are_there() -> None:
    """Every `python -m` command of the pages is a command of its package."""
    asked = set()
    for page in PAGES:
        asked |= set(
            re.findall(r"python -m (pipeline|studies|analysis) ([\w-]+)", page.read_text())
        )
    assert asked
    for package, command in sorted(asked):
        source = (ROOT / package / "__main__.py").read_text(encoding="utf-8")
        function = command.replace("-", "_")
        assert f"def {function}(" in source or f'@app.command("{command}")' in source, command


def test_readme_installs_as_printed() -> None:
    """The pip and uv ways name lock files that are there, hashes demanded."""
    for block in blocks(README, "sh"):
        for name in re.findall(r"-r (\S+)", block):
            assert (ROOT / name).exists()
            assert "--require-hashes" in block
    assert shutil.which("make") is None or "make repro" in README
