"""Pictures of the experiments, by reading what was drawn."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.container import ErrorbarContainer
from matplotlib.lines import Line2D
from pandas import DataFrame, concat

from analysis import configurations, load
from analysis.load import Study
from analysis.plots import curves, dots, ladder, rates, spread, style

from . import made_up
from .drawn import heights, line, title


def results(**columns: Any) -> DataFrame:
    """Rows as `configurations.table` has them: what is not named is as of three sound seeds."""
    frame = DataFrame(columns)
    known = {"train_accuracy": 0.95, "seeds": 3, "diverged": 0, "tied": False}
    frame = frame.assign(**{name: v for name, v in known.items() if name not in frame})
    around = {"low": frame["val_accuracy"] - 0.01, "high": frame["val_accuracy"] + 0.01}
    frame = frame.assign(**{name: v for name, v in around.items() if name not in frame})
    frame = frame.reindex(
        columns=[*columns, *(n for n in configurations.NUMBERS if n not in columns)]
    )
    frame.attrs["chance"] = 0.1
    return frame


def three() -> DataFrame:
    """Three variants: a good one, one tied with it, one behind of which a seed diverged."""
    return results(
        variant=["l2_0.01", "none", "too_high"],
        val_accuracy=[0.93, 0.94, 0.60],
        train_accuracy=[0.95, 1.0, 0.7],
        tied=[True, True, False],
        diverged=[0, 0, 1],
    )


def bars(ax: Axes, label: str) -> ErrorbarContainer:
    """The dots with whiskers of this label."""
    found = (each for each in ax.containers if each.get_label() == label)
    return next(each for each in found if isinstance(each, ErrorbarContainer))


def places(drawn: Line2D) -> np.ndarray:
    """The x values of a line."""
    return np.asarray(drawn.get_xdata(), dtype=float)


def labels(ax: Axes) -> list[str]:
    """What the legend names."""
    legend = ax.get_legend()
    return [text.get_text() for text in legend.get_texts()] if legend else []


@pytest.fixture
def iterations(studies: dict[str, Study]) -> Study:
    """A study of six variants over three seeds, two of which diverged."""
    return studies["iterations"]


@pytest.fixture
def scheduled(tmp_path: Path) -> Study:
    """Five variants, two seeds each, of two to four epochs in two seconds; the rate falls."""
    kinds = {"single": 1, "some": 32, "more": 64, "all": "full", "too_many": 128}
    names = {name: {"batch_size": size} for name, size in kinds.items()}
    trials = [
        made_up.record(number, {"variant": name}, 0.9, epochs=2 + number % 3)
        | {"seed": seed, "parameters": 190_000}
        for number, (name, seed) in enumerate(product(names, (1, 2)))
    ]
    about = {"sampler": "variants", "variants": names}
    made_up._write(tmp_path / "reports/studies/kinds", trials, about, columns=["variant"])
    return load.study("kinds", tmp_path / "reports")


def test_dots_are_named_in_words_in_the_order_trained(ax: Axes) -> None:
    """Each row has its label, from the top on, validation at its height."""
    dots.draw(dots.table(three()), ax)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["l2 0.01", "none", "too high"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    best = bars(ax, "validation: best, or tied with it").lines[0]
    np.testing.assert_allclose(places(best), [0.93, 0.94])
    assert heights(best).tolist() == [0, 1]


def test_points_of_a_grid_are_named_by_their_parameters(studies: dict[str, Study]) -> None:
    """A searched configuration's name has all its parameters."""
    frame = dots.table(configurations.table(studies["grid"]))
    assert frame["name"].iloc[0] == "batch size 16, hidden units 16, learning rate 0.0001"
    assert dots.title(frame).startswith("Best of 48: batch size")


