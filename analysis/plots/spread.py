"""How large the numbers of each layer are: activations or gradients, by initializer."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from pandas import DataFrame

from analysis.plots import style

QUANTILES = {"low": 0.05, "quarter": 0.25, "median": 0.5, "three_quarters": 0.75, "high": 0.95}
MARKS = "osD^P*"
WIDTH = 0.7  # of all bars of a layer together


def table(layers: Mapping[str, Sequence[NDArray[Any]]]) -> DataFrame:
    """One row a name and layer: QUANTILES of the sizes |x| that are not 0, and the share `zero`.

    Layers count from 1. Where all numbers are 0, the quantiles are missing.
    """
    rows = [
        {"name": name, "layer": layer, **_sizes(np.abs(np.asarray(x, np.float64)).ravel())}
        for name, arrays in layers.items()
        for layer, x in enumerate(arrays, start=1)
    ]
    return DataFrame(rows)


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: a thin bar of 90 % of the sizes, a thick one of half, a mark at the median.

    What is all 0 has its mark, hollow, below the axis.
    """
    names = list(frame["name"].unique())
    step = WIDTH / max(len(names), 1)
    for i, (name, color) in enumerate(zip(names, style.colors(len(names)), strict=True)):
        rows = frame[frame["name"] == name]
        at = rows["layer"] + (i - (len(names) - 1) / 2) * step
        ax.vlines(at, rows["low"], rows["high"], color=color, lw=1.2)
        ax.vlines(at, rows["quarter"], rows["three_quarters"], color=color, lw=5, alpha=0.5)
        look: dict[str, Any] = {"marker": MARKS[i % len(MARKS)], "color": color, "ls": ""}
        ax.plot(at, rows["median"], mec="black", mew=0.6, label=name, **look)
        for x in at[rows["median"].isna()]:
            mark = ax.plot(x, -0.05, **look, mfc="white", transform=ax.get_xaxis_transform())[0]
            mark.set(clip_on=False, in_layout=False, label="_all 0")
    ax.set_yscale("log")
    layers = sorted(frame["layer"].unique())
    ax.set_xticks(layers, [f"layer {layer}" for layer in layers])
    ax.tick_params(axis="x", length=0, pad=18)
    if frame["median"].isna().any():
        ax.text(-0.01, -0.05, "all 0", transform=ax.transAxes, ha="right", va="center", size=8)
    ax.set(xlim=(layers[0] - 0.5, layers[-1] + 0.5), ylabel="size of those not 0 (log scale)")
    return ax


def _sizes(sizes: NDArray[np.float64]) -> dict[str, float]:
    some = sizes[sizes > 0]
    values = (
        np.quantile(some, list(QUANTILES.values())) if some.size else [np.nan] * len(QUANTILES)
    )
    zero = 1 - some.size / sizes.size if sizes.size else np.nan
    return {**dict(zip(QUANTILES, map(float, values), strict=True)), "zero": zero}
