"""Importance: found where it is, refused where it cannot be known."""

from collections.abc import Callable

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution
from pandas import DataFrame

from analysis import importance, words
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


@pytest.mark.parametrize("method", list(importance.METHODS))
def test_ranges_tell_what_matters_from_what_does_not(trials: DataFrame, method: str) -> None:
    """All resamples put the only parameter that matters above all others; none is a point."""
    study = Study(
        key="random",
        about={"sampler": "random", "space": SPACE},
        trials=trials.assign(state="COMPLETE"),
        history=DataFrame(),
        timing=DataFrame(),
        packed=np.zeros((len(trials), 1), np.uint8),
    )
    frame = importance.table(study)
    rows = frame[frame["method"] == method].set_index("parameter")
    assert set(rows.index) == set(SPACE)
    others = rows.drop(index="learning_rate")
    assert rows.loc["learning_rate", "low"] > others["high"].max()
    assert (rows["low"] < rows["high"]).all()


def test_ranges_are_of_the_resamples_alone(
    studies: dict[str, Study], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are not stretched to hold the estimate, and forests are grown for a few only."""
    asked = []

    def same(frame: DataFrame, _: object, *, resamples: int, seed: int) -> DataFrame:
        asked.append(resamples)
        return DataFrame({"low": 0.3, "high": 0.4}, index=list(studies["random"].space))

    monkeypatch.setattr(importance, "RESAMPLES", 200)
    monkeypatch.setattr(importance, "bootstrap", same)
    frame = importance.table(studies["random"])
    assert asked == [200, 20]
    assert len(frame) == 2 * 5
    assert set(frame["low"]) == {0.3}
    assert set(frame["high"]) == {0.4}
    assert not frame["importance"].between(0.3, 0.4).all()


def test_importances_read_as_a_table(studies: dict[str, Study]) -> None:
    """A line a parameter with its share and range, and what the range is."""
    frame = importance.table(studies["random"])
    first = frame.iloc[0]
    text = importance.markdown(frame)
    shares = [f"{100 * first[name]:.0f}" for name in ("importance", "low", "high")]
    share = "{} % ({} to {} %)".format(*shares)
    line = f"| random | PED-ANOVA | {words.name(first['parameter'])} | {share} | 64 |  |"
    assert text.splitlines()[2] == line
    assert text.count("| random |") == 2 * 5
    assert all(note in text for note in importance.NOTES)
    assert "no 95 % intervals" in text
    assert "200 for PED-ANOVA; 20 for fANOVA, each with 8 trees" in text


def test_what_is_not_estimated_is_told_once(odd_study: Callable[..., Study]) -> None:
    """A line a method says that there are too few trials; nothing is called NaN."""
    text = importance.markdown(importance.table(odd_study(20, sampler="random")))
    assert [line for line in text.splitlines() if "not estimated" in line] == [
        f"| odd | {method} | all | not estimated | 20 | "
        "not enough trials (20 complete, 50 needed) |"
        for method in importance.METHODS
    ]
    assert "nan" not in text.lower()


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
