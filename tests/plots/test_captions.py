"""What stands below and behind each picture: words from the results, never seconds."""

import json
from pathlib import Path

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
        ("seed_spread", "3 configurations over 3 fresh seeds"),
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
