"""Which worker trained which trial, when, and how long it waited between rounds."""

from matplotlib.axes import Axes
from pandas import DataFrame

from analysis import words
from analysis.load import Study
from analysis.plots import style

PAUSE = 60.0  # seconds without a trial, more than any round waits: the program was not running
NAMED = 16  # at most so many workers are named


def table(study: Study) -> DataFrame:
    """One row a trial: `row` of its worker, when it `began`, its `seconds`, and `asked`.

    `asked` is when its round was. Times count from the first round, without the pauses in which
    no program ran; `busy` is the share of the workers' time that was spent on training.
    """
    timed = study.timing.merge(study.trials[["number", "stop_reason"]], on="number")
    rounds = timed.groupby("asked").agg(told=("told", "max"), workers=("workers", "max"))
    asked = rounds.index.to_series()
    gaps = asked - rounds["told"].cummax().shift(fill_value=0.0)
    paused = timed["asked"].map(gaps.where(gaps > PAUSE, 0.0).cumsum())
    available = ((rounds["told"] - asked) * rounds["workers"]).sum()
    workers = timed.sort_values(["asked", "began", "number"])["worker"].unique()
    frame = timed[["number", "stop_reason", "seconds"]].assign(
        row=timed["worker"].map({worker: row for row, worker in enumerate(workers)}),
        began=timed["began"] - paused,
        asked=timed["asked"] - paused,
    )
    busy = float(timed["seconds"].sum() / max(available, 1e-9))
    frame.attrs |= {"study": study.key, "busy": busy, "pauses": int((gaps > PAUSE).sum())}
    return frame


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: a strip a worker, a bar a trial by how it ended, a line a round."""
    for reason, color in zip(style.MARKERS, style.colors(len(style.MARKERS)), strict=True):
        rows = frame[frame["stop_reason"] == reason]
        if len(rows):
            ax.barh(
                *(rows["row"], rows["seconds"]),
                left=rows["began"],
                height=0.7,
                color=color,
                edgecolor="white",
                lw=0.4,
                label=f"{reason} (n = {len(rows)})",
            )
    starts = sorted(frame["asked"].unique())
    for start in starts:
        ax.axvline(start, color="0.2", lw=0.8, ls=":", zorder=0)
    ax.plot([], [], color="0.2", lw=0.8, ls=":", label=f"a round begins ({len(starts)})")
    workers = int(frame["row"].max()) + 1
    ax.set_yticks(range(0, workers, -(-workers // NAMED)))
    ax.yaxis.set_major_formatter(lambda row, _: f"worker {row + 1:.0f}")
    ax.invert_yaxis()
    pauses = frame.attrs["pauses"]
    left_out = f", without {pauses} pause{'s' * (pauses > 1)}" if pauses else ""
    ax.set(xlabel=f"wall time (seconds{left_out})", title=title(frame))
    ax.margins(x=0.01)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=4)
    return ax


def title(frame: DataFrame) -> str:
    """How busy the workers were."""
    n, workers = len(frame), int(frame["row"].max()) + 1
    noun = "worker was" if workers == 1 else "workers were"
    busy = words.percent(frame.attrs["busy"], 0)
    return (
        f"Study {frame.attrs['study']}: {workers} {noun} busy {busy} of the time (n = {n} trials)"
    )
