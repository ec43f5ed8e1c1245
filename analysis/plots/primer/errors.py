"""How far an analytic gradient is from central differences."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from pandas import DataFrame

from analysis.plots import style
from analysis.plots.primer.activation import called


def draw(frame: DataFrame, ax: Axes, *, tolerance: float) -> Axes:
    """Draw relative errors, a row of dots for each `activation`, one dot a network and array.

    `frame` has a row a network, its `activation`, and a column of errors for each array.
    """
    arrays = frame.select_dtypes("number")
    names, color = list(frame["activation"].unique()), style.colors(1)[0]
    for at, name in enumerate(names):
        errors = arrays[frame["activation"] == name].to_numpy().ravel()
        shift = 0.3 * style.spread(DataFrame({"number": range(len(errors))})["number"])
        ax.plot(errors, at + shift, "o", color=color, alpha=0.6, ms=4)
    ax.axvline(tolerance, color="black", lw=1, ls="--")
    ax.annotate(
        f"tolerance {tolerance:.0e}", (tolerance, 1), xycoords=("data", "axes fraction"),
        xytext=(-4, -4), textcoords="offset points", ha="right", va="top", size=8,
    )  # fmt: skip
    ax.set_xscale("log")
    ax.set_yticks(range(len(names)), [called(name) for name in names])
    ax.invert_yaxis()
    worst = np.nanmax(arrays.to_numpy())
    ax.set(xlabel="relative error (log scale)", ylabel="hidden activation")
    ax.set(title=f"{arrays.count().sum()} arrays of {len(frame)} networks: worst {worst:.1e}")
    return ax


def draw_steps(
    steps: Sequence[float], errors: Sequence[float], ax: Axes, *, chosen: float
) -> Axes:
    """Draw the error of a central difference against its step h, with the two slopes it has."""
    h, found = np.asarray(steps), np.asarray(errors)
    ax.loglog(h, found, "o-", color=style.colors(1)[0], ms=4, label="measured")
    best = int(found.argmin())
    for power, color, name in ((2, "black", "~ h² (truncation)"), (-1, "0.5", "~ 1/h (rounding)")):
        side = h >= h[best] if power > 0 else h <= h[best]
        at = (best + len(h)) // 2 if power > 0 else best // 2  # halfway up that side
        anchor = found[at] / h[at] ** power
        ax.plot(h[side], anchor * h[side] ** power, color=color, lw=1, ls="--", label=name)
    ax.axvline(chosen, color=style.MUTED, lw=1, ls=":", label=f"the check's h = {chosen:.0e}")
    ax.set(xlabel="step h of the central difference", ylabel="relative error")
    ax.set(title=f"Smallest error {found[best]:.0e} at h = {h[best]:.0e}")
    ax.legend()
    return ax
