"""Which point comes next: a pure function of the study's seed, the number, and earlier rounds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler, TPESampler

from studies.trials import Direction, Proposal, Trial


class Proposer(Protocol):
    """Proposes the trials of a round."""

    def propose(self, numbers: range, told: Sequence[Trial]) -> list[Proposal]:
        """The trials `numbers`, which start a round, given all trials of earlier rounds."""


@dataclass(frozen=True)
class Sampled:
    """Points from an Optuna sampler, made anew for each trial with a seed of its own.

    The sampler sees earlier rounds as finished and its own round's earlier trials as running,
    even if they are long finished: when a study is resumed or extended it sees the same again.
    """

    sampler: Callable[[int], BaseSampler]
    space: Mapping[str, BaseDistribution]
    seed: int
    direction: Direction = "maximize"

    def propose(self, numbers: range, told: Sequence[Trial]) -> list[Proposal]:
        """The trials `numbers`, which start a round, given all trials of earlier rounds."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        mirror = optuna.create_study(direction=self.direction)
        mirror.add_trials([trial.frozen() for trial in told])
        return [self._ask(mirror, number) for number in numbers]

    def _ask(self, mirror: optuna.Study, number: int) -> Proposal:
        ask_seed, trial_seed = seeds(self.seed, number)
        mirror.sampler = self.sampler(ask_seed)
        params = mirror.ask(dict(self.space)).params
        return Proposal(number, _stored(params, self.space), self.space, trial_seed)


@dataclass(frozen=True)
class Listed:
    """Points known beforehand, each with its seed: grids and named variants."""

    points: Sequence[tuple[Mapping[str, Any], int]]
    space: Mapping[str, BaseDistribution]

    def propose(self, numbers: range, told: Sequence[Trial]) -> list[Proposal]:
        """The trials `numbers`; what was found before does not matter."""
        return [Proposal(number, *self._point(number)) for number in numbers]

    def _point(self, number: int) -> tuple[Mapping[str, Any], Mapping[str, BaseDistribution], int]:
        params, seed = self.points[number]
        return _stored(params, self.space), self.space, seed


def tpe(seed: int) -> BaseSampler:
    """The tree-structured Parzen estimator (Watanabe, 2023, arXiv:2304.11127).

    Every argument that decides a proposal is written out: a later Optuna's defaults cannot
    change results unseen.
    """
    return TPESampler(
        n_startup_trials=10,
        n_ei_candidates=24,
        multivariate=True,
        group=False,
        constant_liar=True,
        seed=seed,
    )


def random(seed: int) -> BaseSampler:
    """Independent draws (Bergstra & Bengio, 2012)."""
    return RandomSampler(seed=seed)


def seeds(study_seed: int, number: int) -> tuple[int, int]:
    """Two independent 32-bit seeds for trial `number`: of its proposal and of its training."""
    ask, train = np.random.SeedSequence([study_seed, number]).generate_state(2).tolist()
    return ask, train


def _stored(params: Mapping[str, Any], space: Mapping[str, BaseDistribution]) -> dict[str, Any]:
    """The parameters exactly as a store gives them back, in the order of the space."""
    return {
        name: distribution.to_external_repr(distribution.to_internal_repr(params[name]))
        for name, distribution in space.items()
    }
