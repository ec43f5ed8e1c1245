"""A stock pruner judged on a snapshot."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import optuna
import pytest
from optuna.pruners import HyperbandPruner
from optuna.trial import TrialState

from pipeline.pruner_settings import (
    HyperbandPruning,
    MedianPruning,
    NoPruning,
    PatientPruning,
    PercentilePruning,
    Pruning,
    SuccessiveHalvingPruning,
)
from studies.pruning import Judge, Told, make
from studies.rounds import Plan, run_study
from tests.search.toys import Kept, curve, facts, plan

ROUND = 8
MEDIAN = MedianPruning(type="median", warmup_epochs=2, startup_trials=3)
PRUNERS: dict[str, Pruning] = {
    "median": MEDIAN,
    "percentile": PercentilePruning(type="percentile", warmup_epochs=2, startup_trials=3),
    "patient": PatientPruning(type="patient", patience=1),
    "patient_median": PatientPruning(type="patient", patience=0, inner=MEDIAN),
    "successive_halving": SuccessiveHalvingPruning(
        type="successive_halving", min_epochs=1, reduction_factor=2
    ),
    "hyperband": HyperbandPruning(
        type="hyperband", min_epochs=1, max_epochs=6, reduction_factor=2
    ),
}
every_pruner = pytest.mark.parametrize("settings", PRUNERS.values(), ids=PRUNERS)


def told(*curves: Sequence[float]) -> list[Told]:
    """Complete trials with these learning curves."""
    return [Told("COMPLETE", curve[-1], tuple(curve), {}) for curve in curves]


SNAPSHOT = told((0.1, 0.2, 0.3), (0.3, 0.4, 0.5), (0.5, 0.6, 0.7))


def verdicts(settings: Pruning, curve: Sequence[float]) -> list[bool]:
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


def test_percentile_rule() -> None:
    """A trial is pruned when its best score so far is not among the best at that epoch."""
    best = PercentilePruning(type="percentile", percentile=10, warmup_epochs=0, startup_trials=1)
    assert verdicts(best, (0.45, 0.55, 0.65)) == [True, True, True]
    most = best.model_copy(update={"percentile": 90.0})
    assert verdicts(most, (0.45, 0.55, 0.65)) == [False, False, False]


def test_patient_rule() -> None:
    """A trial is pruned when it stays below its best for longer than its patience."""
    patient = PatientPruning(type="patient", patience=1)
    assert verdicts(patient, (0.5, 0.4, 0.4, 0.6)) == [False, False, True, False]
    lenient = patient.model_copy(update={"min_delta": 0.2})
    assert not any(verdicts(lenient, (0.5, 0.4, 0.4, 0.6)))


def test_patient_asks_its_inner_pruner() -> None:
    """With an inner pruner a trial whose scores fall goes on if that lets it."""
    patient = PRUNERS["patient_median"]
    assert verdicts(patient, (0.9, 0.1, 0.1)) == [False, False, False]
    assert verdicts(patient, (0.2, 0.1, 0.1)) == [False, True, True]


def test_no_pruning() -> None:
    """Without a pruner no curve is bad enough, and none leaves marks."""
    assert verdicts(NoPruning(), (0.0, 0.0, 0.0)) == [False] * 3
    assert Judge(make(NoPruning()), SNAPSHOT, 3, "maximize").marks == {}


def test_too_few_trials_to_judge_by() -> None:
    """Before `startup_trials` are complete nothing is pruned."""
    patient = MEDIAN.model_copy(update={"startup_trials": 4})
    assert verdicts(patient, (0.0, 0.0, 0.0)) == [False] * 3


@every_pruner
def test_first_round_goes_on(settings: Pruning) -> None:
    """Where nothing is told yet nothing is pruned, though a curve may fall."""
    judge = Judge(make(settings), [], 0, "maximize")
    assert not any(judge.prunes(step, 1 / step) for step in range(1, 7))


@every_pruner
def test_the_judge_is_optuna_itself(settings: Pruning) -> None:
    """Over forty trials, verdicts and marks are those of Optuna's pruner in an ordinary study."""
    ours = judged(settings, 40, round_size=1)
    study = optuna.create_study(study_name="snapshot", direction="maximize")
    study.pruner = make(settings)
    for _ in range(40):
        trial = study.ask()
        state = _trained(trial)
        study.tell(trial, 0.5 if state == TrialState.COMPLETE else None, state)
    for told_here, told_there in zip(ours, study.get_trials(), strict=True):
        assert told_here.state == told_there.state.name
        assert list(told_here.scores) == list(told_there.intermediate_values.values())
        assert dict(told_here.marks) == {
            name: value for name, value in told_there.system_attrs.items() if "rung" in name
        }


