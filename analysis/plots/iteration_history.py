"""The iteration history as a picture: measured against published, with what was wrong."""

from textwrap import fill

from matplotlib.axes import Axes
from pandas import DataFrame

from analysis import iterations, words
from analysis.load import Study
from analysis.plots import style

BROKEN = 0.5  # steps below this accuracy have room above them, not below


def table(study: Study) -> DataFrame:
    """The rows of reports/tables/iteration_history.csv for one study of variants."""
    return iterations.table(study)


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: points with 95 % intervals, published values hollow, issues beside."""
    if frame.empty:
        raise style.NothingToDrawError("no variant has been trained")
    color, other = style.colors(2)
    ax.errorbar(
        *(frame["iteration"], frame["val_accuracy"], style.whiskers(frame, "val_accuracy")),
        fmt="o",
        color=color,
        capsize=4,
        label=f"measured on validation images, 95 % interval ({frame['seeds'].max()} seeds)",
    )
    ax.plot(
        *(frame["iteration"] + 0.12, frame["published_accuracy"], "D"),
        mfc="none",
        color=other,
        label="published, other images",
    )
    ax.axhline(frame.attrs["chance"], color=style.MUTED, lw=1, ls=":", zorder=0)
    _issues(frame, ax)
    style.accuracy_axis(ax, [0.05, 0.965, *frame["high"].dropna()])
    labels = [fill(text, 16) for text in frame["configuration"]]
    ax.set_xticks(frame["iteration"], labels, size=8)
    ax.set(
        xlim=(0.5, frame["iteration"].max() + 0.5),
        ylabel="accuracy (error scale)",
        title=title(frame),
    )
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
    return ax


def title(frame: DataFrame) -> str:
    """From the first step to the last."""
    first, last = frame["val_accuracy"].iloc[[0, -1]]
    start, end = words.percent(first), words.percent(last)
    return f"{len(frame)} configurations, from {start} to {end} validation accuracy"


def _issues(frame: DataFrame, ax: Axes) -> None:
    """Write accuracy and issue where there is room: below a good step, above a broken one."""
    frame = frame.assign(
        low=frame["low"].fillna(frame["val_accuracy"]),
        high=frame["high"].fillna(frame["val_accuracy"]),
    )
    published = frame["published_accuracy"]
    lowest = frame["low"].where(
        ~(published > BROKEN), frame[["low", "published_accuracy"]].min(axis=1)
    )
    for row, low in zip(frame.to_dict("records"), lowest, strict=True):
        above = row["val_accuracy"] < BROKEN
        ax.annotate(
            f"{words.percent(row['val_accuracy'])}\n{fill(row['issue'], 15)}",
            (row["iteration"], row["high"] if above else low),
            xytext=(0, 6 if above else -8),
            textcoords="offset points",
            ha="center",
            va="bottom" if above else "top",
            size=8,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
