"""What random search leads to, and where another search stands for the same epochs."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from matplotlib.axes import Axes

from analysis.load import Study
from analysis.plots import expected_performance, style
from tests.plots.drawn import heights, line, title


def test_expected_performance_rises_to_the_best(studies: dict[str, Study], ax: Axes) -> None:
    """The line goes from the mean of all random trials to their best, over every budget."""
    random = studies["random"]
    accuracy = random.trials["val_accuracy"]
    expected_performance.draw(expected_performance.table(random), ax)
    drawn = heights(line(ax, "expected best"))
    assert drawn[[0, -1]] == pytest.approx([accuracy.mean(), accuracy.max()])
    assert len(drawn) == len(random.trials) == 64
    assert ax.get_xscale() == "log"
    assert [label.get_text() for label in ax.get_xticklabels()] == [
        "1",
        "2",
        "5",
        "10",
        "20",
        "50",
    ]


def test_expected_performance_marks_the_search(studies: dict[str, Study], ax: Axes) -> None:
    """The other study's best stands at the full trials that its epochs would pay, and across."""
    search = studies["search"]
    frame = expected_performance.table(studies["random"], search)
    expected_performance.draw(frame, ax)
    mark, best = line(ax, "best of search"), search.about["best"]["val_accuracy"]
    paid = search.trials["epochs_trained"].sum() / 20  # epochs of a full random trial
    assert 10 < paid < 64 == len(search.trials)
    assert (mark.get_xdata(), mark.get_ydata()) == ([paid], [best])
    told = f"best of search: 64 trials, as many epochs as {int(paid)} full"
    assert mark.get_label() == told
    assert any(set(heights(each)) == {best} and len(heights(each)) == 2 for each in ax.lines)
    assert title(ax).startswith(f"For the epochs of search, {int(paid)} random trials lead to ")
    assert f"search reached {100 * best:.1f} %" in title(ax)
    assert "full random trials" in ax.get_xlabel()


def test_the_band_holds_most_searches_of_its_size(odd_study: Callable[..., Study]) -> None:
    """Of all subsets of three trials out of nine, 95 % have their best inside the band."""
    study = odd_study(9, sampler="random")
    frame = expected_performance.table(study).set_index("trials")
    best = [max(subset) for subset in combinations(study.trials["val_accuracy"], 3)]
    low, high = frame.loc[3, "low"], frame.loc[3, "high"]
    below, above = np.mean(np.array(best) < low), np.mean(np.array(best) > high)
    assert max(below, above) <= 0.025
    assert frame["low"].notna().tolist() == [True] * 4 + [False] * 5


def test_a_search_is_called_better_only_above_the_band(studies: dict[str, Study]) -> None:
    """Above, inside or below the interval of as many random trials, and silent beyond it."""
    frame = expected_performance.table(studies["random"])
    low, high = frame.loc[9, ["low", "high"]]
    for best, end in {high + 0.01: "above", high - 1e-6: "inside", low - 0.01: "below"}.items():
        frame.attrs["search"] = {"key": "search", "trials": 60, "budget": 10.7, "best": best}
        assert expected_performance.title(frame).endswith(f", {end} the band")
    frame.attrs["search"]["budget"] = 60.0
    assert expected_performance.title(frame).endswith("%")
    frame.attrs["search"]["budget"] = 70.0
    assert expected_performance.title(frame).endswith("in the epochs of 70 full ones")


def test_pruned_trials_have_no_expected_best(odd_study: Callable[..., Study]) -> None:
    """What a pruner stopped depends on other trials."""
    with pytest.raises(style.NothingToDrawError, match="not independent"):
        expected_performance.table(odd_study(8, sampler="random", pruned=1.0, diverged=0.0))


def test_a_search_of_one_short_trial_pays_one(odd_study: Callable[..., Study], ax: Axes) -> None:
    """Fewer epochs than one training stand left of one, beside one random trial."""
    random = odd_study(9, sampler="random", diverged=0.0)
    frame = expected_performance.table(random)
    frame.attrs["search"] = {"key": "search", "trials": 1, "budget": 0.25, "best": 0.9}
    expected_performance.draw(frame, ax)
    assert line(ax, "best of search").get_xdata() == [0.25]
    assert ax.get_xlim()[0] < 0.25
    assert title(ax).startswith("For the epochs of search, 1 random trial leads to")
