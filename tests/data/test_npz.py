"""A person's own images: any size, any classes, and one line for what cannot be."""

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import prepare, sources
from pipeline.errors import UserError
from pipeline.settings import Data, Sizes

OWN = Data(source="npz", path="own.npz", sizes=Sizes(train=12, val=6, test=6))
RNG = np.random.default_rng(0)
IMAGES = RNG.integers(256, size=(24, 4, 5), dtype=np.uint8)
NAMES = np.array(["cat", "dog", "emu"])[np.arange(24) % 3]


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def save(**arrays: Any) -> None:
    """Write own.npz."""
    np.savez("own.npz", **arrays)


def test_images_and_named_classes_are_read() -> None:
    """Classes in order of name; the arrays come back as they were."""
    save(images=IMAGES, labels=NAMES)
    assert sources.run(OWN) == "source: 24 images from npz"
    raw, about = sources.read()
    np.testing.assert_array_equal(raw.images, IMAGES)
    assert raw.classes == ("cat", "dog", "emu")
    assert [raw.classes[label] for label in raw.labels] == NAMES.tolist()
    assert about["file"] == "own.npz"
    prepare.run(OWN)
    assert np.load("data/prepared/train/images.npy").shape == (12, 20)


@pytest.mark.parametrize(
    ("width", "shape"), [(16, (4, 4)), (20, (1, 20))], ids=["square", "no square"]
)
def test_rows_of_pixels_are_images_too(width: int, shape: tuple[int, int]) -> None:
    """Rows (n, d) are square images where they can be, else one line of pixels."""
    save(images=IMAGES.reshape(24, 20)[:, :width].astype(np.int64), labels=np.arange(24) % 4 - 7)
    sources.run(OWN)
    raw, _ = sources.read()
    assert raw.images.shape == (24, *shape)
    assert raw.images.dtype == np.uint8
    assert raw.classes == ("-7", "-6", "-5", "-4")


@pytest.mark.parametrize("keras", [False, True], ids=["ours", "Keras's"])
def test_own_test_set_is_kept_apart(*, keras: bool) -> None:
    """Test images are drawn from it alone, under our names or Keras's."""
    names = sources.npz.KERAS if keras else sources.npz.NAMES
    arrays = (IMAGES[:16], NAMES[:16], IMAGES[16:], NAMES[16:, np.newaxis])
    save(**dict(zip(names, arrays, strict=True)))
    settings = OWN.model_copy(update={"sizes": Sizes(train=9, val=3, test=4)})
    sources.run(settings)
    assert sources.read()[0].test_images == 8
    prepare.run(settings)
    test = np.rint(np.load("data/prepared/test/images.npy") * 255).astype(np.uint8)
    own = {image.tobytes() for image in IMAGES[16:]}
    assert all(image.tobytes() in own for image in test)


def test_another_file_behind_the_path_is_noticed() -> None:
    """The same name, other arrays: read again."""
    save(images=IMAGES, labels=NAMES)
    sources.run(OWN)
    assert sources.run(OWN).endswith("unchanged")
    save(images=IMAGES[::-1], labels=NAMES)
    assert sources.run(OWN) == "source: 24 images from npz"


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "no labels": ({"images": IMAGES}, "arrays called images and labels, but has images"),
    "other names": ({"X": IMAGES, "y": NAMES}, "called images and labels, but has X, y"),
    "fractions": ({"images": IMAGES / 255, "labels": NAMES}, "whole numbers .* of float64"),
    "too bright": (
        {"images": IMAGES + np.int64(1000), "labels": NAMES},
        "0 to 255, but has",
    ),
    "below zero": ({"images": IMAGES.astype(int) - 9, "labels": NAMES}, "but has some from -9 to"),
    "colors": (
        {"images": np.zeros((24, 4, 5, 3), int), "labels": NAMES},
        r"\(n, h, w\) or \(n, d\)",
    ),
    "none": ({"images": IMAGES[:0], "labels": NAMES[:0]}, r"but has \(0, 4, 5\)"),
    "one short": ({"images": IMAGES, "labels": NAMES[:-1]}, "a label an image, but has 23 for 24"),
    "one class": ({"images": IMAGES, "labels": np.zeros(24, int)}, "2 to 256 classes, but has 1"),
    "many classes": ({"images": np.zeros((300, 4), int), "labels": np.arange(300)}, "but has 300"),
    "no name": (
        {"images": IMAGES, "labels": np.array(["", "b"] * 12)},
        "printed on a line, but has ''",
    ),
    "two lines": (
        {"images": IMAGES, "labels": np.array(["a\n", "b"] * 12)},
        "on a line, but has 'a",
    ),
    "half labels": ({"images": IMAGES, "labels": np.arange(24) / 2}, "whole numbers or text"),
    "one-hot": ({"images": IMAGES, "labels": np.eye(24, dtype=int)}, r"but has \(24, 24\)"),
    "objects": ({"images": IMAGES, "labels": np.array([{}] * 24)}, "cannot be read as .npz"),
    "other size": (
        {"images": IMAGES, "labels": NAMES, "test_images": IMAGES[:, :3], "test_labels": NAMES},
        "images of one size",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_gets_one_line_and_leaves_nothing(mistake: str) -> None:
    """Rule, value, remedy, by file; no data."""
    arrays, message = MISTAKES[mistake]
    np.savez("own.npz", allow_pickle=True, **arrays)
    with pytest.raises(UserError, match=message) as caught:
        sources.run(OWN)
    assert str(caught.value).startswith("own.npz ")
    assert "\n" not in str(caught.value)
    assert not Path("data").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "cannot be read"), (b"PK\x03\x04 and then nothing", "cannot be read")],
    ids=["empty", "no zip"],
)
def test_file_of_another_kind_gets_one_line(content: bytes, message: str) -> None:
    """What is no .npz at all."""
    Path("own.npz").write_bytes(content)
    with pytest.raises(UserError, match=message):
        sources.run(OWN)


@pytest.mark.parametrize("path", [None, "nowhere.npz"])
def test_missing_file_gets_one_line(path: str | None) -> None:
    """No file named, or none there."""
    with pytest.raises(UserError, match=r"set data\.path$"):
        sources.run(OWN.model_copy(update={"path": path}))


def test_pickle_in_the_file_is_never_run() -> None:
    """An array of objects would be Python's to run; it is refused unread."""

    class Harm:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return os.mkdir, ("harmed",)

    labels = np.empty(24, object)
    labels[:] = [Harm() for _ in range(24)]
    np.savez("own.npz", allow_pickle=True, images=IMAGES, labels=labels)
    assert b"mkdir" in pickle.dumps(Harm())
    with pytest.raises(UserError, match="cannot be read"):
        sources.run(OWN)
    assert not Path("harmed").exists()
