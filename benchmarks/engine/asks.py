"""What it costs to ask for a trial: our rounds beside stock Optuna on the same history."""

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import optuna
from optuna.samplers import TPESampler

from benchmarks.engine.history import SEED, dimensions, finished, made_up
from studies import proposals
from studies.mirror import Mirror
from studies.objective import METRIC
from studies.proposals import Sampled
from studies.storage import opened, sqlite_url
from studies.store import LiveStudy
from studies.trials import Trial

ROUND = 16
NAME = "asked"


class Ask(NamedTuple):
    """Seconds to ask for one trial once `told` trials are told: medians of the repeats.

    `resumed` is ours in a run that has just begun, `sqlite` is stock Optuna on a SQLite store.
    """

    told: int
    ours: float
    resumed: float
    stock: float
    sqlite: float

    @property
    def ratio(self) -> float:
        """Ours over stock Optuna, both in memory."""
        return self.ours / self.stock


def measure(told: Sequence[int], *, repeats: int, round_size: int = ROUND) -> list[Ask]:
    """Ask for a round after each number of told trials; nothing is trained."""
    history = made_up(max(told))
    with TemporaryDirectory() as folder:
        return [_after(history[:n], repeats, round_size, Path(folder) / str(n)) for n in told]


def _after(history: Sequence[Trial], repeats: int, round_size: int, folder: Path) -> Ask:
    ways: list[Callable[[], float]] = [
        lambda: ours(history, round_size, resumed=False),
        lambda: ours(history, round_size, resumed=True),
        lambda: stock(_in_memory(history), round_size),
    ]
    seconds = [[way() for way in ways] for _ in range(repeats)]  # in turns: all are slowed alike
    medians = [statistics.median(column) for column in zip(*seconds, strict=True)]
    return Ask(len(history), *medians, on_sqlite(history, round_size, folder))


def ours(history: Sequence[Trial], round_size: int, *, resumed: bool) -> float:
    """Seconds a trial to propose the round after `history`; unless resumed, after one before."""
    proposer = Sampled(proposals.tpe, dimensions(), SEED)
    told = list(history)
    if not resumed:
        before = told[: max(len(told) - round_size, 0)]
        asked = proposer.propose(range(len(before), len(told)), before)
        told = [*before, *map(finished, asked)]
    began = time.perf_counter()
    proposer.propose(range(len(told), len(told) + round_size), told)
    return (time.perf_counter() - began) / round_size


def stock(study: optuna.Study, asks: int) -> float:
    """Seconds that `study.ask` takes, of as many trials that are then left running."""
    space = dimensions()
    began = time.perf_counter()
    for _ in range(asks):
        study.ask(space)
    return (time.perf_counter() - began) / asks


def on_sqlite(history: Sequence[Trial], asks: int, folder: Path) -> float:
    """The same on Optuna's SQLite storage as it comes."""
    with opened(sqlite_url(folder)) as storage:
        store = LiveStudy(storage, NAME, metric=METRIC, direction="maximize")
        store.open(history)
        for trial in history:
            store.finish(trial)
    url = sqlite_url(folder)
    return stock(optuna.load_study(study_name=NAME, storage=url, sampler=_sampler()), asks)


def _in_memory(history: Sequence[Trial]) -> optuna.Study:
    study = Mirror().show(history, "maximize")
    study.sampler = _sampler()
    return study


def _sampler() -> TPESampler:
    """The sampler that `proposals.tpe` makes, as one would write it for plain Optuna."""
    return TPESampler(
        n_startup_trials=10, n_ei_candidates=24, multivariate=True, constant_liar=True, seed=SEED
    )
