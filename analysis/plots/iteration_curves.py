"""Learning curves of the iteration history: mean over seeds, band from lowest to highest."""

from matplotlib.axes import Axes
from pandas import DataFrame

from analysis.load import Study
from analysis.plots import style


def table(study: Study) -> DataFrame:
    """One row a variant and epoch: `variant`, `epoch`, `mean`, `low`, `high`, `seeds`."""
    curves = study.history.merge(study.trials[["number", "variant"]], on="number")
    if curves.empty:
        raise style.NothingToDrawError("no epoch was trained")
    grouped = curves.groupby(["variant", "epoch"])["val_accuracy"]
    frame = grouped.agg(mean="mean", low="min", high="max", seeds="count").reset_index()
    order = {variant: i for i, variant in enumerate(study.variants)}
    return frame.sort_values(
        ["variant", "epoch"], key=lambda c: c.map(order) if c.name == "variant" else c
    )


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: one line a variant, a mark where training stopped early."""
    variants = list(frame["variant"].unique())
    last = frame["epoch"].max()
    for variant, color in zip(variants, style.colors(len(variants)), strict=True):
        rows = frame[frame["variant"] == variant]
        ended = rows["epoch"].max()
        stop = "" if ended == last else f", stopped at epoch {ended}"
        label = f"{variant.replace('_', ' ')}{stop}"
        ax.plot(rows["epoch"], rows["mean"], color=color, label=label)
        ax.fill_between(rows["epoch"], rows["low"], rows["high"], color=color, alpha=0.2, lw=0)
        if stop:
            ax.plot(ended, rows["mean"].iloc[-1], "X", color=color, ms=8)
    style.accuracy_axis(ax, [*frame["low"], *frame["high"]])
    ax.set(xlabel="epoch", ylabel="validation accuracy (error scale)", title=title(frame))
    ax.legend(loc="lower right")
    return ax


def title(frame: DataFrame) -> str:
    """What is drawn and over how many seeds."""
    return f"Mean of {frame['seeds'].max()} seeds, band from lowest to highest"