@every_pruner
def test_every_pruner_prunes(settings: Pruning) -> None:
    """Some trials are pruned, some are not, and better ones are pruned less often."""
    trials = judged(settings, 40)
    states = [trial.state for trial in trials]
    assert states.count("PRUNED") >= 5
    assert states.count("COMPLETE") >= 8
    if settings.type != "patient":
        good, bad = (
            [trial.state for n, trial in enumerate(trials) if (_quality(n) > 0.5) == better]
            for better in (True, False)
        )
        assert good.count("PRUNED") / len(good) < bad.count("PRUNED") / len(bad)


@pytest.mark.parametrize("name", ["successive_halving", "hyperband"])
def test_without_marks_halving_never_prunes(name: str) -> None:
    """What the rungs saw must be carried: without it these pruners have nothing to compare."""
    last = judged(PRUNERS[name], 32)
    bare = [trial._replace(marks={}) for trial in last]
    scores = [0.01] * 6
    assert any(_ends(PRUNERS[name], last, number, scores) for number in range(32, 40))
    assert not any(_ends(PRUNERS[name], bare, number, scores) for number in range(32, 40))


def test_hyperband_knows_a_trial_by_its_number() -> None:
    """Trials of different numbers fall into different brackets, whatever study they are from."""
    pruner = make(PRUNERS["hyperband"])
    assert isinstance(pruner, HyperbandPruner)
    first_marks = set()
    for number in range(12):
        judge = Judge(make(PRUNERS["hyperband"]), [], number, "maximize")
        first_marks.add(next(step for step in range(1, 9) if _marked(judge, step)))
    assert first_marks == {1, 2, 4}


@every_pruner
@pytest.mark.slow
def test_workers_and_splits_decide_nothing(settings: Pruning) -> None:
    """One worker or two, forty trials or twenty-five and then fifteen: the same trials."""
    once = run_study(_plan(settings, 40), curve, jobs=1)
    store = Kept()
    run_study(_plan(settings, 25), curve, store, jobs=2)
    twice = run_study(_plan(settings, 40), curve, store, jobs=2)
    assert facts(once) == facts(twice)
    assert [trial.marks for trial in once] == [trial.marks for trial in twice]
    assert {trial.state for trial in once} == {"COMPLETE", "PRUNED"}


@pytest.mark.parametrize("number", [3, 7])
def test_a_trial_is_judged_under_its_number(number: int) -> None:
    """Pruners that depend on a trial's number see the number it has in the study."""
    judge = Judge(make(MEDIAN), SNAPSHOT, number, "maximize")
    assert judge._trial is not None
    assert judge._trial.number == number


def test_a_snapshot_costs_little() -> None:
    """Told trials are judged by without their parameters, which cost most; none by no pruner."""
    judge = Judge(make(MEDIAN), SNAPSHOT, 3, "maximize")
    assert judge._trial is not None
    assert not any(trial.distributions for trial in judge._trial.study.get_trials())
    assert Judge(make(NoPruning()), SNAPSHOT, 3, "maximize")._trial is None


def _quality(number: int) -> float:
    """How good trial `number` of the toy study is: spread evenly over [0, 1]."""
    return number * 0.618034 % 1


def _scores(number: int) -> Iterator[float]:
    """Six scores of trial `number`; each third trial gets worse after a while."""
    for step in range(1, 7):
        falls = 0.1 * max(0, step - 2) if number % 3 == 0 else 0.0
        yield _quality(number) * (1 - 0.5**step) - falls


def judged(settings: Pruning, trials: int, round_size: int = ROUND) -> list[Told]:
    """The toy study, by rounds: what is told of each trial."""
    done: list[Told] = []
    for first in range(0, trials, round_size):
        numbers = range(first, first + round_size)
        done += [_train(settings, tuple(done), number) for number in numbers]
    return done


def _train(settings: Pruning, snapshot: Sequence[Told], number: int) -> Told:
    judge, scores = Judge(make(settings), snapshot, number, "maximize"), []
    for step, score in enumerate(_scores(number), 1):
        scores.append(score)
        if judge.prunes(step, score):
            return Told("PRUNED", score, tuple(scores), judge.marks)
    return Told("COMPLETE", scores[-1], tuple(scores), judge.marks)


def _trained(trial: optuna.Trial) -> TrialState:
    """The state in which a trial of an ordinary study ends; the first is not pruned."""
    for step, score in enumerate(_scores(trial.number), 1):
        trial.report(score, step)
        if trial.should_prune() and trial.number:
            return TrialState.PRUNED
    return TrialState.COMPLETE


def _ends(
    settings: Pruning, snapshot: Sequence[Told], number: int, scores: Sequence[float]
) -> bool:
    """Whether trial `number` is pruned somewhere along its curve."""
    judge = Judge(make(settings), snapshot, number, "maximize")
    return any(judge.prunes(step, score) for step, score in enumerate(scores, 1))


def _marked(judge: Judge, step: int) -> bool:
    """Whether the judge has left a mark by this step."""
    judge.prunes(step, 0.5)
    return bool(judge.marks)


def _plan(settings: Pruning, trials: int) -> Plan:
    """The toy study of the engine's tests, judged by another pruner."""
    return replace(plan(trials, ROUND), pruner=lambda: make(settings))
