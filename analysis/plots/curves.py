"""Learning curves of an experiment: against epochs, updates or seconds."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator
from pandas import DataFrame

from analysis import words
from analysis.configurations import parameters
from analysis.load import Study
from analysis.plots import style

STYLES = ("-", "--", "-.", (0, (1, 1)))
METRICS = {
    "val_loss": "validation loss",
    "train_loss": "training loss",
    "train_accuracy": "training accuracy",
}
ROWS = 8  # longer legends stand beside the picture
FEW_TICKS = 3
BANDS = 4  # of more lines, bands would hide each other
Against = Literal["epochs", "updates", "seconds"]


def table(
    study: Study,
    metric: str = "val_accuracy",
    *,
    against: Against = "epochs",
    images: int | None = None,
    each_seed: bool = False,
) -> DataFrame:
    """One row a configuration and epoch: `name`, `epoch`, `x`, `mean`, `low`, `high`, `seeds`.

    `low` and `high` are the least and the greatest of the seeds. A configuration's curve ends
    where the first of its seeds did; with `each_seed` each has its own. `x` is the epoch, or as
    many updates as so many training `images` make, or seconds, a trial's spread evenly over its
    epochs.
    """
    curves = study.history.merge(_trials(study, images), on="number").dropna(subset=[metric])
    if each_seed:
        curves["name"] += ", seed " + curves["seed"].astype(str)
    if curves.empty:
        raise style.NothingToDrawError("no epoch was trained")
    curves["x"] = curves["epoch"] * (1 if against == "epochs" else curves[against])
    grouped = curves.groupby(["name", "epoch"], sort=False)
    frame = grouped.agg(
        x=("x", "mean"),
        mean=(metric, "mean"),
        low=(metric, "min"),
        high=(metric, "max"),
        seeds=(metric, "count"),
    ).reset_index()
    frame = frame[frame["seeds"] == frame.groupby("name")["seeds"].transform("max")]
    frame.attrs |= {"metric": metric, "against": against, "study": study.key}
    return frame.reset_index(drop=True)


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: one line a configuration, a cross where it ended before the others."""
    names, last = list(frame["name"].unique()), frame["epoch"].max()
    for i, (name, color) in enumerate(zip(names, style.colors(len(names)), strict=True)):
        rows = frame[frame["name"] == name]
        ended = rows["epoch"].max()
        ax.plot(rows["x"], rows["mean"], color=color, ls=STYLES[i % len(STYLES)], label=name)
        if len(names) <= BANDS:
            ax.fill_between(rows["x"], rows["low"], rows["high"], color=color, alpha=0.2, lw=0)
        if ended < last:
            ax.plot(rows["x"].iloc[-1], rows["mean"].iloc[-1], "X", color=color, ms=8)
    _value_axis(frame, ax)
    ax.set(xlabel=frame.attrs["against"], title=title(frame))
    ax.xaxis.set_major_locator(MaxNLocator(8, integer=frame.attrs["against"] != "seconds"))
    if len(names) > ROWS:
        ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    else:
        ax.legend()
    return ax


def reached(frame: DataFrame, level: float) -> dict[str, float]:
    """The first `x` at which each mean is at least `level`; infinite where it never is."""
    above = frame[frame["mean"] >= level].groupby("name")["x"].min()
    return {name: float(above.get(name, np.inf)) for name in frame["name"].unique()}


def title(frame: DataFrame) -> str:
    """What is drawn and over how many seeds."""
    seeds = int(frame["seeds"].max())
    if seeds == 1:
        return "Every seed has its line"
    band = ", band from lowest to highest" if frame["name"].nunique() <= BANDS else ""
    return f"Mean of {words.seeds(seeds)}{band}"


def _value_axis(frame: DataFrame, ax: Axes) -> None:
    """Give accuracies the error scale, losses a logarithm."""
    name = METRICS.get(frame.attrs["metric"], words.name(frame.attrs["metric"]))
    if "accuracy" in name:
        style.accuracy_axis(ax, list(frame["mean"]))
        ax.set_ylabel(f"{name} (error scale)")
        return
    ax.set(yscale="log", ylabel=f"{name} (log scale)")
    ticks = style.log_ticks(*ax.get_ylim())
    few = len(ticks) < FEW_TICKS
    ax.yaxis.set_major_locator(MaxNLocator(5) if few else FixedLocator(ticks))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _trials(study: Study, images: int | None) -> DataFrame:
    """Each trial's `number`, `name`, `seed`, and its `updates` and `seconds` an epoch."""
    names = parameters(study)
    trials = study.trials.merge(study.timing[["number", "seconds"]], on="number", how="left")
    rows = trials.to_dict("records")
    updates = [_updates(study, row, images) for row in rows]
    mean = (trials["seconds"] / trials["epochs_trained"]).groupby([trials[n] for n in names])
    return DataFrame(
        {
            "number": trials["number"],
            "name": [_name(row, names) for row in rows],
            "seed": trials["seed"],
            "updates": updates,
            "seconds": mean.transform("mean"),
        }
    )


def _updates(study: Study, row: Mapping[Any, Any], images: int | None) -> float:
    """Steps an epoch: the training images over the batch size, rounded up."""
    change = study.variants.get(row.get("variant", ""), {})
    how = study.about["settings"] | change | {n: row[n] for n in study.space}
    n = how.get("train_images") or images
    if n is None:
        return np.nan
    return 1.0 if how["batch_size"] == "full" else float(-(-n // int(how["batch_size"])))


def _name(row: Mapping[Any, Any], names: list[str]) -> str:
    text = str(row["variant"]) if names == ["variant"] else words.parameters(row, names)
    return text.replace("_", " ")
