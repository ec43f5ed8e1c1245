"""All learning curves of a study: the best few stand out, pruned ones are faint."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.ticker import MaxNLocator
from pandas import DataFrame

from analysis import words
from analysis.load import Study
from analysis.plots import style

BEST = 3


def table(study: Study) -> DataFrame:
    """One row a trial and epoch: `number`, `epoch`, `val_accuracy`, `stop_reason`, `place`.

    `place` ranks finished trials from 1 by their last accuracy; 0 for all others.
    """
    trials = study.trials
    ranked = trials[trials["stop_reason"] == "finished"]["val_accuracy"].rank(
        ascending=False, method="first"
    )
    places = ranked.reindex(trials.index, fill_value=0).astype(int)
    chosen = trials[["number", "stop_reason"]].assign(place=places)
    frame = study.history[["number", "epoch", "val_accuracy"]].merge(chosen, on="number")
    if frame.empty:
        raise style.NothingToDrawError("no epoch was trained")
    frame.attrs["study"] = study.key
    return frame


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: one line a trial."""
    looks: dict[str, tuple[Any, float, str]] = {
        "diverged": ("0.3", 0.5, ":"),
        "pruned": (style.MUTED, 0.5, "-"),
    }
    looks["finished"] = (style.colors(1)[0], 0.35, "-")
    for reason, (color, alpha, dashes) in looks.items():
        rows = frame[(frame["stop_reason"] == reason) & ~frame["place"].between(1, BEST)]
        lines = [g[["epoch", "val_accuracy"]].to_numpy() for _, g in rows.groupby("number")]
        n = frame.loc[frame["stop_reason"] == reason, "number"].nunique()
        if not n:
            continue
        ax.add_collection(
            LineCollection(
                lines,
                colors=[color],
                alpha=alpha,
                linestyles=dashes,
                lw=1,
                label=f"{reason} (n = {n})",
            )
        )
    _best(frame[frame["place"].between(1, BEST)], ax)
    style.accuracy_axis(ax, list(frame["val_accuracy"]))
    last = max(int(frame["epoch"].max()), 2)
    ax.set(
        xlim=(1, last),
        xlabel="epoch",
        ylabel="validation accuracy (error scale)",
        title=title(frame),
    )
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3)
    return ax


def title(frame: DataFrame) -> str:
    """How many trials and epochs, and where the best ended."""
    n, epochs, key = frame["number"].nunique(), len(frame), frame.attrs.get("study", "")
    best = frame[frame["place"] == 1]
    end = (
        f"best ends at {words.percent(best['val_accuracy'].iloc[-1])}"
        if len(best)
        else "none ends"
    )
    return f"Study {key}: {n} trials, {epochs} epochs, {end}"


def _best(frame: DataFrame, ax: Axes) -> None:
    palette = style.colors(BEST + 1)[1:]
    for place, rows in frame.groupby("place"):
        color = palette[int(str(place)) - 1]
        end = words.percent(rows["val_accuracy"].iloc[-1])
        label = f"trial {rows['number'].iloc[0]}: {end}"
        ax.plot(rows["epoch"], rows["val_accuracy"], color=color, lw=2, label=label)
