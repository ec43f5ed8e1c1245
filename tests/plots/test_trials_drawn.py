"""Pictures of a study's trials, by reading what was drawn."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.container import BarContainer
from pandas import Series

from analysis.load import Study
from analysis.plots import (
    isolation,
    parallel_coordinates,
    slices,
    style,
)
from tests.plots.drawn import heights, line, title


def test_slices_draw_every_trial_at_its_value(studies: dict[str, Study], ax: Axes) -> None:
    """Each way to end has its marks where trials were drawn; the best is the star."""
    study = studies["search"]
    slices.draw(slices.table(study, "learning_rate"), ax)
    for reason, label in (("finished", "finished"), ("pruned", "pruned"), ("diverged", "diver")):
        rows = study.trials[study.trials["stop_reason"] == reason]
        drawn = line(ax, label)
        np.testing.assert_array_equal(drawn.get_xdata(), rows["learning_rate"])
        assert drawn.get_marker() == style.MARKERS[reason]
    assert heights(line(ax, "best")) == study.about["best"]["val_accuracy"]
    assert set(heights(line(ax, "diverged"))) == {0.1}
    assert ax.get_xscale() == "log"
    assert ax.get_xlabel() == "learning rate"


def test_slices_spread_categories_around_their_ticks(studies: dict[str, Study], ax: Axes) -> None:
    """Every mark stays in its category's column, and no two trials hide each other."""
    study = studies["random"]
    frame = slices.table(study, "optimizer")
    slices.draw(frame, ax)
    ticks = [tick.get_text() for tick in ax.get_xticklabels()]
    assert ticks == study.space["optimizer"]["choices"]
    nearest = [ticks[round(x)] for x in frame["x"]]
    assert nearest == frame["value"].tolist()
    assert frame["x"].nunique() == len(frame)


def test_whole_numbers_have_whole_ticks(odd_study: Callable[..., Study], ax: Axes) -> None:
    """A few epochs more or less have no ticks between them, here and on parallel axes."""
    study = odd_study(12)
    study.space["warm_up"] = {"type": "int", "low": 0, "high": 3, "log": False}
    study.trials["warm_up"] = study.trials["number"] % 4
    slices.draw(slices.table(study, "warm_up"), ax)
    assert all(float(tick).is_integer() for tick in ax.get_xticks())
    ticks = parallel_coordinates.table(study).attrs["ticks"]["warm_up"]
    assert [label for _, label in ticks] == ["0", "1", "2", "3"]


def test_slices_have_a_panel_a_parameter_on_one_scale(studies: dict[str, Study]) -> None:
    """Five panels, the same limits, one legend; what is left of the grid is empty."""
    figure = slices.figure(studies["search"])
    drawn = [ax for ax in figure.axes if ax.axison]
    assert [ax.get_xlabel() for ax in drawn][:2] == ["hidden units", "learning rate"]
    assert len(drawn) == 5
    assert len({ax.get_ylim() for ax in drawn}) == 1
    assert len(figure.legends) == 1
    ended = studies["search"].trials["stop_reason"].value_counts()
    assert f"{ended['pruned']} pruned" in figure.get_suptitle()


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"pruned": 1.0, "diverged": 0.0}, "none finished (n = 8)"),
        ({"diverged": 1.0}, "none finished (n = 8)"),
        ({"trials": 1, "diverged": 0.0}, "(n = 1)"),
    ],
    ids=["all-pruned", "all-diverged", "one"],
)
def test_odd_studies_have_slices(
    odd_study: Callable[..., Study], how: dict[str, float], expected: str, ax: Axes
) -> None:
    """Without a finished trial there are marks, but no best."""
    slices.draw(slices.table(odd_study(**({"trials": 8} | how)), "hidden_size"), ax)
    assert expected in title(ax)


