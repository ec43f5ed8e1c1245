"""How much each searched parameter matters, and how far resamples scatter."""

from matplotlib.axes import Axes
from pandas import DataFrame

from analysis import words
from analysis.plots import style


def table(importances: DataFrame, key: str) -> DataFrame:
    """The rows of reports/tables/importance.csv that are about study `key`."""
    return importances[importances["study"] == key]


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: a point a parameter and method, its bar where resamples lie."""
    if frame["importance"].isna().all():
        raise style.NothingToDrawError(str(frame["note"].iloc[0]))
    frame = frame.dropna(subset="importance")
    methods = list(frame["method"].unique())
    order = frame[frame["method"] == methods[0]].sort_values("importance")["parameter"]
    rank = {parameter: i for i, parameter in enumerate(order)}
    for i, (method, color) in enumerate(zip(methods, style.colors(len(methods)), strict=True)):
        rows = frame[frame["method"] == method]
        places = rows["parameter"].map(rank) + 0.15 - 0.3 * i
        error = style.whiskers(rows, "importance")
        ax.errorbar(
            rows["importance"], places, xerr=error, fmt="o", color=color, capsize=3, label=method
        )
    ax.set_yticks(range(len(rank)), [words.name(parameter) for parameter in rank])
    ax.set(
        xlim=(-0.02, 1.02), xlabel="importance (share; bar: middle 95 % of bootstrap resamples)"
    )
    ax.set(title=title(frame))
    ax.grid(axis="x", color="0.9")
    ax.legend(loc="lower right")
    return ax


def title(frame: DataFrame) -> str:
    """The most important parameter, or that methods or resamples disagree."""
    ranked = frame.sort_values("importance", ascending=False, kind="stable")
    firsts = [words.name(name) for name in ranked.groupby("method")["parameter"].first()]
    leader, n = ranked.groupby("method").first(), ranked["trials"].iloc[0]
    rivals = ranked[ranked.groupby("method").cumcount() == 1].set_index("method")["high"]
    after = f"({ranked['study'].iloc[0]}, n = {n})"
    if len(set(firsts)) > 1:
        return f"The methods disagree on what matters most {after}"
    if (rivals > leader["low"]).any():
        return f"Most important, but not clearly: {firsts[0]} {after}"
    return f"Most important: {firsts[0]} {after}"
