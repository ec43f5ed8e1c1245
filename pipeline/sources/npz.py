"""Source `npz`: a person's own images and labels."""

import zipfile
from collections.abc import Mapping
from functools import partial
from math import isqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.files import sha256
from pipeline.sources.raw import Found, Raw

NAMES = ("images", "labels", "test_images", "test_labels")  # the last two may be left out
KERAS = ("x_train", "y_train", "x_test", "y_test")  # the same, as Keras calls them
LARGEST = 8 << 30  # bytes, unpacked
CLASSES = 256  # that labels of one byte tell apart


def find(named: str | None) -> Found:
    """The file in data.path. Raises: UserError if none is named, or it is not there."""
    if not named:
        raise UserError(
            "data.source npz needs a file of your images and labels, but none is named; set "
            "data.path"
        )
    path = Path(named)
    if not path.is_file():
        raise UserError(f"data.path must be an .npz file, but {path} is none; set data.path")
    return Found({"source": "npz", "file": path.name, "sha256": sha256(path)}, partial(read, path))


def read(path: Path) -> Raw:
    """Read images (n, h, w) or (n, d) of bytes, and labels (n,): whole numbers or text.

    Raises: UserError naming the first rule that the file breaks.
    """
    arrays = _arrays(path)
    images, labels = _images(path, arrays["images"]), _labels(path, arrays["labels"])
    test = 0
    if "test_images" in arrays and "test_labels" in arrays:
        more, their = _images(path, arrays["test_images"]), _labels(path, arrays["test_labels"])
        if more.shape[1:] != images.shape[1:]:
            raise _wrong(path, f"images of one size, but has {images.shape} and {more.shape}")
        test = len(more)
        images, labels = np.concatenate([images, more]), np.concatenate([labels, their])
    if len(images) != len(labels):
        raise _wrong(path, f"a label an image, but has {len(labels)} for {len(images)}")
    classes, index = np.unique(labels, return_inverse=True)
    if not 2 <= len(classes) <= CLASSES:
        raise _wrong(path, f"2 to {CLASSES} classes, but has {len(classes)}")
    for name in map(str, classes):
        if not name.strip() or not name.isprintable():
            raise _wrong(path, f"labels that can be printed on a line, but has {name!r}")
    return Raw(images, index.astype(np.uint8), tuple(map(str, classes)), test)


def _arrays(path: Path) -> Mapping[str, NDArray[Any]]:
    """The named arrays. Raises: UserError if the file holds none, or Python objects."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
            names = {member.filename.removesuffix(".npy") for member in archive.infolist()}
        if size > LARGEST:
            raise _wrong(path, f"at most {LARGEST:,} bytes unpacked, but has {size:,}")
        keys = NAMES if "images" in names else KERAS
        with np.load(path, allow_pickle=False) as archive:
            found = {n: archive[k] for n, k in zip(NAMES, keys, strict=True) if k in archive}
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, KeyError) as error:
        raise UserError(
            f"{path} cannot be read as .npz ({str(error).splitlines()[0]}); write it with "
            "np.savez(path, images=…, labels=…)"
        ) from None
    if not {"images", "labels"} <= found.keys():
        raise _wrong(path, f"arrays called images and labels, but has {', '.join(sorted(names))}")
    return found


def _images(path: Path, images: NDArray[Any]) -> NDArray[np.uint8]:
    """Images (n, h, w); rows (n, d) are square where d is a square, else one line of pixels."""
    if images.ndim not in (2, 3) or 0 in images.shape:
        raise _wrong(path, f"gray images (n, h, w) or (n, d), but has {images.shape}")
    whole = images.dtype.kind in "iu"
    if not whole or images.min() < 0 or images.max() > np.iinfo(np.uint8).max:
        what = f"from {images.min()} to {images.max()}" if whole else f"of {images.dtype}"
        raise _wrong(path, f"pixels that are whole numbers from 0 to 255, but has some {what}")
    if images.ndim == 2:
        side = isqrt(images.shape[1])
        shape = (side, side) if side * side == images.shape[1] else (1, images.shape[1])
        images = images.reshape(len(images), *shape)
    return images.astype(np.uint8, copy=False)


def _labels(path: Path, labels: NDArray[Any]) -> NDArray[Any]:
    """Labels (n,); a column (n, 1) will do."""
    labels = labels.reshape(len(labels)) if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if labels.ndim != 1 or labels.dtype.kind not in "iuU":
        raise _wrong(
            path, f"labels (n,) of whole numbers or text, but has {labels.shape} of {labels.dtype}"
        )
    return labels


def _wrong(path: Path, rule: str) -> UserError:
    return UserError(f"{path} must hold {rule}; mend the file")