def test_what_is_behind_has_another_color_and_is_counted(ax: Axes) -> None:
    """Ties share the best's color; the title counts them; the legend has no empty entry."""
    dots.draw(dots.table(three()), ax)
    tied, behind = (bars(ax, f"validation: {w}") for w in ("best, or tied with it", "behind"))
    assert tied.lines[0].get_color() != behind.lines[0].get_color()
    assert title(ax) == "Best of 3: none, 1 tied with it (3 seeds each)"
    dots.draw(dots.table(three().head(2)), other := style.single()[1])
    assert "validation: behind" not in labels(other)


def test_training_is_hollow_and_joined_by_the_gap(ax: Axes) -> None:
    """A ring at each training accuracy, a gray bar from validation to it."""
    dots.draw(dots.table(three()), ax)
    training = line(ax, "training")
    assert training.get_markerfacecolor() == "white"
    assert places(training).tolist() == [0.95, 1.0, 0.7]
    joined = [each for each in ax.collections if isinstance(each, LineCollection)]
    gaps = next(each for each in joined if each.get_linewidth()[0] == 4)
    ends = [segment[:, 0].tolist() for segment in gaps.get_segments()]
    assert ends == [[0.93, 0.95], [0.94, 1.0], [0.6, 0.7]]


def test_diverged_seeds_are_marked(ax: Axes) -> None:
    """A black mark on the row of which a seed diverged, and on no other."""
    dots.draw(dots.table(three()), ax)
    assert heights(line(ax, "seeds diverged")).tolist() == [2]


@pytest.mark.parametrize(
    ("train", "scale"), [(1.0, "linear"), (0.97, "function"), (0.45, "linear")]
)
def test_dots_have_an_error_scale_where_it_helps(ax: Axes, train: float, scale: str) -> None:
    """Not where all training images are right, nor where most are wrong; ticks in per cent."""
    frame = results(variant=["a", "b"], val_accuracy=[train - 0.1, 0.2], train_accuracy=train)
    dots.draw(dots.table(frame), ax)
    assert ax.get_xscale() == scale
    ax.figure.canvas.draw()
    assert all(text.get_text().endswith(" %") for text in ax.get_xticklabels())


def test_ticks_of_an_error_scale_do_not_touch(ax: Axes) -> None:
    """From 10 to 98 % some round accuracies are left out at the low end."""
    frame = results(variant=["a", "b"], val_accuracy=[0.1, 0.96], train_accuracy=[0.1, 0.98])
    dots.draw(dots.table(frame), ax)
    ticks = style.error_scale(np.array(ax.get_xticks()))
    low, high = style.error_scale(np.array(ax.get_xlim()))
    assert np.diff(ticks).min() > 0.07 * (high - low)
    assert 0.95 in ax.get_xticks()


def steps() -> DataFrame:
    """Two optimizers over three rates, shuffled; one collapses, one diverges, at the last."""
    frame = results(
        learning_rate=[0.1, 0.01, 1.0, 0.01, 1.0, 0.1],
        optimizer=["sgd"] * 3 + ["adam"] * 3,
        val_accuracy=[0.92, 0.90, 0.1, 0.93, 0.4, 0.94],
        diverged=[0, 0, 3, 0, 0, 0],
    )
    frame.loc[2, ["low", "high"]] = np.nan
    frame.loc[4, ["low", "high"]] = 0.0, 1.0
    return frame


def test_ladder_has_a_line_a_group_from_low_to_high(ax: Axes) -> None:
    """Lines run along the rates; what diverged with every seed is not on them."""
    ladder.draw(ladder.table(steps(), "learning_rate", "optimizer"), ax)
    sgd, adam = bars(ax, "sgd").lines[0], bars(ax, "adam").lines[0]
    assert places(sgd).tolist() == [0.01, 0.1]
    assert heights(adam).tolist() == [0.93, 0.94, 0.4]
    assert labels(ax)[-2:] == ["sgd", "adam"]


