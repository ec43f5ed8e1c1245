"""Stage `notebook`: one percent-format notebook, executed, as .ipynb and as one HTML page.

Reads NAME.py in analysis/notebooks, or else in experiments/notebooks, and whatever that notebook
reads; writes NAME.ipynb and NAME.html into reports/notebooks. The same inputs give the same
bytes: cell ids come from the file's name and the cell's place, nothing records when or where the
notebook ran, and the page carries its styles and pictures, so it needs no network.
"""
# nbformat and nbconvert carry few types.
# mypy: allow-untyped-calls

import asyncio
import logging
import os
import re
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, CellExecutionError, DeadKernelError
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from traitlets.config import Config

from pipeline.errors import UserError
from pipeline.files import write_text

SOURCES = Path(__file__).parent / "notebooks"
TEACHING = Path(__file__).parents[1] / "experiments" / "notebooks"  # looked through after SOURCES
OVERVIEW = "published"  # the experiments' page that leads to the others
TEMPLATE = Path(__file__).parent / "templates" / "notebook.html.j2"
SECONDS_A_CELL = 300
LONGEST_SOCKET_FOLDER = 60  # bytes; a Unix socket's whole path must stay below 104

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}
PNG = {"bbox_inches": "tight", "dpi": 100, "metadata": {"Software": None}}  # same bytes again
KERNEL_ARGUMENTS = [
    "--HistoryManager.enabled=False",
    "--InlineBackend.figure_formats={'png'}",
    f"--InlineBackend.print_figure_kwargs={PNG}",
]
COLORS = re.compile(r"\x1b\[[0-9;]*m")


def execute(name: str, reports: Path = Path("reports"), *, sources: Path = SOURCES) -> None:
    """Run notebook `name` in the folder that holds `reports` and publish both its forms.

    Raises: UserError if there is no such notebook, or a cell fails; what ran until then is kept
    as NAME.failed.ipynb, and the last good notebook and page stay as they were.
    """
    notebook = read(name, sources)
    folder = reports / "notebooks"
    folder.mkdir(parents=True, exist_ok=True)
    failed, project = folder / f"{name}.failed.ipynb", reports.resolve().parent
    try:
        run(notebook, project)
    except UserError as error:
        write_text(failed, as_json(notebook))
        raise UserError(f"notebook {name}: {error}; look at {failed}") from None
    failed.unlink(missing_ok=True)
    write_text(folder / f"{name}.ipynb", as_json(notebook))
    write_text(folder / f"{name}.html", as_page(notebook, way_back(name, project)))


def read(name: str, sources: Path = SOURCES) -> NotebookNode:
    """The notebook `name`.py of `sources`, not yet run, with cell ids that never change.

    Where `sources` is our own folder, the teaching notebooks are known too.
    """
    folders = (SOURCES, TEACHING) if sources == SOURCES else (sources,)
    files = {file.stem: file for folder in reversed(folders) for file in folder.glob("*.py")}
    if name not in files:
        where, known = " or ".join(map(str, folders)), ", ".join(sorted(files))
        raise UserError(f"notebook {name} is not in {where}; one of: {known}")
    path = files[name]
    notebook: NotebookNode = jupytext.read(path, fmt="py:percent")
    notebook.metadata = NotebookNode(METADATA)
    for index, cell in enumerate(notebook.cells):
        cell.id = sha256(f"{path.name} {index}".encode()).hexdigest()[:12]
    return notebook


def run(notebook: NotebookNode, folder: Path) -> None:
    """Execute `notebook` in place with `folder` as working directory, in this interpreter.

    Raises: UserError naming the cell that failed; `notebook` then holds what ran until there.
    KeyboardInterrupt after Ctrl-C or a request to end, once the kernel has been stopped.
    """
    begun: list[int] = []  # cells
    signals: list[int] = []
    with tempfile.TemporaryDirectory(prefix="notebook-") as scratch, environment(scratch):
        client = NotebookClient(
            notebook,
            config=kernel_config(scratch),
            resources={"metadata": {"path": str(folder)}},
            timeout=SECONDS_A_CELL,
            record_timing=False,
            coalesce_streams=True,
            shutdown_kernel="immediate",
            extra_arguments=KERNEL_ARGUMENTS,
            on_notebook_start=lambda notebook: cancel_on_signal(signals),
            on_cell_start=lambda cell, cell_index: begun.append(cell_index),
            log=logging.Logger("nbclient", logging.CRITICAL),  # the error below says it all
        )
        try:
            client.execute()
        except (CellControlSignal, DeadKernelError, asyncio.CancelledError) as error:
            if signals:
                raise KeyboardInterrupt from None
            raise UserError(reason(notebook, begun[-1], error)) from None
        finally:
            notebook.metadata = NotebookNode(METADATA)


