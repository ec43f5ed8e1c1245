"""How the temperature of a softmax moves its probabilities from certainty to indifference."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from pandas import DataFrame

from analysis.plots import style


def table(
    logits: Sequence[float], temperatures: NDArray[np.float64], probabilities: NDArray[Any]
) -> DataFrame:
    """One row a temperature (t,) and logit (k,): with the `probability` out of (t, k)."""
    wide = DataFrame(probabilities, columns=list(logits), index=temperatures)
    frame = wide.rename_axis("temperature").reset_index()
    return frame.melt("temperature", var_name="logit", value_name="probability")


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: a line for each logit, what equal shares would be dashed."""
    logits = frame["logit"].unique()
    for logit, color in zip(logits, style.colors(len(logits)), strict=True):
        rows = frame[frame["logit"] == logit]
        ax.plot(
            rows["temperature"], rows["probability"], color=color, lw=2, label=f"z = {logit:g}"
        )
    ax.axhline(1 / len(logits), color=style.MUTED, lw=1, ls="--", label="equal shares")
    ax.axvline(1, color=style.MUTED, lw=0.8)
    style.log_axis(ax)
    ax.yaxis.set_major_formatter(style.percent())
    ax.set(xlabel="temperature T", ylabel="probability", ylim=(-0.02, 1.02))
    ax.set(title="Cold: the largest takes all. Hot: all alike. T = 1 is the plain softmax")
    ax.legend()
    return ax
