"""A stock pruner judged on a snapshot."""

from collections.abc import Sequence

import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from pipeline.study_settings import MedianPruning, NoPruning
from studies.pruning import Judge, make


def told(*curves: Sequence[float]) -> list[FrozenTrial]:
    """Complete trials with these learning curves."""
    return [
        create_trial(
            state=TrialState.COMPLETE,
            value=curve[-1],
            params={"x": 0.5},
            distributions={"x": FloatDistribution(0, 1)},
            intermediate_values=dict(enumerate(curve, 1)),
        )
        for curve in curves
    ]


SNAPSHOT = told((0.1, 0.2, 0.3), (0.3, 0.4, 0.5), (0.5, 0.6, 0.7))
MEDIAN = MedianPruning(type="median", warmup_epochs=2, startup_trials=3)


def verdicts(settings: MedianPruning | NoPruning, curve: Sequence[float]) -> list[bool]:
    """What the judge says after each step of the curve."""
    judge = Judge(make(settings), SNAPSHOT, 3, "maximize")
    return [judge.prunes(step, score) for step, score in enumerate(curve, 1)]


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        ((0.0, 0.0, 0.0), [False, True, True]),  # below the median, once the warm-up is over
        ((0.0, 0.39, 0.49), [False, True, True]),
        ((0.0, 0.41, 0.51), [False, False, False]),
        ((0.0, 0.41, 0.10), [False, False, True]),  # its best so far, 0.41, is below 0.5
    ],
)
def test_median_rule(curve: Sequence[float], expected: list[bool]) -> None:
    """A trial is pruned when its best score so far is below the median at that epoch."""
    assert verdicts(MEDIAN, curve) == expected


def test_no_pruning() -> None:
    """Without a pruner no curve is bad enough."""
    assert verdicts(NoPruning(), (0.0, 0.0, 0.0)) == [False] * 3


def test_too_few_trials_to_judge_by() -> None:
    """Before `startup_trials` are complete nothing is pruned."""
    patient = MEDIAN.model_copy(update={"startup_trials": 4})
    assert verdicts(patient, (0.0, 0.0, 0.0)) == [False] * 3


@pytest.mark.parametrize("number", [3, 7])
def test_the_judge_is_optuna_itself(number: int) -> None:
    """The verdict is that of Optuna's pruner in a study with the same trials told."""
    study = optuna.create_study(direction="maximize", pruner=make(MEDIAN))
    study.add_trials(SNAPSHOT)
    trial = study.ask()
    judge = Judge(make(MEDIAN), SNAPSHOT, number, "maximize")
    for step, score in enumerate((0.2, 0.45, 0.3), 1):
        trial.report(score, step)
        assert judge.prunes(step, score) == trial.should_prune()


def test_a_trial_is_judged_under_its_number() -> None:
    """Pruners that depend on a trial's number see the number it has in the study."""
    assert Judge(make(MEDIAN), SNAPSHOT, 7, "maximize")._trial.number == 7
