"""Training on a real Dask cluster: the same tables, whatever becomes of its processes."""

import csv
import re
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.cluster.commands import Project

if TYPE_CHECKING:
    from tests.cluster.dask_processes import Cluster
    from tests.cluster.postgres import Database

pytestmark = pytest.mark.slow
Reference = Callable[[str], dict[str, bytes]]
Start = Callable[..., "Cluster"]


def on(cluster: "Cluster") -> dict[str, str]:
    """The variables that have a study trained on a cluster."""
    return {"HANDTUNED_BACKEND": "dask", "HANDTUNED_DASK": cluster.address}


def finished(project: Project) -> int:
    """How many trials are finished in the project's own store."""
    store = f"file:{project.folder}/studies/live/handtuned.db?mode=ro"
    query = "select count(*) from trials where state in ('COMPLETE', 'PRUNED')"
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(store, uri=True)) as db:
        return int(db.execute(query).fetchone()[0])
    return 0


def trained_by(project: Project) -> set[int]:
    """The processes that trained the search's trials."""
    with (project.reports("search") / "timing.csv").open() as file:
        return {int(row["worker"].rpartition(":")[2]) for row in csv.DictReader(file)}


def test_same_bytes_on_dask(project: Project, dask: "Cluster", reference: Reference) -> None:
    """Trained by workers that have the packages alone, the tables are the same, byte for byte.

    Both workers train, and nobody else.
    """
    assert project.finish("search", **on(dask)) == reference("search")
    assert trained_by(project) == set(dask.pids())


def test_same_bytes_on_dask_and_postgres(
    project: Project, dask: "Cluster", database: "Database", reference: Reference
) -> None:
    """A study of named variants, trained by a cluster and kept by PostgreSQL, is the same too."""
    tables = project.finish("iterations", **on(dask), HANDTUNED_STORAGE=database.url())
    assert tables == reference("iterations")


@pytest.mark.parametrize("whole", [True, False], ids=["with its nanny", "alone"])
def test_killed_worker_changes_nothing(
    project: Project, start_dask: Start, reference: Reference, whole: bool
) -> None:
    """A worker killed in mid-round costs its trial's training again, and no byte."""
    cluster = start_dask(2)
    run = project.begin("search", **on(cluster))
    run.until(lambda: finished(project) >= 3)
    cluster.kill(0, whole=whole)
    assert run.wait() == 0, run.said()
    assert project.tables("search") == reference("search")


def test_scheduler_that_goes_away(
    project: Project, start_dask: Start, reference: Reference
) -> None:
    """A scheduler killed in mid-round gives one line; the next run goes on with another."""
    cluster = start_dask(2)
    run = project.begin("search", **on(cluster))
    run.until(lambda: finished(project) >= 3)
    cluster.kill_scheduler()
    assert run.wait() == 1
    assert run.errors() == [
        f"error: the Dask scheduler at {cluster.address} went away; start it and its workers, "
        "and run again: what finished is kept"
    ]
    again = project.run("run", "search", **on(start_dask(2)))
    assert "trials are kept from before" in again.stdout
    assert project.tables("search") == reference("search")


def test_last_worker_that_goes_away(
    project: Project, start_dask: Start, reference: Reference
) -> None:
    """With no worker left for a while a study gives one line; the next run goes on with others."""
    cluster = start_dask(1)
    run = project.begin("search", **on(cluster))
    run.until(lambda: finished(project) >= 3)
    cluster.kill(0)
    assert run.wait() == 1
    (line,) = run.errors()
    assert line.startswith(f"error: the Dask scheduler at {cluster.address} has no worker; start")
    cluster.add()
    again = project.run("run", "search", **on(cluster))
    assert "trials are kept from before" in again.stdout
    assert project.tables("search") == reference("search")


def test_interrupt_exits_130_and_continues(
    project: Project, dask: "Cluster", reference: Reference
) -> None:
    """After Ctrl-C running trials finish and are kept, and the next run makes the same tables."""
    run = project.begin("search", **on(dask))
    run.until(lambda: finished(project) >= 3)
    run.signal(signal.SIGINT)
    assert run.wait() == 130, run.said()
    assert not (project.reports("search") / "trials.csv").exists()
    assert 3 <= finished(project) < 24
    assert project.finish("search", **on(dask)) == reference("search")


