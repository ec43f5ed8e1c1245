"""All trials of a search as lines across the searched parameters to the accuracy they reached."""

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import FuncNorm
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from pandas import DataFrame, Series

from analysis import words
from analysis.load import Study
from analysis.plots import bins, style

BEST = 3
NOT_ASKED = -0.12  # where a line passes a parameter that its trial does not have
SPREAD = 0.05  # of lines that meet at one category
DASHES = {"diverged": "--", "pruned": ":", "finished": "-"}

Ticks = list[tuple[float, str]]


def table(study: Study) -> DataFrame:
    """One row a trial: its height, 0 to 1, on the axis of each parameter and of `accuracy`.

    Beside them `stop_reason`, `val_accuracy` and `place`, which ranks finished trials from 1;
    heights are missing where a trial lacks the parameter. `attrs["ticks"]` are the axes' ticks.
    """
    if not study.space:
        raise style.NothingToDrawError("no parameter was searched")
    trials = study.trials
    reached = trials["val_accuracy"].where(trials["stop_reason"] != "diverged", study.chance)
    finished = reached.where(trials["stop_reason"] == "finished")
    places = finished.rank(ascending=False, method="first").fillna(0).astype(int)
    frame = trials[["stop_reason"]].assign(val_accuracy=reached, place=places)
    ticks: dict[str, Ticks] = {}
    for name, range_ in study.space.items():
        frame[name], ticks[name] = _parameter(trials[name], range_, trials["number"])
    frame["accuracy"], ticks["accuracy"] = _accuracy(reached)
    frame.attrs |= {"study": study.key, "ticks": ticks}
    return frame


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: lines colored by accuracy, the best few on top, diverged ones dashed."""
    ticks: dict[str, Ticks] = frame.attrs["ticks"]
    best = frame["place"].between(1, BEST)
    norm = style.accuracy_norm(frame["val_accuracy"])
    for reason, dashes in DASHES.items():
        rows = frame[(frame["stop_reason"] == reason) & ~best]
        if len(rows):
            label = f"{reason} (n = {len(rows)})"
            _lines(rows, ax, norm, label, gid=reason, linestyles=dashes, lw=1.0, alpha=0.8)
    if best.any():
        outline = [withStroke(linewidth=4.5, foreground="0.15")]
        _lines(frame[best], ax, norm, f"best {best.sum()}", gid="best", lw=3, path_effects=outline)
    lacking = bool(frame[list(ticks)].isna().any(axis=None))
    _axes(ticks, ax, lacking=lacking)
    ax.set(title=title(frame))
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=4)
    return ax


def title(frame: DataFrame) -> str:
    """What the best few reach."""
    best = frame.loc[frame["place"].between(1, BEST), "val_accuracy"]
    key, n = frame.attrs["study"], len(frame)
    if best.empty:
        return f"Study {key}: none of {n} trials finished"
    low, high = words.percent(best.min()), words.percent(best.max())
    reached = high if low == high else f"{low.removesuffix(' %')} to {high}"
    return f"Study {key}: the best {len(best)} of {n} trials reach {reached} on validation images"


def _lines(rows: DataFrame, ax: Axes, norm: FuncNorm, label: str, **look: Any) -> None:
    """A line a trial, the highest accuracy on top."""
    rows = rows.sort_values("val_accuracy", kind="stable")
    heights = rows[list(rows.attrs["ticks"])].fillna(NOT_ASKED).to_numpy()
    lines = [np.column_stack((range(heights.shape[1]), line)) for line in heights]
    colors = mpl.colormaps[style.MAP](norm(rows["val_accuracy"].to_numpy()))
    ax.add_collection(LineCollection(lines, colors=colors, label=label, **look))


def _parameter(
    values: "Series[Any]", range_: Mapping[str, Any], numbers: "Series[int]"
) -> tuple["Series[float]", Ticks]:
    """Heights on one parameter's axis, and its ticks."""
    if "choices" in range_:
        of = bins.categories(values, range_["choices"])
        labels = list(of.cat.categories)
        last = max(len(labels) - 1, 1)
        spread = SPREAD * style.spread(numbers)
        heights = (of.cat.codes / last + spread).where(values.notna())
        return heights, [(i / last, label) for i, label in enumerate(labels)]
    low, high, log = float(range_["low"]), float(range_["high"]), bool(range_.get("log"))
    even = MaxNLocator(5, integer=range_["type"] == "int")
    at = style.log_ticks(low, high) if log else even.tick_values(low, high)
    shown = [tick for tick in at if low <= tick <= high]
    scaled = np.array([low, high, *shown, *values.astype(float)])
    scaled = np.log(scaled) if log else scaled
    heights = (scaled[2:] - scaled[0]) / ((scaled[1] - scaled[0]) or 1.0)
    return _split(heights, [f"{tick:,.9g}" for tick in shown], values)


def _accuracy(reached: "Series[float]") -> tuple["Series[float]", Ticks]:
    """Heights on the axis of accuracies, which has the error scale, and its ticks."""
    limits = style.limits(list(reached))
    shown = style.ticks(*limits)
    scaled = style.error_scale(np.array([*limits, *shown, *reached], dtype=np.float64))
    heights = (scaled[2:] - scaled[0]) / (scaled[1] - scaled[0])
    return _split(heights, [style.percent()(tick) for tick in shown], reached)


def _split(
    heights: NDArray[np.float64], labels: list[str], values: "Series[Any]"
) -> tuple["Series[float]", Ticks]:
    """Take the heights of ticks and of values apart."""
    ticks = [(float(height), label) for height, label in zip(heights, labels, strict=False)]
    return Series(heights[len(labels) :], index=values.index), ticks


def _axes(ticks: Mapping[str, Ticks], ax: Axes, *, lacking: bool) -> None:
    """Upright axes, each with its own ticks, named below."""
    for x, marks in enumerate(ticks.values()):
        ax.plot([x, x], [0, 1], color="0.2", lw=1.2, zorder=3)
        for height, label in marks:
            ax.annotate(
                label,
                (x, height),
                xytext=(-5, 0),
                textcoords="offset points",
                ha="right",
                va="center",
                size=8,
                zorder=4,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.8},
            )
            ax.plot([x - 0.02, x], [height, height], color="0.2", lw=1.2, zorder=3)
    names = ["validation accuracy" if n == "accuracy" else words.name(n) for n in ticks]
    ax.set_xticks(range(len(names)), names)
    ax.set_yticks([NOT_ASKED] if lacking else [], ["not asked for"] if lacking else [])
    ax.set(xlim=(-0.45, len(names) - 0.9), ylim=(NOT_ASKED - 0.04 if lacking else -0.05, 1.05))
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
