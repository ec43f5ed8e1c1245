"""The benches of the engine, each on next to nothing; how fast anything is, no test asks."""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.engine import asks, postgres, report, runs, sharing, stores
from benchmarks.engine.asks import Ask
from benchmarks.engine.runs import Run
from benchmarks.simulation import replay
from benchmarks.simulation.__main__ import simulate
from benchmarks.simulation.rounds import Trials, Work, busy, busy_without_rounds
from pipeline.errors import UserError
from pipeline.prepare import prepare
from pipeline.settings import Data, Sizes
from pipeline.sources import Raw

ROOT = Path(__file__).parents[2]
PRUNED, WHOLE = Work(), Work(pruned=0)


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """The benches read params.yaml where they run."""
    monkeypatch.chdir(ROOT)


def some(*seconds: float) -> Trials:
    """One study whose trials take so long, known beforehand."""
    array = np.array([seconds], np.float64)
    return Trials(array, array, array)


def test_rounds_by_hand() -> None:
    """Two workers on 1, 1, 2 s: 3 s as asked, 2 s with the dearest first; then 3 s of asking."""
    trials = some(1, 1, 2)
    assert busy(trials, 2, 3, 0.0, "as asked") == pytest.approx(4 / (2 * 3))
    assert busy(trials, 2, 3, 0.0, "longest first") == pytest.approx(1.0)
    assert busy(trials, 2, 2, 0.0, "longest first") == pytest.approx(4 / (2 * (1 + 2)))
    assert busy(trials, 2, 3, 1.0, "longest first") == pytest.approx(4 / (2 * (2 + 3)))


def test_one_worker_waits_for_asks_only() -> None:
    """One worker trains whenever it does not ask, whatever the round."""
    drawn = PRUNED.draw(5, 64, 16)
    trained = drawn.seconds.sum(axis=1)
    for size in (4, 16, 64):
        share = busy(drawn, 1, size, PRUNED.ask, "longest first")
        assert share == pytest.approx(trained / (trained + 64 * PRUNED.ask))


def test_without_rounds_nobody_waits() -> None:
    """Where asking is free and there are no rounds, all are busy; where it is not, they wait."""
    drawn = WHOLE.draw(5, 100, 0)
    assert busy_without_rounds(drawn, 4, 0.0) == pytest.approx(1.0)
    (slow,) = busy_without_rounds(some(*[1.0] * 40), 4, 1.0)  # one asks while one trains
    assert slow == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize("work", [PRUNED, WHOLE], ids=["pruned", "whole"])
def test_laws_of_rounds(work: Work) -> None:
    """The dearest first is no worse, more workers are no busier, larger rounds prune no more."""
    frame = simulate(work, trials=128, studies=20, workers=(1, 2, 4, 8), sizes=(4, 16, 64))
    square = frame.pivot(index=["workers", "round_size"], columns="order", values="busy")
    square = square.drop(columns="no rounds").dropna()
    assert (square["longest first"] >= square["as asked"] - 1e-9).all()
    assert (square["longest first"] > square["as asked"] + 0.02).any()
    by_workers = square["longest first"].unstack("round_size")
    assert (by_workers.diff().dropna() < 0).all(axis=None)
    trained = frame.groupby("round_size")["trained"].first()
    assert trained.is_monotonic_increasing
    assert (trained[64] > trained[4]) == (work is PRUNED)


def test_trials_are_drawn_as_described() -> None:
    """Trials take as long as they are said to on average, and as many are pruned, later on."""
    drawn = Work(seconds=3, spread=10, pruned=0.5, stops=(0.2,), error=0).draw(400, 40, 10)
    assert drawn.full.mean() == pytest.approx(3, rel=0.03)
    assert drawn.full.max() / drawn.full.min() == pytest.approx(10, rel=0.03)
    assert (drawn.known == drawn.full).all()
    stopped = drawn.seconds < drawn.full
    assert not stopped[:, :10].any()
    assert stopped[:, 10:].mean() == pytest.approx(0.5, abs=0.02)
    assert drawn.seconds[stopped] == pytest.approx(0.2 * drawn.full[stopped])


def write_export(folder: Path) -> None:
    """A study of two rounds of 1, 1, 2 s on 2 workers; each round asks for 0.3 s."""
    trials = {"number": range(6), "round": [0] * 3 + [1] * 3, "state": ["COMPLETE"] * 6}
    pd.DataFrame(trials | {"epochs_trained": 20}).to_csv(folder / "trials.csv", index=False)
    began = [1.3, 0.3, 0.3, 3.6, 2.6, 2.6]
    timing = {"number": range(6), "round": trials["round"], "workers": 2, "began": began}
    times = {"seconds": [1, 1, 2] * 2, "asked": [0] * 3 + [2.3] * 3, "told": [2.3] * 3 + [4.6] * 3}
    pd.DataFrame(timing | times).to_csv(folder / "timing.csv", index=False)


