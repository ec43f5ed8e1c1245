"""Two searched parameters against each other: color is the best accuracy in each cell."""

from collections.abc import Mapping
from typing import Any

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import FuncNorm
from pandas import DataFrame

from analysis import words
from analysis.load import Study
from analysis.plots import bins, style

LETTERS = 25  # longer tick labels are turned


def table(study: Study, x: str, y: str, *, fixed: Mapping[str, Any] | None = None) -> DataFrame:
    """One row a cell: columns x, y, `val_accuracy` (best in the cell), `mean`, `trials`.

    Numbers with many values fall into bins, even on a logarithm where the search was. Cells
    without a trial have no accuracy. `fixed` keeps only the trials with these values. A pruned
    trial counts with the accuracy it had reached.
    """
    trials = study.trials
    for name, value in (fixed or {}).items():
        trials = trials[trials[name] == value]
    cells = DataFrame(
        {name: bins.cells(trials[name], study.space[name]) for name in (x, y)}
        | {"val_accuracy": trials["val_accuracy"]}
    )
    grouped = cells.groupby([x, y], observed=False)["val_accuracy"]
    frame = grouped.agg(val_accuracy="max", mean="mean", trials="count").reset_index()
    frame.attrs["study"] = study.key
    return frame


def draw(frame: DataFrame, ax: Axes, *, norm: FuncNorm | None = None, bar: bool = True) -> Axes:
    """Draw a `table`: in each cell the best in per cent, the mean in brackets, and trials."""
    x, y = frame.columns[:2]
    accuracy = _square(frame, y, x, "val_accuracy")
    text = _square(frame.assign(text=_texts(frame)), y, x, "text")
    scale = norm or style.accuracy_norm(frame["val_accuracy"])
    sns.heatmap(
        accuracy.to_numpy(),
        annot=text.to_numpy(),
        fmt="",
        annot_kws={"size": 7.5},
        norm=scale,
        vmin=scale.vmin,  # or seaborn looks for the least of cells that may all be empty
        vmax=scale.vmax,
        cmap=style.MAP,
        linewidths=0.5,
        cbar=bar,
        cbar_kws={
            "label": "best validation accuracy in the cell (mean in brackets)",
            "format": style.percent(),
        }
        | {"ticks": style.ticks(float(scale.vmin or 0), float(scale.vmax or 1))},
        xticklabels=list(accuracy.columns),
        yticklabels=list(accuracy.index),
        ax=ax,
    )
    ax.invert_yaxis()
    ax.set(xlabel=words.name(str(x)), ylabel=words.name(str(y)), title=title(frame))
    ax.tick_params(axis="y", rotation=0, length=0)
    long = sum(len(str(label)) for label in accuracy.columns) > LETTERS
    ax.tick_params(axis="x", rotation=90 if long else 0, length=0)
    return ax


def title(frame: DataFrame) -> str:
    """The best cell in words."""
    if frame["val_accuracy"].isna().all():
        return "No trial yet"
    x, y = map(str, frame.columns[:2])
    best = frame.iloc[int(frame["val_accuracy"].argmax())]
    where = f"{words.name(x)} {best[x]}, {words.name(y)} {best[y]}"
    n, key = frame["trials"].sum(), frame.attrs.get("study", "")
    return f"Study {key} (n = {n}): best {words.percent(best['val_accuracy'])} at {where}"


def _texts(frame: DataFrame) -> list[str]:
    """What stands in each cell: best, mean of several, number of trials; nothing without any."""
    several = [
        f"\n({100 * m:.1f})" if n > 1 else ""
        for m, n in zip(frame["mean"], frame["trials"], strict=True)
    ]
    cells = zip(frame["val_accuracy"], several, frame["trials"], strict=True)
    return [f"{100 * best:.1f}{mean}\nn {n}" if n else "" for best, mean, n in cells]


def _square(frame: DataFrame, rows: str, columns: str, values: str) -> DataFrame:
    return frame.pivot(index=rows, columns=columns, values=values)
