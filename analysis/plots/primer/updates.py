"""How many of its mistakes a perceptron corrects in each epoch."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from pandas import DataFrame

from analysis.plots import style

DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))


def table(updates: Mapping[str, Sequence[int]]) -> DataFrame:
    """One row a gate and epoch: `gate`, `epoch`, `updates`."""
    return DataFrame(
        [
            {"gate": gate, "epoch": epoch, "updates": n}
            for gate, every in updates.items()
            for epoch, n in enumerate(every, 1)
        ]
    )


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: a line a gate, which ends with a cross at its epoch without updates."""
    gates = list(frame["gate"].unique())
    for i, (gate, color) in enumerate(zip(gates, style.colors(len(gates)), strict=True)):
        rows = frame[frame["gate"] == gate]
        ax.plot(rows["epoch"], rows["updates"], color=color, ls=DASHES[i % 5], lw=2, label=gate)
        if rows["updates"].iloc[-1] == 0:
            ax.plot(rows["epoch"].iloc[-1], 0, "X", color=color, ms=9, clip_on=False)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlabel="epoch", ylabel="updates in the epoch", title="Cross: an epoch without updates")
    ax.legend()
    return ax