def test_a_study_is_replayed(tmp_path: Path) -> None:
    """A study's trials, dealt out as they began, give the busy share that was measured."""
    write_export(tmp_path)
    trials = replay.load(tmp_path)
    work = replay.work_of(trials)
    assert work.ask == pytest.approx(0.1)
    found = replay.agreement(trials, work, studies=3)
    assert (found.workers, found.round_size, found.trials) == (2, 3, 6)
    assert (found.measured, found.replayed) == pytest.approx((8 / (2 * 4.6),) * 2)
    with pytest.raises(UserError, match=r"must hold a study's trials\.csv"):
        replay.load(tmp_path / "elsewhere")


def test_a_run_is_taken_apart(tmp_path: Path) -> None:
    """The seconds before the first training, between rounds and after the last are told apart."""
    write_export(tmp_path)
    run = runs.taken_apart("s", 2, replay.load(tmp_path), wall=6.0, cpu=0.5, before=1.0)
    assert run.starting == pytest.approx(1.3)
    assert run.between == pytest.approx(0.3)
    assert run.ending == pytest.approx(6 - 1 - 4.6)
    assert (run.trained, run.coordinator) == (8, 0.5)


def test_aims_are_judged() -> None:
    """An ask that costs too much, and two workers that are too slow, miss their aims."""
    asked = [Ask(100, 1.0, 1.0, 1.0, 3.0), Ask(200, 1.4, 1.0, 1.0, 3.0)]
    assert [aim.reached for aim in report.aims_of_asks(asked)] == [False]
    one = Run("search", 64, 1, 100.0, 1, 1, 1, 2.0, 95.0, 0.99, 0.99)
    two = one._replace(workers=2, wall=50.0, busy=0.9)
    long = two._replace(trials=128, coordinator=2.0, wall=100.0, between=4.0)
    aims = list(report.aims_of_runs([one, two, long]))
    assert [aim.reached for aim in aims] == [False, True, True, False]


def test_asks_are_measured() -> None:
    """Each way of asking takes some time, and a history has trials of both kinds."""
    (ask,) = asks.measure([24], repeats=1, round_size=4)
    assert ask.told == 24
    assert min(ask.ours, ask.resumed, ask.stock, ask.sqlite) > 0
    states = {trial.state: len(trial.scores) for trial in asks.made_up(24)}
    assert states == {"COMPLETE": 20, "PRUNED": 3}


def test_stores_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways keep a round; without PostgreSQL there is SQLite alone."""
    monkeypatch.setattr(postgres, "_programs", lambda: None)
    measured = stores.measure([16], postgres_url=None)
    assert [(kept.store, kept.held) for kept in measured] == [("SQLite", 16)]
    assert min(measured[0].ours, measured[0].stock) > 0
    assert report.missing(measured).startswith("PostgreSQL is left out")


@pytest.mark.slow
@pytest.mark.skipif(postgres._programs() is None, reason="PostgreSQL is not installed")
def test_postgres_is_measured() -> None:
    """A server of the bench's own keeps trials too."""
    measured = stores.measure([1], postgres_url=None)
    assert [kept.store for kept in measured] == ["SQLite", "PostgreSQL"]


@pytest.mark.slow
def test_simulation_writes_a_table_and_a_picture(tmp_path: Path) -> None:
    """The command prints its table, and one a study; and writes both files."""
    write_export(tmp_path)
    options = ["--trials", "64", "--studies", "5", "--study", tmp_path, "--out", tmp_path / "out"]
    command = [sys.executable, "-m", "benchmarks.simulation", *map(str, options)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "its own trials, replayed" in done.stdout
    assert "0% are pruned" in done.stdout
    with (tmp_path / "out/simulation.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["order"] for row in rows} == {"longest first", "as asked", "no rounds"}
    assert len(rows) == 7 * (6 * 2 + 1)
    assert (tmp_path / "out/simulation.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_a_run_is_measured(tmp_path: Path) -> None:
    """A real study of a few trials is run and taken apart; it trains for less than its wall."""
    images = np.random.default_rng(1).integers(256, size=(400, 28, 28), dtype=np.uint8)
    raw = Raw(images, np.repeat(np.arange(10, dtype=np.uint8), 40), tuple("0123456789"))
    sizes = Sizes(train=300, val=50, test=50)
    prepare(raw, {"source": "noise", "sha256": ""}, Data(sizes=sizes), tmp_path / "prepared")
    (run,) = runs.measure(["search"], [1], data=tmp_path, trials=4)
    assert (run.key, run.trials, run.workers) == ("search", 4, 1)
    assert 0 < run.trained < run.wall
    assert run.starting + run.trained + run.ending <= run.wall + 0.01
    assert 0 < run.busy <= 1
    assert run.coordinator > 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from Linux's /proc")
def test_workers_share_the_images() -> None:
    """Two workers map one copy of the arrays, unless they are pickled to them."""
    mapped, pickled = sharing.measure([2], 12_000)
    assert mapped.copies == pytest.approx(1, abs=0.1)
    assert pickled.copies == 0
    assert pickled.each_worker > mapped.each_worker + 0.4 * mapped.data_bytes
