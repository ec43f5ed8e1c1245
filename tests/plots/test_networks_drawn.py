"""Pictures of single networks and of seeds, by reading what was drawn."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from pandas import DataFrame, concat

from analysis import load
from analysis.load import Study
from analysis.plots import calibration, first_layer_weights, seed_spread, style, worst_mistakes
from analysis.statistics import mean_accuracy, wilson
from pipeline.nn import checkpoint
from pipeline.nn.checkpoint import Model
from pipeline.nn.mlp import MLP


def title(ax: Axes) -> str:
    """The title, which stands at the left."""
    return ax.get_title(loc="left")


@pytest.fixture
def model(reports: Path) -> Path:
    """The made-up tuned network: twenty hidden units, of which two see nothing."""
    return reports / "final" / "model.npz"


@pytest.fixture
def confirm(reports: Path) -> Study:
    """The made-up configurations that were trained again."""
    found = load.confirm(reports)
    assert found is not None
    return found


def test_weights_are_shown_largest_first(model: Path, ax: Axes) -> None:
    """The first image is the unit with the largest norm, pixel by pixel."""
    frame = first_layer_weights.table(load.first_layer(model))
    network = checkpoint.load(model)
    weights = network.mlp.windows(network.theta).W[0]
    largest = int(np.linalg.norm(weights, axis=0).argmax())
    assert frame["unit"].iloc[0] == largest
    assert frame["norm"].is_monotonic_decreasing
    first_layer_weights.draw(frame, ax)
    drawn = np.asarray(ax.images[0].get_array())
    np.testing.assert_array_equal(drawn[:28, :28], weights[:, largest].reshape(28, 28))
    assert drawn.shape == (2 * 28 + 2, 16 * 30 - 2)  # two rows of sixteen, gaps between
    assert np.ma.getmaskarray(ax.images[0].get_array())[:, 28].all()


def test_weights_have_one_scale_around_zero(model: Path, ax: Axes) -> None:
    """Zero is white, and a weight and its negative are equally strong."""
    first_layer_weights.draw(first_layer_weights.table(load.first_layer(model)), ax)
    low, high = ax.images[0].get_clim()
    assert low == -high
    assert ax.images[0].cmap.name == "RdBu_r"


def test_units_that_see_nothing_are_counted(model: Path) -> None:
    """Two of the twenty made-up units have no weights."""
    frame = first_layer_weights.table(load.first_layer(model))
    assert frame.loc[frame["near_zero"], "unit"].tolist() == [4, 11]
    assert first_layer_weights.title(frame) == "All 20 hidden units, 2 with weights near zero"


@pytest.mark.parametrize(("widths", "shown"), [((784, 80, 10), 64), ((784, 3, 10), 3)])
def test_at_most_sixty_four_units_are_shown(
    tmp_path: Path, ax: Axes, widths: tuple[int, ...], shown: int
) -> None:
    """Few units make one short row; of many the largest are shown."""
    frame = first_layer_weights.table(load.first_layer(write_model(tmp_path, widths)))
    first_layer_weights.draw(frame, ax)
    assert first_layer_weights.rows(frame) == -(-shown // 16)
    assert np.asarray(ax.images[0].get_array()).shape[1] == min(shown, 16) * 30 - 2
    assert ("The 64 largest of 80" in title(ax)) == (shown == 64)


@pytest.mark.parametrize("widths", [(784, 10), (10, 4, 2)], ids=["linear", "no picture"])
def test_other_networks_have_no_images(tmp_path: Path, widths: tuple[int, ...]) -> None:
    """Without hidden units, or with inputs that are no square, there is nothing to draw."""
    with pytest.raises(style.NothingToDrawError, match="no hidden unit sees a picture"):
        first_layer_weights.table(load.first_layer(write_model(tmp_path, widths)))


def write_model(folder: Path, widths: tuple[int, ...]) -> Path:
    """Write a network with random weights."""
    mlp = MLP(widths)
    theta = np.random.default_rng(0).normal(0, 1, mlp.size).astype(np.float32)
    ones = np.ones(widths[0], np.float32)
    classes = tuple(map(str, range(widths[-1])))
    checkpoint.save(folder / "model.npz", Model(mlp, theta, 0 * ones, ones, classes))
    return folder / "model.npz"


def test_mistakes_are_shown_surest_first(reports: Path, ax: Axes) -> None:
    """No right image; each with what it is, what it was taken for, how surely, and its number."""
    frame = worst_mistakes.table(load.final(reports))
    assert (frame["label"] != frame["predicted"]).all()
    assert frame["probability"].is_monotonic_decreasing
    worst_mistakes.draw(frame, ax)
    assert len(ax.images) == len(ax.texts) == worst_mistakes.SHOWN
    row = frame.iloc[0]
    sure = f"{100 * row['probability']:.1f} %"
    assert ax.texts[0].get_text() == (
        f"{row['label']} read as {row['predicted']}\n{sure}, test image {row['index']}"
    )
    assert title(ax).startswith("The 18 surest of 46 mistakes on test images")


def test_near_certainty_is_not_rounded_to_certainty(reports: Path, ax: Axes) -> None:
    """A mistake made at 99.99 % is not told as 100.0 %."""
    frame = worst_mistakes.table(load.final(reports), shown=2).assign(probability=[0.9999, 0.9994])
    worst_mistakes.draw(frame, ax)
    assert "> 99.9 %" in ax.texts[0].get_text()
    assert "99.9 %" in ax.texts[1].get_text()
    assert title(ax).endswith("probability 99.9 % or more")


def test_a_network_without_mistakes_has_no_worst(reports: Path) -> None:
    """Nothing is misread, and the reason says so."""
    final = load.final(reports)
    samples: dict[str, Any] = final.samples | {"predicted": final.samples["label"]}
    with pytest.raises(style.NothingToDrawError, match="no test image is misread"):
        worst_mistakes.table(replace(final, samples=samples))


def test_calibration_bins_hold_as_many_images(reports: Path, ax: Axes) -> None:
    """Ten bins of a hundred, from the least sure; points at probability and accuracy."""
    predictions = load.final(reports).predictions
    frame = calibration.table(predictions)
    assert set(frame["images"]) == {100}
    least = predictions.nsmallest(100, "probability")
    right = (least["label"] == least["predicted"]).sum()
    assert frame[["probability", "accuracy"]].iloc[0].tolist() == pytest.approx(
        [least["probability"].mean(), right / 100]
    )
    assert frame[["low", "high"]].iloc[0].tolist() == pytest.approx(wilson(right, 100))
    calibration.draw(frame, ax)
    points = next(each for each in ax.lines if each.get_marker() == "o")
    np.testing.assert_array_equal(points.get_xdata(), frame["probability"])
    np.testing.assert_array_equal(points.get_ydata(), frame["accuracy"])
    assert ax.get_xlim() == ax.get_ylim()
    assert ax.get_ylabel().startswith("test accuracy")


@pytest.mark.parametrize(
    ("probability", "right", "expected"),
    [(0.9, 50, "40.0 points: too sure"), (0.6, 90, "30.0 points: not sure enough")],
)
def test_calibration_error_is_the_distance(probability: float, right: int, expected: str) -> None:
    """One probability for all: the error is how far it is from the accuracy."""
    hits = np.arange(100) % 10 < right // 10
    predictions = DataFrame(
        {"split": "test", "label": 1, "predicted": hits * 1, "probability": probability}
    )
    frame = calibration.table(predictions)
    assert calibration.error(frame) == pytest.approx(abs(probability - right / 100))
    assert f"Expected calibration error {expected}" in calibration.title(frame)


@pytest.mark.parametrize(
    ("probability", "images", "verdict"),
    [
        (0.93, 100, "not clearly too sure or too unsure"),
        (0.87, 100, "not clearly too sure or too unsure"),
        (0.93, 10_000, "too sure"),
        (0.87, 10_000, "not sure enough"),
    ],
)
def test_too_sure_is_said_outside_the_interval_only(
    probability: float, images: int, verdict: str
) -> None:
    """Three points off an accuracy of 90 % are nothing on 100 images, and clear on 10,000."""
    hits = np.arange(images) % 10 < 9
    low, high = wilson(int(hits.sum()), images)
    assert (low <= probability <= high) == verdict.startswith("not clearly")
    predictions = DataFrame(
        {"split": "test", "label": 1, "predicted": hits * 1, "probability": probability}
    )
    told = calibration.title(calibration.table(predictions))
    assert told == f"Expected calibration error 3.0 points: {verdict} (n = {images:,})"


@pytest.mark.filterwarnings("error")
def test_few_images_have_few_bins(ax: Axes) -> None:
    """Three images make three bins, all drawn."""
    predictions = DataFrame(
        {"split": "val", "label": [1, 2, 3], "predicted": [1, 2, 4], "probability": 0.7}
    )
    frame = calibration.table(predictions)
    calibration.draw(frame, ax)
    assert frame["images"].tolist() == [1, 1, 1]


def test_seeds_stand_beside_their_mean_and_their_promise(confirm: Study, ax: Axes) -> None:
    """A dot a seed, a mean with its interval, and an open mark at its score in its study."""
    frame = seed_spread.table(confirm)
    seed_spread.draw(frame, ax)
    dots = next(each for each in ax.lines if each.get_label() == "one seed")
    drawn = np.sort(np.asarray(dots.get_xdata(), dtype=float))
    np.testing.assert_allclose(drawn, np.sort(confirm.correct.mean(axis=1)))
    promised = [x for each in ax.lines if each.get_gid() == "promised" for x in each.get_xdata()]
    assert sorted(promised) == sorted(c["val_accuracy"] for c in confirm.about["candidates"])
    first = confirm.about["candidates"][0]["variant"]
    bits = confirm.correct[(confirm.trials["variant"] == first).to_numpy()]
    row = frame[frame["name"] == "search, trial 3"].iloc[0]
    assert tuple(row[["low", "high"]]) == pytest.approx(mean_accuracy(bits))
    assert row["mean"] == pytest.approx(bits.mean())


def test_the_best_mean_is_on_top(confirm: Study, ax: Axes) -> None:
    """Strips go down from the best mean, whatever the search promised."""
    frame = seed_spread.table(confirm)
    seed_spread.draw(frame, ax)
    names = [tick.get_text() for tick in ax.get_yticklabels()]
    means = frame.drop_duplicates("name").set_index("name")["mean"]
    assert names == means.sort_values(ascending=False).index.tolist()
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_no_equal_seeds_hide_each_other(confirm: Study, ax: Axes) -> None:
    """However many seeds score the same, each has a place of its own, in its own strip."""
    again = confirm.trials["variant"].iloc[[0] * 12]
    trials = confirm.trials.loc[again.index].assign(seed=range(12)).reset_index(drop=True)
    few = confirm.trials[confirm.trials["variant"] == "random-2"]
    equal = replace(
        confirm,
        trials=concat([trials, few], ignore_index=True),
        packed=confirm.packed[[0] * 12 + few.index.tolist()],
    )
    seed_spread.draw(seed_spread.table(equal), ax)
    dots = next(each for each in ax.lines if each.get_label() == "one seed")
    places = set(zip(dots.get_xdata(), dots.get_ydata(), strict=True))
    assert len(places) == 12 + len(few)
    assert max(y for _, y in places if y < 1) < 0.5
    open_mark = next(each for each in ax.lines if "score" in str(each.get_label()))
    assert open_mark.get_label() == "its score in its study"


def test_the_title_says_what_the_search_promised_too_much(confirm: Study) -> None:
    """All that are drawn, and the mean fall of those that had finished."""
    frame = seed_spread.table(confirm)
    each = frame[frame["role"] != "pruned"].drop_duplicates("name")
    fall = 100 * (each["mean"] - each["promised"]).mean()
    assert fall < 0
    lost = f"\u2212{-fall:.1f} points against their scores in their studies"
    told = f"4 configurations over 3 fresh seeds;\nthe 3 that had not been pruned: {lost}"
    assert seed_spread.title(frame) == told
    finished = frame[frame["role"] != "pruned"]
    assert seed_spread.title(finished) == f"3 configurations over 3 fresh seeds:\n{lost}"
    pruned = frame[frame["role"] == "pruned"]
    assert seed_spread.title(pruned).startswith("1 configuration, pruned before")


def test_a_diverged_seed_has_a_mark_of_its_own(confirm: Study, ax: Axes) -> None:
    """It stands at chance, which is what it counts as."""
    trials = confirm.trials.copy()
    trials.loc[0, "feasible"] = 0
    frame = seed_spread.table(replace(confirm, trials=trials))
    seed_spread.draw(frame, ax)
    mark = next(each for each in ax.lines if str(each.get_label()).startswith("diverged"))
    assert np.asarray(mark.get_xdata()).tolist() == pytest.approx([0.1])
    assert mark.get_marker() == "v"


def test_without_a_candidate_nothing_is_confirmed(confirm: Study) -> None:
    """No configuration, no picture."""
    with pytest.raises(style.NothingToDrawError, match="no configuration was trained again"):
        seed_spread.table(replace(confirm, about=confirm.about | {"candidates": []}))
