"""What stands below and behind each picture: words from the results, never seconds."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from pandas import DataFrame

from analysis import captions, figures, results
from analysis.results import Results
from tests.plots import made_up

STEMS = sorted(
    f"{stem}_search" if stem in ("slices", "parallel_coordinates", "timeline_workers") else stem
    for stem in captions.CAPTIONS
)


@pytest.fixture(scope="module")
def found(reports: Path) -> Results:
    """The made-up results."""
    return results.read(reports)


def test_every_picture_has_a_caption(found: Results, importances: DataFrame) -> None:
    """None is shown with the bare name of its file, and all are told to who cannot see them."""
    for picture in figures.pictures(found, importances):
        assert captions.split(picture.name)[0], picture.name
        assert len(captions.alternative(picture.name, found)) > 20, picture.name


@pytest.mark.parametrize(
    ("stem", "words"),
    [
        ("expected_performance", "random trials lead to"),
        ("slices_search", "64 trials against each of hidden units, learning rate"),
        ("isolation", "64 random trials for each range of hidden units"),
        ("parallel_coordinates_search", "the best 3 of 64 trials reach"),
        ("pareto", "Best: "),
        ("seed_spread", "4 configurations over 3 fresh seeds; the 3 that had"),
        ("calibration", "Expected calibration error"),
        ("worst_mistakes", "The 18 surest of 46 mistakes"),
        ("first_layer_weights", "All 20 hidden units, 2 with weights near zero"),
    ],
)
def test_the_alternative_has_the_finding(found: Results, stem: str, words: str) -> None:
    """Who cannot see the picture reads what it shows."""
    told = captions.alternative(stem, found)
    assert words in told
    assert told.endswith(".")


def test_training_of_the_final_network_is_told_as_drawn(reports: Path, tmp_path: Path) -> None:
    """The tuned configuration with its first seed, not whichever network was trained last."""
    odd = Path(shutil.copytree(reports, tmp_path / "reports"))
    path = odd / "final" / "history.csv"
    history = pd.read_csv(path)
    first = (history["configuration"] == "tuned") & (history["seed"] == 1)
    drawn = history[first & (history["epoch"] <= 7)].assign(train_accuracy=0.876)
    others = history[~first].assign(train_accuracy=0.5, epoch=history["epoch"] + 30)
    pd.concat([drawn, others]).to_csv(path, index=False)
    told = captions.alternative("training_curves_final", results.read(odd))
    assert told == "After 7 epochs: training accuracy 87.6 %."


def test_training_of_the_untuned_network_has_both_ends(found: Results) -> None:
    """Training and validation accuracy of the last epoch."""
    assert found.untuned
    last = found.untuned.history.iloc[-1]
    assert captions.alternative("training_curves_train", found) == (
        f"After 20 epochs: training accuracy {100 * last['train_accuracy']:.1f} % and "
        f"validation accuracy {100 * last['val_accuracy']:.1f} %."
    )


@pytest.mark.parametrize("stem", ["timeline_workers_search", "cost_seconds"])
def test_seconds_are_not_told(found: Results, stem: str) -> None:
    """The page has the same bytes however long training took."""
    assert not any(letter.isdigit() for letter in captions.alternative(stem, found))


@pytest.mark.parametrize("stem", STEMS)
def test_one_search_alone_has_words(tmp_path: Path, stem: str) -> None:
    """Without networks, seeds or a random search every picture still has an alternative."""
    reports = tmp_path / "reports"
    points = made_up.draws(1, 6)
    made_up.write_study(reports, "search", points, space=made_up.SPACE, sampler="tpe", pruned=1.0)
    path = reports / "studies" / "search" / "study.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"best": None}))
    assert captions.alternative(stem, results.read(reports)).endswith(".")
