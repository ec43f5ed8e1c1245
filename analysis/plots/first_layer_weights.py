"""What the first layer looks for: the weights into its hidden units, as images."""

from math import isqrt
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from pandas import DataFrame, Series

from analysis.plots import style

SHOWN = 64
COLUMNS = 16
NEAR_ZERO = 0.05  # of the largest norm
WITHIN = 0.998  # of the weights have a color of their own; a few far ones share the last
GAP = 2  # pixels between images


def table(weights: NDArray[Any]) -> DataFrame:
    """One row a hidden unit with `weights` (height, width, units), the largest `norm` first.

    Of square pictures (pixels, units) will do. Columns `unit`, `norm`, `near_zero`, and `image`,
    its weights in the shape of a picture.
    """
    if weights.ndim == 2:
        side = isqrt(len(weights))
        square = (side, side) if side**2 == len(weights) else (1, len(weights))
        weights = weights.reshape(*square, weights.shape[1])
    if not weights.size or min(weights.shape[:2]) < 2:
        raise style.NothingToDrawError("no hidden unit sees a picture")
    norms = np.linalg.norm(weights, axis=(0, 1))
    frame = DataFrame({"unit": range(len(norms)), "norm": norms})
    frame["near_zero"] = frame["norm"] <= NEAR_ZERO * frame["norm"].max()
    frame["image"] = Series(list(np.moveaxis(weights, -1, 0)))
    return frame.sort_values("norm", ascending=False, kind="stable", ignore_index=True)


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: a grid of images, the largest first, one scale that is white at zero."""
    shown = frame.head(SHOWN)
    picture = mosaic(list(shown["image"]))
    most = float(np.nanquantile(np.abs(picture), WITHIN)) or 1.0
    image = ax.imshow(picture, cmap="RdBu_r", vmin=-most, vmax=most, interpolation="nearest")
    ax.set(title=title(frame), xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    beside = ax.inset_axes((1.012, 0.0, 0.012, 1.0))
    ax.figure.colorbar(image, cax=beside, label="weight", extend="both")
    return ax


def rows(frame: DataFrame) -> int:
    """Number of rows of images in the picture of a `table`."""
    return -(-min(len(frame), SHOWN) // COLUMNS)


def mosaic(images: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Images side by side, `COLUMNS` a row, with gaps that are not a number."""
    height, width = (side + GAP for side in images[0].shape)
    down = -(-len(images) // COLUMNS)
    picture = np.full((down * height - GAP, min(len(images), COLUMNS) * width - GAP), np.nan)
    for i, image in enumerate(images):
        top, left = i // COLUMNS * height, i % COLUMNS * width
        picture[top : top + image.shape[0], left : left + image.shape[1]] = image
    return picture.astype(np.float32)


def title(frame: DataFrame) -> str:
    """How many units there are, and how many hardly see anything."""
    units, idle = len(frame), int(frame["near_zero"].sum())
    some = f"The {SHOWN} largest of {units}" if units > SHOWN else f"All {units}"
    seen = f"{idle} with weights near zero" if idle else "none with weights near zero"
    return f"{some} hidden units, {seen}"
