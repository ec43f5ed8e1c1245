"""A stock Optuna pruner, judged on a frozen snapshot of earlier rounds.

The same snapshot gives the same verdict in any process on any machine, and asks no storage.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import optuna
from optuna.pruners import BasePruner, MedianPruner, NopPruner
from optuna.trial import FrozenTrial, TrialState, create_trial

from pipeline.study_settings import MedianPruning, NoPruning
from studies.trials import Direction

Pruner: TypeAlias = Callable[[], BasePruner]
"""Makes a pruner: each trial is judged by a new one, for some keep state."""


class Judge:
    """Decides, step by step, whether trial `number` is worth going on with."""

    def __init__(
        self,
        pruner: BasePruner,
        snapshot: Sequence[FrozenTrial],
        number: int,
        direction: Direction,
    ) -> None:
        """Take a new pruner and the finished trials of earlier rounds, in order."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = optuna.create_study(direction=direction, pruner=pruner)
        study.add_trials(snapshot)
        study.add_trials([create_trial(state=TrialState.RUNNING)] * (number - len(snapshot)))
        self._trial = study.ask()

    def prunes(self, step: int, score: float) -> bool:
        """Whether to stop after `step` (from 1), which scored `score`. Ask once a step."""
        self._trial.report(score, step)
        return self._trial.should_prune()


def make(settings: NoPruning | MedianPruning) -> BasePruner:
    """The pruner that `params.yaml` describes."""
    if isinstance(settings, NoPruning):
        return NopPruner()
    return MedianPruner(
        n_startup_trials=settings.startup_trials,
        n_warmup_steps=settings.warmup_epochs,
        interval_steps=1,
        n_min_trials=1,
    )
