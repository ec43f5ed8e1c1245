"""A study killed again and again: what was told stays, what was in flight is trained again."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from studies.rounds import run_study
from studies.storage import opened, sqlite_url
from studies.store import LiveStudy
from studies.trials import Trial
from tests.search.killable import TRIALS
from tests.search.toys import Kept, curve, facts, plan

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
MOMENTS = 20


def begin(folder: Path, jobs: int) -> subprocess.Popen[bytes]:
    """Start the study in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.search.killable", str(folder), str(jobs)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def told(folder: Path) -> dict[int, Trial]:
    """The trials that the store holds, finished."""
    with opened(sqlite_url(folder)) as storage:
        store = LiveStudy(storage, "killable", metric="score", direction="maximize")
        return store.finished()


def begun(folder: Path) -> Counter[int]:
    """How often a trial of each seed was begun."""
    file = folder / "begun"
    return Counter(map(int, file.read_text().split())) if file.exists() else Counter()


def workers(coordinator: int) -> list[int]:
    """The processes that a coordinator trains in."""
    tasks = Path(f"/proc/{coordinator}/task/{coordinator}/children").read_text().split()
    return [pid for pid in map(int, tasks) if b"LokyProcess" in _command(pid)]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""


def wait_until_trial_begins(folder: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until a further trial is trained, or the study is over."""
    before = begun(folder).total()
    for _ in range(1200):
        if begun(folder).total() > before or process.poll() is not None:
            return
        time.sleep(0.05)
    pytest.fail("no trial began within a minute")


@pytest.fixture(scope="module")
def undisturbed() -> list[Trial]:
    """The study, never killed."""
    return run_study(plan(TRIALS), curve, Kept())


def test_killed_at_twenty_moments(tmp_path: Path, undisturbed: list[Trial]) -> None:
    """Coordinator, worker or all, 1 to 5 workers: the same trials, only lost ones twice."""
    chance, lost = random.Random(1), Counter[int]()
    seeds = {trial.seed: trial.number for trial in undisturbed}
    kept: dict[int, Trial] = {}
    for moment in range(MOMENTS):
        process = begin(tmp_path, chance.choice([1, 2, 3, 5]))
        wait_until_trial_begins(tmp_path, process)
        time.sleep(chance.uniform(0, 0.5))
        target = ("coordinator", "worker", "group")[moment % 3]
        if target == "worker" and workers(process.pid):
            os.kill(chance.choice(workers(process.pid)), signal.SIGKILL)
            running = begun(tmp_path).keys() - {trial.seed for trial in told(tmp_path).values()}
            lost.update(running)
            time.sleep(chance.uniform(0, 2))
        if target == "coordinator":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        now = told(tmp_path)
        assert {number: trial for number, trial in now.items() if number in kept} == kept
        lost.update(begun(tmp_path).keys() - {trial.seed for trial in now.values()})
        kept = now
    process = begin(tmp_path, 3)
    assert process.wait(120) == 0
    end = told(tmp_path)
    assert facts([end[number] for number in range(TRIALS)]) == facts(undisturbed)
    again = {seeds[seed]: count - 1 for seed, count in begun(tmp_path).items() if count > 1}
    assert again, "nothing was in flight at any of the moments: kill later"
    assert all(count <= lost[undisturbed[number].seed] for number, count in again.items())


def test_workers_end_with_their_coordinator(tmp_path: Path) -> None:
    """Killed alone, a coordinator leaves no process behind that would go on training."""
    process = begin(tmp_path, 2)
    wait_until_trial_begins(tmp_path, process)
    left = workers(process.pid)
    assert len(left) == 2
    process.kill()
    process.wait()
    for _ in range(200):
        if not any(b"LokyProcess" in _command(pid) for pid in left):
            return
        time.sleep(0.05)
    pytest.fail("workers live on 10 s after their coordinator")
