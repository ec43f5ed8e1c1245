"""The prepared arrays, read-only and memory-mapped, checked against their digests."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.files import sha256
from pipeline.nn.examples import Examples

PREPARED = Path("data/prepared")
REMEDY = "run `python -m pipeline prepare`"


def meta(folder: Path = PREPARED) -> dict[str, Any]:
    """What `prepare` wrote about the arrays. Raises: UserError if it is missing or damaged."""
    path = folder / "meta.json"
    try:
        about: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for name, kind in (("files", dict), ("classes", list), ("image_shape", list)):
            if not isinstance(about[name], kind):
                raise TypeError
    except FileNotFoundError:
        raise UserError(f"{path} is missing; {REMEDY}") from None
    except (ValueError, TypeError, KeyError):
        raise UserError(f"{path} is damaged; {REMEDY}") from None
    return about


def load(split: str, folder: Path = PREPARED) -> Examples:
    """The images, targets and labels of `split` (train, val or test).

    Raises: UserError if an array is missing, truncated or not the one that was prepared.
    """
    names = ("images", "targets", "labels")
    return Examples(*(array(f"{split}/{name}.npy", folder) for name in names))


def array(name: str, folder: Path = PREPARED) -> NDArray[Any]:
    """One prepared array, memory-mapped. Raises: UserError as `load`."""
    path = folder / name
    if not path.is_file():
        raise UserError(f"{path} is missing; {REMEDY}")
    if sha256(path) != meta(folder)["files"].get(name):
        raise UserError(f"{path} must have the SHA-256 in meta.json, but differs; {REMEDY}")
    loaded: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return loaded


def joined(a: Examples, b: Examples) -> Examples:
    """The examples of both, first a's, then b's, copied into memory."""
    return Examples(*(np.concatenate(pair) for pair in zip(a, b, strict=True)))
