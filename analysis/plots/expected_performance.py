"""What a search of n random trials leads to, and where another search's best lies."""

import numpy as np
from matplotlib.axes import Axes
from pandas import DataFrame, Series

from analysis import words
from analysis.load import Study
from analysis.plots import style
from analysis.statistics import LEVEL, chances_to_be_best, expected_best


def table(random: Study, search: Study | None = None) -> DataFrame:
    """One row a budget: `trials`, `expected` best, and `low` to `high`, where 95 % of them end.

    Over all subsets of the random trials. Subsets of more than half of them overlap too much to
    differ as searches would, so there is no interval there.
    """
    if (random.trials["state"] != "COMPLETE").any():
        raise style.NothingToDrawError("pruned trials are not independent draws")
    values = np.sort(random.trials["val_accuracy"].to_numpy(dtype=float))
    tail = (1 - LEVEL) / 2
    within = [
        np.searchsorted(np.cumsum(chances), [tail, 1 - tail]).clip(max=len(values) - 1)
        for chances in chances_to_be_best(len(values))
    ]
    frame = DataFrame({"trials": range(1, len(values) + 1), "expected": expected_best(values)})
    frame[["low", "high"]] = values[np.array(within)]
    frame.loc[frame["trials"] > len(values) // 2, ["low", "high"]] = np.nan
    frame.attrs["random"] = random.key
    if search is not None and search is not random and search.about["best"]:
        reached = {"trials": len(search.trials), "best": search.about["best"]["val_accuracy"]}
        frame.attrs["search"] = {"key": search.key} | reached
    return frame


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: the expected best as a line, its interval as a band, the search's best."""
    color, other = style.colors(2)
    n, search = len(frame), frame.attrs.get("search")
    marker = "o" if n == 1 else ""
    known = frame.dropna()
    ax.fill_between(
        *(known["trials"], known["low"], known["high"]),
        color=color,
        alpha=0.2,
        lw=0,
        label="95 % of random searches of this size",
    )
    label = f"expected best of random trials (from n = {n})"
    ax.plot(frame["trials"], frame["expected"], marker=marker, color=color, lw=2, label=label)
    drawn = [*frame["expected"], *known["low"], *known["high"]]
    if search:
        label = f"best of {search['key']}, after {search['trials']} trials"
        ax.axhline(search["best"], color=other, lw=1, ls="--")
        ax.plot(search["trials"], search["best"], "D", color=other, label=label)
        drawn.append(search["best"])
    style.accuracy_axis(ax, drawn)
    ax.set_xlim(0.9, 1.12 * max(n, search["trials"] if search else 1))
    style.log_axis(ax)
    ax.set(
        xlabel="budget (trials)", ylabel="validation accuracy (error scale)", title=title(frame)
    )
    ax.legend(loc="lower right")
    return ax


def title(frame: DataFrame) -> str:
    """What random search leads to after as many trials, and whether the search did better."""
    search = frame.attrs.get("search")
    row = frame.iloc[min(search["trials"] if search else len(frame), len(frame)) - 1]
    n = int(row["trials"])
    found = words.with_interval(row["expected"], row["low"], row["high"])
    told = f"{n} random {'trials' if n > 1 else 'trial'} lead to {found}"
    if not search:
        return told
    return f"{told}; {search['key']} reached {words.percent(search['best'])}{_place(row, search)}"


def _place(row: "Series[float]", search: dict[str, float]) -> str:
    """Where the search's best lies beside the interval of as many random trials."""
    if search["trials"] != row["trials"] or np.isnan(row["low"]):
        return ""
    if search["best"] > row["high"]:
        return ", above it"
    return ", below it" if search["best"] < row["low"] else ", inside it"
