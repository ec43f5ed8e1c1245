"""An activation function and its derivative."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from pandas import DataFrame

from analysis.plots import style

NAMES = {"relu": "ReLU", "leaky_relu": "leaky ReLU", "elu": "ELU", "gelu": "GELU"}
LIMITS = (-1.3, 3.0)  # of every panel, so that curves compare; what rises above goes on


def table(name: str, z: NDArray[np.float64], a: NDArray[Any], slope: NDArray[Any]) -> DataFrame:
    """One row a point: `z`, `activation` and `derivative`, all (n,)."""
    frame = DataFrame({"z": z, "activation": a, "derivative": slope})
    frame.attrs["name"] = name
    return frame


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: the function solid, its derivative dashed, on limits that all share."""
    solid, dashed = style.colors(2)
    ax.axhline(0, color=style.MUTED, lw=0.8)
    ax.axvline(0, color=style.MUTED, lw=0.8)
    ax.plot(frame["z"], frame["activation"], color=solid, lw=2, label="f(z)")
    ax.plot(frame["z"], frame["derivative"], color=dashed, lw=1.8, ls="--", label="f'(z)")
    ax.set(ylim=LIMITS, xlabel="z", title=called(frame.attrs["name"]))
    return ax


def facts(frame: DataFrame) -> dict[str, float]:
    """What a `table` shows in numbers: the steepest slope, and that at both ends and at 0."""
    z, slope = frame["z"], frame["derivative"]
    at_zero = float(np.interp(0.0, z, slope))
    return {
        "lowest f": float(frame["activation"].min()),
        "highest f": float(frame["activation"].max()),
        "steepest f'": float(slope.abs().max()),
        f"f' at {z.iloc[0]:g}": float(slope.iloc[0]),
        "f' at 0": at_zero,
        f"f' at {z.iloc[-1]:g}": float(slope.iloc[-1]),
    }


def called(name: str) -> str:
    """An activation's name as people write it.

    >>> called("leaky_relu"), called("tanh")
    ('leaky ReLU', 'tanh')
    """
    return NAMES.get(name, name)
