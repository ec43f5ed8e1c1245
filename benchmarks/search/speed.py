"""Epochs a second of whole searches: driver against driver, trainer against trainer.

All searches train the same networks for the same epochs and prune none, so that the work is the
same; yet each asks for its points, reports every epoch, and asks whether to go on.
"""

import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.pruners import MedianPruner
from optuna.samplers import RandomSampler

from benchmarks.search import peers
from benchmarks.ways import RATES
from pipeline import dataset
from studies import space
from studies.proposals import Listed
from studies.rounds import Plan, run_study
from studies.trials import Objective, Report, Values

SPACE: Mapping[str, BaseDistribution] = {
    "batch_size": CategoricalDistribution([16, 32, 64, 128, 256]),
    "hidden_size": IntDistribution(16, 512, log=True),
    "learning_rate": FloatDistribution(1e-4, 1.0, log=True),
    "optimizer": CategoricalDistribution(["sgd", "momentum", "adam"]),
}
ROUND_SIZE = 16
WARM_UP = 4  # points trained for one epoch before anything is timed: libraries and workers load


class Work(NamedTuple):
    """Points to train, what trains them, what each costs, and how many workers there are."""

    points: Sequence[Values]
    objective: Objective
    cost: Callable[[Values], float]
    jobs: int


Driver: TypeAlias = Callable[[Work], int]
"""Trains all points; returns how many epochs that were."""


class Timing(NamedTuple):
    """One search: who drove it, who trained, and how long it took."""

    repeat: int
    driver: str
    trainer: str
    epochs: int
    seconds: float

    @property
    def rate(self) -> float:
        """Epochs a second."""
        return self.epochs / self.seconds


def measure(points: int, epochs: int, repeats: int, jobs: int) -> Iterator[Timing]:
    """Time every driver with every trainer, in turns, in an order drawn anew each time.

    What slows the machine for a while slows all alike.
    """
    train, val, trainers = dataset.load("train"), dataset.load("val"), peers.available()
    drawn, rng = random_points(points), np.random.default_rng(1)
    cost = peers.ours(train, val, epochs).cost
    pairs = [(driver, trainer) for driver in DRIVERS for trainer in trainers]
    for driver, trainer in pairs:
        DRIVERS[driver](Work(drawn[:WARM_UP], trainers[trainer](train, val, 1), cost, jobs))
    for repeat in range(1, repeats + 1):
        for driver, trainer in (pairs[i] for i in rng.permutation(len(pairs))):
            work = Work(drawn, trainers[trainer](train, val, epochs), cost, jobs)
            began = time.perf_counter()
            trained = DRIVERS[driver](work)
            yield Timing(repeat, driver, trainer, trained, time.perf_counter() - began)


def random_points(n: int) -> list[dict[str, Any]]:
    """The first n points of a random search, the same every time.

    Rates are those at which no network diverges, so that all train to their last epoch.
    """
    study = optuna.create_study(sampler=RandomSampler(seed=1))
    points = [study.ask(dict(SPACE)).params for _ in range(n)]
    return [point | {"learning_rate": RATES[point["optimizer"]]} for point in points]


def engine(work: Work) -> int:
    """Our engine: rounds, processes, the dearest first."""
    n = len(work.points)
    listed = Listed([(point, seed) for seed, point in enumerate(work.points)], SPACE)
    plan = Plan(listed, n, ROUND_SIZE, lambda: MedianPruner(n + 1))
    with warnings.catch_warnings():
        # importing PyTorch looks like a leak to joblib, which then starts the worker anew
        warnings.filterwarnings("ignore", "A worker stopped")
        trials = run_study(plan, work.objective, jobs=work.jobs, cost=work.cost)
    return sum(len(trial.scores) for trial in trials)


def plain_optuna(work: Work) -> int:
    """`study.optimize`: a queue of points, threads."""
    pruner, sampler = MedianPruner(len(work.points) + 1), RandomSampler(seed=1)
    study = optuna.create_study(direction="maximize", sampler=sampler, pruner=pruner)
    for point in work.points:
        study.enqueue_trial(dict(point))

    def train(trial: optuna.Trial) -> float:
        params = {name: space.suggest(trial, name, each) for name, each in SPACE.items()}
        score = 0.0
        for step, said in enumerate(work.objective(params, trial.number), 1):
            score = said.score if isinstance(said, Report) else said
            trial.report(score, step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return score

    study.optimize(train, n_trials=len(work.points), n_jobs=work.jobs)
    return sum(len(trial.intermediate_values) for trial in study.trials)


DRIVERS: Mapping[str, Driver] = {"engine": engine, "optuna": plain_optuna}
