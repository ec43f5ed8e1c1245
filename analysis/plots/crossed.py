"""Two settings crossed, as a heat map whose cells carry the mean and its interval."""

from collections.abc import Hashable, Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from pandas import DataFrame

from analysis import words
from analysis.plots import style

DARK = 0.55  # of the color scale: below, letters are white


def table(frame: DataFrame, x: str, y: str, value: str = "val_accuracy") -> DataFrame:
    """One row a cell: x, y, `value`, and of what has them `low`, `high` and `tied`.

    `frame` is a `configurations.table`, say; what its variants cross is no column of theirs yet:
    assign it from `configurations.settings`. Raises: ValueError if two rows are of one cell.
    """
    if frame.empty:
        raise style.NothingToDrawError("no configuration was trained")
    if frame.duplicated([x, y]).any():
        raise ValueError(f"each {x} and {y} must meet once, but some do not; draw them apart")
    ends: dict[str, Any] = {"low": None, "high": None, "tied": False}
    ends |= {name: frame[name] for name in ends if name in frame.columns}
    return frame[[x, y]].assign(value=frame[value], **ends)


def draw(frame: DataFrame, ax: Axes, *, norm: Normalize | None = None) -> Axes:
    """Draw a `table`, settings in the order they come: per cent and 95 % interval in each cell.

    A star marks what is tied with the best.
    """
    x, y = map(str, frame.columns[:2])
    across, down = list(frame[x].unique()), list(frame[y].unique())
    scale = norm or style.accuracy_norm(frame["value"])
    square = frame.pivot(index=y, columns=x, values="value").loc[down, across]
    ax.pcolormesh(square.to_numpy(), norm=scale, cmap=style.MAP, edgecolors="white", linewidth=2)
    for row in frame.to_dict("records"):
        at = across.index(row[x]) + 0.5, down.index(row[y]) + 0.5
        color = "white" if scale(row["value"]) < DARK else "black"
        ax.text(*at, text(row), ha="center", va="center", size=9, color=color)
    ax.set_xticks([i + 0.5 for i in range(len(across))], list(map(words.value, across)))
    ax.set_yticks([i + 0.5 for i in range(len(down))], list(map(words.value, down)))
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.invert_yaxis()
    ax.set(xlabel=words.name(x), ylabel=words.name(y))
    return ax


def by_value(
    frame: DataFrame, x: str, y: str, by: str, *, value: str = "val_accuracy", share: bool = False
) -> Figure:
    """A panel for each value of a third setting `by`, all on one scale; of shares from 0 to 1."""
    values = list(frame[by].unique())
    norm = Normalize(0, 1) if share else style.accuracy_norm(frame[value])
    figure, axes = style.panels(len(values), width=4.6 * len(values), height=3.8)
    for ax, each in zip(axes, values, strict=True):
        draw(table(frame[frame[by] == each], x, y, value), ax, norm=norm).label_outer()
        ax.set_title(words.value(each))
    return figure


def text(row: Mapping[Hashable, Any]) -> str:
    """What stands in a cell: the mean, a star if it is tied with the best, the interval below."""
    star = "*" if row["tied"] else ""
    interval = words.between(row["low"], row["high"])
    return "\n".join(filter(None, [words.percent(row["value"]) + star, interval]))
