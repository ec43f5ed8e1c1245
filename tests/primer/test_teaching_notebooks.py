"""The teaching notebooks: found by name, short in code, the same bytes again, answers in words."""

import ast
from pathlib import Path

import nbformat
import pytest
from ruamel.yaml import YAML

from analysis import notebook
from pipeline.errors import UserError

EVERY = sorted(path.stem for path in notebook.TEACHING.glob("*.py"))
STAGES = YAML(typ="safe").load(notebook.TEACHING.parent / "dvc.yaml")["stages"]
LESSONS = STAGES["lesson"]["foreach"]
LONGEST = 5  # lines of a function or class, its first line and its docstring aside


def definitions(name: str) -> list[ast.FunctionDef | ast.ClassDef]:
    """What a notebook defines."""
    tree = ast.parse((notebook.TEACHING / f"{name}.py").read_text(encoding="utf-8"))
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)]


@pytest.mark.parametrize("name", EVERY)
def test_notebook_asks_first_and_defines_little(name: str) -> None:
    """The first cell is a question, the last but one announces the answer; functions are short."""
    cells = notebook.read(name).cells
    assert notebook.title(notebook.read(name)).endswith("?")
    headings = [c.source for c in cells if c.cell_type == "markdown"]
    assert headings[-1] == "## The answer"
    assert cells[-1].cell_type == "code"
    for each in definitions(name):
        body = [node for node in each.body if not _is_docstring(node)]
        lines = sum(node.end_lineno - node.lineno + 1 for node in body if node.end_lineno)
        assert lines <= LONGEST, each.name


def test_notebook_names_are_not_taken_twice() -> None:
    """A teaching notebook does not hide behind one of the pipeline's."""
    assert not {path.stem for path in notebook.SOURCES.glob("*.py")} & set(EVERY)


def test_unknown_notebook_lists_those_of_both_folders() -> None:
    """A name that is nowhere is answered with all that are known."""
    with pytest.raises(UserError, match=r"01_search, .*05_mistakes, a_.*, published$"):
        notebook.read("c8")


def test_another_folder_is_looked_through_alone(tmp_path: Path) -> None:
    """Where a folder is named, the teaching notebooks are not in it."""
    with pytest.raises(UserError, match=r"is not in .*; one of: $"):
        notebook.read("c1_perceptron", tmp_path)


@pytest.mark.slow  # starts a kernel, twice
@pytest.mark.parametrize("name", LESSONS)
def test_notebook_answers_in_words_and_the_same_again(name: str, tmp_path: Path) -> None:
    """Each runs without a warning, describes its pictures, ends with words, repeats its bytes."""
    folder = tmp_path / "reports" / "notebooks"
    notebook.execute(name, tmp_path / "reports")
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert sorted(first) == [f"{name}.html", f"{name}.ipynb"]
    cells = nbformat.read(folder / f"{name}.ipynb", as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    assert {output.output_type for output in outputs} == {"display_data", "execute_result"}
    pictures = [output for output in outputs if "image/png" in output.data]
    assert pictures
    assert all(picture.metadata["image/png"]["alt"] for picture in pictures)
    assert len(cells[-1].outputs[-1].data["text/markdown"]) > 200
    assert str(tmp_path) not in first[f"{name}.html"].decode()
    notebook.execute(name, tmp_path / "reports")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
