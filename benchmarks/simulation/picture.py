"""A picture of the simulation: busy share and speed-up by workers and round size."""

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from pandas import DataFrame

from analysis.plots import style

PANELS = (
    ("Busy share (%): dearest trial first", "longest first", "busy"),
    ("Busy share (%): in the order asked for", "as asked", "busy"),
    ("Times as fast as one worker", "longest first", "speed_up"),
)


def draw(frame: DataFrame, value: str, ax: Axes) -> Axes:
    """Draw rows of workers, round_size and a value, of one order: a cell for each pair."""
    square = frame.pivot(index="workers", columns="round_size", values=value)
    share = value == "busy"
    sns.heatmap(
        100 * square if share else square,
        annot=True,
        fmt=".0f" if share else ".1f",
        norm=Normalize(0, 100) if share else LogNorm(),
        cmap=style.MAP,
        linewidths=0.5,
        cbar=False,
        ax=ax,
    )
    ax.invert_yaxis()
    ax.tick_params(length=0, rotation=0)
    ax.set(xlabel="trials a round", ylabel="workers")
    return ax


def figure(frame: DataFrame, words: str) -> Figure:
    """The panels side by side; `words` say what was simulated."""
    style.use()
    picture, axes = style.panels(len(PANELS), width=12, height=4.2)
    for (title, order, value), ax in zip(PANELS, axes, strict=True):
        draw(frame[frame["order"] == order], value, ax).set_title(title)
    for ax in axes[1:]:
        ax.set_ylabel("")
    picture.supxlabel(words, x=0.01, ha="left", size=8, color="0.35")
    return picture
