"""Two searched parameters against each other: color is the best accuracy in each cell."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import FuncNorm
from pandas import DataFrame, Series

from analysis import words
from analysis.load import Study
from analysis.plots import style

LETTERS = 25  # longer tick labels are turned
FEW = 8  # up to this many distinct values stand for themselves; more are binned


def table(study: Study, x: str, y: str, *, fixed: Mapping[str, Any] | None = None) -> DataFrame:
    """One row a cell: columns x, y, `val_accuracy` (best in the cell), `trials`.

    Numbers with many values fall into bins, even on a logarithm where the search was. Cells
    without a trial have no accuracy. `fixed` keeps only the trials with these values. A pruned
    trial counts with the accuracy it had reached.
    """
    trials = study.trials
    for name, value in (fixed or {}).items():
        trials = trials[trials[name] == value]
    cells = DataFrame(
        {name: _cells(trials[name], study.space[name]) for name in (x, y)}
        | {"val_accuracy": trials["val_accuracy"]}
    )
    grouped = cells.groupby([x, y], observed=False)["val_accuracy"]
    frame = grouped.agg(val_accuracy="max", trials="count").reset_index()
    frame.attrs["study"] = study.key
    return frame


def draw(frame: DataFrame, ax: Axes, *, norm: FuncNorm | None = None, bar: bool = True) -> Axes:
    """Draw a `table`: accuracy in per cent and number of trials in each cell."""
    x, y = frame.columns[:2]
    accuracy, trials = (_square(frame, y, x, name) for name in ("val_accuracy", "trials"))
    text = [
        [f"{100 * a:.1f}\nn {n:.0f}" if n else "" for a, n in zip(*row, strict=True)]
        for row in zip(accuracy.to_numpy(), trials.to_numpy(), strict=True)
    ]
    scale = norm or style.accuracy_norm(frame["val_accuracy"])
    sns.heatmap(
        accuracy.to_numpy(),
        annot=np.array(text),
        fmt="",
        annot_kws={"size": 7.5},
        norm=scale,
        vmin=scale.vmin,  # or seaborn looks for the least of cells that may all be empty
        vmax=scale.vmax,
        cmap=style.MAP,
        linewidths=0.5,
        cbar=bar,
        cbar_kws={"label": "best validation accuracy in the cell", "format": style.percent()}
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


def _square(frame: DataFrame, rows: str, columns: str, values: str) -> DataFrame:
    return frame.pivot(index=rows, columns=columns, values=values)


def _cells(values: "Series[Any]", range_: Mapping[str, Any]) -> "Series[Any]":
    """Each value's cell, an ordered category whose labels are the axis' ticks."""
    if "choices" in range_ or values.nunique() <= FEW:
        known = range_.get("choices") or sorted(values.dropna().unique())
        as_text = values.dtype == "str"  # choices that are not all numbers stand as written
        labels = [words.value(str(choice) if as_text else choice) for choice in known]
        texts = values.map(words.value, na_action="ignore")
        return Series(pd.Categorical(texts, categories=labels, ordered=True), index=values.index)
    edges = _edges(range_)
    labels = [
        f"{a:.2g}\u2013{b:.2g}" if b < 100 else f"{a:.0f}\u2013{b:.0f}" for a, b in pairwise(edges)
    ]
    return pd.cut(values, list(edges), labels=labels, include_lowest=True)


def _edges(range_: Mapping[str, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    low, high = float(range_["low"]), float(range_["high"])
    if not range_.get("log"):
        return np.linspace(low, high, 7)
    return np.geomspace(low, high, min(max(round(np.log2(high / low)), 2), 8) + 1)
