"""A picture of the times: each way beside ours, a row a case."""

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from pandas import DataFrame

from analysis.plots import style
from benchmarks.timing import Ratio, Timing
from benchmarks.ways import NAMES
from pipeline.nn.dark import WORTH_IT


class Mark(NamedTuple):
    """The shape, size and edge (points) of a way's mark, and how far below its row's middle."""

    shape: str
    size: float
    edge: float
    lower: float


MARKS = {
    "products": Mark("|", 14, 2.5, 0),
    "sklearn": Mark("o", 7, 0, -0.18),
    "eager": Mark("s", 6.5, 0, 0),
    "fused": Mark("D", 6, 0, 0.18),
}
DARK = (
    "Ours leaves out inputs that are dark in every training image, where the first layer "
    f"has {WORTH_IT} units or more; the bare products do not."
)


def table(timings: Sequence[Timing]) -> DataFrame:
    """One row a case and way but ours: quartiles of its time over ours, the middle one `ratio`."""
    rows = [
        (str(t.case), t.median("ours"), way, *Ratio(NAMES[way], way, "ours").quartiles(t))
        for t in timings
        for way in t.seconds
        if way != "ours"
    ]
    return DataFrame(rows, columns=["case", "ours_seconds", "way", "low", "ratio", "high"])


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: a mark a way, its bar where the middle half of the rounds lies."""
    cases = frame.groupby("case", sort=False)["ours_seconds"].first()
    rank = {case: i for i, case in enumerate(cases.index)}
    ax.axvline(1, color="black", linewidth=1, label="ours")
    for way, color in zip(MARKS, ("0.25", *style.colors(3)), strict=True):
        rows, mark = frame[frame["way"] == way], MARKS[way]
        if rows.empty:
            continue
        ax.errorbar(
            rows["ratio"],
            rows["case"].map(rank) + mark.lower,
            xerr=style.whiskers(rows, "ratio"),
            fmt=mark.shape,
            color=color,
            markersize=mark.size,
            markeredgewidth=mark.edge,
            elinewidth=1.5,
            label=NAMES[way],
        )
    ax.set_yticks(range(len(cases)), [f"{name}: {1e3 * s:.0f} ms" for name, s in cases.items()])
    ax.set(ylim=(len(cases) - 0.5, -0.5), ylabel="network, batch, optimizer:\nan epoch of ours")
    ax.grid(axis="both", color="0.9")
    _scale(ax, frame)
    return ax


def figure(timings: Sequence[Timing], images: int) -> Figure:
    """The picture with its title, legend and caption."""
    frame, epochs = table(timings), len(timings[0].seconds["ours"])
    style.use()
    picture, ax = style.single(9, 2.8 + 0.33 * len(timings))
    draw(frame, ax)
    ax.set_title(
        f"Time of an epoch of {images:,} images: median of {epochs} epochs, one thread each"
    )
    handles, labels = ax.get_legend_handles_labels()
    picture.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    picture.supxlabel(DARK, x=0.01, ha="left", size=8, color="0.35")
    return picture


def _scale(ax: Axes, frame: DataFrame) -> None:
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 4, 6)))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} ×"))
    ax.set_xlim(min(frame["low"].min(), 0.9) / 1.1, max(frame["high"].max(), 1.1) * 1.1)
    ax.set_xlabel("time of an epoch ÷ ours (log scale; bar: middle half of the rounds)")
