"""The live store: an ordinary Optuna study that gives trials back exactly."""

import math
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from pipeline.errors import UserError
from studies.rounds import run_study
from studies.store import LiveStudy, sqlite, url
from studies.trials import Trial
from tests.search.toys import Kept, curve, facts, plan


@pytest.fixture(scope="module")
def trials() -> list[Trial]:
    """A finished study of two rounds."""
    return run_study(plan(12), curve, Kept())


def live(folder: Path, name: str = "toy") -> LiveStudy:
    """The toy study in the store of `folder`."""
    return LiveStudy(sqlite(folder), name, metric="score", direction="maximize")


def fill(store: LiveStudy, trials: list[Trial]) -> None:
    """Open the trials and finish them in reverse order."""
    store.open(trials)  # a finished trial has all that a proposal has
    for trial in reversed(trials):
        store.finish(trial)


def test_trials_come_back_exactly(tmp_path: Path, trials: list[Trial]) -> None:
    """Parameters, scores, metrics, seconds and bytes survive closing and opening the store."""
    odd = replace(trials[0], metrics={"loss": (math.nan,) * 6}, detail=bytes(range(256)))
    fill(live(tmp_path), [odd, *trials[1:]])
    found = live(tmp_path).finished()
    assert facts([found[n] for n in range(1, 12)]) == facts(trials[1:])
    assert [found[n].seconds for n in range(12)] == [trial.seconds for trial in trials]
    assert found[0].detail == odd.detail
    assert all(math.isnan(value) for value in found[0].metrics["loss"])


def test_it_is_an_ordinary_study(tmp_path: Path, trials: list[Trial]) -> None:
    """Optuna itself loads it: values, curves, attributes, the best trial."""
    fill(live(tmp_path), trials)
    study = optuna.load_study(study_name="toy", storage=url(tmp_path))
    assert study.metric_names == ["score"]
    best = max((t for t in trials if t.state == "COMPLETE"), key=lambda trial: trial.value)
    assert study.best_trial.number == best.number
    assert study.best_trial.value == best.value
    assert study.trials[3].intermediate_values == dict(enumerate(trials[3].scores, 1))
    assert study.trials[3].user_attrs["seed"] == trials[3].seed
    assert study.trials[3].user_attrs["epochs"] == len(trials[3].scores)


def test_an_open_trial_is_running_until_its_state_is_set(
    tmp_path: Path, trials: list[Trial]
) -> None:
    """Trials opened and not finished are RUNNING, parameters included, and are not told."""
    store = live(tmp_path)
    store.open(trials)
    store.finish(trials[2])
    again = live(tmp_path)
    assert list(again.finished()) == [2]
    stored = optuna.load_study(study_name="toy", storage=url(tmp_path)).trials
    assert [trial.number for trial in stored] == list(range(12))
    assert stored[5].state == TrialState.RUNNING
    assert stored[5].params == trials[5].params


def test_opening_twice_adds_nothing(tmp_path: Path, trials: list[Trial]) -> None:
    """A resumed round is the trials that are there, under their numbers."""
    live(tmp_path).open(trials)
    live(tmp_path).open(trials)
    assert len(optuna.load_study(study_name="toy", storage=url(tmp_path)).trials) == 12


def test_the_engine_resumes_from_disk(tmp_path: Path, trials: list[Trial]) -> None:
    """A store with a round half finished is continued to the same trials."""
    store = live(tmp_path)
    store.open(trials)
    for trial in (*trials[:6], trials[9]):
        store.finish(trial)
    assert facts(run_study(plan(12), curve, live(tmp_path))) == facts(trials)


def test_foreign_trials_are_refused(tmp_path: Path) -> None:
    """A finished trial that this program did not write is named."""
    sqlite(tmp_path)
    study = optuna.create_study(storage=url(tmp_path), study_name="toy", direction="maximize")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    with pytest.raises(UserError, match="trial 0 in the store must be this program's"):
        live(tmp_path)


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    """Garbage in place of the database gives one line that names it."""
    (tmp_path / "handtuned.db").write_text("garbage " * 200)
    with pytest.raises(UserError, match=r"handtuned\.db must be an Optuna store.*not a database"):
        sqlite(tmp_path)