def cancel_on_signal(received: list[int]) -> None:
    """Cancel the run on Ctrl-C; nbclient's own handler would stop the kernel twice and fail."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()

    def cancel(number: int) -> None:
        received.append(number)
        if task:
            task.cancel()

    with suppress(RuntimeError):  # not in the main thread, or a system without signals
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, cancel, number)


def kernel_config(scratch: str) -> Config:
    """Talk to the kernel over sockets in `scratch`, where its path is short enough for them."""
    config = Config()
    if os.name == "posix" and len(os.fsencode(scratch)) <= LONGEST_SOCKET_FOLDER:
        config.KernelManager.transport = "ipc"
        config.KernelManager.connection_file = str(Path(scratch) / "kernel.json")
    return config


@contextmanager
def environment(scratch: str) -> Iterator[None]:
    """Keep the user's Jupyter and IPython settings and files out, and them out of ours."""
    ours = {
        "IPYTHONDIR": f"{scratch}/ipython",
        "JUPYTER_CONFIG_DIR": f"{scratch}/config",
        "JUPYTER_DATA_DIR": f"{scratch}/data",
        "JUPYTER_RUNTIME_DIR": f"{scratch}/runtime",
        "JUPYTER_PREFER_ENV_PATH": "1",  # this environment's kernel, not one of the user's
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OMP_NUM_THREADS": "1",  # matrix products differ in the last bit between 1 and 2 threads
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONWARNINGS": "ignore:IProgress not found",  # tqdm wants widgets in any notebook
    }
    before = {key: os.environ.get(key) for key in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        restore(before)


def restore(before: Mapping[str, str | None]) -> None:
    """Put environment variables back; None means that there was none."""
    for key, value in before.items():
        if value is None:
            os.environ.pop(key, None)
        else:
            os.environ[key] = value


def reason(notebook: NotebookNode, index: int, error: BaseException) -> str:
    """One line: which cell failed, and how."""
    where = f"cell {index + 1} ({first_line(notebook.cells[index].source)})"
    if isinstance(error, CellExecutionError):
        return f"{where} raised {error.ename}: {first_line(COLORS.sub('', error.evalue))}"
    if isinstance(error, DeadKernelError):
        return f"{where} ended the Python process"
    return f"{where} took more than {SECONDS_A_CELL} seconds"


def first_line(text: str) -> str:
    """The first line of `text` that is not empty."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def as_json(notebook: NotebookNode) -> str:
    """The notebook file's text."""
    return str(nbformat.writes(notebook)).rstrip("\n") + "\n"


def way_back(name: str, project: Path) -> tuple[str, str] | None:
    """Where a page links to, and in which words: the report, or the page of all experiments."""
    if project != TEACHING.parent:
        return "../index.html", "Back to the report"
    return None if name == OVERVIEW else (f"{OVERVIEW}.html", "All experiments")


def as_page(notebook: NotebookNode, back: tuple[str, str] | None = None) -> str:
    """The notebook as one HTML page that is complete without a network."""
    exporter = HTMLExporter(template_name="lab", template_file=str(TEMPLATE))
    resources: dict[str, Any] = {"metadata": {"name": title(notebook)}, "back": back}
    page, _ = exporter.from_notebook_node(notebook, resources=resources)
    return str(page).rstrip("\n") + "\n"


def title(notebook: NotebookNode) -> str:
    """The first heading, which names the page in the browser."""
    return first_line(notebook.cells[0].source).lstrip("# ") if notebook.cells else ""
