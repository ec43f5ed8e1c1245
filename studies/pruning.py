"""A stock Optuna pruner, judged on a frozen snapshot of earlier rounds.

The same snapshot gives the same verdict in any process on any machine, and asks no storage.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.pruners import (
    BasePruner,
    HyperbandPruner,
    MedianPruner,
    NopPruner,
    PatientPruner,
    PercentilePruner,
    SuccessiveHalvingPruner,
)
from optuna.samplers import RandomSampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from pipeline.pruner_settings import (
    HyperbandPruning,
    MedianPruning,
    NoPruning,
    PatientPruning,
    PercentilePruning,
    Pruning,
    SuccessiveHalvingPruning,
)
from studies.trials import Direction, Trial

Pruner: TypeAlias = Callable[[], BasePruner]
"""Makes a pruner: each trial is judged by a new one, for some keep state."""

RUNG = "completed_rung_"  # Optuna's successive halving notes under it what it judged at a rung
NAME = "snapshot"  # Hyperband draws a trial's bracket from its study's name and its number


class Told(NamedTuple):
    """What pruners want to know of a finished trial."""

    state: str
    value: float
    scores: tuple[float, ...]
    marks: Mapping[str, float]

    def frozen(self) -> FrozenTrial:
        """The same as Optuna keeps it; without parameters, which no pruner reads."""
        return create_trial(
            state=TrialState[self.state],
            value=self.value,
            intermediate_values=dict(enumerate(self.scores, 1)),
            system_attrs=dict(self.marks),
        )


def told(trial: Trial) -> Told:
    """What of `trial` goes into a snapshot."""
    return Told(trial.state, trial.value, trial.scores, trial.marks)


class Judge:
    """Decides, step by step, whether trial `number` is worth going on with.

    The trials of the first round, which nothing was told before, always are.
    """

    def __init__(
        self, pruner: BasePruner, snapshot: Sequence[Told], number: int, direction: Direction
    ) -> None:
        """Take a new pruner and the finished trials of earlier rounds, in order."""
        self._first_round = not snapshot
        self._trial = (
            None
            if isinstance(pruner, NopPruner)
            else _running(_study(pruner, snapshot, direction), number - len(snapshot))
        )

    def prunes(self, step: int, score: float) -> bool:
        """Whether to stop after `step` (from 1), which scored `score`. Ask once a step."""
        if self._trial is None:
            return False
        self._trial.report(score, step)
        return self._trial.should_prune() and not self._first_round

    @property
    def marks(self) -> dict[str, float]:
        """What the pruner left on the trial for later ones to be compared with."""
        if self._trial is None:
            return {}
        own = self._trial.study.get_trials(deepcopy=False)[self._trial.number].system_attrs
        return {name: value for name, value in own.items() if name.startswith(RUNG)}


def make(settings: Pruning) -> BasePruner:
    """The pruner that `params.yaml` describes."""
    match settings:
        case NoPruning():
            return NopPruner()
        case MedianPruning(warmup_epochs=warmup, startup_trials=startup):
            return MedianPruner(startup, warmup, 1, n_min_trials=1)
        case PercentilePruning(percentile=kept, warmup_epochs=warmup, startup_trials=startup):
            return PercentilePruner(kept, startup, warmup, 1, n_min_trials=1)
        case PatientPruning(inner=inner, patience=patience, min_delta=delta):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ExperimentalWarning)
                return PatientPruner(make(inner) if inner else None, patience, delta)
        case SuccessiveHalvingPruning(min_epochs=low, reduction_factor=factor):
            return SuccessiveHalvingPruner(low, factor, 0, 0)
        case HyperbandPruning(min_epochs=low, max_epochs=high, reduction_factor=factor):
            return HyperbandPruner(low, high, factor, 0)


def _study(pruner: BasePruner, snapshot: Sequence[Told], direction: Direction) -> optuna.Study:
    """A study in memory in which the snapshot's trials are finished."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        study_name=NAME, direction=direction, pruner=pruner, sampler=RandomSampler(0)
    )
    study.add_trials([trial.frozen() for trial in snapshot])
    return study


def _running(study: optuna.Study, ahead: int) -> optuna.Trial:
    """A new trial of the study, after `ahead` others that are running too."""
    study.add_trials([create_trial(state=TrialState.RUNNING)] * ahead)
    return study.ask()
