"""Paths of optimizers over a surface of two parameters, and how fast they come down."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from numpy.typing import NDArray
from pandas import DataFrame, concat

from analysis.plots import style

Value: TypeAlias = Callable[[NDArray[np.float64]], NDArray[Any]]
Window: TypeAlias = tuple[tuple[float, float], tuple[float, float]]

FLOOR = 1e-12  # losses below it are drawn as it
CONTOURS = 18
STYLES = ("-", "--", "-.", (0, (2, 1)))


def table(paths: Mapping[str, NDArray[np.float64]], value: Value) -> DataFrame:
    """One row an optimizer and step: `optimizer`, `step`, `x`, `y` and the `loss` there.

    Each path is (steps + 1, 2), from the start on; `value` takes (n, 2) and returns (n,).
    """
    rows = [
        DataFrame(
            {"optimizer": name, "step": range(len(path)), "x": path[:, 0], "y": path[:, 1]}
        ).assign(loss=value(path))
        for name, path in paths.items()
    ]
    return concat(rows, ignore_index=True)


def draw(frame: DataFrame, ax: Axes, *, value: Value, window: Window) -> Axes:
    """Draw a `table` over the surface's contours within `window`, ((x, x), (y, y))."""
    x, y = (np.linspace(*side, 240) for side in window)
    height = np.asarray(value(np.stack(np.meshgrid(x, y), axis=-1)))
    levels = np.geomspace(
        max(height.max() / 1e5, height[height > 0].min()), height.max(), CONTOURS
    )
    ax.contourf(
        *(x, y, height.clip(levels[0])), levels=levels, norm=LogNorm(), cmap="Greys", alpha=0.25
    )
    ax.contour(x, y, height, levels=levels, colors="0.6", linewidths=0.4)
    for name, color, dash in _looks(frame):
        rows = frame[frame["optimizer"] == name]
        ax.plot(rows["x"], rows["y"], ls=dash, color=color, lw=1.6, label=name)
        last = rows.iloc[-1]
        ax.plot(last["x"], last["y"], "s", color=color, mec="black", ms=7, zorder=4)
    first = frame.iloc[0]
    ax.plot(first["x"], first["y"], "o", color="white", mec="black", ms=8, zorder=5)
    ax.set(xlim=window[0], ylim=window[1], xlabel="first parameter", ylabel="second parameter")
    return ax


def draw_losses(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table` as loss against step, on a logarithm."""
    for name, color, dash in _looks(frame):
        rows = frame[frame["optimizer"] == name]
        ax.plot(rows["step"], rows["loss"].clip(lower=FLOOR), ls=dash, color=color, label=name)
    ax.set_yscale("log")
    ax.set(xlabel="step", ylabel="loss above the minimum (log scale)")
    return ax


def _looks(frame: DataFrame) -> list[tuple[str, tuple[float, float, float], Any]]:
    """Each optimizer's name, color and dashes."""
    names = list(frame["optimizer"].unique())
    dashes = [STYLES[i % len(STYLES)] for i in range(len(names))]
    return list(zip(names, style.colors(len(names)), dashes, strict=True))
