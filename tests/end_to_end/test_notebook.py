"""Notebooks as published: the same bytes again, no network needed, honest when they fail."""

import os
import re
import runpy
import signal
import subprocess
import sys
import time
from base64 import b64decode
from pathlib import Path

import nbformat
import pytest

from analysis import notebook, tables
from pipeline.errors import UserError

pytestmark = pytest.mark.slow  # each starts a kernel
PUBLISHED = sorted(path.stem for path in notebook.SOURCES.glob("*.py"))
MADE_UP = runpy.run_path(str(Path(__file__).parents[1] / "plots" / "made_up.py"))
QUESTION = """\
# %% [markdown]
# # How many digits?

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

print({"a", "b", "c"}, hash("digits"))
pd.DataFrame({"digits": [10]})

# %% alt="A line from 1 to 3"
plt.plot([1, 2, 3]);

# %%
Path("reports/answer.txt").read_text()
"""
WRONG = """
# %%
# a comment
1 / 0

# %%
"never reached"
"""
RUN = """
import sys
from pathlib import Path
from analysis import notebook
notebook.execute("asked", Path(sys.argv[1]), sources=Path(sys.argv[2]))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one notebook, asked, and one that fails, wrong."""
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "asked.py").write_text(QUESTION)
    (sources / "wrong.py").write_text(QUESTION + WRONG)
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "answer.txt").write_text("ten")
    return tmp_path


def execute(name: str, project: Path) -> Path:
    """Run a notebook of the project; where its results lie."""
    notebook.execute(name, project / "reports", sources=project / "sources")
    return project / "reports" / "notebooks"


def files(folder: Path) -> dict[str, bytes]:
    """Every file's name and bytes."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_second_run_writes_the_same_bytes(project: Path) -> None:
    """Another process with another hash seed and Matplotlib backend writes the same two files."""
    first = files(execute("asked", project))
    subprocess.run(
        [sys.executable, "-c", RUN, str(project / "reports"), str(project / "sources")],
        check=True,
        env={"PYTHONHASHSEED": "7", "MPLBACKEND": "agg", "HOME": str(project / "home")},
    )
    assert sorted(first) == ["asked.html", "asked.ipynb"]
    assert files(project / "reports" / "notebooks") == first


def test_nothing_is_written_into_the_home_folder(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jupyter and IPython keep their files out of the user's home."""
    home = project / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    execute("asked", project)
    written = {path.name for path in home.rglob("*")}
    assert not written & {".ipython", ".jupyter", "jupyter", "ipython"}


def test_notebook_runs_beside_its_reports(project: Path) -> None:
    """A notebook finds `reports/` in its working directory, and what it says is published."""
    published = nbformat.read(execute("asked", project) / "asked.ipynb", as_version=4)
    assert published.cells[-1].outputs[0].data["text/plain"] == "'ten'"


def test_page_needs_no_network(project: Path) -> None:
    """The page holds its pictures, runs no scripts and loads nothing from anywhere."""
    page = (execute("asked", project) / "asked.html").read_text()
    assert "<script" not in page
    assert re.findall(r"@import|url\(['\"]?http", page) == []
    assert [src for src in re.findall(r'src="([^"]*)"', page) if not src.startswith("data:")] == []
    assert re.findall(r'<link[^>]*|href="(?:https?:)?//', page) == []


def test_page_describes_its_pictures_and_names_itself(project: Path) -> None:
    """A picture's alternative text is the cell's, and the page's title is the first heading."""
    page = (execute("asked", project) / "asked.html").read_text()
    assert re.findall(r'<img[^>]*alt="([^"]*)"', page) == ["A line from 1 to 3"]
    assert "<title>How many digits?</title>" in page


def test_page_leads_back_to_where_it_belongs(project: Path) -> None:
    """A page of the pipeline to the report; one of the experiments to the page of them all."""
    page = (execute("asked", project) / "asked.html").read_text()
    assert '<a href="../index.html">Back to the report</a>' in page
    experiments = notebook.TEACHING.parent
    assert notebook.way_back("c5", experiments) == ("published.html", "All experiments")
    assert notebook.way_back(notebook.OVERVIEW, experiments) is None
    assert (notebook.TEACHING / f"{notebook.OVERVIEW}.py").is_file()
    alone = notebook.as_page(notebook.read(notebook.OVERVIEW))
    assert "<nav" not in alone


def test_pictures_do_not_name_what_drew_them(project: Path) -> None:
    """A picture's bytes hold no version, so that another Matplotlib may draw the same ones."""
    published = nbformat.read(execute("asked", project) / "asked.ipynb", as_version=4)
    picture = published.cells[2].outputs[-1].data["image/png"]
    assert b"Software" not in b64decode(picture)


