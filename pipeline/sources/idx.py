"""Source `idx`: MNIST in the four files it was published as, gzipped or not.

LeCun, Cortes and Burges, The MNIST database of handwritten digits. Of each file the uncompressed
bytes are checked, so that any gzip wrapper of the right ones will do.
"""

import gzip
import hashlib
import os
import zlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.files import sha256
from pipeline.sources.raw import DIGITS, Found, Raw

FOLDER = "MNIST_DIR"  # of the environment: where the files are, if data.path does not say
MAGIC = {0x801: "labels", 0x803: "images"}  # unsigned bytes in one dimension, in three
GZIP = b"\x1f\x8b"


class Idx(NamedTuple):
    """A published file: what it holds, and the SHA-256 of its uncompressed bytes."""

    shape: tuple[int, ...]
    sha256: str

    @property
    def kind(self) -> str:
        """Images or labels."""
        return "images" if len(self.shape) == 3 else "labels"

    @property
    def size(self) -> int:
        """The bytes of a magic number, a number for each dimension, and a byte an element."""
        return 4 + 4 * len(self.shape) + int(np.prod(self.shape))


FILES: Mapping[str, Idx] = {
    "train-images-idx3-ubyte": Idx(
        (60000, 28, 28), "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
    ),
    "train-labels-idx1-ubyte": Idx(
        (60000,), "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
    ),
    "t10k-images-idx3-ubyte": Idx(
        (10000, 28, 28), "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
    ),
    "t10k-labels-idx1-ubyte": Idx(
        (10000,), "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
    ),
}
"""The training set, then the test set."""


def find(path: str | None) -> Found:
    """The four files in data.path or MNIST_DIR. Raises: UserError if one is not there."""
    named = path or os.environ.get(FOLDER)
    if not named:
        raise UserError(
            "data.source idx needs the folder of the four IDX files, but none is named; set "
            f"data.path or {FOLDER}, or data.source mirror to download them"
        )
    paths = {name: _path(Path(named), name) for name in FILES}
    lie = {path.name: sha256(path) for path in paths.values()}
    return Found({"source": "idx", "read": lie, "sha256": sums()}, partial(read, paths))


def sums() -> dict[str, str]:
    """The SHA-256 of each file's uncompressed bytes."""
    return {name: published.sha256 for name, published in FILES.items()}


def read(paths: Mapping[str, Path]) -> Raw:
    """All images, the training set first. Raises: UserError if a file is not the published one."""
    train_images, train_labels, test_images, test_labels = (
        parsed(paths[name], published) for name, published in FILES.items()
    )
    return Raw(
        np.concatenate([train_images, test_images]),
        np.concatenate([train_labels, test_labels]),
        DIGITS,
        len(test_labels),
    )


def parsed(path: Path, published: Idx) -> NDArray[np.uint8]:
    """The array in an IDX file. Raises: UserError naming the first thing that is wrong with it."""
    content = unpacked(path, published.size)
    magic = int.from_bytes(content[:4], "big")
    if MAGIC.get(magic) != published.kind:
        found = MAGIC.get(magic, "no IDX file of bytes")
        raise UserError(
            f"{path} must hold IDX {published.kind}, but holds {found}; take the published file"
        )
    if len(content) != published.size:
        more = "more" if len(content) > published.size else f"{len(content):,}"
        raise UserError(
            f"{path} must hold {published.size:,} bytes, but holds {more}; take the published file"
        )
    digest = hashlib.sha256(content).hexdigest()
    if digest != published.sha256:
        raise UserError(
            f"{path} must have SHA-256 {published.sha256[:12]}… unpacked, but has {digest[:12]}…; "
            "take the published file, or data.source npz for digits of your own"
        )
    start = 4 + 4 * len(published.shape)
    return np.frombuffer(content, np.uint8, offset=start).reshape(published.shape)


def unpacked(path: Path, most: int) -> bytes:
    """Up to `most` bytes of a file and one more, gunzipped where it is gzipped.

    Raises: UserError if it is empty, or no gzip file although it begins as one.
    """
    with path.open("rb") as file:
        zipped = file.read(2) == GZIP
    try:
        with gzip.open(path) if zipped else path.open("rb") as file:
            content = file.read(most + 1)  # a gzip file of a few bytes can stand for any number
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} is a damaged gzip file ({error}); get it again") from None
    if not content:
        raise UserError(f"{path} is empty; get it again")
    return content


def _path(folder: Path, name: str) -> Path:
    """The file, gzipped or not. Raises: UserError if there is neither."""
    for path in (folder / f"{name}.gz", folder / name):
        if path.is_file():
            return path
    raise UserError(
        f"{folder} must hold {name} or {name}.gz, but holds neither; set data.path or {FOLDER}"
    )
