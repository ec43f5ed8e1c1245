"""`python -m studies run`: repeatable, unkillable, and plain about mistakes."""

import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import optuna
import pytest
from filelock import FileLock

from studies.storage import opened, sqlite_url

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
FULL = 360_000  # bytes that a file may have on a disk with room for the store and a few trials
TABLES = ("trials.csv", "history.csv", "study.json", "correct.npy")
Run = Callable[..., subprocess.CompletedProcess[str]]


def tables(project: Path, key: str) -> list[bytes]:
    """The canonical files of a study, as bytes."""
    return [(project / "reports/studies" / key / name).read_bytes() for name in TABLES]


def test_more_trials_give_the_same_bytes(project: Path, studies: Run) -> None:
    """Seven trials and then three more are the ten at once, byte for byte."""
    assert studies("run", "search").returncode == 0
    at_once = tables(project, "search")
    forget(project)
    params = project / "params.yaml"
    text = params.read_text()
    params.write_text(text.replace("trials: 10", "trials: 7"))
    assert studies("run", "search", jobs=2).returncode == 0
    assert tables(project, "search") != at_once
    params.write_text(text)
    assert "7 trials are kept" in studies("run", "search", jobs=3).stdout
    assert tables(project, "search") == at_once


def forget(project: Path) -> None:
    """Remove the live store."""
    shutil.rmtree(project / "studies/live")


