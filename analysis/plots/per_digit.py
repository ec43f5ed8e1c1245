"""Accuracy of each class with its interval."""

from matplotlib.axes import Axes
from pandas import DataFrame

from analysis import digits, words
from analysis.plots import style

LONG = 9  # letters of a label that fit side by side, their number of images among them
ALL_LONG = 100  # letters of all labels that do
MOST = 64  # labels that are written


def table(predictions: DataFrame) -> DataFrame:
    """The rows of reports/tables/per_digit.csv."""
    return digits.table(predictions)


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: one point a class with its 95 % Wilson interval, the mean as a line."""
    color, places = style.colors(1)[0], range(len(frame))
    error = style.whiskers(frame, "accuracy")
    ax.errorbar(places, frame["accuracy"], error, fmt="o", color=color, capsize=3)
    mean = frame["correct"].sum() / frame["images"].sum()
    ax.axhline(mean, color=style.MUTED, lw=1, ls="--")
    ax.annotate(
        f"all {words.kinds(frame['digit'])} {words.percent(mean)}",
        (1, mean),
        xycoords=("axes fraction", "data"),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        size=8,
    )
    labels = [f"{digit}\nn {n}" for digit, n in zip(frame["digit"], frame["images"], strict=True)]
    every = -(-len(labels) // MOST)
    upright = max(map(len, labels)) > LONG or sum(map(len, labels)) > ALL_LONG
    shown = [style.plain(label.replace("\n", ", ") if upright else label) for label in labels]
    ax.set_xticks(places[::every], shown[::every], rotation=90 if upright else 0)
    ax.yaxis.set_major_formatter(style.percent())
    split, kind = frame["split"].iloc[0], words.kind(frame["digit"])
    ax.set(xlabel=kind, ylabel=f"{split} accuracy (95 % interval)")
    ax.set_title(style.plain(title(frame)))
    return ax


def title(frame: DataFrame) -> str:
    """The hardest class, or that the intervals do not say."""
    kind = words.kind(frame["digit"])
    worst = frame.iloc[int(frame["accuracy"].argmin())]
    best = frame.iloc[int(frame["accuracy"].argmax())]
    if worst["high"] > best["low"]:
        return f"No {kind} is clearly harder than another: all intervals overlap"
    return (
        f"Hardest {kind} {worst['digit']} ({words.percent(worst['accuracy'])}), "
        f"easiest {best['digit']} ({words.percent(best['accuracy'])})"
    )
