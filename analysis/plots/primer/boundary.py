"""What a network makes of the plane: its output in shades, its boundary, the examples."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray
from pandas import DataFrame

from analysis import words
from analysis.plots import style

MARKERS = ("o", "^")
MARGIN = 0.2  # around the examples, of their range
FEW = 20  # examples up to which a count says more than a share

WHITE = (1.0, 1.0, 1.0)

Outputs: TypeAlias = Callable[[NDArray[np.float64]], NDArray[Any]]
Color: TypeAlias = tuple[float, float, float]


def table(
    X: NDArray[np.float64],
    labels: NDArray[Any],
    outputs: Outputs,
    *,
    level: float = 0.5,
    points: int = 150,
) -> DataFrame:
    """One row an example and one a point of an even grid around: `x1`, `x2`, `output`, `label`.

    X is (n, 2), labels (n,) are 0 and 1, `label` is missing on the grid. `outputs` takes (k, 2)
    and returns k numbers; where they are above `level`, or on it, they say class 1.
    """
    low, high = X.min(axis=0), X.max(axis=0)
    room = MARGIN * (high - low)
    sides = [np.linspace(low[i] - room[i], high[i] + room[i], points) for i in (0, 1)]
    grid = np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2)
    at = np.concatenate([X, grid])
    frame = DataFrame(at, columns=["x1", "x2"])
    frame["output"] = np.asarray(outputs(at)).reshape(-1)
    frame["label"] = np.concatenate([labels, np.full(len(grid), np.nan)])
    frame.attrs["level"] = level
    return frame


def draw(frame: DataFrame, ax: Axes, *, shades: int = 20) -> Axes:
    """Draw a `table`: shades within 1/2 of the level, the boundary, wrong examples ringed."""
    level, (zero, one) = frame.attrs["level"], style.colors(2)
    plane = frame[frame["label"].isna()].pivot(index="x2", columns="x1", values="output")
    x, y, field = plane.columns, plane.index, plane.to_numpy()
    ax.contourf(
        *(x, y, field.clip(level - 0.5, level + 0.5)),
        levels=np.linspace(level - 0.5, level + 0.5, shades + 1),
        cmap=LinearSegmentedColormap.from_list("classes", [_pale(zero), WHITE, _pale(one)]),
    )
    if field.min() < level <= field.max():
        ax.contour(x, y, field, levels=[level], colors="black", linewidths=1.2)
    _draw_examples(frame, ax)
    ax.set(xlabel="$x_1$", ylabel="$x_2$", title=title(frame), aspect="equal")
    return ax


def grid(frames: Mapping[str, DataFrame], columns: int, *, shades: int = 20) -> Figure:
    """One panel a `table`, named and in order, up to `columns` in a row, with one legend."""
    columns = min(columns, len(frames))
    rows = -(-len(frames) // columns)
    shapes = [_shape(frame) for frame in frames.values()]
    heights = [2.3 * max(shapes[i * columns : (i + 1) * columns]) + 0.7 for i in range(rows)]
    figure, axes = style.panels(
        columns, rows, width=2.7 * columns, height=sum(heights) + 0.4, heights=heights
    )
    for ax, (name, frame) in zip(axes, frames.items(), strict=False):
        draw(frame, ax, shades=shades)
        ax.set_title(f"{name}\n{title(frame)}", size=9)
        ax.set(xlabel="", ylabel="")
        ax.tick_params(labelsize=8)
        ax.locator_params(nbins=4)
    for ax in axes[len(frames) :]:
        ax.set_axis_off()
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, markerscale=1.2)
    return figure


def wrong_examples(frame: DataFrame) -> NDArray[np.bool_]:
    """Which examples of a `table` the boundary puts on the wrong side."""
    examples = frame[frame["label"].notna()]
    above = examples["output"] >= frame.attrs["level"]
    return np.asarray(above != (examples["label"] == 1))


def title(frame: DataFrame) -> str:
    """How many examples are on the right side."""
    wrong = wrong_examples(frame)
    if len(wrong) <= FEW:
        return f"{(~wrong).sum()} of {len(wrong)} right"
    return f"{words.percent(float((~wrong).mean()))} of {len(wrong)} right"


def _draw_examples(frame: DataFrame, ax: Axes) -> None:
    """Draw the examples of a `table`, a marker a class, larger where there are few."""
    wrong, examples = wrong_examples(frame), frame[frame["label"].notna()]
    few = len(examples) <= FEW
    for label, color in enumerate(style.colors(2)):
        for ringed in (False, True):
            rows = examples[(examples["label"] == label) & (wrong == ringed)]
            ax.scatter(
                *(rows["x1"], rows["x2"], 90 if few else 14),
                color=[color],
                marker=MARKERS[label],
                edgecolor="black" if ringed else "white",
                linewidth=(1.5 if few else 0.9) if ringed else 0.3,
                label=f"class {label}{', taken for the other' if ringed else ''}",
                zorder=3,
            )


def _shape(frame: DataFrame) -> float:
    """How much higher a picture of a `table` is than wide."""
    return float(np.ptp(frame["x2"]) / np.ptp(frame["x1"]))


def _pale(color: Color) -> Color:
    """The color mixed with white: a fill without transparency has no seams."""
    red, green, blue = (0.45 + 0.55 * part for part in color)
    return red, green, blue