def test_isolation_draws_best_and_median(studies: dict[str, Study], ax: Axes) -> None:
    """Each category has its best, its median inside its interval, and its number of trials."""
    study = studies["random"]
    frame = isolation.table(study, "optimizer")
    isolation.draw(frame, ax)
    trials = study.trials[study.trials["feasible"] == 1].groupby("optimizer")["val_accuracy"]
    order = study.space["optimizer"]["choices"]
    np.testing.assert_array_equal(heights(line(ax, "best")), trials.max()[order])
    np.testing.assert_array_equal(frame["median"], trials.median()[order])
    assert frame["median"].between(frame["low"], frame["high"]).all()
    counts = study.trials["optimizer"].value_counts()
    labels = [tick.get_text() for tick in ax.child_axes[0].get_xticklabels()]
    assert labels == [f"{name}\nn {counts[name]}" for name in order]


def test_isolation_bars_are_the_share_that_is_lost(studies: dict[str, Study], ax: Axes) -> None:
    """A bar is as high as the share that diverged or guesses, on a scale from none to all."""
    study = studies["random"]
    isolation.draw(isolation.table(study, "optimizer"), ax)
    lost = (study.trials["feasible"] == 0).groupby(study.trials["optimizer"]).mean()
    expected = lost[study.space["optimizer"]["choices"]]
    (strip,) = ax.child_axes
    (bars,) = (each for each in strip.containers if isinstance(each, BarContainer))
    assert [bar.get_height() for bar in bars] == pytest.approx(expected.tolist())
    assert strip.get_ylim() == (0, 1)
    told = [text.get_text() for text in strip.texts]
    assert told == [f"{100 * e:.0f} %" for e in expected if e]


def test_isolation_bars_stand_below_the_accuracies(studies: dict[str, Study]) -> None:
    """No share is drawn on the axis of accuracies, where it would read as one."""
    figure = isolation.figure(studies["random"])
    figure.draw_without_rendering()
    for ax in (each for each in figure.axes if each.axison):
        (strip,) = ax.child_axes
        assert not [each for each in ax.containers if isinstance(each, BarContainer)]
        assert not ax.texts
        assert strip.get_window_extent().y1 < ax.get_window_extent().y0
        assert strip.get_xlim() == ax.get_xlim()
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "share diverged or at chance (strip below)" in labels


def test_isolation_leaves_out_what_was_pruned(odd_study: Callable[..., Study]) -> None:
    """A trial that was stopped early has no final accuracy to compare."""
    study = odd_study(30, sampler="random", pruned=0.5, diverged=0.0)
    frame = isolation.table(study, "batch_size")
    complete = study.trials[study.trials["state"] == "COMPLETE"]
    assert 0 < len(complete) < 30
    assert frame["trials"].sum() == len(complete)
    assert frame["best"].max() == complete["val_accuracy"].max()


def test_isolation_bins_numbers_on_their_scale(studies: dict[str, Study]) -> None:
    """Four decades fall into eight half decades, with every finished trial in one."""
    frame = isolation.table(studies["random"], "learning_rate")
    assert frame["cell"].iloc[0] == "0.0001\u20130.00032"
    assert len(frame) == 8
    assert frame["trials"].sum() == 64


def test_isolation_of_few_trials_has_no_interval(
    odd_study: Callable[..., Study], ax: Axes
) -> None:
    """Four trials or fewer have a best and a median, and claim nothing more."""
    frame = isolation.table(odd_study(4, sampler="random", diverged=0.0), "batch_size")
    isolation.draw(frame, ax)
    assert frame["median"].notna().any()
    assert frame[["low", "high"]].isna().all(axis=None)
    assert title(ax).endswith("not clearly")


def test_isolation_wants_independent_draws(odd_study: Callable[..., Study]) -> None:
    """A sampler that learns draws its values where they do well."""
    with pytest.raises(style.NothingToDrawError, match="tpe are not independent"):
        isolation.figure(odd_study(8))


