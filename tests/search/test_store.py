"""The live store: an ordinary Optuna study that gives trials back exactly."""

import gc
import math
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from optuna.storages import RDBStorage
from optuna.trial import TrialState

from pipeline.errors import UserError
from studies.rounds import run_study
from studies.storage import opened, sqlite_url
from studies.store import LiveStudy
from studies.trials import Trial
from tests.search.toys import Kept, curve, facts, plan


@pytest.fixture(scope="module")
def trials() -> list[Trial]:
    """A finished study of two rounds."""
    return run_study(plan(12), curve, Kept())


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Callable[[], LiveStudy]]:
    """Opens the toy study on disk, anew at each call; all are closed in the end."""
    with ExitStack() as stack:

        def open_() -> LiveStudy:
            storage = stack.enter_context(opened(sqlite_url(tmp_path)))
            return LiveStudy(storage, "toy", metric="score", direction="maximize")

        yield open_


@pytest.fixture
def ordinary(tmp_path: Path) -> Iterator[Callable[[], optuna.Study]]:
    """Loads the toy study as any program that knows Optuna does."""
    with ExitStack() as stack:

        def load() -> optuna.Study:
            storage = RDBStorage(sqlite_url(tmp_path))
            stack.callback(storage.engine.dispose)
            stack.callback(storage.remove_session)
            return optuna.load_study(study_name="toy", storage=storage)

        yield load


def fill(store: LiveStudy, trials: list[Trial]) -> None:
    """Open the trials and finish them in reverse order."""
    store.open(trials)  # a finished trial has all that a proposal has
    for trial in reversed(trials):
        store.finish(trial)


def test_trials_come_back_exactly(
    live: Callable[[], LiveStudy], ordinary: Callable[[], optuna.Study], trials: list[Trial]
) -> None:
    """Parameters, scores, metrics, seconds and bytes survive closing and opening the store."""
    odd = replace(trials[0], kept=2, metrics={"loss": (math.nan,) * 6}, detail=bytes(range(256)))
    fill(live(), [odd, *trials[1:]])
    found = live().finished()
    assert facts([found[n] for n in range(1, 12)]) == facts(trials[1:])
    assert [found[n].timing for n in range(12)] == [trial.timing for trial in trials]
    assert found[0].detail == odd.detail
    assert found[0].value == odd.scores[1] != odd.scores[-1]
    assert all(math.isnan(value) for value in found[0].metrics["loss"])


def test_it_is_an_ordinary_study(
    live: Callable[[], LiveStudy], ordinary: Callable[[], optuna.Study], trials: list[Trial]
) -> None:
    """Optuna itself loads it: values, curves, attributes, the best trial."""
    fill(live(), trials)
    study = ordinary()
    assert study.metric_names == ["score"]
    best = max((t for t in trials if t.state == "COMPLETE"), key=lambda trial: trial.value)
    assert study.best_trial.number == best.number
    assert study.best_trial.value == best.value
    assert study.trials[3].intermediate_values == dict(enumerate(trials[3].scores, 1))
    assert study.trials[3].user_attrs["seed"] == trials[3].seed
    assert study.trials[3].user_attrs["epochs"] == len(trials[3].scores)
    assert set(optuna.importance.get_param_importances(study)) == {"x", "n", "kind"}


def test_an_open_trial_is_running_until_its_state_is_set(
    live: Callable[[], LiveStudy], ordinary: Callable[[], optuna.Study], trials: list[Trial]
) -> None:
    """Trials opened and not finished are RUNNING, parameters included, and are not told."""
    store = live()
    store.open(trials)
    store.finish(trials[2])
    again = live()
    assert list(again.finished()) == [2]
    stored = ordinary().trials
    assert [trial.number for trial in stored] == list(range(12))
    assert stored[5].state == TrialState.RUNNING
    assert stored[5].params == trials[5].params


def test_opening_twice_adds_nothing(
    live: Callable[[], LiveStudy], ordinary: Callable[[], optuna.Study], trials: list[Trial]
) -> None:
    """A resumed round is the trials that are there, under their numbers."""
    live().open(trials)
    live().open(trials)
    assert len(ordinary().trials) == 12


def test_the_engine_resumes_from_disk(
    live: Callable[[], LiveStudy], ordinary: Callable[[], optuna.Study], trials: list[Trial]
) -> None:
    """A store with a round half finished is continued to the same trials."""
    store = live()
    store.open(trials)
    for trial in (*trials[:6], trials[9]):
        store.finish(trial)
    assert facts(run_study(plan(12), curve, live())) == facts(trials)


def test_foreign_trials_are_refused(
    live: Callable[[], LiveStudy], ordinary: Callable[[], optuna.Study]
) -> None:
    """A finished trial that this program did not write is named."""
    live()
    study = ordinary()
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    with pytest.raises(UserError, match="trial 0 in the store must be this program's"):
        live()


def test_a_trial_begun_elsewhere_is_refused(
    live: Callable[[], LiveStudy], ordinary: Callable[[], optuna.Study], trials: list[Trial]
) -> None:
    """A running trial that another program made is not taken for ours."""
    live()
    ordinary().ask()
    with pytest.raises(UserError, match="trial 0 in the store must be this program's"):
        live().open(trials)


def test_a_store_of_another_optuna_is_one_line(
    live: Callable[[], LiveStudy], tmp_path: Path
) -> None:
    """A store with another version of Optuna's tables is named, with what Optuna advises."""
    live()
    with closing(sqlite3.connect(tmp_path / "handtuned.db")) as database:
        database.execute("update version_info set schema_version = 1")
        database.execute("update alembic_version set version_num = 'v1.3.0.a'")
        database.commit()
    with (
        pytest.raises(UserError, match=r"^sqlite:///.*handtuned\.db: .*version"),
        opened(sqlite_url(tmp_path)),
    ):
        pass


@pytest.mark.filterwarnings("ignore:.*sqlite3.Connection:pytest.PytestUnraisableExceptionWarning")
def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    """Garbage in place of the database gives one line that names it."""
    (tmp_path / "handtuned.db").write_text("garbage " * 200)
    message = r"handtuned\.db must be an Optuna store.*not a database"
    with pytest.raises(UserError, match=message), opened(sqlite_url(tmp_path)):
        pass
    gc.collect()  # Optuna leaves the connection open that it failed on: it is reported here


def test_a_read_only_store_is_one_line(
    live: Callable[[], LiveStudy], tmp_path: Path, trials: list[Trial]
) -> None:
    """What cannot be written is said in one line; what was there is read all the same."""
    fill(live(), trials)

    def read_and_write() -> None:
        with opened(sqlite_url(tmp_path), read_only=True) as storage:
            study = optuna.load_study(study_name="toy", storage=storage)
            assert len(study.trials) == 12
            study.set_user_attr("a", 1)

    with pytest.raises(UserError, match=r"handtuned\.db must be.*readonly database; mend") as said:
        read_and_write()
    assert "\n" not in str(said.value)