def test_ladder_marks_what_diverged_at_chance(ax: Axes) -> None:
    """A mark at 10 %, and a line there; neither where all went well."""
    ladder.draw(ladder.table(steps(), "learning_rate", "optimizer"), ax)
    lost = line(ax, "diverged")
    assert (places(lost).tolist(), heights(lost).tolist()) == ([1.0], [0.1])
    assert any(heights(each).tolist() == [0.1, 0.1] for each in ax.lines)
    ladder.draw(ladder.table(steps().drop([2, 4]), "learning_rate"), good := style.single()[1])
    assert not any(0.1 in heights(each) for each in good.lines)


def test_a_seed_that_diverged_is_told_apart_from_all(ax: Axes) -> None:
    """Where some seeds of a point did not diverge, the point stays on its line and is marked."""
    frame = steps().drop([2]).assign(diverged=[0, 0, 0, 1, 0])
    ladder.draw(ladder.table(frame, "learning_rate", "optimizer"), ax)
    assert heights(line(ax, "a seed diverged")).tolist() == [0.4]
    assert 0.4 in heights(bars(ax, "adam").lines[0])


def test_ladder_rings_the_best_and_gives_its_row(ax: Axes) -> None:
    """A ring around the best of each line, which `best` has by group."""
    frame = ladder.table(steps(), "learning_rate", "optimizer")
    ladder.draw(frame, ax)
    rings = [each for each in ax.lines if each.get_markersize() == 12]
    assert [heights(each).tolist() for each in rings] == [[0.92], [0.94]]
    assert ladder.best(frame)["learning_rate"].to_dict() == {"sgd": 0.1, "adam": 0.1}


def test_ladder_has_ticks_at_what_was_tried(ax: Axes) -> None:
    """Plain numbers at the rates, on a logarithm, or on an even scale if asked for."""
    ladder.draw(ladder.table(steps(), "learning_rate", "optimizer"), ax)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0.01", "0.1", "1"]
    assert ax.get_xscale() == "log"
    ladder.draw(ladder.table(steps(), "learning_rate"), even := style.single()[1], log=False)
    assert even.get_xscale() == "linear"
    assert not labels(even)


def test_an_interval_of_everything_does_not_set_the_scale(ax: Axes) -> None:
    """The axis ends above the best's interval, not at 100 %."""
    ladder.draw(ladder.table(steps(), "learning_rate", "optimizer"), ax)
    assert 0.95 < ax.get_ylim()[1] < 0.97


def test_a_ladder_of_texts_cannot_be_drawn() -> None:
    """What is no number has no place on the axis."""
    with pytest.raises(style.NothingToDrawError, match="optimizer is not a number everywhere"):
        ladder.table(steps(), "optimizer")


def test_curves_against_updates_count_batches(scheduled: Study) -> None:
    """Of 100 images: 100 single ones an epoch, 4 batches of 32, 2 of 64, 1 of all or of 128."""
    frame = curves.table(scheduled, against="updates", images=100)
    first = frame[frame["epoch"] == 1].set_index("name")["x"]
    assert first.tolist() == [100, 4, 2, 1, 1]
    assert (frame["x"] / frame["epoch"]).groupby(frame["name"]).nunique().eq(1).all()


def test_train_images_of_the_settings_win(scheduled: Study) -> None:
    """Where a study takes only some of the images, they make the updates."""
    scheduled.about["settings"]["train_images"] = 64
    frame = curves.table(scheduled, against="updates", images=100)
    assert frame.loc[frame["name"] == "some", "x"].tolist()[:2] == [2, 4]


def test_curves_against_seconds_spread_a_trial_evenly(scheduled: Study) -> None:
    """Two seconds over two epochs and over three: five sixths of a second an epoch on average."""
    frame = curves.table(scheduled, against="seconds")
    assert frame.loc[frame["name"] == "single", "x"].iloc[0] == pytest.approx((2 / 2 + 2 / 3) / 2)


def test_curves_end_where_the_first_seed_did(scheduled: Study) -> None:
    """A mean of fewer seeds would be another curve; each seed alone has its own end."""
    ends = curves.table(scheduled).groupby("name", sort=False)["epoch"].max()
    assert ends.tolist() == [2, 2, 3, 2, 2]
    alone = curves.table(scheduled, each_seed=True)
    assert alone.groupby("name")["epoch"].max().loc["single, seed 2"] == 3
    assert curves.title(alone) == "Every seed has its line"


