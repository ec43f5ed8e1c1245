"""Sample images with what the network says: a row it gets right, then those it gets wrong."""

from collections.abc import Iterable

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from pandas import DataFrame

from analysis import words
from analysis.load import Final
from analysis.plots import style

COLUMNS = 10
WIDE = 5  # columns where names need the room
LEAST = 0.1  # of the longer side: a row of pixels would not be seen
LETTERS = 3  # of the longest name that fits below a narrow image
WRONG = 40  # at most this many mistakes, the surest first


def table(final: Final, *, wrong: int = WRONG) -> DataFrame:
    """One row an image, as in `samples`: ten right ones, then the surest mistakes."""
    every = samples(final)
    mistaken = every["label"] != every["predicted"]
    surest = every[mistaken].sort_values("probability", ascending=False, kind="stable")
    frame = DataFrame(
        [
            *every[~mistaken].head(COLUMNS).to_dict("records"),
            *surest.head(wrong).to_dict("records"),
        ],
        columns=every.columns,
    )
    frame.attrs |= {"wrong": int(mistaken.sum()), "images": len(final.predictions)}
    return frame


def samples(final: Final) -> DataFrame:
    """The kept test images: `index`, `label`, `predicted`, `probability`, `image` (2-D)."""
    names = ("index", "label", "predicted", "probability")
    frame = DataFrame({name: final.samples[name] for name in names})
    frame["image"] = list(final.samples["images"])
    return frame.drop_duplicates("index")


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: under each image what it is, an arrow, what it is read as, how surely."""
    right = frame[frame["label"] == frame["predicted"]]
    wrong = frame[frame["label"] != frame["predicted"]]
    across, (first, second) = columns(frame), _rows(frame)
    tiles(right["image"], _texts(right), ax, columns=across)
    below = {"top": first, "columns": across}
    tiles(wrong["image"], _texts(wrong), ax, **below, color=style.colors(4)[3])
    limits = {"xlim": (-0.05, across), "ylim": (first + second, -0.05)}
    ax.set(**limits, aspect="equal", title=title(frame))
    ax.axis("off")
    return ax


def rows(frame: DataFrame) -> float:
    """Height of the picture of a `table`, in rows of ten images."""
    return sum(_rows(frame)) * COLUMNS / columns(frame)


def columns(frame: DataFrame) -> int:
    """How many images stand side by side: fewer where the classes have long names."""
    names = [*frame["label"], *frame["predicted"]]
    longest = max((len(str(name)) for name in names), default=0)
    return COLUMNS if longest <= LETTERS else WIDE


def _rows(frame: DataFrame) -> tuple[int, int]:
    """How many rows of right images there are, and of wrong ones."""
    right = int((frame["label"] == frame["predicted"]).sum())
    across = columns(frame)
    return -(-right // across), -(-(len(frame) - right) // across)


def title(frame: DataFrame) -> str:
    """How many mistakes there are and how many are shown."""
    shown = int((frame["label"] != frame["predicted"]).sum())
    total, images = frame.attrs.get("wrong", shown), frame.attrs.get("images", len(frame))
    some = f", the {shown} surest shown" if shown < total else ""
    return f"Right, then wrong: {total} mistakes on {images} test images{some}"


def tiles(
    images: Iterable[NDArray[np.uint8]],
    texts: Iterable[str],
    ax: Axes,
    *,
    columns: int = COLUMNS,
    top: int = 0,
    color: str | tuple[float, ...] = "0.2",
) -> None:
    """Draw images in rows from `top` on, dark ink on white, each with its text below."""
    gray = mpl.colormaps["gray_r"]
    for i, (image, text) in enumerate(zip(images, texts, strict=True)):
        x, y = i % columns, top + i // columns
        pixels = np.asarray(image, dtype=float) / 255
        high, wide = (0.8 * max(side / max(pixels.shape), LEAST) for side in pixels.shape)
        left, over = x + (0.8 - wide) / 2, y + (0.8 - high) / 2
        extent = (left, left + wide, over + high, over)
        ax.imshow(gray(pixels), extent=extent, interpolation="nearest")
        below = style.plain(text)
        ax.text(x + 0.4, y + 0.82, below, ha="center", va="top", size=7.5, color=color)


def _texts(frame: DataFrame) -> list[str]:
    """True class, arrow, predicted class, probability."""
    return [
        f"{row['label']} \u2192 {row['predicted']}  {words.percent(row['probability'], 0)}"
        for row in frame.to_dict("records")
    ]
