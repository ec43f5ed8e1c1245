"""What all pictures share: theme, colors, scales, and how they are saved."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import FuncNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from numpy.typing import NDArray
from pandas import DataFrame, Series

DPI = 150
MAP = "viridis"  # perceptually even, readable without red or green
MUTED = "0.6"
FLOOR = 5e-4  # errors far below this look alike; keeps an accuracy of one on the scale
TICKS = (0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
MORE_TICKS = (*TICKS, 0.2, 0.4, 0.6, 0.75, 0.85, 0.92, 0.93, 0.94, 0.96, 0.97)
ENOUGH_TICKS = 4
GOLDEN = (5**0.5 - 1) / 2
MARKERS = {"finished": "o", "pruned": "x", "diverged": "v"}  # by how a trial ended


class NothingToDrawError(Exception):
    """A picture has no data: the reason, for people."""


def use() -> None:
    """Set the theme for every picture drawn from now on, whatever the user's own settings."""
    mpl.rcdefaults()
    sns.set_theme(style="ticks", context="notebook", font="DejaVu Sans", font_scale=0.85)
    mpl.rcParams.update(
        {
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlelocation": "left",
            "axes.titlesize": 11,
            "figure.dpi": 100,
            "legend.edgecolor": "none",
            "legend.framealpha": 0.85,
            "savefig.dpi": DPI,
        }
    )


def colors(n: int) -> list[tuple[float, float, float]]:
    """`n` colors that stay apart for color-blind readers."""
    return [tuple(color) for color in sns.color_palette("colorblind", n)]


def single(width: float = 7.0, height: float = 4.5) -> tuple[Figure, Axes]:
    """A figure with one panel; sizes in inches."""
    figure, axes = panels(1, width=width, height=height)
    return figure, axes[0]


def panels(
    columns: int,
    rows: int = 1,
    *,
    width: float,
    height: float,
    widths: Sequence[float] | None = None,
    heights: Sequence[float] | None = None,
) -> tuple[Figure, list[Axes]]:
    """A figure with rows x columns panels, row by row, alike or in these proportions."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(
        rows, columns, squeeze=False, width_ratios=widths, height_ratios=heights
    )
    return figure, list(axes.ravel())


def save(figure: Figure, path: Path) -> None:
    """Write a PNG whose bytes depend on the drawn data alone."""
    figure.savefig(path, dpi=DPI, metadata={"Software": None})


def plain(text: str) -> str:
    """The text with every $ as such: a class may be called so, and no formula is meant."""
    return text.replace("$", r"\$")


def spread(numbers: "Series[int]") -> "Series[float]":
    """An offset from -1/2 to 1/2 for each trial number, evenly spread however many there are."""
    return (numbers * GOLDEN) % 1 - 0.5


def whiskers(frame: DataFrame, value: str) -> "list[Series[float]]":
    """The lengths below and above `value` of the interval in `low` and `high`."""
    below, above = frame[value] - frame["low"], frame["high"] - frame[value]
    return [below.clip(lower=0), above.clip(lower=0)]


def error_scale(accuracy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spread accuracies near one: -log10(1 - accuracy + FLOOR), so errors halve evenly."""
    return -np.log10(np.maximum(1 + FLOOR - np.asarray(accuracy), FLOOR / 10))


def accuracy_of(scaled: NDArray[np.float64]) -> NDArray[np.float64]:
    """Undo `error_scale`."""
    return 1 + FLOOR - 10.0 ** -np.asarray(scaled)


def accuracy_norm(accuracies: Iterable[float]) -> FuncNorm:
    """One color scale for all of `accuracies`, spread near one."""
    finite = [a for a in accuracies if np.isfinite(a)]
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    if high - low < 0.01:
        low, high = max(low - 0.01, 0.0), min(high + 0.01, 1.0)
    return FuncNorm((error_scale, accuracy_of), vmin=low, vmax=high)


def accuracy_axis(ax: Axes, accuracies: Sequence[float], which: Literal["x", "y"] = "y") -> None:
    """Give an axis the error scale, a little room around `accuracies`, ticks in per cent."""
    low, high = limits(accuracies)
    axis = ax.yaxis if which == "y" else ax.xaxis
    set_scale = ax.set_yscale if which == "y" else ax.set_xscale
    set_scale("function", functions=(error_scale, accuracy_of))
    axis.set_major_locator(FixedLocator(ticks(low, high)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(percent())
    ax.set(**{f"{which}lim": (low, high)})


def log_axis(ax: Axes) -> None:
    """Give the x axis a logarithm, with plain numbers at 1, 2 and 5 of each decade, or at 1."""
    ax.set_xscale("log")
    low, high = ax.get_xlim()
    ax.xaxis.set_major_locator(FixedLocator(log_ticks(low, high)))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.9g}"))
    ax.set_xlim(low, high)


def log_ticks(low: float, high: float) -> list[float]:
    """Round numbers of a range on a logarithm: decades, and 2 and 5 of each in a narrow one."""
    powers = range(int(np.floor(np.log10(low))), int(np.floor(np.log10(high))) + 1)
    steps = (1, 2, 5) if high / low < 2_000 else (1,)
    every = [float(f"{step}e{power}") for power in powers for step in steps]
    return [tick for tick in every if low <= tick <= high] or [low, high]


def limits(accuracies: Sequence[float]) -> tuple[float, float]:
    """The range of finite accuracies with a margin of a twentieth on the error scale."""
    finite = np.array([a for a in accuracies if np.isfinite(a)] or [0.1, 0.9])
    least, low, high = error_scale(np.array([0.0, finite.min(), finite.max()]))
    room = max((high - low) / 20, 0.01)
    low, high = accuracy_of(np.array([max(low - room, least), high + room]))
    return float(low), float(high)


def ticks(low: float, high: float) -> list[float]:
    """Round accuracies in a range, as few as will do; even steps in a narrow one."""
    for known in (TICKS, MORE_TICKS):
        inside = sorted(tick for tick in known if low <= tick <= high)
        if len(inside) >= ENOUGH_TICKS:
            return inside
    step = next(s for s in (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2) if high - low < 6 * s)
    return [float(t) for t in np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step]


def percent() -> FuncFormatter:
    """Ticks such as 95 %, with the decimals they need."""
    return FuncFormatter(lambda value, _: f"{round(100 * value, 2):g} %")
