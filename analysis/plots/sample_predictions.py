"""Sample images with what the network says: a row it gets right, then those it gets wrong."""

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from pandas import DataFrame

from analysis import words
from analysis.load import Final
from analysis.plots import style

COLUMNS = 10
WRONG = 40  # at most this many mistakes, the surest first


def table(final: Final, *, wrong: int = WRONG) -> DataFrame:
    """One row an image: `index`, `label`, `predicted`, `probability`, `image` (28, 28)."""
    names = ("index", "label", "predicted", "probability")
    samples = DataFrame({name: final.samples[name] for name in names})
    samples["image"] = list(final.samples["images"])
    samples = samples.drop_duplicates("index")
    mistaken = samples["label"] != samples["predicted"]
    surest = samples[mistaken].sort_values("probability", ascending=False, kind="stable")
    frame = DataFrame(
        [
            *samples[~mistaken].head(COLUMNS).to_dict("records"),
            *surest.head(wrong).to_dict("records"),
        ],
        columns=samples.columns,
    )
    frame.attrs |= {"wrong": int(mistaken.sum()), "images": len(final.predictions)}
    return frame


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: under each image true digit, arrow, predicted digit, probability."""
    right = frame[frame["label"] == frame["predicted"]]
    wrong = frame[frame["label"] != frame["predicted"]]
    _tiles(right, ax, top=0, color="0.2")
    _tiles(wrong, ax, top=-(-len(right) // COLUMNS), color=style.colors(4)[3])
    ax.set(xlim=(-0.05, COLUMNS), ylim=(rows(frame), -0.05), aspect="equal", title=title(frame))
    ax.axis("off")
    return ax


def rows(frame: DataFrame) -> int:
    """Number of rows of images in the picture of a `table`."""
    right = int((frame["label"] == frame["predicted"]).sum())
    return -(-right // COLUMNS) + -(-(len(frame) - right) // COLUMNS)


def title(frame: DataFrame) -> str:
    """How many mistakes there are and how many are shown."""
    shown = int((frame["label"] != frame["predicted"]).sum())
    total, images = frame.attrs.get("wrong", shown), frame.attrs.get("images", len(frame))
    some = f", the {shown} surest shown" if shown < total else ""
    return f"Right (first row) and wrong: {total} mistakes on {images} test images{some}"


def _tiles(frame: DataFrame, ax: Axes, *, top: int, color: str | tuple[float, ...]) -> None:
    gray = mpl.colormaps["gray_r"]
    for i, row in enumerate(frame.to_dict("records")):
        x, y = i % COLUMNS, top + i // COLUMNS
        pixels = np.asarray(row["image"], dtype=float) / 255
        ax.imshow(gray(pixels), extent=(x, x + 0.8, y + 0.8, y), interpolation="nearest")
        text = f"{row['label']} \u2192 {row['predicted']}  {words.percent(row['probability'], 0)}"
        ax.text(x + 0.4, y + 0.82, text, ha="center", va="top", size=7.5, color=color)
