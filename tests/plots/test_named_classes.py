"""Other classes than digits, and other pictures than square ones, are shown as what they are."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from pandas import DataFrame

from analysis import digits, figures, load, results, summary
from analysis.diagnosis import Evidence, issue
from analysis.load import Study
from analysis.plots import (
    confusion_matrix,
    first_layer_weights,
    per_digit,
    sample_predictions,
    style,
)
from analysis.plots import slices as slices_plot

SAID = "split,index,label,predicted,probability\n"


@pytest.fixture
def clothes(reports: Path) -> DataFrame:
    """What a network says of coats and shirts, and of one thing called NA."""
    path = reports.parent / "clothes.csv"
    rows = ["coat,coat", "coat,shirt", "coat,shirt", "shirt,shirt", "NA,NA"]
    path.write_text(SAID + "".join(f"test,{i},{row},0.9\n" for i, row in enumerate(rows)))
    return load._predictions(path, "")


def test_words_stay_words(clothes: DataFrame) -> None:
    """A class may be called anything, NA too."""
    assert clothes["label"].tolist() == ["coat", "coat", "coat", "shirt", "NA"]


@pytest.mark.parametrize(
    ("names", "read"),
    [("0 9 10", [0, 9, 10]), ("0 7 007", ["0", "7", "007"]), ("1 2 b", ["1", "2", "b"])],
)
def test_numbers_are_numbers_where_all_are(tmp_path: Path, names: str, read: list[object]) -> None:
    """Ten comes after nine; names that only look like numbers keep their zeros."""
    path = tmp_path / "predictions.csv"
    rows = (f"test,{i},{name},{name},1\n" for i, name in enumerate(names.split()))
    path.write_text(SAID + "".join(rows))
    assert load._predictions(path, "")["label"].tolist() == read


def test_classes_are_counted_by_name(clothes: DataFrame) -> None:
    """The table and its text say what was taken for what, and that these are classes."""
    frame = digits.table(clothes).set_index("digit")
    assert frame.loc["coat", ["images", "correct", "taken_for"]].tolist() == [3, 1, "shirt"]
    text = digits.markdown(digits.table(clothes))
    assert text.startswith("| class |")
    assert "| shirt (2) |" in text


def test_pictures_name_the_classes(clothes: DataFrame, ax: Axes) -> None:
    """Axes and titles speak of classes, and long names stand upright."""
    confusion_matrix.draw(confusion_matrix.table(clothes), ax)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["NA", "coat", "shirt"]
    assert {t.get_rotation() for t in ax.get_xticklabels()} == {90.0}
    assert ax.get_ylabel() == "true class"
    assert "most often coat taken for shirt (2 times)" in ax.get_title(loc="left")
    ax.clear()
    per_digit.draw(per_digit.table(clothes), ax)
    assert ax.get_xlabel() == "class"
    assert [t.get_text().split("\n")[0] for t in ax.get_xticklabels()] == ["NA", "coat", "shirt"]


def test_a_dollar_is_a_dollar(tmp_path: Path, ax: Axes) -> None:
    """Names are no formulas, and none that cannot be parsed ends the stage."""
    labels = ["$1", "$2", "a$\\b$"]
    frame = DataFrame({"label": labels, "predicted": labels[::-1], "split": "test"})
    confusion_matrix.draw(confusion_matrix.table(frame), ax)
    per_digit.draw(per_digit.table(frame), other := style.single()[1])
    sample_predictions.tiles([np.zeros((8, 8))], ["$1 \u2192 $2"], third := style.single()[1])
    for each in (ax, other, third):
        style.save(each.figure, tmp_path / "picture.png")


def test_many_classes_take_no_more_room_than_there_is(
    reports: Path, importances: DataFrame
) -> None:
    """The pictures by class are at most 14 inches wide, however many classes there are."""
    found, names = load.final(reports), [f"c{i:03}" for i in range(200)]
    said = DataFrame({"label": names, "predicted": names, "split": "test", "probability": 1.0})
    many = replace(found, metrics=found.metrics | {"classes": names}, predictions=said)
    for picture in figures.pictures(replace(results.read(reports), tuned=many), importances):
        if picture.name in ("confusion_matrix", "per_digit"):
            figure = picture.make()
            assert max(figure.get_size_inches()) <= 14  # of which more takes gigabytes to draw
            figure.draw_without_rendering()
            assert len(figure.axes[0].get_xticklabels()) <= 101


def test_many_classes_have_colors_alone(ax: Axes) -> None:
    """Forty rows of counts would not be read."""
    labels = [f"c{i:02}" for i in range(40)]
    frame = DataFrame({"label": labels, "predicted": labels, "split": "test"})
    confusion_matrix.draw(confusion_matrix.table(frame), ax)
    assert not ax.texts


def test_pictures_keep_their_shape(ax: Axes) -> None:
    """A picture twice as high as wide is drawn so, in the middle of its place."""
    sample_predictions.tiles([np.zeros((8, 4), np.uint8)], [""], ax)
    np.testing.assert_allclose(ax.images[0].get_extent(), (0.2, 0.6, 0.8, 0.0))


def test_weights_have_the_shape_of_the_pictures() -> None:
    """Each unit's image is as high and wide as what it sees."""
    weights = np.arange(2 * 3 * 5, dtype=np.float64).reshape(2, 3, 5)
    frame = first_layer_weights.table(weights).set_index("unit")
    np.testing.assert_array_equal(frame.loc[4, "image"], weights[:, :, 4])


def test_a_guess_is_as_good_as_there_are_classes(odd_study: Callable[..., Study]) -> None:
    """Of two classes a guess gets half: what diverged stands there, and no better is at chance."""
    study = odd_study(trials=12, diverged=1.0)
    two = replace(study, about=study.about | {"classes": 2})
    assert set(slices_plot.table(two, "learning_rate")["val_accuracy"]) == {0.5}
    evidence = Evidence(val_accuracy=0.52, train_accuracy=0.53, seeds=1, chance=0.5)
    assert issue(evidence) == "at chance"
    assert issue(replace(evidence, chance=0.1)) == "underfits"


def test_the_headline_speaks_of_images(odd_study: Callable[..., Study]) -> None:
    """Not of digits, which they may not be."""
    assert "validation images read correctly" in summary.headline(odd_study(trials=8), None)


def test_long_names_get_room(ax: Axes) -> None:
    """Under half as many images a row, whose picture is higher for it."""
    said = {"index": range(12), "probability": 0.9, "image": [np.zeros((8, 8))] * 12}
    short = DataFrame({**said, "label": "a", "predicted": "a"})
    frame = short.assign(label="ankle boot", predicted="ankle boot")
    assert (sample_predictions.columns(short), sample_predictions.columns(frame)) == (10, 5)
    assert (sample_predictions.rows(short), sample_predictions.rows(frame)) == (2, 6)
    sample_predictions.draw(frame, ax)
    assert ax.get_xlim()[1] == 5
    assert ax.get_ylim()[0] == 3
