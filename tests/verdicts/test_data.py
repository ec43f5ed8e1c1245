"""Rules on data and environments fire where these are made up wrong, and there alone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis.results import Results
from analysis.verdicts import data
from analysis.verdicts.finding import NotApplicable

from .toys import results, study

HERE = {"python": "3.14.0", "numpy": "2.4.0", "blas_kernels": "Haswell"}


@pytest.fixture
def meta(tmp_path: Path) -> Path:
    """The meta.json of two classes, evenly split, without duplicates."""
    path = tmp_path / "meta.json"
    about = {
        "classes": ["0", "1"],
        "sizes": {"train": 300, "val": 100, "test": 100},
        "class_counts": {"train": [150, 150], "val": [50, 50], "test": [50, 50]},
        "duplicates": {"train-val": 0, "train-test": 0, "val-test": 0},
    }
    path.write_text(json.dumps(about))
    return path


def changed(meta: Path, **about: Any) -> Path:
    """The same with something else in it."""
    meta.write_text(json.dumps(json.loads(meta.read_text()) | about))
    return meta


def test_images_in_two_splits_fire(meta: Path) -> None:
    """Three validation images were trained on: they may be worth three points of a hundred."""
    pairs = {"train-val": 3, "train-test": 0, "val-test": 1}
    found = data.duplicated_images(changed(meta, duplicates=pairs))
    assert found.fired
    assert found.number == 4
    assert "3 in both train and val and 1 in both val and test" in found.words
    assert "by up to 3.0 points" in found.words


def test_splits_without_common_images_are_clear(meta: Path) -> None:
    """No image stands twice."""
    assert not data.duplicated_images(meta).fired


def test_uneven_classes_fire(meta: Path) -> None:
    """Twice as many zeros as ones."""
    counts = {"train": [200, 100], "val": [50, 50]}
    found = data.class_imbalance(changed(meta, class_counts=counts))
    assert (found.fired, found.number) == (True, 2)
    assert "train: 200 images of 0, 100 of 1" in found.words


@pytest.mark.parametrize("ones", [150, 125])
def test_classes_about_even_are_clear(meta: Path, ones: int) -> None:
    """One and a half times as many is where imbalance begins; MNIST itself has 1.24."""
    assert not data.class_imbalance(changed(meta, class_counts={"train": [155, ones]})).fired


def test_class_without_images_fires(meta: Path) -> None:
    """A class that is missing is the worst imbalance."""
    assert data.class_imbalance(changed(meta, class_counts={"train": [100, 0]})).fired


@pytest.mark.parametrize("rule", [data.duplicated_images, data.class_imbalance])
def test_data_that_are_not_described_are_not_judged(
    meta: Path, rule: Callable[[Path], object]
) -> None:
    """meta.json is absent, is broken, or says nothing of it."""
    with pytest.raises(NotApplicable, match="is not there"):
        rule(meta.with_name("other.json"))
    meta.write_text("{}")
    with pytest.raises(NotApplicable, match="says nothing"):
        rule(meta)
    meta.write_text("[")
    with pytest.raises(NotApplicable, match="cannot be read"):
        rule(meta)


def recorded(reports: Path, *environments: dict[str, str]) -> Results:
    """A search and a random study that were trained in these environments."""
    studies = [study([0.9]), study([0.9], key="random")]
    for each, environment in zip(studies, environments, strict=False):
        folder = reports / "studies" / each.key
        folder.mkdir(parents=True)
        (folder / "environment.json").write_text(json.dumps(environment))
    return results(*studies, reports=reports)


def test_other_versions_fire(tmp_path: Path) -> None:
    """The random study was trained with another NumPy."""
    found = data.environment_changed(recorded(tmp_path, HERE, HERE | {"numpy": "2.5.0"}))
    assert (found.fired, found.number) == (True, 1)
    assert "numpy 2.4.0 in search, 2.5.0 in random" in found.words
    assert "`python -m studies verify random`" in found.command


def test_several_environments_in_one_study_fire(tmp_path: Path) -> None:
    """The study's trials were trained on two kinds of processor."""
    found = data.environment_changed(
        recorded(tmp_path, HERE | {"blas_kernels": "Haswell, Zen"}, HERE)
    )
    assert (found.fired, found.number) == (True, 1)
    assert "blas kernels Haswell in search and random, Zen in search" in found.words


def test_confirmation_elsewhere_fires(tmp_path: Path) -> None:
    """The winner was trained again with another Python."""
    found = recorded(tmp_path, HERE, HERE)
    (tmp_path / "confirm").mkdir()
    other = json.dumps(HERE | {"python": "3.11.0"})
    (tmp_path / "confirm" / "environment.json").write_text(other)
    assert "3.11.0 in confirm" in data.environment_changed(found).words


def test_one_environment_is_clear(tmp_path: Path) -> None:
    """All trials had the same."""
    assert not data.environment_changed(recorded(tmp_path, HERE, HERE)).fired


def test_environments_that_were_not_recorded_are_not_judged(tmp_path: Path) -> None:
    """No study has an environment.json."""
    with pytest.raises(NotApplicable, match="No study has recorded"):
        data.environment_changed(recorded(tmp_path))
