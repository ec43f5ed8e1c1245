"""Importance: found where it is, refused where it cannot be known."""

from collections.abc import Callable

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution
from pandas import DataFrame

from analysis import importance
from analysis.load import Study

SPACE = {
    "learning_rate": {"type": "float", "low": 1e-4, "high": 1.0, "log": True},
    "batch_size": {"type": "categorical", "choices": [16, 32, 64]},
    "decay_epochs": {"type": "categorical", "choices": [[], [10]]},
}


@pytest.fixture
def trials() -> DataFrame:
    """Eighty independent draws whose accuracy depends on the learning rate alone."""
    rng = np.random.default_rng(0)
    rate = 10 ** rng.uniform(-4, 0, 80)
    return DataFrame(
        {
            "learning_rate": rate,
            "batch_size": rng.choice([16, 32, 64], 80),
            "decay_epochs": rng.choice(["[]", "[10]"], 80),
            "val_accuracy": 0.95 - 0.05 * (np.log10(rate) + 2) ** 2 + rng.normal(0, 0.002, 80),
        }
    )


@pytest.mark.parametrize("method", list(importance.METHODS))
def test_the_only_parameter_that_matters_gets_most(trials: DataFrame, method: str) -> None:
    """Both evaluators give the learning rate nearly everything; shares sum to one."""
    found = importance.importances(trials, space=SPACE, method=method)
    assert found["learning_rate"] > 0.75
    assert sum(found.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("method", list(importance.METHODS))
def test_importances_repeat(trials: DataFrame, method: str) -> None:
    """A second call gives the same numbers to the last bit."""
    once, again = (importance.importances(trials, space=SPACE, method=method) for _ in range(2))
    assert once == again


def test_the_estimate_lies_inside_its_interval(studies: dict[str, Study]) -> None:
    """Every parameter and method has an interval, and the estimate is in it."""
    frame = importance.table(studies["random"])
    assert len(frame) == 2 * 5
    assert (frame["low"] <= frame["importance"]).all()
    assert (frame["importance"] <= frame["high"]).all()


def test_dependent_draws_are_refused(studies: dict[str, Study]) -> None:
    """Trials that a sampler steered cannot give importances."""
    frame = importance.table(studies["search"])
    assert frame["importance"].isna().all()
    assert set(frame["note"]) == {"draws of tpe are not independent"}


def test_few_trials_are_refused(odd_study: Callable[..., Study]) -> None:
    """Below fifty complete trials there is a note instead of numbers."""
    frame = importance.table(odd_study(20, sampler="random"))
    assert frame["importance"].isna().all()
    assert frame["note"].iloc[0].startswith("not enough trials (20 complete")


def test_equal_scores_are_refused(odd_study: Callable[..., Study]) -> None:
    """Where every trial diverged nothing can be important."""
    frame = importance.table(odd_study(sampler="random", diverged=1.0))
    assert set(frame["note"]) == {"all trials score the same"}


@pytest.mark.parametrize(
    ("from_json", "from_csv"),
    [(16, 16.0), ([10, 15], "[10, 15]"), (True, True), ("adam", "adam"), (0.1, 0.1)],
    ids=["whole", "list", "truth", "text", "fraction"],
)
def test_choices_match_however_they_were_read(from_json: object, from_csv: object) -> None:
    """study.json and trials.csv spell one choice in two ways."""
    assert importance.label(from_json) == importance.label(from_csv)


@pytest.mark.parametrize(
    ("choice", "cell"),
    [(16, "16"), ([16, 8], "[16, 8]"), (None, float("nan")), ("adam", "adam"), (0.5, "0.5")],
)
def test_cells_of_a_column_of_text_are_their_choices(choice: object, cell: object) -> None:
    """Among lists a number is text in trials.csv, and still the choice it was."""
    ranges = CategoricalDistribution([importance.label(choice)])
    assert importance._value(cell, ranges) == importance.label(choice)
