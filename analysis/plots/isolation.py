"""What if only this parameter were set: the best and the median trial in each of its cells."""

from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pandas import DataFrame

from analysis import words
from analysis.diagnosis import near_chance
from analysis.load import Study
from analysis.plots import bins, by_parameter, style
from analysis.statistics import bootstrap

RESAMPLES = 200
ENOUGH = 5  # trials; of fewer a bootstrap says too little
LETTERS = 35  # longer tick labels take two lines
STRIP = (0.0, -0.13, 1.0, 0.1)  # below the panel: left, bottom, width, height


def figure(study: Study) -> Figure:
    """A panel for each searched parameter; all others are averaged over as they were drawn."""
    if study.about["sampler"] != "random":
        raise style.NothingToDrawError(f"draws of {study.about['sampler']} are not independent")
    n = len(study.trials)
    heading = f"Study {study.key}: validation accuracy if one parameter is set, n = {n} trials"
    return by_parameter.figure(study, partial(_panel, study), heading)


def table(study: Study, name: str) -> DataFrame:
    """One row a cell of parameter `name`: `trials`, `lost`, `best`, `median`, `low` and `high`.

    The interval of the median is a bootstrap's, where trials are enough. Pruned trials are left
    out; one that diverged or ended at chance counts in `lost`, a share of the cell's, alone.
    """
    trials = study.trials[study.trials["state"] == "COMPLETE"]
    lost = (trials["feasible"] == 0) | (trials["val_accuracy"] <= near_chance(study.chance))
    cells = bins.cells(trials[name], study.space[name])
    rows = [
        {"cell": cell, "trials": int((cells == cell).sum()), "lost": lost[cells == cell].mean()}
        | _middle(trials[(cells == cell) & ~lost])
        for cell in cells.cat.categories
    ]
    columns = ["cell", "trials", "lost", "best", "median", "low", "high"]
    frame = DataFrame(rows, columns=columns)
    frame.attrs["name"] = name
    return frame


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: the best, the median with its interval; below, the share that is lost."""
    color, other = style.colors(2)
    known = frame.dropna(subset="median")
    ax.plot(known.index, known["best"], "*", color=other, ms=9, label="best")
    ax.errorbar(
        *(known.index, known["median"], style.whiskers(known, "median")),
        fmt="o",
        color=color,
        capsize=3,
        label="median of the rest, 95 % interval",
    )
    style.accuracy_axis(ax, [*known["best"], *known["median"], *known["low"]])
    ax.set(xlim=(-0.6, len(frame) - 0.4), ylabel="validation accuracy (error scale)")
    ax.set(title=title(frame))
    _lost(frame, ax)
    return ax


def title(frame: DataFrame) -> str:
    """The cell with the highest median, and whether its interval stands apart."""
    known = frame.dropna(subset="median").sort_values("median", ascending=False, kind="stable")
    if known.empty:
        return "nothing above chance"
    first, others = known.iloc[0], known.iloc[1:]
    clear = (others["high"] < first["low"]).all()
    return f"highest median at {first['cell']}" + ("" if clear else ", not clearly")


def _lost(frame: DataFrame, ax: Axes) -> None:
    """A strip below with an axis of its own: the share of trials that came to nothing."""
    strip = ax.inset_axes(STRIP, sharex=ax)
    shares = frame["lost"].fillna(0.0)
    strip.bar(frame.index, shares, width=0.9, color="0.82")
    ax.plot([], [], "s", color="0.82", ms=9, label="share diverged or at chance (strip below)")
    for place, share in shares[shares > 0].items():
        at, told = float(str(place)), words.percent(share, 0)
        strip.text(at, 0.6, told, ha="center", va="center", size=7.5, color="0.3")
    strip.set(ylim=(0, 1), yticks=[], xlabel=words.name(frame.attrs["name"]))
    strip.set_xticks(frame.index, _labels(frame), size=7.5)
    strip.spines["left"].set_visible(False)
    strip.tick_params(axis="x", length=0)
    ax.tick_params(axis="x", labelbottom=False, length=0)


def _labels(frame: DataFrame) -> list[str]:
    """Each cell with its number of trials."""
    cells = frame["cell"]
    if cells.str.len().sum() > LETTERS:
        cells = cells.str.replace("\u2013", "\u2013\n")
    return [f"{cell}\nn {n}" for cell, n in zip(cells, frame["trials"], strict=True)]


def _middle(trials: DataFrame) -> dict[str, float]:
    """The best and the median accuracy of some trials; of enough, the median's interval."""
    if trials.empty:
        return {}
    accuracy = trials[["val_accuracy"]]
    found = {"best": float(accuracy["val_accuracy"].max())} | _median(accuracy)
    if len(accuracy) < ENOUGH:
        return found
    low, high = bootstrap(accuracy, _median, resamples=RESAMPLES, seed=0).to_numpy()[0]
    return found | {"low": float(low), "high": float(high)}


def _median(rows: DataFrame) -> dict[str, float]:
    return {"median": float(rows["val_accuracy"].median())}


def _panel(study: Study, name: str, ax: Axes) -> Axes:
    return draw(table(study, name), ax)
