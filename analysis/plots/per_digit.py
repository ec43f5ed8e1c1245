"""Accuracy of each digit with its interval."""

from matplotlib.axes import Axes
from pandas import DataFrame

from analysis import digits, words
from analysis.plots import style


def table(predictions: DataFrame) -> DataFrame:
    """The rows of reports/tables/per_digit.csv."""
    return digits.table(predictions)


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: one point a digit with its 95 % Wilson interval, the mean as a line."""
    color = style.colors(1)[0]
    error = style.whiskers(frame, "accuracy")
    ax.errorbar(frame["digit"], frame["accuracy"], error, fmt="o", color=color, capsize=3)
    mean = frame["correct"].sum() / frame["images"].sum()
    ax.axhline(mean, color=style.MUTED, lw=1, ls="--")
    ax.annotate(
        f"all digits {words.percent(mean)}",
        (1, mean),
        xycoords=("axes fraction", "data"),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        size=8,
    )
    labels = [f"{digit}\nn {n}" for digit, n in zip(frame["digit"], frame["images"], strict=True)]
    ax.set_xticks(frame["digit"], labels)
    ax.yaxis.set_major_formatter(style.percent())
    split = frame["split"].iloc[0]
    ax.set(xlabel="digit", ylabel=f"{split} accuracy (95 % interval)", title=title(frame))
    return ax


def title(frame: DataFrame) -> str:
    """The hardest digit, or that the intervals do not say."""
    worst = frame.iloc[int(frame["accuracy"].argmin())]
    best = frame.iloc[int(frame["accuracy"].argmax())]
    if worst["high"] > best["low"]:
        return "No digit is clearly harder than another: all intervals overlap"
    return (
        f"Hardest digit {worst['digit']} ({words.percent(worst['accuracy'])}), "
        f"easiest {best['digit']} ({words.percent(best['accuracy'])})"
    )
