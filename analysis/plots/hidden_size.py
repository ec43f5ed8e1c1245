"""Network size against accuracy: every configuration, and the best of each size."""

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator
from pandas import DataFrame
from pandas.api.types import is_numeric_dtype

from analysis import words
from analysis.load import Study
from analysis.plots import style
from analysis.statistics import wilson


def table(study: Study, x: str = "hidden_size") -> DataFrame:
    """One row a finished trial: x, `val_accuracy`, `low`, `high`, and whether `best` of its x."""
    complete = study.trials[study.trials["state"] == "COMPLETE"]
    if complete.empty:
        raise style.NothingToDrawError("no trial was finished")
    if not is_numeric_dtype(complete[x]):
        raise style.NothingToDrawError(f"{words.name(x)} in lists have no common scale")
    limits = [wilson(round(a * study.images), study.images) for a in complete["val_accuracy"]]
    frame = complete[[x, "val_accuracy"]].assign(
        low=[low for low, _ in limits], high=[high for _, high in limits]
    )
    first = frame.groupby(x)["val_accuracy"].idxmax()
    return frame.assign(best=frame.index.isin(first)).sort_values(x, kind="stable")


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: all trials faint, the best of each size with its 95 % interval."""
    x = str(frame.columns[0])
    best, color = frame[frame["best"]], style.colors(1)[0]
    ax.plot(
        frame[x], frame["val_accuracy"], "o", color=style.MUTED, alpha=0.5, ms=4, label="a trial"
    )
    ax.errorbar(
        *(best[x], best["val_accuracy"], style.whiskers(best, "val_accuracy")),
        fmt="o-",
        color=color,
        capsize=3,
        label="best of each, 95 % interval",
    )
    style.accuracy_axis(ax, [*frame["val_accuracy"], *best["high"]])
    ax.set_xscale("log", base=2)
    ax.xaxis.set_major_locator(FixedLocator(sorted(frame[x].unique())))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.set(xlabel=words.name(x), ylabel="validation accuracy (error scale)", title=title(frame))
    ax.legend()
    return ax


def title(frame: DataFrame) -> str:
    """What the largest network gains over the smallest."""
    best = frame.loc[frame["best"], "val_accuracy"]
    gain = words.points(best.iloc[-1] - best.iloc[0])
    x = frame.columns[0]
    most, fewest, n = frame[x].max(), frame[x].min(), len(frame)
    return f"{most} {words.name(str(x))} against {fewest}, best of each: {gain} points (n = {n})"
