"""What was tested as rows of dots: the tuned network, published ones and other models."""

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator
from pandas import DataFrame

from analysis import tested, words
from analysis.load import Final
from analysis.plots import style
from analysis.plots.dots import ticks_apart, with_whiskers

LOOKS = {"tuned": "tuned here", "published": "published elsewhere, trained here", "peer": "others"}


def table(final: Final) -> DataFrame:
    """The measured rows of `tested.table`, the best on top."""
    frame = tested.table(final).dropna(subset="low")
    return frame.sort_values("test_accuracy", ascending=False, kind="stable", ignore_index=True)


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: a dot a model with its 95 % interval, colored by where it comes from."""
    for (kind, label), color in zip(LOOKS.items(), style.colors(3), strict=True):
        with_whiskers(frame[frame["kind"] == kind], "test_accuracy", ax, color, label)
    for place, accuracy in frame["test_accuracy"].items():
        ax.annotate(
            words.percent(accuracy, 2 if accuracy >= 0.97 else 1),
            (accuracy, float(str(place))),
            xytext=(0, 6),
            textcoords="offset points",
            ha="center",
            size=8,
        )
    style.accuracy_axis(ax, [*frame["low"], *frame["high"]], "x")
    ax.xaxis.set_major_locator(FixedLocator(ticks_apart(*ax.get_xlim())))
    ax.set_yticks(frame.index, list(frame["configuration"].str.replace("_", " ")))
    ax.set(ylim=(len(frame) - 0.4, -0.7), xlabel="test accuracy (error scale)", title=title(frame))
    ax.legend(loc="lower right")
    return ax


def title(frame: DataFrame) -> str:
    """How many of the others are clearly behind the tuned network, or ahead of it."""
    accuracy = frame.loc[frame["kind"] == "tuned", "test_accuracy"].iloc[0]
    behind, ahead = (frame["difference_high"] < 0).sum(), (frame["difference_low"] > 0).sum()
    others = f"of {len(frame) - 1} others {behind} clearly behind, {ahead} ahead"
    return f"Tuned: {words.percent(accuracy, 2)} of test images; {others}"
