"""Accuracy against each searched parameter: every trial a mark by how it ended."""

from functools import partial
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from pandas import DataFrame

from analysis import words
from analysis.load import Study
from analysis.plots import bins, by_parameter, style

WIDTH = 0.6  # of a category's column


def figure(study: Study) -> Figure:
    """A panel for each searched parameter of a study."""
    trials = study.trials
    ended = trials["stop_reason"].value_counts()
    parts = [f"{ended[reason]} {reason}" for reason in style.MARKERS if reason in ended]
    best = trials.loc[trials["stop_reason"] == "finished", "val_accuracy"].max()
    reached = f"best {words.percent(best)} of" if best == best else "validation accuracy of"
    heading = f"Study {study.key}: {reached} {len(trials)} trials ({', '.join(parts)})"
    return by_parameter.figure(study, partial(_panel, study), heading)


def table(study: Study, name: str) -> DataFrame:
    """One row a trial that has parameter `name`: `value`, `x`, `val_accuracy`, how it ended.

    `x` is where it is drawn: a number itself, a category's column spread by trial number. A
    diverged trial stands at chance. `best` marks the best finished one.
    """
    trials = study.trials[study.trials[name].notna()]
    if trials.empty:
        raise style.NothingToDrawError(f"no trial has a {words.name(name)}")
    range_ = study.space[name]
    reached = trials["val_accuracy"].where(trials["stop_reason"] != "diverged", study.chance)
    frame = trials[["number", "stop_reason"]].assign(value=trials[name], val_accuracy=reached)
    frame.attrs |= {"name": name, "log": bool(range_.get("log")), "labels": []}
    frame.attrs["whole"] = range_["type"] == "int"
    frame["x"] = frame["value"]
    if "choices" in range_:
        of = bins.categories(trials[name], range_["choices"])
        frame["x"] = of.cat.codes + WIDTH * style.spread(trials["number"])
        frame.attrs["labels"] = list(of.cat.categories)
    finished = reached.where(trials["stop_reason"] == "finished")
    return frame.assign(best=finished.eq(finished.max()) & ~finished.duplicated())


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: marks by how trials ended, pruned ones muted, the best a star."""
    finished, lost, best = style.colors(3)
    looks: dict[str, dict[str, Any]] = {
        "pruned": {"color": style.MUTED, "alpha": 0.8},
        "finished": {"color": finished, "alpha": 0.6},
        "diverged": {"color": lost, "label": "diverged (at chance)", "clip_on": False},
    }
    for reason, look in looks.items():
        rows = frame[frame["stop_reason"] == reason]
        if len(rows):
            marker = style.MARKERS[reason]
            ax.plot(rows["x"], rows["val_accuracy"], marker, ms=4, **{"label": reason} | look)
    star = frame[frame["best"]]
    if len(star):
        ax.plot(
            *(star["x"], star["val_accuracy"], "*"),
            color=best,
            mec="black",
            mew=0.6,
            ms=13,
            label="best",
        )
    style.accuracy_axis(ax, list(frame["val_accuracy"]))
    labels = frame.attrs["labels"]
    if labels:
        ax.set_xticks(range(len(labels)), labels)
        ax.set_xlim(-0.5, len(labels) - 0.5)
    elif frame.attrs["log"]:
        style.log_axis(ax)
    else:
        ax.xaxis.set_major_locator(MaxNLocator(6, integer=frame.attrs["whole"]))
    ax.set(xlabel=words.name(frame.attrs["name"]), ylabel="validation accuracy (error scale)")
    ax.set_title(title(frame))
    return ax


def title(frame: DataFrame) -> str:
    """Where the best trial lies."""
    best, n = frame[frame["best"]], len(frame)
    where = f"best at {words.value(best['value'].iloc[0])}" if len(best) else "none finished"
    return f"{where} (n = {n})"


def _panel(study: Study, name: str, ax: Axes) -> Axes:
    return draw(table(study, name), ax)
