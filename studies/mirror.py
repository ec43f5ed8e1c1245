"""A study in memory that holds what a sampler may see, kept from round to round."""

from collections.abc import Sequence

import optuna
from optuna.samplers import RandomSampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from studies.trials import Direction, Trial


class Mirror:
    """What a sampler sees: told trials as finished, and those asked for since as running.

    Kept, it spares building a study of thousands of trials each round. It decides nothing: it is
    built anew unless the told trials are the very ones it holds, and those it was asked for.
    """

    def __init__(self) -> None:
        """Begin without a study: the first call of `show` builds one."""
        self._study: optuna.Study | None = None
        self._told: list[Trial] = []
        self._asked: list[optuna.Trial] = []

    def show(self, told: Sequence[Trial], direction: Direction) -> optuna.Study:
        """The study in which `told` are finished and no other trial is."""
        if self._study is not None and self._continues(told):
            self._study.sampler = RandomSampler()  # that none learns of trials by the way
            for running, trial in zip(self._asked, told[len(self._told) :], strict=True):
                _finish(self._study, running, trial)
        else:
            self._study = optuna.create_study(direction=direction)
            self._study.add_trials([_frozen(trial) for trial in told])
        self._told, self._asked = list(told), []
        return self._study

    def ask(self, study: optuna.Study) -> optuna.Trial:
        """A new trial of the study that `show` gave."""
        self._asked.append(study.ask())
        return self._asked[-1]

    def _continues(self, told: Sequence[Trial]) -> bool:
        """Whether `told` are the trials held, then all that were asked for."""
        held = len(self._told)
        return (
            len(told) == held + len(self._asked)
            and all(old is new for old, new in zip(self._told, told, strict=False))
            and all(
                running.params == trial.params
                for running, trial in zip(self._asked, told[held:], strict=True)
            )
        )


def _finish(study: optuna.Study, running: optuna.Trial, trial: Trial) -> None:
    """Finish in the study what came of a trial that runs there."""
    for step, score in enumerate(trial.scores, 1):
        running.report(score, step)
    value = trial.value if trial.state == "COMPLETE" else None
    study.tell(running, value, TrialState[trial.state])


def _frozen(trial: Trial) -> FrozenTrial:
    """The same trial as `_finish` leaves it: if pruned, Optuna's value is the last score."""
    return create_trial(
        state=TrialState[trial.state],
        value=trial.value if trial.state == "COMPLETE" else trial.scores[-1],
        params=dict(trial.params),
        distributions=dict(trial.distributions),
        intermediate_values=dict(enumerate(trial.scores, 1)),
    )
