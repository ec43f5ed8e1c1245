"""What the page on the trainer says is what the code does."""

import doctest
import inspect
import re
from pathlib import Path

import numpy as np
import pytest

from pipeline.nn import initializers, optimizers, schedules
from pipeline.nn.activations import ACTIVATIONS
from pipeline.nn.losses import LOSSES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/trainer.md"
TEXT = PAGE.read_text(encoding="utf-8")
MODULES = sorted((ROOT / "pipeline/nn").glob("*.py"))
OPTIMIZERS = {
    name: kind
    for name, kind in inspect.getmembers(optimizers, inspect.isclass)
    if hasattr(kind, "update") and kind is not optimizers.Optimizer
}


def functions(module: object) -> list[str]:
    """The names of the public functions that a module defines."""
    found = inspect.getmembers(module, inspect.isfunction)
    return [name for name, f in found if inspect.getmodule(f) is module and name[0] != "_"]


def rows(name: str) -> list[list[str]]:
    """The cells of each table row that has this name in code font in its first cell."""
    lines = re.findall(rf"^\| (`{name}` \| .*) \|$", TEXT, re.MULTILINE)
    return [line.split(" | ") for line in lines]


def examples() -> doctest.DocTest:
    """The page's examples as one session, at the lines where they stand."""
    parts = re.split(r"^```.*$", TEXT, flags=re.MULTILINE)  # prose and code by turns
    parts[::2] = ["\n" * part.count("\n") for part in parts[::2]]
    session = "".join(parts)
    return doctest.DocTestParser().get_doctest(session, {}, PAGE.name, str(PAGE), 0)


def test_every_block_is_examples() -> None:
    """No block of code goes unchecked: each opens with an example."""
    openings = re.findall(r"^```(\w+)\n(.*)$", TEXT, re.MULTILINE)
    assert len(openings) > 10
    assert [block for block in openings if not block[1].startswith(">>> ")] == []
    assert [block for block in openings if block[0] != "python"] == []


def test_examples_print_what_the_page_says() -> None:
    """Run from top to bottom in one namespace, every example prints what stands below it."""
    failures: list[str] = []
    with np.printoptions():  # the page sets some
        found = doctest.DocTestRunner(verbose=False).run(examples(), out=failures.append)
    assert found.attempted > 50
    assert not failures, "".join(failures)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_every_module_is_linked(module: Path) -> None:
    """The page links every module of the trainer."""
    assert f"](../{module.relative_to(ROOT).as_posix()})" in TEXT


@pytest.mark.parametrize("name", [*ACTIVATIONS, *OPTIMIZERS, *functions(schedules)])
def test_tables_are_complete(name: str) -> None:
    """Every activation, optimizer and schedule has its row."""
    assert rows(name)


@pytest.mark.parametrize("name", [*LOSSES, *functions(initializers)])
def test_losses_and_initializers_are_named(name: str) -> None:
    """Every loss and initializer stands on the page by its name."""
    assert f"`{name}`" in TEXT


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_remember_what_the_table_says(name: str) -> None:
    """The number of vectors in the table is the optimizer's."""
    [(_, _, slots, _, _)] = rows(name)
    assert int(slots) == OPTIMIZERS[name]().slots


def test_backward_is_quoted_as_it_stands() -> None:
    """The code beside the chain rule is that of the backward pass."""
    quoted = re.findall(r"^\| (?:d\w+|d loss .*|delta_.*) = .* \| `(.+)` \|$", TEXT, re.MULTILINE)
    source = (ROOT / "pipeline/nn/mlp.py").read_text(encoding="utf-8")
    assert len(quoted) == 4
    assert [code for code in quoted if code not in source] == []
