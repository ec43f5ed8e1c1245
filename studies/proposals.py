"""Which point comes next: a pure function of the study's seed, the number, and earlier rounds."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from pipeline.space_settings import Conditions, active, asked, parents_first
from studies import space
from studies.mirror import Mirror
from studies.trials import Direction, Proposal, Trial, Values


class Proposer(Protocol):
    """Proposes the trials of a round."""

    @property
    def space(self) -> Mapping[str, BaseDistribution]:
        """The distribution of each parameter."""

    def propose(self, numbers: range, told: Sequence[Trial]) -> list[Proposal]:
        """The trials `numbers`, which start a round, given all trials of earlier rounds."""


@dataclass(frozen=True)
class Sampled:
    """Points from an Optuna sampler, made anew for each trial with a seed of its own.

    The sampler sees earlier rounds as finished and its own round's earlier trials as running,
    even if they are long finished: when a study is resumed or extended it sees the same again.

    `when` says which parameters are asked for only at some values of others:
    `{"momentum": {"optimizer": ["momentum", "nesterov"]}}`. The points of `enqueue`, whole or in
    part, are tried first; what one leaves out is sampled.
    """

    sampler: Callable[[int], BaseSampler]
    space: Mapping[str, BaseDistribution]
    seed: int
    direction: Direction = "maximize"
    when: Conditions = field(default_factory=dict)
    enqueue: Sequence[Values] = ()
    _mirror: Mirror = field(default_factory=Mirror, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Raises: UserError if `when` or `enqueue` does not go with the space."""
        space.check(self.space, self.when, self.enqueue)

    def propose(self, numbers: range, told: Sequence[Trial]) -> list[Proposal]:
        """The trials `numbers`, which start a round, given all trials of earlier rounds."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = self._mirror.show(told, self.direction)
        return [self._propose(study, number) for number in numbers]

    def _propose(self, study: optuna.Study, number: int) -> Proposal:
        ask_seed, trial_seed = seeds(self.seed, number)
        grouped = self.when and self.sampler is tpe
        study.sampler = (grouped_tpe if grouped else self.sampler)(ask_seed)
        if number < len(self.enqueue):
            study.enqueue_trial(dict(self.enqueue[number]))
        trial, params = self._mirror.ask(study), dict[str, Any]()
        for name in parents_first(list(self.space), self.when):
            if asked(name, params, self.when):
                params[name] = space.suggest(trial, name, self.space[name])
        return _proposal(number, params, self.space, trial_seed)


@dataclass(frozen=True)
class Sobol:
    """One scrambled Sobol sequence (Sobol, 1967; Owen, 1998): points spread evenly.

    Trial k has the sequence's point k, whichever points are asked for together.
    """

    space: Mapping[str, BaseDistribution]
    seed: int
    when: Conditions = field(default_factory=dict)
    enqueue: Sequence[Values] = ()

    def __post_init__(self) -> None:
        """Raises: UserError if `when` or `enqueue` does not go with the space."""
        space.check(self.space, self.when, self.enqueue)

    def propose(self, numbers: range, told: Sequence[Trial]) -> list[Proposal]:
        """The trials `numbers`; what was found before does not matter."""
        from scipy.stats import qmc  # half a second

        sequence = qmc.Sobol(len(self.space), rng=np.random.default_rng(self.seed))
        if numbers.start:
            sequence.fast_forward(numbers.start)
        # One by one: SciPy warns of a first draw whose size is no power of two.
        return [self._propose(number, sequence.random(1)[0]) for number in numbers]

    def _propose(self, number: int, point: np.ndarray) -> Proposal:
        names = zip(sorted(self.space), point.tolist(), strict=True)
        params = {name: space.value_at(self.space[name], u) for name, u in names}
        if number < len(self.enqueue):
            params |= self.enqueue[number]
        return _proposal(
            number, active(params, self.when), self.space, seeds(self.seed, number)[1]
        )


@dataclass(frozen=True)
class Listed:
    """Points known beforehand, each with its seed: grids and named variants."""

    points: Sequence[tuple[Values, int]]
    space: Mapping[str, BaseDistribution]

    def propose(self, numbers: range, told: Sequence[Trial]) -> list[Proposal]:
        """The trials `numbers`; what was found before does not matter."""
        return [
            _proposal(number, params, self.space, seed)
            for number, (params, seed) in zip(
                numbers, self.points[numbers.start : numbers.stop], strict=True
            )
        ]


def tpe(seed: int) -> BaseSampler:
    """The tree-structured Parzen estimator (Watanabe, 2023, arXiv:2304.11127).

    For spaces without conditions; `Sampled` takes `grouped_tpe` for those that have some.
    """
    return _FlatTPE(**_TPE, group=False, seed=seed)


def grouped_tpe(seed: int) -> BaseSampler:
    """The same with a model for each group of parameters that are asked for together."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return TPESampler(**_TPE, group=True, seed=seed)


def random(seed: int) -> BaseSampler:
    """Independent draws (Bergstra & Bengio, 2012)."""
    return RandomSampler(seed=seed)


def seeds(study_seed: int, number: int) -> tuple[int, int]:
    """Two independent 32-bit seeds for trial `number`: of its proposal and of its training."""
    ask, train = np.random.SeedSequence([study_seed, number]).generate_state(2).tolist()
    return ask, train


_TPE: dict[str, Any] = {
    "n_startup_trials": 10,
    "n_ei_candidates": 24,
    "multivariate": True,
    "constant_liar": True,
}
"""All that decides a proposal, written out: a later Optuna cannot change results unseen."""


class _FlatTPE(TPESampler):
    """TPE that need not look through all trials for the parameters that they share."""

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """The parameters of the first told trial, which all have: what Optuna would find."""
        told = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
        found = told[0].distributions if told else {}
        return {name: found[name] for name in sorted(found) if not found[name].single()}


def _proposal(
    number: int, params: Values, space: Mapping[str, BaseDistribution], seed: int
) -> Proposal:
    """A proposal with its parameters exactly as a store gives them back, in the space's order."""
    distributions = {name: space[name] for name in space if name in params}
    stored = {
        name: distribution.to_external_repr(distribution.to_internal_repr(params[name]))
        for name, distribution in distributions.items()
    }
    return Proposal(number, stored, distributions, seed)
