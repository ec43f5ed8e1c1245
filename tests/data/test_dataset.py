"""Prepared arrays are read as they were written, or not at all."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline import dataset, prepare
from pipeline.errors import UserError
from pipeline.settings import Data, Sizes
from pipeline.sources import Raw

SIZES = Sizes(train=30, val=15, test=12)
REMEDY = "run `python -m pipeline prepare`"


@pytest.fixture
def folder(raw: Raw, tmp_path: Path) -> Path:
    """A folder of prepared arrays."""
    source = {"source": "made up", "sha256": "12ab"}
    prepare.prepare(raw, source, Data(sizes=SIZES), tmp_path)
    return tmp_path


def test_split_is_read_without_copying_and_cannot_be_written(folder: Path) -> None:
    """Arrays are mapped from the file, read-only, and hold what the file holds."""
    train = dataset.load("train", folder)
    for found, name in zip(train, ("images", "targets", "labels"), strict=True):
        assert isinstance(found, np.memmap)
        assert not found.flags.writeable
        np.testing.assert_array_equal(found, np.load(folder / f"train/{name}.npy"))
    assert [len(dataset.load(split, folder).X) for split in ("train", "val", "test")] == [
        30,
        15,
        12,
    ]


def test_joined_examples_are_the_first_then_the_second(folder: Path) -> None:
    """Images, targets and labels of both splits follow one another, in the same types."""
    train, val = dataset.load("train", folder), dataset.load("val", folder)
    for both, a, b in zip(dataset.joined(train, val), train, val, strict=True):
        np.testing.assert_array_equal(both[:30], a)
        np.testing.assert_array_equal(both[30:], b)
        assert both.dtype == a.dtype
        assert type(both) is np.ndarray


def unlink(path: Path) -> None:
    """Take the file away."""
    path.unlink()


def truncate(path: Path) -> None:
    """Cut the last byte off."""
    path.write_bytes(path.read_bytes()[:-1])


def alter(path: Path) -> None:
    """Change one bit of the last byte."""
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["images", "targets", "labels"])
@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        (unlink, "is missing"),
        (truncate, "must have the SHA-256 in meta.json, but differs"),
        (alter, "must have the SHA-256 in meta.json, but differs"),
    ],
)
def test_damaged_array_gets_one_line(
    folder: Path, name: str, damage: Callable[[Path], None], rule: str
) -> None:
    """An array that is gone, cut or changed is named with the command that makes it again."""
    path = folder / f"val/{name}.npy"
    damage(path)
    with pytest.raises(UserError) as caught:
        dataset.load("val", folder)
    assert str(caught.value) == f"{path} {rule}; {REMEDY}"
    dataset.load("train", folder)  # the other split is as good as ever


@pytest.mark.parametrize(
    "text", ["", '{"files": ', "{}", "[]", '{"files": 3}', "\ud800"], ids=repr
)
def test_damaged_meta_gets_one_line(folder: Path, text: str) -> None:
    """A meta.json that is cut short, no mapping, without digests or no text is damaged."""
    path = folder / "meta.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(UserError) as caught:
        dataset.load("train", folder)
    assert str(caught.value) == f"{path} is damaged; {REMEDY}"


def test_missing_meta_gets_one_line(folder: Path) -> None:
    """Without meta.json nothing can be checked, so nothing is read."""
    (folder / "meta.json").unlink()
    with pytest.raises(UserError) as caught:
        dataset.load("train", folder)
    assert str(caught.value) == f"{folder / 'meta.json'} is missing; {REMEDY}"


def test_array_that_was_never_prepared_is_refused(folder: Path) -> None:
    """A file that lies in the folder but not in meta.json is not read."""
    np.save(folder / "train/extra.npy", np.zeros(3))
    with pytest.raises(UserError, match=r"must have the SHA-256 in meta\.json"):
        dataset.array("train/extra.npy", folder)
