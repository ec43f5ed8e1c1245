"""Accuracy against the number of hidden units, with intervals that count seeds and examples."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator
from numpy.typing import NDArray
from pandas import DataFrame

from analysis import words
from analysis.plots import style
from analysis.statistics import mean_accuracy, mean_difference


def table(right: Mapping[Any, NDArray[np.bool_]], key: str = "hidden") -> DataFrame:
    """One row a network, named by `key`: `accuracy`, `low`, `high`, and whether it is `tied`.

    `right` says which examples each seed got right, (seeds, examples), seeds and examples being
    the same for every network. It is tied with the best if the interval of the difference between
    the two, paired by seed and example, holds 0.
    """
    best = max(right, key=lambda name: float(right[name].mean()))
    rows = []
    for name, bits in right.items():
        low, high = mean_accuracy(bits)
        below = mean_difference(bits, right[best])
        row = {key: name, "accuracy": float(bits.mean()), "low": low, "high": high}
        rows.append(row | {"tied": below.low <= 0 <= below.high})
    frame = DataFrame(rows)
    frame.attrs["seeds"], frame.attrs["examples"] = right[best].shape
    return frame


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table` by `hidden`: points with 95 % intervals, hollow where worse than the best."""
    color = style.colors(1)[0]
    error = style.whiskers(frame, "accuracy")
    ax.errorbar(frame["hidden"], frame["accuracy"], error, fmt="-", color=color, capsize=3)
    for tied, face in ((True, color), (False, "white")):
        rows = frame[frame["tied"] == tied]
        label = "tied with the best" if tied else "worse than the best"
        ax.plot(rows["hidden"], rows["accuracy"], "o", color=color, mfc=face, label=label)
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(FixedLocator(list(frame["hidden"])))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.yaxis.set_major_formatter(style.percent())
    seeds, examples = words.seeds(frame.attrs["seeds"]), frame.attrs["examples"]
    ax.set(xlabel="hidden units (log scale)", ylabel="held-out accuracy (95 % interval)")
    ax.set(title=f"Mean of {seeds} on {examples} held-out examples")
    ax.legend(loc="lower right")
    return ax
