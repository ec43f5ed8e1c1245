"""Configurations of an experiment as rows of dots: validation and training accuracy."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, MaxNLocator
from matplotlib.transforms import ScaledTranslation
from pandas import DataFrame

from analysis import words
from analysis.configurations import NUMBERS
from analysis.plots import style

COLUMNS = ("val_accuracy", "low", "high", "train_accuracy", "seeds", "diverged", "tied")
HIGH, LOW = 0.99, 0.5  # with more, an error scale is all training; with less, it does nothing
BELOW = -0.5  # inches from the axis to the legend
RING = style.colors(2)[1]
APART = 0.07  # share of the axis between two ticks at least


def table(frame: DataFrame) -> DataFrame:
    """One row of dots a row of `configurations.table`: `name` in words, then COLUMNS."""
    names = [name for name in frame.columns if name not in NUMBERS]
    dots = frame[list(COLUMNS)].assign(
        name=[_name(row, names) for row in frame.to_dict("records")]
    )
    dots.attrs |= frame.attrs
    return dots[["name", *COLUMNS]]


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`, its first row on top: colored are the best and what is tied with it.

    A gray bar from validation to training is the gap.
    """
    places = frame.reset_index(drop=True)
    tied, behind, of = places[places["tied"]], places[~places["tied"]], "val_accuracy"
    with_whiskers(tied, of, ax, style.colors(1)[0], "validation: best, or tied with it")
    with_whiskers(behind, of, ax, "0.45", "validation: behind")
    val, train = places["val_accuracy"], places["train_accuracy"]
    ax.hlines(places.index, val, train, color="0.85", lw=4, zorder=0.5)
    ax.plot(train, places.index, "o", mfc="white", mec=RING, label="training", zorder=1)
    _draw_diverged(places, ax)
    _accuracy_axis(ax, places)
    ax.set_yticks(places.index, list(places["name"]))
    ax.set(ylim=(len(places) - 0.4, -0.6), title=title(frame))
    ax.grid(axis="y", color="0.92", zorder=0)
    below = ax.transAxes + ScaledTranslation(0, BELOW, ax.figure.dpi_scale_trans)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0), bbox_transform=below, ncols=4)
    return ax


def title(frame: DataFrame) -> str:
    """How many are as good as the best, as far as one can tell."""
    best = frame["name"].iloc[int(frame["val_accuracy"].argmax())]
    others = int(frame["tied"].sum()) - 1
    tied = f"{others} tied with it" if others else "none tied with it"
    seeds = words.seeds(int(frame["seeds"].max()))
    return f"Best of {len(frame)}: {best}, {tied} ({seeds} each)" if len(frame) > 1 else seeds


def _accuracy_axis(ax: Axes, places: DataFrame) -> None:
    """Give the x axis the error scale, or an even one where that would not help."""
    names = ["val_accuracy", "low", "high", "train_accuracy"]
    known = [accuracy for accuracy in places[names].to_numpy().ravel() if accuracy == accuracy]
    if LOW <= max(known) < HIGH:
        style.accuracy_axis(ax, known, "x")
        ax.xaxis.set_major_locator(FixedLocator(ticks_apart(*ax.get_xlim())))
        ax.set_xlabel("accuracy (error scale)")
        return
    room = max((max(known) - min(known)) / 20, 0.005)
    ax.set_xlim(max(min(known) - room, 0.0), max(known) + room)
    ax.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    ax.xaxis.set_major_formatter(style.percent())
    ax.set_xlabel("accuracy")


def ticks_apart(low: float, high: float) -> list[float]:
    """Round accuracies in a range whose labels do not touch on an error scale."""
    kept: list[float] = []
    width = np.ptp(style.error_scale(np.array([low, high])))
    for tick in reversed(style.ticks(low, high)):
        if not kept or np.ptp(style.error_scale(np.array([tick, kept[0]]))) > APART * width:
            kept.insert(0, tick)
    return kept


def with_whiskers(rows: DataFrame, value: str, ax: Axes, color: object, label: str) -> None:
    """A dot a row, its interval along x; no entry in the legend where there is none."""
    if not rows.empty:
        ax.errorbar(
            *(rows[value], rows.index),
            xerr=style.whiskers(rows, value),
            fmt="o",
            color=color,
            capsize=3,
            label=label,
        )


def _draw_diverged(places: DataFrame, ax: Axes) -> None:
    """Mark rows of which a seed diverged."""
    lost = places[places["diverged"] > 0]
    if not lost.empty:
        mark = style.MARKERS["diverged"]
        ax.plot(lost["val_accuracy"], lost.index, mark, color="black", label="seeds diverged")


def _name(row: Mapping[Hashable, Any], names: list[str]) -> str:
    """A configuration in words: a variant's name, or its parameters."""
    text = str(row["variant"]) if names == ["variant"] else words.parameters(row, names)
    return text.replace("_", " ")
