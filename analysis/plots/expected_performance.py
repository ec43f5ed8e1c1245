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
    differ as searches would, so there is no interval there. The search's `budget` is the number
    of full random trials that its epochs would pay.
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
        frame.attrs["search"] = {
            "key": search.key,
            "trials": len(search.trials),
            "budget": float(search.trials["epochs_trained"].sum() / _full(random)),
            "best": search.about["best"]["val_accuracy"],
        }
    return frame


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: the expected best as a line, its interval as a band, the search's best."""
    color, other = style.colors(2)
    n, search = len(frame), frame.attrs.get("search")
    paid = _paid(frame)
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
        label = (
            f"best of {search['key']}: {search['trials']} trials, as many epochs as {paid} full"
        )
        ax.axhline(search["best"], color=other, lw=1, ls="--")
        ax.plot(search["budget"], search["best"], "D", color=other, label=label)
        drawn.append(search["best"])
    style.accuracy_axis(ax, drawn)
    budget = search["budget"] if search else 1
    ax.set_xlim(0.9 * min(1, budget), 1.12 * max(n, budget))
    style.log_axis(ax)
    ax.set(
        xlabel="budget (full random trials)",
        ylabel="validation accuracy (error scale)",
        title=title(frame),
    )
    ax.legend(loc="lower right")
    return ax


def title(frame: DataFrame) -> str:
    """What random search leads to in the search's epochs, and whether the search did better."""
    search, every, paid = frame.attrs.get("search"), len(frame), _paid(frame)
    row = frame.iloc[min(paid, every) - 1]
    n = int(row["trials"])
    found = words.with_interval(row["expected"], row["low"], row["high"])
    told = f"{n} random {'trials lead' if n > 1 else 'trial leads'} to {found}"
    if not search:
        return told
    reached = f"{search['key']} reached {words.percent(search['best'])}"
    if paid > every:
        return f"{told};\n{reached} in the epochs of {paid} full ones"
    return f"For the epochs of {search['key']}, {told};\n{reached}{_place(row, search['best'])}"


def _place(row: "Series[float]", best: float) -> str:
    """Where the search's best lies beside the interval of as many random trials."""
    if np.isnan(row["low"]):
        return ""
    if best > row["high"]:
        return ", above the band"
    return ", below the band" if best < row["low"] else ", inside the band"


def _paid(frame: DataFrame) -> int:
    """How many full random trials the search's epochs would pay; all without a search."""
    search = frame.attrs.get("search")
    return max(int(search["budget"]), 1) if search else len(frame)


def _full(random: Study) -> float:
    """The epochs of a random trial that was trained to its end, on average."""
    finished = random.trials.loc[random.trials["stop_reason"] == "finished", "epochs_trained"]
    each = finished if len(finished) else random.trials["epochs_trained"]
    return max(float(each.mean()), 1.0)