def test_curves_show_mean_and_range_of_the_seeds(iterations: Study, ax: Axes) -> None:
    """The line is the mean; the band runs from the lowest to the highest."""
    frame = curves.table(iterations)
    kept = frame[frame["name"].isin(["units 256", "units 512"])]
    kept.attrs = frame.attrs
    curves.draw(kept, ax)
    every = iterations.history.merge(iterations.trials[["number", "variant"]], on="number")
    means = every[every["variant"] == "units 256".replace(" ", "_")].groupby("epoch")
    np.testing.assert_allclose(heights(line(ax, "units 256")), means["val_accuracy"].mean())
    assert len(ax.collections) == 2
    assert title(ax) == "Mean of 3 seeds, band from lowest to highest"


def test_many_curves_have_no_bands_and_marks_where_they_end(iterations: Study, ax: Axes) -> None:
    """Six lines: bands would hide them; what ended early has a cross at its last epoch."""
    curves.draw(curves.table(iterations), ax)
    assert not ax.collections
    assert title(ax) == "Mean of 3 seeds"
    crosses = [each for each in ax.lines if each.get_marker() == "X"]
    assert [places(each).tolist() for each in crosses] == [[2], [2]]


def test_a_loss_has_a_logarithm_with_plain_numbers(iterations: Study, ax: Axes) -> None:
    """No powers of ten; a loss that is missing where a network diverged is left out."""
    frame = curves.table(iterations, "val_loss")
    curves.draw(frame, ax)
    assert ax.get_yscale() == "log"
    assert ax.get_ylabel() == "validation loss (log scale)"
    ax.figure.canvas.draw()
    texts = [label.get_text() for label in ax.get_yticklabels()]
    assert len(texts) >= 3
    assert all(float(text) > 0 for text in texts)
    assert frame[frame["name"] == "wrong gradient"]["epoch"].max() == 1


def test_first_time_that_a_level_is_reached() -> None:
    """The first place where the mean is that high; infinite where it never is."""
    frame = DataFrame({"name": list("aab"), "x": [5.0, 10.0, 5.0], "mean": [0.8, 0.9, 0.7]})
    assert curves.reached(frame, 0.9) == {"a": 10.0, "b": np.inf}


def test_nothing_trained_makes_no_curves(iterations: Study) -> None:
    """Without an epoch, or without a loss in any, the pictures say so."""
    bare = replace(iterations, history=iterations.history.head(0))
    for table in (curves.table, rates.table):
        with pytest.raises(style.NothingToDrawError, match="no epoch was trained"):
            table(bare)
    lost = iterations.history.assign(val_loss=np.nan)
    with pytest.raises(style.NothingToDrawError, match="no epoch was trained"):
        curves.table(replace(iterations, history=lost), "val_loss")


def falling() -> DataFrame:
    """A rate that halves, in five variants of which the first has the highest, with losses."""
    epochs = range(1, 4)
    one = DataFrame({"epoch": epochs, "learning_rate": [0.4, 0.2, 0.1]})
    one = one.assign(train_loss=[1.0, 0.1, 0.01], val_loss=[1.0, 0.5, 0.6])
    fallen = [one["learning_rate"] / (1 + i) for i in range(5)]
    kinds = [one.assign(variant=f"kind_{i}", learning_rate=rate) for i, rate in enumerate(fallen)]
    return concat(kinds, ignore_index=True)


def test_rates_are_means_of_the_seeds(scheduled: Study) -> None:
    """One row a variant and epoch, in the order of the study."""
    frame = rates.table(scheduled)
    assert frame["variant"].unique().tolist() == list(scheduled.variants)
    assert frame["learning_rate"].unique().tolist() == [0.01]
    every = scheduled.history[scheduled.history["number"].isin([0, 1])]
    expected = every.groupby("epoch")["train_loss"].mean()
    assert frame["train_loss"].iloc[:3].tolist() == pytest.approx(expected.tolist())


