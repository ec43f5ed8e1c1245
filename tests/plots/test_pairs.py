"""Two configurations compared, paired by seed and image."""

import pytest

from analysis import pairs
from analysis.load import Study


def test_a_change_is_the_difference_of_the_means(studies: dict[str, Study]) -> None:
    """Between two variants over three seeds, with an interval; the other way it is reversed."""
    study = studies["iterations"]
    means = study.trials.groupby("variant")["val_accuracy"].mean()
    change = pairs.change(study, "units_256", "gradient_fixed")
    assert change.mean == pytest.approx(means["units_256"] - means["gradient_fixed"])
    assert change.low is not None
    assert change.high is not None
    assert change.low < change.mean < change.high
    back = pairs.change(study, "gradient_fixed", "units_256")
    assert (back.mean, back.high) == pytest.approx((-change.mean, -change.low))


def test_points_of_a_grid_are_found_by_their_values(studies: dict[str, Study]) -> None:
    """A configuration of a search is named by its parameters, and is tied with itself."""
    study = studies["grid"]
    point = {"learning_rate": 0.01, "batch_size": 32, "hidden_size": 64}
    same = pairs.change(study, point, point)
    assert str(same) == "+0.0 points (+0.0 to +0.0): tied"
    lower = pairs.change(study, point | {"hidden_size": 16}, point)
    reached = study.trials.set_index(list(point))["val_accuracy"]
    expected = reached[0.01, 32, 16] - reached[0.01, 32, 64]
    assert lower.mean == pytest.approx(expected)


def test_words_say_tied_only_where_nothing_is_inside_the_interval() -> None:
    """Tied, more, less, and a difference without an interval."""
    assert str(pairs.Change(0.01, -0.01, 0.03)) == "+1.0 points (−1.0 to +3.0): tied"
    assert str(pairs.Change(0.02, 0.01, 0.03)) == "+2.0 points (+1.0 to +3.0)"
    assert not pairs.Change(-0.02, -0.03, -0.01).tied
    assert str(pairs.Change(0.8, None, None)) == "+80.0 points"


def test_what_diverged_has_a_difference_without_an_interval(studies: dict[str, Study]) -> None:
    """A chance that is assigned is not measured."""
    change = pairs.change(studies["iterations"], "units_256", "rate_too_high")
    assert change.mean == pytest.approx(0.818, abs=0.01)
    assert (change.low, change.high, change.tied) == (None, None, False)


def test_an_unknown_configuration_is_named(studies: dict[str, Study]) -> None:
    """A variant that the study has not is no empty mean."""
    with pytest.raises(KeyError, match="units_300"):
        pairs.change(studies["iterations"], "units_300", "units_256")
