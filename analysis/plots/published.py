"""What was published beside ours: bars for theirs, dots with intervals for ours."""

from itertools import pairwise
from textwrap import shorten

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator
from pandas import DataFrame

from analysis.plots import style
from analysis.published import stands_for, status

THINNEST = 0.01  # share of the axis: a bar that is one figure would hardly be seen
TICKS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995)
LONGEST = 48  # characters beside a row
BAR = "0.82"
KINDS = {  # of a row: color by place in the palette, mark, what the legend says of it
    "within": (0, "o", "ours: agrees"),
    "above": (1, ">", "ours: above"),
    "below": (4, "<", "ours: below"),
    "full": (None, "o", "ours, on fewer images: not judged"),
}


def table(frame: DataFrame) -> DataFrame:
    """One row an accuracy of `published.table` that was published, in [0, 1], and ours is there.

    Columns `id`, `name`, `least` and `greatest` of what was published, `ours`, `low`, `high`,
    `kind` of KINDS.
    """
    there = frame[(frame["published"] != "") & (frame["split"] != "")]
    ends = [stands_for(text) for text in there["published"]]
    columns = ["id", "ours", "low", "high"]
    rows = there[columns].assign(
        name=[shorten(text, LONGEST, placeholder=" …") for text in there["quantity"]],
        least=[low for low, _ in ends],
        greatest=[high for _, high in ends],
        kind=status(there),
    )
    inside = rows["least"].ge(0) & rows["greatest"].le(1) & rows["ours"].between(0, 1)
    return rows.loc[inside, :].reset_index(drop=True)


def figure(frame: DataFrame) -> Figure:
    """Draw a `table` into a figure that is high enough for its rows."""
    drawn, ax = style.single(8.5, _height(frame))
    draw(frame, ax)
    return drawn


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`, its first row on top, lines between experiments; hollow: not judged."""
    if frame.empty:
        raise style.NothingToDrawError("no published accuracy has one of ours beside it")
    ends = frame[["least", "greatest"]]
    numbers = frame[["ours", "low", "high"]].join(ends.where(ends < 1))  # a bar may end at 100 %
    style.accuracy_axis(ax, numbers.to_numpy().ravel().tolist(), "x")
    ax.xaxis.set_major_locator(FixedLocator(TICKS))
    _draw_published(frame, ax)
    for kind in KINDS:
        _draw_ours(frame[frame["kind"] == kind], kind, ax)
    for (i, before), (_, after) in pairwise(frame["id"].items()):
        if before != after:
            ax.axhline(float(str(i)) + 0.5, color="0.88", lw=0.8, zorder=0)
    names = [f"{name}   {id_:>2}" for name, id_ in zip(frame["name"], frame["id"], strict=True)]
    ax.set_yticks(list(frame.index), names, size=8)
    ax.set(ylim=(len(frame) - 0.4, -0.6), xlabel="accuracy (error scale)")
    ax.grid(axis="x", color="0.94", zorder=0)
    ax.set_title(title(frame))
    handles, _ = ax.get_legend_handles_labels()
    ax.legend(
        handles=[Patch(color=BAR, label="published"), *handles],
        loc="upper center",
        bbox_to_anchor=(0.3, -0.45 / _height(frame)),
        ncols=3,
    )
    return ax


def title(frame: DataFrame) -> str:
    """How many agree of those that can be judged."""
    judged = frame[frame["kind"] != "full"]
    agree, left = int((judged["kind"] == "within").sum()), len(frame) - len(judged)
    return f"{agree} of {len(judged)} published accuracies agree; {left} take all of MNIST"


def _height(frame: DataFrame) -> float:
    """Inches that a `table` needs."""
    return 1.4 + 0.24 * len(frame)


def _draw_published(frame: DataFrame, ax: Axes) -> None:
    """Bars from the least to the greatest, none thinner than can be seen, none past the axis."""
    edges = style.error_scale(np.array(ax.get_xlim()))
    least, greatest = (
        style.error_scale(frame[name].to_numpy()).clip(*edges) for name in ("least", "greatest")
    )
    missing = (THINNEST * np.ptp(edges) - (greatest - least)).clip(min=0) / 2
    left, right = style.accuracy_of(least - missing), style.accuracy_of(greatest + missing)
    ax.barh(frame.index, right - left, left=left, height=0.7, color=BAR, zorder=1)
    ax.set_xlim(*style.accuracy_of(edges))


def _draw_ours(rows: DataFrame, kind: str, ax: Axes) -> None:
    """Dots with whiskers; no entry in the legend where there is none."""
    place, mark, label = KINDS[kind]
    color = "0.35" if place is None else style.colors(6)[place]
    if not rows.empty:
        ax.errorbar(
            *(rows["ours"], rows.index),
            xerr=style.whiskers(rows.fillna({"low": rows["ours"], "high": rows["ours"]}), "ours"),
            fmt=mark,
            ms=6,
            color=color,
            mfc="white" if kind == "full" else color,
            capsize=2,
            elinewidth=1.2,
            label=label,
            zorder=3,
        )
