"""Configurations trained again: how far seeds scatter, and what the search's score promised."""

from collections.abc import Hashable, Mapping

import pandas as pd
from matplotlib.axes import Axes
from pandas import DataFrame, Series

from analysis import words
from analysis.iterations import scores
from analysis.load import Study
from analysis.plots import style
from analysis.statistics import mean_accuracy

ROLES = {"search": "best of the search", "baseline": "best of the baseline", "pruned": "pruned"}
APART = 0.22  # of a strip between the mean and what stands beside it
STACKED = 0.12  # of a strip between equal seeds, less where there are many
DEEPEST = 0.46  # of a strip below the mean


def table(confirm: Study) -> DataFrame:
    """One row a candidate and seed: `name`, `role`, `seed`, `val_accuracy`, whether it `diverged`.

    Each has its candidate's `mean` with `low` and `high`, and `promised`, its score in its
    study. The best mean comes first; a seed that diverged counts as guessing.
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
    ax.plot([], [], "D", color="0.3", mfc="none", label="its score in its study")
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
    places = frame["name"].map(rows).astype(int) + APART + _stacked(frame)
    for diverged, marker, label in ((False, "o", "one seed"), (True, "v", "diverged (at chance)")):
        of = frame[frame["diverged"] == diverged]
        if len(of):
            at = places[of.index]
            ax.plot(of["val_accuracy"], at, marker, color=style.MUTED, ms=4, label=label)


def _stacked(frame: DataFrame) -> "Series[float]":
    """How far each seed stands below the first with the same accuracy, so that none is hidden."""
    alike = frame.groupby(["name", frame["val_accuracy"].round(9)])["seed"]
    gaps = (alike.transform("size") - 1).clip(lower=1)
    return alike.cumcount() * ((DEEPEST - APART) / gaps).clip(upper=STACKED)


def title(frame: DataFrame) -> str:
    """How many were trained again, and how much the scores of finished trials flattered them."""
    each = frame.drop_duplicates("name")
    finished = each[each["role"] != "pruned"]
    seeds = words.seeds(frame.groupby("name")["seed"].count().max()).replace(" ", " fresh ")
    every = f"{len(each)} configuration{'s' if len(each) > 1 else ''}"
    if finished.empty:
        return f"{every}, pruned before, trained to the end over {seeds}"
    lost = words.points((finished["mean"] - finished["promised"]).mean())
    told = f"{lost} points against " + (
        "their scores in their studies" if len(finished) > 1 else "its score in its study"
    )
    if len(finished) == len(each):
        return f"{every} over {seeds}:\n{told}"
    who = f"the {len(finished)} that" if len(finished) > 1 else "the one that"
    return f"{every} over {seeds};\n{who} had not been pruned: {told}"


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
