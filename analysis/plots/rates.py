"""Schedules: the learning rate over the epochs, and what the loss does meanwhile."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pandas import DataFrame

from analysis.load import Study
from analysis.plots import style

COLUMNS = 4
RATE, LOSS, VAL = style.colors(3)


def table(study: Study) -> DataFrame:
    """One row a variant and epoch: the rate at its end, mean training and validation loss."""
    curves = study.history.merge(study.trials[["number", "variant"]], on="number")
    if curves.empty:
        raise style.NothingToDrawError("no epoch was trained")
    means = curves.groupby(["variant", "epoch"], sort=False)
    return means[["learning_rate", "train_loss", "val_loss"]].mean().reset_index()


def draw(frame: DataFrame, ax: Axes) -> tuple[Axes, Axes]:
    """Draw one variant's rows of a `table`: the rate as an area, both losses on a logarithm."""
    ax.fill_between(frame["epoch"], frame["learning_rate"], step="pre", color=RATE, alpha=0.25)
    ax.step(frame["epoch"], frame["learning_rate"], color=RATE, label="learning rate")
    losses = ax.twinx()
    losses.plot(frame["epoch"], frame["train_loss"], color=LOSS, label="training loss")
    losses.plot(frame["epoch"], frame["val_loss"], "--", color=VAL, label="validation loss")
    losses.set_yscale("log")
    losses.spines["right"].set_visible(True)
    ax.set(xlabel="epoch", ylabel="learning rate", ylim=(0, None))
    ax.set_title(str(frame["variant"].iloc[0]).replace("_", " "))
    losses.set_ylabel("loss (log scale)")
    return ax, losses


def grid(frame: DataFrame) -> Figure:
    """All variants of a `table`, a panel each, on the same scales."""
    variants = list(frame["variant"].unique())
    rows = -(-len(variants) // COLUMNS)
    figure, axes = style.panels(COLUMNS, rows, width=12, height=2.6 * rows + 0.6)
    losses = frame[["train_loss", "val_loss"]].to_numpy()
    scale = float(np.nanmin(losses)) / 1.2, float(np.nanmax(losses)) * 1.2
    for i, (variant, ax) in enumerate(zip(variants, axes, strict=False)):
        left, right = draw(frame[frame["variant"] == variant], ax)
        left.set_ylim(0, 1.05 * frame["learning_rate"].max())
        right.set_ylim(*scale)
        if i % COLUMNS:
            left.set(ylabel="", yticklabels=[])
        if i % COLUMNS < COLUMNS - 1 and i < len(variants) - 1:
            right.set(ylabel="", yticklabels=[])
        if i + COLUMNS < len(variants):
            left.set_xlabel("")
    spare = axes[len(variants) :]
    for ax in spare:
        ax.set_axis_off()
    lines = [*left.get_lines(), *right.get_lines()]
    if spare:
        spare[0].legend(handles=lines, loc="center", frameon=False)
    else:
        figure.legend(handles=lines, loc="outside lower center", ncols=3)
    return figure
