"""Searches side by side: best accuracy so far against trials or against epochs spent."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from pandas import DataFrame

from analysis import words
from analysis.load import Study
from analysis.plots import style
from analysis.statistics import best_so_far

LABELS = {"trial": "trials", "spent": "epochs trained"}


def table(studies: Mapping[str, Study]) -> DataFrame:
    """One row a trial, in order, with what was `spent` and the `best` so far; trials from 1."""
    if not studies:
        raise style.NothingToDrawError("no search has been run")
    parts = [
        best_so_far(study.trials).assign(study=key, trial=study.trials["number"] + 1)
        for key, study in studies.items()
    ]
    columns = ["study", "trial", "spent", "val_accuracy", "best", "stop_reason"]
    return pd.concat(parts, ignore_index=True)[columns]


def draw(frame: DataFrame, ax: Axes, *, x: str = "trial") -> Axes:
    """Draw a `table`: a step line of the best so far, a mark for each trial by how it ended."""
    keys = list(frame["study"].unique())
    for key, color in zip(keys, style.colors(len(keys)), strict=True):
        rows = frame[frame["study"] == key]
        _marks(rows, ax, x, color)
        n = len(rows)
        ax.step(
            rows[x], rows["best"], where="post", color=color, lw=2, label=f"{key}, best (n = {n})"
        )
    for reason, marker in style.MARKERS.items():
        if (frame["stop_reason"] == reason).any():
            ax.plot([], [], marker, color=style.MUTED, ms=5, label=reason)
    style.accuracy_axis(ax, list(frame["val_accuracy"]))
    ax.set(xlabel=LABELS[x], ylabel="validation accuracy (error scale)", title=title(frame))
    return ax


def title(frame: DataFrame) -> str:
    """The best of each study and what it cost."""
    parts = []
    for key, rows in frame.groupby("study", sort=False):
        best = words.percent(rows["best"].max()) or "nothing finished"
        parts.append(f"{key} {best} after {rows['spent'].max()} epochs")
    return f"Best validation accuracy: {'; '.join(parts)}"


def _marks(rows: DataFrame, ax: Axes, x: str, color: tuple[float, float, float]) -> None:
    for reason, marker in style.MARKERS.items():
        chosen = rows[rows["stop_reason"] == reason]
        ax.plot(
            chosen[x], chosen["val_accuracy"], marker, color=color, alpha=0.45, ms=4, gid=reason
        )
