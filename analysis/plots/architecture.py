"""A network as one draws it on a board: columns of units, and the shapes of their weights."""

from collections.abc import Hashable, Mapping
from itertools import pairwise
from typing import Any, Protocol, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from pandas import DataFrame

from analysis.plots import style

SHOWN = 10  # units of a layer; of a larger one the first and the last
FIRST, LAST = 6, 2
WHAT = {"input": "pixels", "hidden": "hidden units", "output": "digits"}
LETTERS = {"input": "P", "hidden": "H", "output": "D"}
AREA = 560  # of a unit, points^2
HEIGHT = 9.0  # of the tallest column, in units
ARROW = {"arrowstyle": "->", "color": "0.3", "lw": 1.2}  # seaborn's own would be white
WIDTH = 5.0  # between columns
Column: TypeAlias = tuple[list[int | None], NDArray[np.float64]]  # units, and how high they stand


class Network(Protocol):
    """What is drawn of a network: its own description."""

    widths: tuple[int, ...]
    activation: str
    output: str
    biases: bool


def table(network: Network) -> DataFrame:
    """One row a layer: `layer`, `kind`, `letter`, `width`, `activation`, `weights`, `biases`.

    Weights and biases are those that come in; the input has none, and no activation.
    """
    widths, last = network.widths, len(network.widths) - 1
    kinds = ["input", *["hidden"] * (last - 1), "output"]
    into = [0, *(d_in * d_out for d_in, d_out in pairwise(widths))]
    return DataFrame(
        {
            "layer": range(last + 1),
            "kind": kinds,
            "letter": [LETTERS[kind] for kind in kinds],
            "width": widths,
            "activation": ["", *[network.activation] * (last - 1), network.output],
            "weights": into,
            "biases": [0, *(network.biases * width for width in widths[1:])],
        }
    )


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: a sample of each layer's units, dots for those left out."""
    columns = [units(width) for width in frame["width"]]
    places = [np.linspace(HEIGHT / 2, -HEIGHT / 2, len(column)) for column in columns]
    for layer, (left, right) in enumerate(pairwise(range(len(frame)))):
        _connect(ax, layer, (columns[left], places[left]), (columns[right], places[right]))
        _name_weights(ax, layer, frame)
    for row, column, ys in zip(frame.to_dict("records"), columns, places, strict=True):
        first = 0 if row["kind"] == "output" else 1  # classes are named by their digit
        for unit, y in zip(column, ys, strict=True):
            label = "⋮" if unit is None else f"{row['letter']}{unit + first}"
            _draw_unit(ax, WIDTH * row["layer"], y, label)
        ax.text(WIDTH * row["layer"], HEIGHT / 2 + 0.9, _head(row), ha="center", va="bottom")
    ax.set(xlim=(-1.5, WIDTH * (len(frame) - 1) + 1.5), ylim=(-HEIGHT / 2 - 3, HEIGHT / 2 + 2.4))
    ax.set_axis_off()
    ax.set_title(title(frame))
    return ax


def units(width: int) -> list[int | None]:
    """The units of a layer that are drawn, by their place; None stands for those left out.

    >>> units(3), units(128)
    ([0, 1, 2], [0, 1, 2, 3, 4, 5, None, 126, 127])
    """
    if width <= SHOWN:
        return list(range(width))
    return [*range(FIRST), None, *range(width - LAST, width)]


def title(frame: DataFrame) -> str:
    """The widths, and how many numbers are learned."""
    widths = "-".join(map(str, frame["width"]))
    biases = f"{frame['biases'].sum():,} biases" if frame["biases"].any() else "no biases"
    return f"{widths}: {frame['weights'].sum():,} weights, {biases}"


def _head(row: Mapping[Hashable, Any]) -> str:
    what = WHAT[row["kind"]]
    return f"{row['width']} {what}\n{row['activation'].replace('_', ' ')}"


def _draw_unit(ax: Axes, x: float, y: float, label: str) -> None:
    if label != "⋮":
        ax.scatter(x, y, s=AREA, color="white", edgecolor=style.colors(1)[0], zorder=2)
    ax.text(x, y, label, ha="center", va="center", size=14 if label == "⋮" else 7, zorder=3)


def _connect(ax: Axes, layer: int, left: Column, right: Column) -> None:
    """A line from each unit drawn to each of the next column."""
    for a, y_a in zip(*left, strict=True):
        for b, y_b in zip(*right, strict=True):
            if a is not None and b is not None:
                ends = [WIDTH * layer, WIDTH * (layer + 1)]
                ax.plot(ends, [y_a, y_b], color=style.MUTED, lw=0.4, zorder=1)


def _name_weights(ax: Axes, layer: int, frame: DataFrame) -> None:
    """An arrow below the columns, and under it the shape of the weights."""
    y, left, right = -HEIGHT / 2 - 1.1, WIDTH * layer, WIDTH * (layer + 1)
    ax.annotate("", (right - 0.7, y), (left + 0.7, y), arrowprops=ARROW)
    d_in, d_out = frame["width"].iloc[layer], frame["width"].iloc[layer + 1]
    count = f"{frame['weights'].iloc[layer + 1]:,}"
    text = f"W{layer + 1}: {d_in} × {d_out}\n{count} weights"
    ax.text((left + right) / 2, y - 0.25, text, ha="center", va="top")
