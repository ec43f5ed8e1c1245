"""The store on a real PostgreSQL: the same tables, whatever becomes of the server or the run."""

import platform
import random
import shutil
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING

import optuna
import pytest
from optuna.storages import RDBStorage

from pipeline.errors import UserError
from studies import storage
from tests.cluster.commands import Project

if TYPE_CHECKING:
    from tests.cluster.postgres import Database, Server

pytestmark = pytest.mark.slow
Reference = Callable[[str], dict[str, bytes]]


@dataclass(frozen=True)
class Kept:
    """A search that ran to its end on PostgreSQL, and what it said."""

    project: Project
    database: "Database"
    said: str


@pytest.fixture(scope="module")
def kept(slower: Project, postgres: "Server", tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """The search, run once for all tests that only look at it."""
    project = slower.copy(tmp_path_factory.mktemp("kept") / "project")
    database = postgres.database()
    result = project.run("run", "search", HANDTUNED_STORAGE=database.url(), HANDTUNED_JOBS="2")
    assert result.returncode == 0, result.stderr
    return Kept(project, database, result.stdout + result.stderr)


def test_same_bytes_on_postgres(kept: Kept, reference: Reference) -> None:
    """Kept in PostgreSQL, a search's tables are those of one kept in SQLite, byte for byte."""
    assert kept.project.tables("search") == reference("search")
    assert kept.database.finished() == 24
    assert not list((kept.project.folder / "studies/live").glob("*.db"))


def test_same_bytes_of_variants(
    project: Project, database: "Database", reference: Reference
) -> None:
    """So are those of a study of named variants, diverged ones among them."""
    tables = project.finish("iterations", HANDTUNED_STORAGE=database.url())
    assert tables == reference("iterations")


def test_finished_study_trains_nothing(kept: Kept, tmp_path: Path) -> None:
    """Run again from another folder, the study is found whole and makes the same files."""
    elsewhere = kept.project.copy(tmp_path / "elsewhere")
    shutil.rmtree(elsewhere.folder / "reports")
    again = elsewhere.run("run", "search", HANDTUNED_STORAGE=kept.database.url())
    assert "24 trials are kept from before" in again.stdout
    assert elsewhere.tables("search") == kept.project.tables("search")
    seconds = [each.reports("search") / "timing.csv" for each in (elsewhere, kept.project)]
    assert seconds[0].read_bytes() == seconds[1].read_bytes()


def test_store_is_an_ordinary_study(kept: Kept) -> None:
    """Optuna's own functions load the study from PostgreSQL, curves and attributes included."""
    with storage.opened(kept.database.url()) as opened:
        (name,) = optuna.get_all_study_names(opened)
        study = optuna.load_study(study_name=name, storage=opened)
        assert [trial.number for trial in study.trials] == list(range(24))
        assert all(trial.user_attrs["seed"] for trial in study.trials)
        assert study.best_trial.intermediate_values[1] > 0
        assert {trial.state.name for trial in study.trials} == {"COMPLETE", "PRUNED"}


def test_password_is_seen_nowhere(kept: Kept) -> None:
    """No file and no line that a run or a command leaves has the password in it."""
    from tests.cluster.postgres import SECRET

    said = [kept.said]
    for command in ("status", "list"):
        result = kept.project.run(command, HANDTUNED_STORAGE=kept.database.url())
        assert result.returncode == 0, result.stderr
        said.append(result.stdout + result.stderr)
    written = kept.project.written()
    assert len(written) > 10_000
    assert SECRET.encode() not in written
    assert SECRET not in "".join(said)


@pytest.mark.parametrize("way", ["variable", "file", "service"])
def test_password_may_stay_out_of_the_url(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """PGPASSWORD, a password file or a service file bring the password as well."""
    from tests.cluster.postgres import PASSWORD, USER

    escaped, port = PASSWORD.replace(":", "\\:"), kept.database.port
    service = f"[lab]\nhost=127.0.0.1\nport={port}\nuser={USER}\npassword={PASSWORD}\n"
    file = tmp_path / "secret"
    file.write_text(service if way == "service" else f"*:*:*:*:{escaped}\n")
    file.chmod(0o600)
    name, value = {
        "variable": ("PGPASSWORD", PASSWORD),
        "file": ("PGPASSFILE", str(file)),
        "service": ("PGSERVICEFILE", str(file)),
    }[way]
    monkeypatch.setenv(name, value)
    by_service = f"postgresql+psycopg:///{kept.database.name}?service=lab"
    url = by_service if way == "service" else kept.database.url(password="")
    with storage.opened(url) as opened:
        assert len(optuna.get_all_study_names(opened)) == 1


def test_same_bytes_after_kill(
    project: Project, database: "Database", reference: Reference
) -> None:
    """Killed at random moments, workers and all, the study ends with the same tables."""
    moments, kept = random.Random(1), [0]
    for jobs in ("2", "1", "2"):
        run = project.begin("search", HANDTUNED_STORAGE=database.url(), HANDTUNED_JOBS=jobs)
        run.until(lambda: database.finished() > kept[-1])
        time.sleep(moments.uniform(0, 0.3))
        run.signal(signal.SIGKILL)
        run.wait()
        kept.append(database.finished())
    assert project.finish("search", HANDTUNED_STORAGE=database.url()) == reference("search")


def test_stopped_server_costs_nothing(
    project: Project, postgres: "Server", database: "Database", reference: Reference
) -> None:
    """A server that goes away in mid-study gives one line; once it is back the study goes on."""
    run = project.begin("search", HANDTUNED_STORAGE=database.url())
    run.until(lambda: database.finished() >= 3)
    before = database.finished()
    postgres.stop()
    assert run.wait() == 1
    (line,) = run.errors()
    assert line.startswith(f"error: {database.url(password='')} must be an Optuna store")
    assert line.endswith("run again: what finished is kept")
    postgres.start()
    assert database.finished() >= before
    again = project.run("run", "search", HANDTUNED_STORAGE=database.url())
    assert "trials are kept from before" in again.stdout
    assert project.tables("search") == reference("search")


def test_second_run_is_told_who_holds_the_study(
    project: Project, database: "Database", reference: Reference
) -> None:
    """Of two runs from two folders the second gives one line; a killed holder holds no more."""
    elsewhere = project.copy(project.folder.parent / "elsewhere")
    first = project.begin("search", HANDTUNED_STORAGE=database.url())
    first.until(lambda: database.finished() >= 1)
    first.signal(signal.SIGSTOP)  # or it may be done before the second begins
    second = elsewhere.run("run", "search", HANDTUNED_STORAGE=database.url())
    first.signal(signal.SIGKILL)
    first.wait()
    who = f"process {first.pid} on {platform.node()}"
    line = f"error: study search is being run by {who}; wait for it, or stop it\n"
    assert (second.returncode, second.stderr) == (1, line)
    assert elsewhere.finish("search", HANDTUNED_STORAGE=database.url()) == reference("search")


def test_reading_writes_nothing(project: Project, database: "Database") -> None:
    """Opened to be read, the database itself refuses writes."""
    assert project.run("run", "search", HANDTUNED_STORAGE=database.url()).returncode == 0

    def write() -> None:
        with reading(database) as opened:
            (study,) = opened.get_all_studies()
            opened.set_study_user_attr(study._study_id, "a", 1)

    with pytest.raises(UserError, match="read-only transaction"):
        write()


def reading(database: "Database") -> AbstractContextManager[RDBStorage]:
    """The database, opened to be read."""
    return storage.opened(database.url(), read_only=True)


def test_many_at_once_make_one_store(database: "Database") -> None:
    """Runs that find the database empty at the same moment make its tables once."""
    together = Barrier(4)

    def names(_: int) -> list[str]:
        together.wait()
        with storage.opened(database.url()) as opened:
            return optuna.get_all_study_names(opened)

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(names, range(4))) == [[]] * 4


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"password": "hush, wrong"}, "password authentication failed"),
        ({"name": "nowhere"}, 'database "nowhere" does not exist'),
        ({"port": 1}, "refused"),
    ],
    ids=["password", "database", "server"],
)
def test_wrong_address_gives_one_line(
    project: Project, database: "Database", wrong: dict[str, str], reason: str
) -> None:
    """What is wrong with the address is one line that repeats all of it but the password."""
    result = project.run("run", "search", HANDTUNED_STORAGE=database.url(**wrong))
    assert result.returncode == 1
    assert reason in result.stderr
    assert result.stderr.startswith("error: postgresql+psycopg://tester@127.0.0.1:")
    assert result.stderr.count("\n") == 1
    assert "hush" not in result.stdout + result.stderr
    assert b"hush" not in project.written()


def test_missing_driver_is_named(project: Project, database: "Database", tmp_path: Path) -> None:
    """Where psycopg is not installed, one line says what to install."""
    (tmp_path / "psycopg.py").write_text("raise ImportError")
    result = project.run(
        "run", "search", HANDTUNED_STORAGE=database.url(), PYTHONPATH=str(tmp_path)
    )
    assert result.returncode == 1
    assert result.stderr == (
        f"error: {database.url(password='')} needs a driver that is not installed; "
        "pip install 'handtuned[postgres]'\n"
    )
