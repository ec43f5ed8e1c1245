"""Stage `prepare`: raw digits -> split, normalized, one-hot arrays.

Reads data/raw/, writes data/prepared/: train/, val/ and test/ with images.npy (n, d) float32,
targets.npy (n, classes) float32 and labels.npy (n,) uint8 each; offset.npy and scale.npy (d,)
float32, by which pixels were normalized; meta.json.
"""

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from pipeline import sources
from pipeline.dataset import PREPARED
from pipeline.errors import UserError
from pipeline.files import replacing, sha256, write_json
from pipeline.settings import Data, Sizes
from pipeline.sources.raw import Raw

Rows = NDArray[np.intp]


def split(
    labels: NDArray[np.uint8], sizes: Sizes, seed: int, test_images: int = 0
) -> dict[str, Rows]:
    """Draw shuffled rows for each split, class shares kept as near as whole images allow.

    Where the last `test_images` are the source's own test set, the test split is drawn from
    them, and the others from the rest.

    Raises: UserError if there are not enough images, or too few of some class.
    """
    if test_images:
        n = len(labels) - test_images
        test = _splits(labels[n:], {"test": sizes.test}, seed)
        rest = _splits(labels[:n], {"val": sizes.val, "train": sizes.train}, seed)
        return {"train": rest["train"], "val": rest["val"], "test": n + test["test"]}
    every = {"test": sizes.test, "val": sizes.val, "train": sizes.train}
    drawn = _splits(labels, every, seed)
    return {name: drawn[name] for name in ("train", "val", "test")}


def _splits(labels: NDArray[np.uint8], sizes: Mapping[str, int], seed: int) -> dict[str, Rows]:
    """Rows for each split in turn, drawn from what the ones before have left."""
    wanted = sum(sizes.values())
    if wanted > len(labels):
        named = " + ".join(sizes)
        raise UserError(
            f"data.sizes: {named} must be at most {len(labels):,} images, but is {wanted:,}; "
            "lower one"
        )
    left, classes = len(labels) - wanted, len(np.unique(labels))
    if 0 < left < classes:
        raise UserError(
            f"data.sizes must use every image or leave {classes} or more over, to stay "
            f"stratified, but leave {left}; change one"
        )
    rows, rest = {}, np.arange(len(labels))
    try:
        for i, (name, size) in enumerate(sizes.items()):
            rest, rows[name] = _draw(rest, labels, size, seed + i)
    except ValueError:
        fewest = int(np.bincount(labels)[np.unique(labels)].min())
        raise UserError(
            f"data.sizes: every split must hold every class, but the smallest class has {fewest} "
            f"of {len(labels):,} images; add images of it, or raise the smallest of "
            f"{', '.join(sizes)}"
        ) from None
    return rows


def normalization(
    images: NDArray[np.uint8], pixels: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The offset and scale (d,) that turn raw pixels x into (x - offset) / scale.

    `standardized` fits them to the images (n, d) given, which must be the training split;
    a pixel that never changes gets scale 1.
    """
    d = images.shape[1]
    if pixels != "standardized":
        return np.zeros(d, np.float32), np.full(d, 255 if pixels == "unit" else 1, np.float32)
    scale = images.std(axis=0, dtype=np.float64)
    scale[scale == 0] = 1
    return images.mean(axis=0, dtype=np.float64).astype(np.float32), scale.astype(np.float32)


def duplicates(images: NDArray[np.uint8], rows: Mapping[str, Rows]) -> dict[str, int]:
    """How many images of one split stand, pixel for pixel, in another, by pair of splits."""
    seen = {name: {images[i].tobytes() for i in chosen} for name, chosen in rows.items()}
    return {f"{a}-{b}": len(seen[a] & seen[b]) for a, b in combinations(rows, 2)}


def prepare(raw: Raw, source: Mapping[str, object], settings: Data, folder: Path) -> None:
    """Write the prepared arrays and meta.json to `folder`."""
    images = raw.images.reshape(len(raw.images), -1)
    rows = split(raw.labels, settings.sizes, settings.seed, raw.test_images)
    offset, scale = normalization(images[rows["train"]], settings.pixels)
    arrays: dict[str, NDArray[np.generic]] = {"offset.npy": offset, "scale.npy": scale}
    for name, chosen in rows.items():
        arrays[f"{name}/images.npy"] = (images[chosen] - offset) / scale
        arrays[f"{name}/targets.npy"] = np.eye(len(raw.classes), dtype=np.float32)[
            raw.labels[chosen]
        ]
        arrays[f"{name}/labels.npy"] = raw.labels[chosen]
    for file_name, array in arrays.items():
        with replacing(folder / file_name) as temporary, temporary.open("wb") as file:
            np.save(file, array)
    meta = {
        "source": source["source"],
        "source_sha256": source["sha256"],
        "pixels": settings.pixels,
        "seed": settings.seed,
        "image_shape": list(raw.images.shape[1:]),
        "classes": list(raw.classes),
        "sizes": {name: len(chosen) for name, chosen in rows.items()},
        "class_counts": {
            name: np.bincount(raw.labels[chosen], minlength=len(raw.classes)).tolist()
            for name, chosen in rows.items()
        },
        "duplicates": duplicates(images, rows),
        "files": {file_name: sha256(folder / file_name) for file_name in sorted(arrays)},
    }
    write_json(folder / "meta.json", meta)


def run(settings: Data) -> str:
    """Read data/raw/, write data/prepared/; returns one line on what was done."""
    raw, source = sources.read()
    prepare(raw, source, settings, PREPARED)
    sizes = settings.sizes
    return f"prepare: {sizes.train:,} train, {sizes.val:,} val, {sizes.test:,} test images"


def _draw(rows: Rows, labels: NDArray[np.uint8], size: int, seed: int) -> tuple[Rows, Rows]:
    """The rows left and the `size` rows drawn, stratified by label."""
    if size == len(rows):
        return rows[:0], np.random.default_rng(seed).permutation(rows)
    rest, drawn = train_test_split(rows, test_size=size, stratify=labels[rows], random_state=seed)
    return rest, drawn
