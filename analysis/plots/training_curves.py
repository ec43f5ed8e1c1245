"""One network's training: loss and accuracy by epoch, on training and validation images."""

from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from pandas import DataFrame

from analysis import words
from analysis.plots import style


def table(history: DataFrame) -> DataFrame:
    """One row an epoch: `epoch` and whichever of the four curves were recorded."""
    names = ["train_loss", "val_loss", "train_accuracy", "val_accuracy"]
    return history[["epoch", *(name for name in names if name in history)]]


def draw(frame: DataFrame, ax: Axes, *, what: str = "accuracy") -> Axes:
    """Draw the curves of a `table` that end in `what`: accuracy or loss."""
    marker = "o" if len(frame) == 1 else ""
    for split, color in zip(("train", "val"), style.colors(2), strict=True):
        column = f"{split}_{what}"
        if column in frame:
            label = "training images" if split == "train" else "validation images"
            ax.plot(frame["epoch"], frame[column], marker=marker, color=color, label=label)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if what == "accuracy":
        ax.yaxis.set_major_formatter(style.percent())
    else:
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.yaxis.set_minor_locator(NullLocator())
    unit = "cross-entropy loss (nats)" if what == "loss" else what
    ax.set(xlabel="epoch", ylabel=unit, title=title(frame, what))
    ax.legend()
    return ax


def title(frame: DataFrame, what: str) -> str:
    """Where the curves end."""
    last = frame.iloc[-1]
    shown = words.percent if what == "accuracy" else words.value
    ends = [
        f"{split} {shown(float(last[f'{split}_{what}']))}"
        for split in ("train", "val")
        if f"{split}_{what}" in frame
    ]
    return f"Final {what}: {', '.join(ends)}"
