"""MNIST from OpenML: taken only where it is the published images, byte for byte."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest

from pipeline import sources
from pipeline.errors import UserError
from pipeline.settings import Data
from pipeline.sources import idx
from tests.data.mnist_files import TEST, publish

OPENML = Data(source="openml")


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SimpleNamespace:
    """What scikit-learn would give: numbers of a table, labels as text. It may be changed."""
    monkeypatch.chdir(tmp_path)
    train_images, train_labels, test_images, test_labels = publish(monkeypatch).values()
    pixels = np.frombuffer(train_images[16:] + test_images[16:], np.uint8).reshape(-1, 784)
    labels = np.frombuffer(train_labels[8:] + test_labels[8:], np.uint8)
    found = SimpleNamespace(
        data=pixels.astype(np.float64), target=labels.astype(str).astype(object)
    )
    monkeypatch.setattr("sklearn.datasets.fetch_openml", lambda *_, **__: found)
    return found


def test_published_images_are_taken(fetched: SimpleNamespace) -> None:
    """The same bytes as the four files, the test set last."""
    assert sources.run(OPENML) == "source: 60 images from openml"
    raw, about = sources.read()
    np.testing.assert_array_equal(raw.images.reshape(60, -1), fetched.data)
    assert (raw.test_images, about["sha256"]) == (TEST, idx.sums())


def test_other_images_are_refused(fetched: SimpleNamespace) -> None:
    """A pixel off, and nothing is written."""
    fetched.data[3, 5] += 1
    with pytest.raises(UserError, match="mnist_784 must hold what train-images-idx3-ubyte does"):
        sources.run(OPENML)
    assert not Path("data/raw").exists()


@pytest.mark.parametrize("error", [URLError("no route"), TimeoutError("slow"), ValueError("md5")])
def test_no_answer_gets_one_line(
    fetched: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """OpenML is not there, or gives nonsense."""

    def fetch(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch)
    with pytest.raises(UserError, match=r"^OpenML did not give .* set data.source mirror$"):
        sources.run(OPENML)
    assert fetched
