"""Whether the network is right as often as it says."""

import numpy as np
from matplotlib.axes import Axes
from pandas import DataFrame

from analysis.plots import style
from analysis.statistics import wilson

BINS = 10
TICKS = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.998, 1.0)


def table(predictions: DataFrame) -> DataFrame:
    """One row a bin of as many images: mean `probability`, `accuracy`, `low`, `high`, `images`.

    The expected calibration error is the mean distance of the two over all images. Source: M.
    Pakdaman Naeini et al., 2015, AAAI, 2901-2907; C. Guo et al., 2017, arXiv:1706.04599, eq. 3;
    bins of equal counts instead of equal widths as in J. Nixon et al., 2019, arXiv:1904.01685.
    """
    surest_last = predictions.sort_values("probability", kind="stable")
    right = (surest_last["label"] == surest_last["predicted"]).to_numpy()
    sizes = [part for part in np.array_split(np.arange(len(right)), BINS) if len(part)]
    rows = [
        {
            "probability": surest_last["probability"].to_numpy()[part].mean(),
            "accuracy": right[part].mean(),
            "images": len(part),
        }
        | wilson(int(right[part].sum()), len(part))._asdict()
        for part in sizes
    ]
    frame = DataFrame(rows)
    frame.attrs["split"] = ", ".join(sorted(predictions["split"].unique()))
    return frame


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: accuracy against probability on error scales, with the diagonal."""
    color = style.colors(1)[0]
    ax.errorbar(
        *(frame["probability"], frame["accuracy"], style.whiskers(frame, "accuracy")),
        fmt="o",
        color=color,
        capsize=3,
        alpha=0.7,
        label=f"{frame['images'].max()} images each, 95 % interval",
    )
    every = [*frame["probability"], *frame["low"], *frame["high"]]
    low, high = style.limits(every)
    ax.plot([low, high], [low, high], color=style.MUTED, lw=1, ls="--", label="as sure as right")
    style.accuracy_axis(ax, every)
    style.accuracy_axis(ax, every, which="x")
    ax.set_xticks([tick for tick in TICKS if low <= tick <= high])
    ax.set_yticks([tick for tick in TICKS if low <= tick <= high])
    ax.set(xlabel="mean probability of the predicted class (error scale)", title=title(frame))
    ax.set(ylabel=f"{frame.attrs['split']} accuracy (error scale)")
    ax.legend(loc="upper left")
    return ax


def error(frame: DataFrame) -> float:
    """The expected calibration error: distance of accuracy and probability, mean over images."""
    apart = (frame["accuracy"] - frame["probability"]).abs()
    return float((apart * frame["images"]).sum() / frame["images"].sum())


def title(frame: DataFrame) -> str:
    """The error, and whether it is clearly from being too sure."""
    n = frame["images"].sum()
    return f"Expected calibration error {100 * error(frame):.1f} points: {sure(frame)} (n = {n:,})"


def sure(frame: DataFrame) -> str:
    """Too sure or not enough, where the mean probability leaves the accuracy's interval."""
    n = int(frame["images"].sum())
    probability, right = ((frame[k] * frame["images"]).sum() for k in ("probability", "accuracy"))
    low, high = wilson(round(right), n)
    if low <= probability / n <= high:
        return "not clearly too sure or too unsure"
    return "too sure" if probability / n > high else "not sure enough"