def test_failing_cell_is_named_in_one_line_and_what_ran_is_kept(project: Path) -> None:
    """The message names cell and error; the partly executed notebook is there, no page is."""
    with pytest.raises(UserError) as caught:
        execute("wrong", project)
    folder = project / "reports" / "notebooks"
    assert str(caught.value) == (
        "notebook wrong: cell 5 (# a comment) raised ZeroDivisionError: division by zero; "
        f"look at {folder}/wrong.failed.ipynb"
    )
    assert sorted(files(folder)) == ["wrong.failed.ipynb"]
    kept = nbformat.read(folder / "wrong.failed.ipynb", as_version=4)
    assert kept.cells[3].outputs[0].data["text/plain"] == "'ten'"
    assert kept.cells[4].outputs[0].ename == "ZeroDivisionError"


def test_mended_notebook_removes_the_failed_one(project: Path) -> None:
    """After a run that succeeds, the record of the failed run is gone."""
    with pytest.raises(UserError):
        execute("wrong", project)
    (project / "sources" / "wrong.py").write_text(QUESTION)
    assert sorted(files(execute("wrong", project))) == ["wrong.html", "wrong.ipynb"]


def test_interrupt_stops_the_kernel_and_keeps_what_was_there(project: Path) -> None:
    """Ctrl-C ends the run with no new file and no process left behind."""
    folder = execute("asked", project)
    before = files(folder)
    cell = "from pathlib import Path\nimport os, time\nPath('kernel').write_text(str(os.getpid()))"
    (project / "sources" / "asked.py").write_text(f"# %%\n{cell}\ntime.sleep(60)\n")
    command = [sys.executable, "-c", RUN, str(project / "reports"), str(project / "sources")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        kernel = wait_for(project / "kernel")
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=30)
    assert process.returncode not in (0, 1)
    assert error.endswith("KeyboardInterrupt\n")
    assert files(folder) == before
    with pytest.raises(ProcessLookupError):
        os.kill(kernel, 0)


def wait_for(path: Path) -> int:
    """The number in `path`, as soon as it is there."""
    for _ in range(600):
        if path.is_file() and (text := path.read_text()):
            return int(text)
        time.sleep(0.05)
    raise TimeoutError(path)


def test_dead_process_is_named(project: Path) -> None:
    """A cell that ends the Python process is named, as one line."""
    (project / "sources" / "wrong.py").write_text("# %%\nimport os\n\n# %%\nos._exit(3)\n")
    with pytest.raises(UserError, match=r"cell 2 \(os\._exit\(3\)\) ended the Python process"):
        execute("wrong", project)


def test_unknown_notebook_is_answered_with_the_known_ones(project: Path) -> None:
    """A name that is not there lists the names that are."""
    with pytest.raises(UserError, match=r"notebook missing is not in .*; one of: asked, wrong"):
        execute("missing", project)


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made-up results with their tables."""
    root = tmp_path_factory.mktemp("made-up")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        reports: Path = MADE_UP["write_all"](root)
        tables.main(reports)
    return reports


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_notebook_answers_in_words(made_up: Path, name: str) -> None:
    """Each of our notebooks runs without a warning, describes its pictures, ends with words."""
    notebook.execute(name, made_up)
    first = files(made_up / "notebooks")
    cells = nbformat.read(made_up / "notebooks" / f"{name}.ipynb", as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    assert {output.output_type for output in outputs} == {"display_data", "execute_result"}
    pictures = [output for output in outputs if "image/png" in output.data]
    assert pictures
    assert all(picture.metadata["image/png"]["alt"] for picture in pictures)
    assert len(cells[-1].outputs[-1].data["text/markdown"]) > 100
    assert str(made_up.parent) not in (made_up / "notebooks" / f"{name}.html").read_text()
    notebook.execute(name, made_up)
    assert files(made_up / "notebooks") == first


@pytest.mark.parametrize("name", ["02_iteration_history", "05_mistakes"])
def test_published_notebook_runs_where_it_is_opened(made_up: Path, name: str) -> None:
    """Opened in its own folder, as JupyterLab does, a notebook comes out as it was published."""
    notebook.execute(name, made_up)
    path = made_up / "notebooks" / f"{name}.ipynb"
    opened = nbformat.read(path, as_version=4)
    notebook.run(opened, path.parent)
    assert notebook.as_json(opened) == path.read_text(encoding="utf-8")
