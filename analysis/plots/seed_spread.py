"""Configurations trained again: how far seeds scatter, and what the search's score promised."""

from collections.abc import Hashable, Mapping

import pandas as pd
from matplotlib.axes import Axes
from pandas import DataFrame

from analysis import words
from analysis.iterations import scores
from analysis.load import Study
from analysis.plots import style
from analysis.statistics import mean_accuracy

ROLES = {"search": "best of the search", "baseline": "best of the baseline", "pruned": "pruned"}
APART = 0.22  # of a strip between the mean and what stands beside it


def table(confirm: Study) -> DataFrame:
    """One row a candidate and seed: `name`, `role`, `seed`, `val_accuracy`, whether it `diverged`.

    Each has its candidate's `mean` with `low` and `high`, and `promised`, which is what the
    search saw. The best mean comes first; a seed that diverged counts as guessing.
    """
    parts = [
        _candidate(confirm, about)
        for about in confirm.about["candidates"]
        if (confirm.trials["variant"] == about["variant"]).any()
    ]
    if not parts:
        raise style.NothingToDrawError("no configuration was trained again")
    every = pd.concat(parts, ignore_index=True)
    return every.sort_values("mean", ascending=False, kind="stable", ignore_index=True)


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: a strip a candidate, a dot a seed, mean with interval, score promised."""
    each = frame.drop_duplicates("name").reset_index(drop=True)
    for role, color in zip(ROLES, style.colors(len(ROLES)), strict=True):
        of = each[each["role"] == role]
        if len(of):
            ax.errorbar(
                *(of["mean"], of.index),
                xerr=style.whiskers(of, "mean"),
                fmt="o",
                color=color,
                capsize=3,
                label=f"{ROLES[role]}: mean, 95 % interval",
            )
            ax.plot(of["promised"], of.index - APART, "D", color=color, mfc="none", gid="promised")
    _seeds(frame, ax, {name: row for row, name in each["name"].items()})
    ax.plot([], [], "D", color="0.3", mfc="none", label="what the search saw")
    every = [*frame["val_accuracy"], *each["low"], *each["high"], *each["promised"]]
    style.accuracy_axis(ax, every, which="x")
    ax.set_yticks(each.index, each["name"])
    ax.set(ylim=(len(each) - 0.5, -0.5), title=title(frame))
    ax.set(xlabel="validation accuracy (error scale)")
    ax.grid(axis="x", color="0.92")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)
    return ax


def _seeds(frame: DataFrame, ax: Axes, rows: Mapping[str, Hashable]) -> None:
    """A dot for each seed below its candidate's mean, another mark for one that diverged."""
    for diverged, marker, label in ((False, "o", "one seed"), (True, "v", "diverged (at chance)")):
        of = frame[frame["diverged"] == diverged]
        if len(of):
            places = of["name"].map(rows).astype(int) + APART
            ax.plot(of["val_accuracy"], places, marker, color=style.MUTED, ms=4, label=label)


def title(frame: DataFrame) -> str:
    """How much the search's scores flattered what it found."""
    each = frame.drop_duplicates("name")
    finished = each[each["role"] != "pruned"]
    seeds = frame.groupby("name")["seed"].count().max()
    if finished.empty:
        return f"{_counted(len(each))}, pruned before, to the end over {seeds} fresh seeds"
    lost = (finished["mean"] - finished["promised"]).mean()
    told = f"{words.points(lost)} points against what the search saw"
    return f"{_counted(len(finished))} over {seeds} fresh seeds: {told}"


def _counted(configurations: int) -> str:
    return f"{configurations} configuration{'s' if configurations > 1 else ''}"


def _candidate(confirm: Study, about: dict[str, str]) -> DataFrame:
    """One candidate's rows."""
    trials = confirm.trials[confirm.trials["variant"] == about["variant"]]
    reached = scores(confirm, trials)
    low, high = mean_accuracy(reached)
    return DataFrame({"seed": trials["seed"], "val_accuracy": reached.mean(axis=1)}).assign(
        diverged=trials["feasible"] == 0,
        name=f"{about['study']}, trial {about['number']}",
        role=about["role"],
        mean=float(reached.mean()),
        low=low,
        high=high,
        promised=float(about["val_accuracy"]),
    )