def test_second_interrupt_stops_at_once(
    project: Project, dask: "Cluster", reference: Reference
) -> None:
    """Ctrl-C twice exits 130 as well, without a traceback; the next run goes on."""
    run = project.begin("search", **on(dask))
    run.until(lambda: finished(project) >= 3)
    run.signal(signal.SIGINT)
    time.sleep(0.02)
    with suppress(AssertionError):  # it may be gone
        run.signal(signal.SIGINT)
    assert run.wait() == 130, run.said()
    assert "Traceback" not in run.said()
    assert project.finish("search", **on(dask)) == reference("search")


def test_changed_code_is_refused(project: Project, dask: "Cluster") -> None:
    """Workers whose code decides otherwise are named, with what differs; nothing is trained."""
    project.edit("pipeline/nn/losses.py", "*= scale / n", "*= scale / n + 0")
    result = project.run("run", "search", **on(dask))
    assert result.returncode == 1
    assert result.stderr.startswith("error: worker ")
    assert result.stderr.count("\n") == 1
    assert re.search(r" has handtuned \w{12} instead of \w{12};", result.stderr)
    assert finished(project) == 0


def test_other_version_is_refused(project: Project, start_dask: Start, tmp_path: Path) -> None:
    """A worker with another NumPy is named, with both versions."""
    (tmp_path / "numpy-9.9.9.dist-info").mkdir()
    (tmp_path / "numpy-9.9.9.dist-info/METADATA").write_text("Name: numpy\nVersion: 9.9.9\n")
    cluster = start_dask(0)
    cluster.add(path=tmp_path)
    result = project.run("run", "search", **on(cluster))
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert f" has numpy 9.9.9 instead of {np.__version__};" in result.stderr
    assert finished(project) == 0


@pytest.mark.parametrize("where", ["scheduler", "worker"])
def test_missing_handtuned_is_named(
    project: Project, start_dask: Start, tmp_path: Path, where: str
) -> None:
    """A scheduler or a worker that cannot import the packages is named in one line."""
    missing = "No module named 'studies'"
    (tmp_path / "studies.py").write_text(f'raise ModuleNotFoundError("{missing}")')
    cluster = start_dask(0, path=tmp_path) if where == "scheduler" else start_dask(0)
    cluster.add(path=tmp_path)
    result = project.run("run", "search", **on(cluster))
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: the Dask scheduler at {cluster.address} and its work")
    assert missing in result.stderr
    assert result.stderr.count("\n") == 1


def test_no_scheduler_gives_one_line(project: Project) -> None:
    """Where no scheduler answers, one line says so, and names the setting."""
    address = "tcp://127.0.0.1:1"
    result = project.run("run", "search", HANDTUNED_BACKEND="dask", HANDTUNED_DASK=address)
    assert result.returncode == 1
    assert result.stderr == (
        f"error: no Dask scheduler answers at {address}; start one (dask scheduler), or mend "
        "HANDTUNED_DASK or execution.dask\n"
    )


@pytest.mark.parametrize(
    "address", ["nowhere", "http://127.0.0.1:1", "tcp://host:port", "tls://127.0.0.1:1"]
)
def test_wrong_address_gives_one_line(project: Project, address: str) -> None:
    """What is no address of a scheduler is one line too."""
    result = project.run("run", "search", HANDTUNED_BACKEND="dask", HANDTUNED_DASK=address)
    assert result.returncode == 1
    assert result.stderr.startswith("error: ")
    assert address in result.stderr
    assert result.stderr.count("\n") == 1


def test_no_worker_gives_one_line(project: Project, start_dask: Start) -> None:
    """A scheduler without workers is named, with the command that starts some."""
    cluster = start_dask(0)
    result = project.run("run", "search", **on(cluster))
    assert result.returncode == 1
    assert result.stderr == (
        f"error: the Dask scheduler at {cluster.address} has no worker; start some: "
        f"dask worker {cluster.address} --nworkers 2 --nthreads 1\n"
    )


def test_missing_package_is_named(project: Project, tmp_path: Path) -> None:
    """Where distributed is not installed, one line says what to install."""
    (tmp_path / "distributed.py").write_text("raise ImportError")
    result = project.run(
        "run",
        "search",
        HANDTUNED_BACKEND="dask",
        HANDTUNED_DASK="tcp://127.0.0.1:1",
        PYTHONPATH=str(tmp_path),
    )
    assert result.returncode == 1
    assert result.stderr == (
        "error: the dask backend needs the package distributed; pip install 'handtuned[dask]'\n"
    )
