"""A small network as nodes and arrows, with every number that flows through it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from pandas import DataFrame

from analysis.plots import style

STEP = 2.2  # between layers
LABEL = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}


def table(
    values: Sequence[NDArray[Any]], W: Sequence[NDArray[Any]], b: Sequence[NDArray[Any]]
) -> DataFrame:
    """One row a weight: `layer`, `source`, `target`, `weight`; in attrs the nodes.

    `values` are what each layer puts out, inputs first, (d_l,); W (d_{l-1}, d_l) and b (d_l,).
    """
    frame = DataFrame(
        [
            {"layer": layer, "source": i, "target": j, "weight": float(weights[i, j])}
            for layer, weights in enumerate(W)
            for i, j in np.ndindex(weights.shape)
        ]
    )
    frame.attrs["values"] = [[float(value) for value in layer] for layer in values]
    frame.attrs["biases"] = [[float(bias) for bias in layer] for layer in b]
    return frame


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table` from left to right: values in the nodes, biases below, weights on arrows."""
    values = frame.attrs["values"]
    places = [
        [(STEP * i, (len(layer) - 1) / 2 - k) for k in range(len(layer))]
        for i, layer in enumerate(values)
    ]
    for row in frame.to_dict("records"):
        start, end = places[row["layer"]][row["source"]], places[row["layer"] + 1][row["target"]]
        ax.plot(*zip(start, end, strict=True), color=style.MUTED, lw=1, zorder=1)
        share = 0.72 if row["source"] % 2 else 0.28  # so that numbers of crossing lines stay apart
        x, y = (a + share * (z - a) for a, z in zip(start, end, strict=True))
        ax.text(x, y, f"{row['weight']:g}", size=9, ha="center", va="center", bbox=LABEL)
    for layer, (column, numbers) in enumerate(zip(places, values, strict=True)):
        for k, (place, number) in enumerate(zip(column, numbers, strict=True)):
            ax.scatter(*place, 2100, color=[_color(layer, number)], zorder=2)
            ax.text(*place, f"{number:.4g}", color="white", ha="center", va="center", size=11)
            if layer:
                bias = frame.attrs["biases"][layer - 1][k]
                ax.text(place[0], place[1] - 0.37, f"+ {bias:g}", ha="center", va="top", size=9)
    ax.set(xlim=(-0.4, STEP * (len(values) - 1) + 0.4), ylim=(-1.6, 1.5))
    ax.set_axis_off()
    return ax


def _color(layer: int, number: float) -> tuple[float, float, float] | str:
    """A color for each layer; gray for a unit behind the inputs that is cut to 0."""
    return style.MUTED if layer and number == 0 else style.colors(3)[min(layer, 2)]