def test_a_schedule_is_drawn_beside_its_losses(ax: Axes) -> None:
    """The rate from zero on the left, both losses on a logarithm on the right."""
    left, right = rates.draw(falling().head(3), ax)
    assert heights(line(left, "learning rate")).tolist() == [0.4, 0.2, 0.1]
    assert heights(line(right, "training loss")).tolist() == [1.0, 0.1, 0.01]
    assert heights(line(right, "validation loss")).tolist() == [1.0, 0.5, 0.6]
    assert (left.get_ylim()[0], right.get_yscale(), title(left)) == (0.0, "log", "kind 0")


@pytest.mark.parametrize("variants", [4, 5])
def test_schedules_share_their_scales(variants: int) -> None:
    """A panel each, same limits; the legend in a panel that is left over, or below."""
    figure = rates.grid(falling().head(3 * variants))
    drawn = [ax for ax in figure.axes if ax.axison]
    assert len(drawn) == 2 * variants
    left = [ax for ax in drawn if ax.get_yscale() == "linear"]
    assert {ax.get_ylim() for ax in left} == {(0.0, 1.05 * 0.4)}
    assert len({ax.get_ylim() for ax in drawn if ax.get_yscale() == "log"}) == 1
    assert bool(figure.legends) == (variants == 4)
    inside = [names for names in map(labels, figure.axes) if names]
    assert inside == [["learning rate", "training loss", "validation loss"]] * (variants == 5)


def test_spread_tells_sizes_without_zeros() -> None:
    """Quantiles of |x| of what is not 0, and the share that is; none where all is 0."""
    layers = [np.array([[-2.0, 0.0], [2.0, 0.0]]), np.zeros((2, 2))]
    frame = spread.table({"he": layers})
    assert frame["layer"].tolist() == [1, 2]
    assert frame.loc[0, ["low", "median", "high", "zero"]].tolist() == [2.0, 2.0, 2.0, 0.5]
    assert frame.loc[1, "zero"] == 1.0
    assert np.isnan(frame.loc[1, "median"])


def test_spread_stands_side_by_side_on_a_logarithm(ax: Axes) -> None:
    """Marks at medians around each layer's place; bars of 90 % and of half; named layers."""
    x = np.linspace(0, 1, 101)[1:]
    spread.draw(spread.table({"a": [x, x], "b": [x / 10, x / 100]}), ax)
    a, b = line(ax, "a"), line(ax, "b")
    np.testing.assert_allclose(places(a), [0.825, 1.825])
    np.testing.assert_allclose(places(b), [1.175, 2.175])
    np.testing.assert_allclose(heights(b), [0.0505, 0.00505])
    thin, thick = ax.collections[:2]
    assert isinstance(thin, LineCollection)
    assert isinstance(thick, LineCollection)
    np.testing.assert_allclose(thin.get_segments()[0][:, 1], [0.0595, 0.9505])
    np.testing.assert_allclose(thick.get_segments()[0][:, 1], [0.2575, 0.7525])
    assert ax.get_yscale() == "log"
    assert [label.get_text() for label in ax.get_xticklabels()] == ["layer 1", "layer 2"]


def test_layers_of_zeros_are_marked_below_the_axis(ax: Axes) -> None:
    """A hollow mark below the axis for each, and words beside; none where nothing is all 0."""
    spread.draw(spread.table({"zeros": [np.zeros(3)] * 2, "he": [np.ones(3)] * 2}), ax)
    below = [each for each in ax.lines if each.get_label() == "_all 0"]
    assert [float(places(each)[0]) for each in below] == [0.825, 1.825]
    assert all(heights(each)[0] < 0 for each in below)
    assert [text.get_text() for text in ax.texts] == ["all 0"]
    spread.draw(spread.table({"he": [np.ones(3)]}), other := style.single()[1])
    assert not other.texts