def test_isolation_of_nothing_but_chance(odd_study: Callable[..., Study], ax: Axes) -> None:
    """Where every trial diverged there is no median, and all bars are whole."""
    frame = isolation.table(odd_study(8, sampler="random", diverged=1.0), "batch_size")
    isolation.draw(frame, ax)
    assert set(frame["lost"].dropna()) == {1.0}
    assert title(ax) == "nothing above chance"


def test_parallel_lines_cross_axes_at_their_values(studies: dict[str, Study], ax: Axes) -> None:
    """A line a trial: on a log axis its height is the share of the range's logarithm."""
    study = studies["search"]
    frame = parallel_coordinates.table(study)
    parallel_coordinates.draw(frame, ax)
    rate = np.log10(study.trials["learning_rate"])
    np.testing.assert_allclose(frame["learning_rate"], (rate + 4) / 4)
    groups = {g.get_gid(): g for g in ax.collections if isinstance(g, LineCollection)}
    assert sum(len(group.get_segments()) for group in groups.values()) == len(study.trials)
    assert len(groups["best"].get_segments()) == parallel_coordinates.BEST
    assert groups["diverged"].get_linestyle() != groups["finished"].get_linestyle()
    assert {len(line) for group in groups.values() for line in group.get_segments()} == {6}


def test_parallel_axes_have_their_own_ticks(studies: dict[str, Study], ax: Axes) -> None:
    """Numbers, decades and categories are written on the axis that they belong to."""
    parallel_coordinates.draw(parallel_coordinates.table(studies["search"]), ax)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == [
        *("hidden units", "learning rate", "batch size", "optimizer", "rate drops after epochs"),
        "validation accuracy",
    ]
    written: dict[float, list[str]] = {}
    for text in ax.texts:
        x, _ = text.xy  # type: ignore[attr-defined]
        written.setdefault(x, []).append(text.get_text())
    assert written[0] == ["20", "50", "100", "200", "500"]
    assert written[1] == ["0.0001", "0.001", "0.01", "0.1", "1"]
    assert written[3] == ["sgd", "momentum", "adam"]
    assert written[4][0] == "none"
    assert all(label.endswith(" %") for label in written[5])


def test_parallel_categories_stay_near_their_tick(studies: dict[str, Study]) -> None:
    """Lines spread at a category by a twentieth of the axis at most."""
    study = studies["random"]
    frame = parallel_coordinates.table(study)
    ticks = {label: height for height, label in frame.attrs["ticks"]["optimizer"]}
    off = (frame["optimizer"] - study.trials["optimizer"].map(ticks)).abs()
    assert off.max() <= parallel_coordinates.SPREAD / 2 + 1e-12


def test_a_parameter_that_was_not_asked_for_has_a_place(
    odd_study: Callable[..., Study], ax: Axes
) -> None:
    """The line of a trial without the parameter passes below the axis."""
    study = odd_study(6)
    study.trials.loc[2, "learning_rate"] = np.nan
    parallel_coordinates.draw(parallel_coordinates.table(study), ax)
    lines = [line for g in ax.collections for line in g.get_segments()]  # type: ignore[attr-defined]
    low = [line for line in lines if line[1][1] == parallel_coordinates.NOT_ASKED]
    assert len(low) == 1
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["not asked for"]


def test_without_a_search_there_is_no_parallel_axis(studies: dict[str, Study]) -> None:
    """Fixed variants have no searched parameters."""
    with pytest.raises(style.NothingToDrawError, match="no parameter was searched"):
        parallel_coordinates.table(studies["iterations"])
    with pytest.raises(style.NothingToDrawError, match="no parameter was searched"):
        slices.figure(studies["iterations"])


def test_marks_spread_evenly_however_many() -> None:
    """The offsets of consecutive trials fill the column without a gap of twice the mean."""
    offsets = np.sort(style.spread(Series(range(100))))
    assert np.diff(offsets).max() < 0.03
    assert np.abs(offsets).max() <= 0.5