def begin(project: Path, key: str, jobs: int) -> subprocess.Popen[bytes]:
    """Start a study in a session of its own, its output thrown away."""
    return subprocess.Popen(
        [sys.executable, "-m", "studies", "run", key],
        cwd=project,
        env=os.environ | {"HANDTUNED_JOBS": str(jobs)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def wait_for_lock(project: Path, key: str) -> None:
    """Wait until a run of the study holds it."""
    for _ in range(300):
        if (project / f"studies/live/{key}.holder").exists():
            return
        time.sleep(0.05)
    pytest.fail(f"no run of {key} began within 15 s")


def wait_for_trial(project: Path, state: str = "COMPLETE") -> None:
    """Wait until a trial is in the live store, in that state."""
    store = f"file:{project}/studies/live/handtuned.db?mode=ro"
    for _ in range(300):
        with suppress(sqlite3.OperationalError), closing(sqlite3.connect(store, uri=True)) as db:
            query = "select count(*) from trials where state = ?"
            if db.execute(query, [state]).fetchone()[0]:
                return
        time.sleep(0.05)
    pytest.fail(f"no trial was {state} within 15 s")


@pytest.mark.parametrize(("key", "workers"), [("search", (2, 3, 5)), ("iterations", (2,))])
def test_same_bytes_for_any_number_of_workers(
    project: Path, studies: Run, key: str, workers: tuple[int, ...]
) -> None:
    """Run afresh by one worker and by several, a study's tables are equal byte for byte."""
    assert studies("run", key, jobs=1).returncode == 0
    alone = tables(project, key)
    for jobs in workers:
        forget(project)
        assert studies("run", key, jobs=jobs).returncode == 0
        assert tables(project, key) == alone


def test_same_bytes_after_kill(project: Path, studies: Run) -> None:
    """Killed at random moments, workers and all, the study ends with the same tables."""
    assert studies("run", "search").returncode == 0
    undisturbed = tables(project, "search")
    forget(project)
    moments = random.Random(1)
    for jobs in (2, 1, 2):
        process = begin(project, "search", jobs)
        wait_for_lock(project, "search")
        time.sleep(moments.uniform(0.2, 1.5))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert studies("run", "search", jobs=2).returncode == 0
    assert tables(project, "search") == undisturbed


def test_interrupt_exits_130_and_continues(project: Path, studies: Run) -> None:
    """Ctrl-C ends the run with 130, without tables; the next run makes the same ones."""
    params = project / "params.yaml"
    params.write_text(params.read_text().replace("trials: 10", "trials: 60"))
    process = begin(project, "search", 1)
    wait_for_trial(project)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) == 130
    assert not (project / "reports/studies/search/trials.csv").exists()
    assert studies("run", "search").returncode == 0
    continued = tables(project, "search")
    forget(project)
    assert studies("run", "search").returncode == 0
    assert tables(project, "search") == continued


def test_second_interrupt_stops_at_once(project: Path) -> None:
    """The first Ctrl-C waits for what runs, however long; the second does not, and exits 130."""
    params = project / "params.yaml"
    params.write_text(params.read_text().replace("epochs: 4", "epochs: 100000"))
    process = begin(project, "random", 2)
    wait_for_trial(project, "RUNNING")
    time.sleep(5)  # for the workers to begin
    os.killpg(process.pid, signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(3)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(20) == 130


def test_killed_dvc_leaves_one_run(project: Path, studies: Run) -> None:
    """With dvc killed, its stage runs on and keeps a second one out; then the tables are sound."""
    assert studies("run", "search").returncode == 0
    undisturbed = tables(project, "search")
    forget(project)
    params = project / "params.yaml"
    text = params.read_text()
    params.write_text(text.replace("trials: 10", "trials: 300"))  # not to end before the second
    shutil.copy(ROOT / "dvc.yaml", project)
    (project / ".dvc").mkdir()
    (project / ".dvc/config").write_text("[core]\n    no_scm = true\n    analytics = false\n")
    repro = [sys.executable, "-m", "dvc", "repro", "--single-item", "study@search"]
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    first = subprocess.Popen(
        repro,
        cwd=project,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_for_lock(project, "search")
    first.kill()
    first.wait()
    assert "is being run by process" in studies("run", "search").stderr
    os.killpg(first.pid, signal.SIGKILL)
    params.write_text(text)
    again = subprocess.run(repro, cwd=project, env=environment, capture_output=True, check=False)
    assert again.returncode == 0, again.stderr
    assert tables(project, "search") == undisturbed
    assert "study@search" in (project / "dvc.lock").read_text()


def test_full_disk_is_one_line_and_loses_nothing(project: Path, studies: Run) -> None:
    """When the store cannot grow the run says so; with room again it ends in the same tables."""
    assert studies("run", "search").returncode == 0
    undisturbed = tables(project, "search")
    forget(project)
    shutil.rmtree(project / "reports/studies")
    full = subprocess.run(
        [sys.executable, "-m", "studies", "run", "search"],
        cwd=project,
        env=os.environ | {"HANDTUNED_JOBS": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (FULL, FULL)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert full.returncode == 1
    assert full.stderr.startswith("error: sqlite:///studies/live/handtuned.db must be an Optuna")
    assert "disk" in full.stderr
    assert full.stderr.count("\n") == 1
    assert not (project / "reports/studies/search/trials.csv").exists()
    assert "trials are kept from before" in studies("run", "search").stdout
    assert tables(project, "search") == undisturbed


def test_finished_study_trains_nothing(project: Path, studies: Run) -> None:
    """Run again, a study says what is kept and writes the same tables and the same seconds."""
    studies("run", "search")
    seconds = (project / "reports/studies/search/timing.csv").read_bytes()
    again = studies("run", "search")
    assert "10 trials are kept from before" in again.stdout
    assert (project / "reports/studies/search/timing.csv").read_bytes() == seconds


def test_second_run_is_told_who_holds_the_study(project: Path, studies: Run) -> None:
    """Two runs of one study at once: the second gives one line that names the first."""
    (project / "studies/live").mkdir(parents=True)
    (project / "studies/live/search.holder").write_text("process 4242")
    with FileLock(project / "studies/live/search.lock"):
        second = studies("run", "search")
    assert second.returncode == 1
    assert second.stderr == (
        "error: study search is being run by process 4242; wait for it, or stop it\n"
    )


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("params.yaml", "l2: 1.0e-4", "l2: 1.0e-3"),
        ("pipeline/nn/losses.py", "*= scale / n", "*= scale / n + 1"),
    ],
)
def test_change_in_mid_study_stops_it(project: Path, file: str, before: str, after: str) -> None:
    """Settings or code edited during a study stop it: nothing goes under the old fingerprint."""
    text = (project / file).read_text()
    assert before in text
    process = begin(project, "iterations", 1)
    wait_for_lock(project, "iterations")
    (project / file).write_text(text.replace(before, after))
    assert process.wait(60) == 1
    assert not (project / "reports/studies/iterations/trials.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "jobs", "line"),
    [
        (
            ("run", "serach"),
            1,
            "params.yaml: studies.serach is not there; one of: search, random, grid, iterations",
        ),
        (
            ("run", "search"),
            "two",
            "HANDTUNED_JOBS must be a number from 1, but is 'two'; set or unset it",
        ),
        (
            ("run", "search"),
            "²",
            "HANDTUNED_JOBS must be a number from 1, but is '²'; set or unset it",
        ),
        (
            ("run", "search"),
            0,
            "HANDTUNED_JOBS must be a number from 1, but is '0'; set or unset it",
        ),
        (
            ("confirm",),
            1,
            "reports/studies/search/study.json is missing or damaged; "
            "run `python -m studies run search`",
        ),
        (
            ("final",),
            1,
            "reports/studies/search/study.json is missing or damaged; "
            "run `python -m studies run search`",
        ),
    ],
)
def test_mistakes_give_one_line(
    studies: Run, arguments: tuple[str, ...], jobs: int | str, line: str
) -> None:
    """What a user can put right is one line with rule, value and remedy; exit code 1."""
    result = studies(*arguments, jobs=jobs)
    assert (result.returncode, result.stderr) == (1, f"error: {line}\n")


@pytest.mark.parametrize("damage", ["missing", "truncated", "altered"])
def test_damaged_data_give_one_line(project: Path, studies: Run, damage: str) -> None:
    """A prepared array that is gone, cut short or changed is named with the remedy."""
    path = project / "data/prepared/train/images.npy"
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(content[:5000] if damage == "truncated" else content[:-1] + b"\x7f")
    result = studies("run", "search")
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "data/prepared/train/images.npy" in result.stderr
    assert "python -m pipeline prepare" in result.stderr


@pytest.mark.parametrize("place", ["reports", "studies/live"])
def test_unwritable_folder_is_named_before_training(
    project: Path, studies: Run, place: str
) -> None:
    """Where no folder can be made, one line says so and no trial is trained."""
    (project / place).parent.mkdir(exist_ok=True)
    (project / place).write_text("in the way")
    result = studies("run", "search")
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: cannot write or read {place}")
    assert result.stderr.count("\n") == 1
    assert "trials" not in result.stdout


def test_studies_begun_at_once_make_one_store(project: Path) -> None:
    """Two studies started on an empty folder both run to their end, in one database."""
    processes = [begin(project, key, 1) for key in ("search", "iterations")]
    assert [process.wait(100) for process in processes] == [0, 0]
    with opened(sqlite_url(project / "studies/live")) as storage:
        names = optuna.get_all_study_names(storage)
    assert sorted(name.partition("-")[0] for name in names) == ["iterations", "search"]
