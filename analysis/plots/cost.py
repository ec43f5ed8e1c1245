"""Training time of each configuration, as bars."""

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from pandas import DataFrame

from analysis import words
from analysis.load import Study
from analysis.plots import style


def table(study: Study, x: str, hue: str) -> DataFrame:
    """One row a configuration: x, hue, mean `seconds` of its finished trainings, `trials`."""
    trials = study.trials[study.trials["stop_reason"] == "finished"]
    timed = trials.merge(study.timing, on="number")
    if timed.empty:
        raise style.NothingToDrawError("no training ran to its end")
    grouped = timed.groupby([x, hue])["seconds"]
    return grouped.agg(seconds="mean", trials="count").reset_index()


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: one bar a configuration, grouped by its first column."""
    x, hue = map(str, frame.columns[:2])
    palette = style.colors(frame[hue].nunique())
    sns.barplot(frame, x=x, y="seconds", hue=hue, palette=palette, errorbar=None, ax=ax)
    for bars in ax.containers:
        if isinstance(bars, BarContainer):
            ax.bar_label(bars, fmt=_seconds, size=7, padding=1)
    ax.set(xlabel=words.name(x), ylabel="training time (seconds)", title=title(frame))
    legend = ax.get_legend()
    if legend:
        legend.set_title(words.name(hue))
    ax.margins(y=0.12)
    return ax


def title(frame: DataFrame) -> str:
    """How far apart the fastest and the slowest are."""
    ratio = frame["seconds"].max() / max(frame["seconds"].min(), 1e-9)
    n = frame["trials"].sum()
    return f"The slowest takes {ratio:.1f} times as long as the fastest (mean of {n} trainings)"


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f}" if seconds < 10 else f"{seconds:.0f}"
