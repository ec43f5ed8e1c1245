"""What a larger network buys: parameters against accuracy, and which trials nobody beats."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from pandas import DataFrame

from analysis import words
from analysis.load import Study
from analysis.plots import style

AREA = 36.0  # square points of the mark of the longest training
NOTES = (
    "The front: trials that are better than every one with as few parameters.",
    "Each was trained once, on validation images that chose it: a small step from one line to the "
    "next may be chance.",
)
NEARLY = 0.01  # this much below the best


def table(studies: Mapping[str, Study]) -> DataFrame:
    """One row a finished trial, the smallest first: its cost, `val_accuracy`, `study`, `number`.

    The cost is `parameters` and `epochs_trained`, which no machine changes as it does seconds.
    `front` marks the trials that are better than every one with as few parameters.
    """
    columns = ["number", "parameters", "epochs_trained", "val_accuracy"]
    parts = [
        study.trials.loc[study.trials["stop_reason"] == "finished", columns].assign(study=key)
        for key, study in studies.items()
    ]
    if not sum(map(len, parts)):
        raise style.NothingToDrawError("no trial was finished")
    every = pd.concat(parts, ignore_index=True).sort_values(
        ["parameters", "val_accuracy"], ascending=[True, False], kind="stable", ignore_index=True
    )
    before = every["val_accuracy"].cummax().shift(fill_value=-1.0)
    return every.assign(front=every["val_accuracy"] > before)


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: a mark a trial, its area by epochs trained, a step line along the front."""
    keys = list(dict.fromkeys(frame["study"]))
    epochs = frame["epochs_trained"]
    for key, color in zip(keys, style.colors(len(keys)), strict=True):
        rows = frame[frame["study"] == key]
        ax.scatter(
            *(rows["parameters"], rows["val_accuracy"]),
            s=AREA * rows["epochs_trained"] / epochs.max(),
            color=color,
            alpha=0.5,
            lw=0,
            label=f"{key} (n = {len(rows)})",
        )
    front = frame[frame["front"]]
    ax.step(front["parameters"], front["val_accuracy"], where="post", color="0.2", lw=1.2)
    ax.plot(
        *(front["parameters"], front["val_accuracy"], "o"),
        ms=8,
        mfc="none",
        color="0.2",
        label=f"front ({len(front)})",
    )
    style.log_axis(ax)
    style.accuracy_axis(ax, list(frame["val_accuracy"]))
    ax.set(xlabel="parameters of the network (weights and biases)", title=title(frame))
    ax.set(ylabel="validation accuracy (error scale)")
    varied = f"area: {epochs.min()} to {epochs.max()} epochs" if epochs.nunique() > 1 else None
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=len(keys) + 1, title=varied)
    return ax


def markdown(frame: DataFrame) -> str:
    """The front as people read it, from the smallest network on."""
    front = frame[frame["front"]]
    shown = DataFrame(
        {
            "study": front["study"],
            "trial": front["number"],
            "parameters": [f"{count:,}" for count in front["parameters"]],
            "epochs": front["epochs_trained"],
            "validation accuracy": front["val_accuracy"].map(words.percent),
        }
    )
    return words.markdown(shown, *NOTES)


def title(frame: DataFrame) -> str:
    """The smallest network that is nearly as good as the best."""
    front = frame[frame["front"]]
    best = front.iloc[-1]
    near = front[front["val_accuracy"] >= best["val_accuracy"] - NEARLY].iloc[0]
    told = f"Best: {best['parameters']:,} parameters ({words.percent(best['val_accuracy'])})"
    if near["parameters"] == best["parameters"]:
        return f"{told}; none smaller comes within a point"
    close = f"{near['parameters']:,} ({words.percent(near['val_accuracy'])})"
    return f"{told}; within a point of it: {close}"
