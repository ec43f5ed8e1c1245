"""Accuracy against a number that was stepped up, one line a group, with intervals."""

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator
from pandas import DataFrame
from pandas.api.types import is_numeric_dtype

from analysis import words
from analysis.plots import style

STYLES = ("-", "--", "-.", ":")
MARKS = "osD^P*"
TICKS = 12  # more values than these are not all written below the axis


def table(frame: DataFrame, x: str, group: str | None = None) -> DataFrame:
    """Rows of `configurations.table` with x, group, `val_accuracy`, `low`, `high`, `diverged`.

    `lost` are those of which every seed diverged: they are given chance, not measured. What
    variants step is no column of theirs yet: assign it from `configurations.settings`.
    """
    if not is_numeric_dtype(frame[x]):
        raise style.NothingToDrawError(f"{words.name(x)} is not a number everywhere")
    groups = frame[group] if group else "all"
    rows = frame[[x, "val_accuracy", "low", "high", "seeds", "diverged", "tied"]]
    rows = rows.assign(group=groups, lost=rows["diverged"] == rows["seeds"])
    rows.attrs |= {**frame.attrs, "group": group}
    return rows


def draw(frame: DataFrame, ax: Axes, *, log: bool = True) -> Axes:
    """Draw a `table`: a line a group in the order they come; a ring around the best of each."""
    x, groups = str(frame.columns[0]), list(frame["group"].unique())
    for i, (name, color) in enumerate(zip(groups, style.colors(len(groups)), strict=True)):
        rows = frame[(frame["group"] == name) & ~frame["lost"]].sort_values(x)
        if rows.empty:
            continue
        ax.errorbar(
            *(rows[x], rows["val_accuracy"], style.whiskers(rows, "val_accuracy")),
            fmt=MARKS[i % len(MARKS)],
            ls=STYLES[i % len(STYLES)],
            ms=5,
            color=color,
            capsize=2,
            elinewidth=1,
            label=str(name).replace("_", " "),
        )
        top = rows.loc[[rows["val_accuracy"].idxmax()]]
        ax.plot(top[x], top["val_accuracy"], "o", mfc="none", mec=color, ms=12, mew=1.4)
    _draw_lost(frame, x, ax)
    ends = best(frame)  # of the others, some intervals span everything: they leave the picture
    style.accuracy_axis(ax, [*frame["val_accuracy"], *ends["low"], *ends["high"]])
    _x_axis(frame, x, ax, log=log)
    ax.set(xlabel=words.name(x), ylabel="validation accuracy (error scale)", title=title(frame))
    if frame.attrs.get("group"):
        ax.legend(title=words.name(frame.attrs["group"]))
    return ax


def best(frame: DataFrame) -> DataFrame:
    """The best row of each group of a `table`, by group in the order they come."""
    rows = frame.loc[frame.groupby("group", sort=False)["val_accuracy"].idxmax()]
    return rows.set_index("group")


def title(frame: DataFrame) -> str:
    """What is drawn, over how many seeds."""
    seeds = words.seeds(int(frame["seeds"].max()))
    return f"Mean of {seeds}, 95 % interval; ringed: the best of each line"


def _draw_lost(frame: DataFrame, x: str, ax: Axes) -> None:
    """Mark points of which a seed diverged; a line at chance where something is as bad."""
    diverged = frame[frame["diverged"] > 0]
    if not diverged.empty:
        mark = style.MARKERS["diverged"]
        label = "a seed diverged" if (frame["diverged"] < frame["seeds"]).all() else "diverged"
        ax.plot(diverged[x], diverged["val_accuracy"], mark, color="black", ms=6, label=label)
    chance = frame.attrs["chance"]
    if frame["val_accuracy"].min() < 2 * chance:
        ax.axhline(chance, color=style.MUTED, lw=0.8, zorder=0)


def _x_axis(frame: DataFrame, x: str, ax: Axes, *, log: bool) -> None:
    """Ticks at the values that were tried, or at round ones where these are many."""
    values = sorted(frame[x].unique())
    if log:
        style.log_axis(ax)
    if len(values) <= TICKS:
        ax.xaxis.set_major_locator(FixedLocator(values))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.9g}")
