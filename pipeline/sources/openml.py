"""Source `openml`: MNIST as scikit-learn fetches it, checked against the published files."""

import hashlib
from pathlib import Path
from urllib.error import URLError

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.sources import idx
from pipeline.sources.idx import FILES
from pipeline.sources.raw import DIGITS, Found, Raw

CACHE = Path("data/downloads/openml")


def find() -> Found:
    """The data set `mnist_784` of OpenML: the published images, training set first."""
    return Found({"source": "openml", "sha256": idx.sums()}, read)


def read() -> Raw:
    """Fetch, or read what was fetched before; check every byte.

    Raises: UserError if OpenML does not answer, or has other images than those published.
    """
    from sklearn.datasets import fetch_openml

    try:
        found = fetch_openml(
            "mnist_784", version=1, as_frame=False, parser="liac-arff", data_home=str(CACHE)
        )
    except (URLError, OSError, ValueError) as error:
        raise UserError(
            f"OpenML did not give mnist_784 ({str(error).splitlines()[0]}); try again later, or "
            "set data.source mirror"
        ) from None
    raw = Raw(
        np.asarray(found.data).astype(np.uint8).reshape(-1, 28, 28),
        np.asarray(found.target).astype(np.uint8),
        DIGITS,
        FILES["t10k-labels-idx1-ubyte"].shape[0],
    )
    _check(raw)
    return raw


def _check(raw: Raw) -> None:
    """Confirm that images and labels are those of the published files. Raises: UserError."""
    n = len(raw.labels) - raw.test_images
    parts = (raw.images[:n], raw.labels[:n], raw.images[n:], raw.labels[n:])
    for (name, published), part in zip(FILES.items(), parts, strict=True):
        if hashlib.sha256(as_idx(part)).hexdigest() != published.sha256:
            raise UserError(
                f"OpenML's mnist_784 must hold what {name} does, but differs; delete {CACHE} and "
                "try again, or set data.source mirror"
            )


def as_idx(array: NDArray[np.uint8]) -> bytes:
    """The array as the bytes of an IDX file."""
    magic = 0x800 + array.ndim
    header = np.array([magic, *array.shape], ">u4").tobytes()
    return header + array.tobytes()
