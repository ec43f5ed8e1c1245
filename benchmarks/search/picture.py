"""The curves as a picture: against epochs, and against seconds."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from analysis.plots import style
from benchmarks.search import curves, tables
from benchmarks.search.tables import Curves
from benchmarks.search.ways import NAMES

LINES = {
    "tpe_pruned": "-",
    "tpe": (0, (5, 1.5)),
    "random_pruned": "-",
    "random": (0, (5, 1.5)),
    "optuna": (0, (1, 1)),
    "halving": (0, (4, 1, 1, 1)),
}
COLORS = {  # a color a sampler, or a library; which of a pair is pruned, the line says
    "tpe_pruned": 0,
    "tpe": 0,
    "random_pruned": 1,
    "random": 1,
    "optuna": 2,
    "halving": 4,
}
BANDS = ("tpe_pruned", "random", "optuna", "halving")


def draw(by_way: Curves, ax: Axes, work: str) -> Axes:
    """Draw each way's median over seeds, some with the band of their quartiles, and the target."""
    palette = style.colors(6)
    for way, frames in by_way.items():
        band, color = curves.band(frames, work), palette[COLORS[way]]
        began = band.median > 0
        spent, low, median, high = (numbers[began] for numbers in band)
        if way in BANDS:
            ax.fill_between(spent, low, high, step="post", color=color, alpha=0.13, lw=0)
        width = 2.4 if way == "tpe_pruned" else 1.6
        ax.step(
            *(spent, median), where="post", color=color, ls=LINES[way], lw=width, label=NAMES[way]
        )
    ax.axhline(tables.target(by_way), color="black", lw=0.9, ls=":", label="target: random's end")
    _scale(ax, by_way, work)
    return ax


def figure(by_way: Curves) -> Figure:
    """The picture with its title and legend."""
    style.use()
    picture, axes = style.panels(2, width=11, height=4.8)
    axes[1].sharey(axes[0])
    axes[1].tick_params(labelleft=False)
    for ax, work in zip(axes, curves.WORK, strict=True):
        draw(by_way, ax, work)
    axes[0].set_ylabel("held-out accuracy of the best so far (error scale)")
    handles, labels = axes[0].get_legend_handles_labels()
    picture.legend(handles, labels, loc="outside lower center", ncols=4)
    seeds = len(next(iter(by_way.values())))
    picture.suptitle(
        f"What a search has found for the work it spent: medians of {seeds} seeds, and quartiles",
        x=0.01,
        ha="left",
        size=11,
    )
    return picture


def _scale(ax: Axes, by_way: Curves, work: str) -> None:
    ends = np.concatenate([curves.final(frames) for frames in by_way.values()])
    aim = tables.target(by_way)
    style.accuracy_axis(ax, [aim - 3 * max(ends.max() - aim, 0.01), float(ends.max())])
    ax.set_xscale("log")
    spent = [curves.band(frames, work).work[-1] for frames in by_way.values()]
    ax.set_xlim(max(spent) / 60, max(spent) * 1.05)
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    ax.set_xlabel(f"{curves.WORK[work]} (log scale)")
    ax.grid(axis="both", color="0.92")
