"""How long each network took to be good enough, seed by seed, and how often it was not."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator
from pandas import DataFrame

from analysis.plots import style


def table(taken: Mapping[str, Sequence[int | None]]) -> DataFrame:
    """One row a network and seed: `network`, `seed`, `epochs`; missing where it gave up."""
    return DataFrame(
        [
            {"network": name, "seed": seed, "epochs": np.nan if epochs is None else epochs}
            for name, all_epochs in taken.items()
            for seed, epochs in enumerate(all_epochs)
        ]
    )


def draw(frame: DataFrame, ax: Axes, *, limit: int) -> Axes:
    """Draw a `table`: a dot a seed, a hollow triangle at `limit` where it gave up, the median."""
    color, ticks = style.colors(1)[0], []
    networks = frame["network"].unique()
    for at, network in enumerate(networks):
        rows = frame[frame["network"] == network]
        x = at + 0.5 * style.spread(rows["seed"])
        there = rows["epochs"].notna()
        ax.plot(x[there], rows["epochs"][there], "o", color=color, alpha=0.7)
        gone = x[~there]
        ax.plot(gone, np.full(len(gone), limit), "^", color="black", mfc="none")
        median = rows["epochs"].fillna(np.inf).median()
        if np.isfinite(median):
            ax.plot([at - 0.35, at + 0.35], [median, median], color="black", lw=1.5)
        ticks.append(f"{network}\n{there.sum()} of {len(rows)}")
    ax.set_xticks(range(len(networks)), ticks)
    ax.set_yscale("log")
    low, high = frame["epochs"].min() / 1.5, limit * 1.3
    ax.yaxis.set_major_locator(FixedLocator(style.log_ticks(low, high)))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:,.9g}")
    ax.set_ylim(low, high)
    ax.axhline(limit, color=style.MUTED, lw=0.8, ls=":")
    ax.set(ylabel="epochs taken (log scale)", xlabel="network, and how many seeds got there")
    ax.set(title=f"Line: median. Triangles: not there after {limit} epochs")
    return ax


def counts(frame: DataFrame) -> DataFrame:
    """One row a network: `reached`, `seeds`, and the `median` epochs, infinite if most gave up."""
    grouped = frame.groupby("network", sort=False)["epochs"]
    median = frame["epochs"].fillna(np.inf).groupby(frame["network"], sort=False).median()
    return DataFrame({"reached": grouped.count(), "seeds": grouped.size(), "median": median})
