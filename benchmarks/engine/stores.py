"""What it costs to keep a trial: our store beside stock Optuna's calls on the same database."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import optuna
from optuna.samplers import RandomSampler
from optuna.storages import RDBStorage
from optuna.trial import TrialState

from benchmarks.engine import postgres
from benchmarks.engine.asks import ROUND
from benchmarks.engine.history import made_up
from studies.objective import METRIC
from studies.storage import opened, sqlite_url
from studies.store import LiveStudy
from studies.trials import Trial


class Kept(NamedTuple):
    """Seconds to keep one trial of 20 epochs in a store that holds `held` of them."""

    store: str
    held: int
    ours: float
    stock: float


def measure(held: Sequence[int], *, postgres_url: str | None) -> list[Kept]:
    """Keep a round in each store there is after each number of trials, in growing order."""
    history = made_up(max(held) + ROUND)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        urls = {"SQLite": sqlite_url(folder)}
        url = postgres_url or stack.enter_context(postgres.server())
        if url:
            urls["PostgreSQL"] = url
        return [kept for name, url in urls.items() for kept in _in_store(name, url, history, held)]


def _in_store(name: str, url: str, history: Sequence[Trial], held: Sequence[int]) -> list[Kept]:
    kept = []
    with opened(url) as storage:
        for n in sorted(held):
            study = f"bench {time.time_ns()}"  # a database of one's own may hold others
            store = LiveStudy(storage, study, metric=METRIC, direction="maximize")
            ours(store, history[:n])
            seconds = ours(store, history[n : n + ROUND])
            kept.append(Kept(name, n, seconds, stock(storage, study, history[n : n + ROUND])))
            optuna.delete_study(study_name=study, storage=storage)
    return kept


def ours(store: LiveStudy, trials: Sequence[Trial]) -> float:
    """Seconds a trial to open and finish them, a round at a time."""
    began = time.perf_counter()
    for first in range(0, len(trials), ROUND):
        together = trials[first : first + ROUND]
        store.open(together)
        for trial in together:
            store.finish(trial)
    return (time.perf_counter() - began) / len(trials)


def stock(storage: RDBStorage, name: str, trials: Sequence[Trial]) -> float:
    """Seconds a trial for ask, report and tell; nothing beside parameters and curve is kept."""
    study = optuna.load_study(study_name=name, storage=storage, sampler=RandomSampler(seed=1))
    began = time.perf_counter()
    for trial in trials:
        asked = study.ask(dict(trial.distributions))
        for step, score in enumerate(trial.scores, 1):
            asked.report(score, step)
        pruned = trial.state == "PRUNED"
        study.tell(asked, None if pruned else trial.value, TrialState[trial.state])
    return (time.perf_counter() - began) / len(trials)
