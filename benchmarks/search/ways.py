"""The ways to search that are compared: ours by sampler and pruner, plain Optuna, scikit-learn."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeAlias

from benchmarks.search.budgets import BASELINE, SEARCH, Setting
from benchmarks.search.engine import ours
from benchmarks.search.halving import halving
from benchmarks.search.plain import plain_optuna
from benchmarks.search.runs import Step

Way: TypeAlias = Callable[[Setting, int], list[Step]]
"""From a setting and a seed to a search's trials, as they were told."""

WAYS: Mapping[str, Way] = {
    "tpe_pruned": partial(ours, sampler="tpe", budget=SEARCH, pruned=True),
    "tpe": partial(ours, sampler="tpe", budget=SEARCH, pruned=False),
    "random_pruned": partial(ours, sampler="random", budget=BASELINE, pruned=True),
    "random": partial(ours, sampler="random", budget=BASELINE, pruned=False),
    "optuna": plain_optuna,
    "halving": halving,
}
NAMES = {
    "tpe_pruned": "ours: TPE, pruned",
    "tpe": "ours: TPE",
    "random_pruned": "ours: random, pruned",
    "random": "ours: random",
    "optuna": "plain Optuna: TPE, pruned",
    "halving": "scikit-learn: halving",
}
OURS = "tpe_pruned"
REFERENCE = "random"  # its final median is the target
