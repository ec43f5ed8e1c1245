"""What the searches came to, for the terminal; and their curves as CSV."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from pandas import DataFrame
from rich.box import SIMPLE_HEAD
from rich.table import Table

from benchmarks.search import curves
from benchmarks.search.runs import Run
from benchmarks.search.ways import NAMES, OURS, REFERENCE
from pipeline.outputs import write_csv

SHARE = 1 / 3  # of the reference's epochs: as many as ours may need to get where that one ends
NOTES = (
    "The best so far is chosen by validation accuracy among trials trained to their end, and "
    "tested as it was trained: no search sees the held-out images. Work counts when its trial is "
    "told: ours by number, plain Optuna's as they end, those of halving by rung and candidate. "
    "Halving trains anew in each rung, a ninth, a third and all of the epochs or nearly, and "
    "without drops of the rate, which MLPClassifier does not have. CPU seconds are those of the "
    "threads that train. Random, pruned or not, has the same points and seeds."
)
Curves = Mapping[str, Sequence[DataFrame]]


def drawn(runs: Sequence[Run]) -> dict[str, list[DataFrame]]:
    """The curves of each way, a seed each."""
    return {
        way: [curves.curve(run) for run in runs if run.way == way]
        for way in NAMES
        if any(run.way == way for run in runs)
    }


def target(by_way: Curves, accuracy: str = curves.HELD_OUT) -> float:
    """What is to be reached: the reference's median accuracy at its end."""
    return float(np.median(curves.final(by_way[REFERENCE], accuracy)))


def reference_epochs(by_way: Curves) -> float:
    """The median number of epochs that the reference trains."""
    return float(np.median([frame["epochs"].iloc[-1] for frame in by_way[REFERENCE]]))


def share_needed(by_way: Curves, way: str, accuracy: str = curves.HELD_OUT) -> float:
    """The epochs until a way's median is at the target, over all that the reference trains."""
    band = curves.band(by_way[way], accuracy=accuracy)
    return band.reached(target(by_way, accuracy)) / reference_epochs(by_way)


def ends(by_way: Curves, runs: Sequence[Run]) -> Table:
    """A row a way: the work of a whole search, and what it chose."""
    seeds = len(by_way[REFERENCE])
    columns = ["way", "epochs", "CPU s", "wall s", "validation %", "held-out %", "(quartiles)"]
    table = empty(f"Whole searches, medians of {seeds} seeds", columns)
    for way, frames in by_way.items():
        wall = np.median([run.wall_seconds for run in runs if run.way == way])
        work = (np.median([frame[each].iloc[-1] for frame in frames]) for each in curves.WORK)
        validation = np.median(curves.final(frames, curves.VALIDATION))
        low, middle, high = 100 * np.quantile(curves.final(frames), (0.25, 0.5, 0.75))
        numbers = [*(f"{each:,.0f}" for each in (*work, wall)), f"{100 * validation:.2f}"]
        table.add_row(NAMES[way], *numbers, f"{middle:.2f}", f"{low:.2f}-{high:.2f}")
    return table


def soon(by_way: Curves) -> Table:
    """A row a way: when it is where random ends, and how far at a third of random's epochs."""
    goal, every = target(by_way), reference_epochs(by_way)
    columns = ["way", "epochs until there", "÷ all of random's", "% at 1/3 of random's"]
    columns += ["seeds never there", "÷ all, by validation"]
    table = empty(f"Until the median is where random's ends, {100 * goal:.2f} % held-out", columns)
    for way, frames in by_way.items():
        share, by_validation = (
            share_needed(by_way, way, each) for each in (curves.HELD_OUT, curves.VALIDATION)
        )
        never = np.mean([np.isinf(curves.reached(frame, goal)) for frame in frames])
        table.add_row(
            NAMES[way],
            f"{share * every:,.0f}" if np.isfinite(share) else "never",
            _share(share),
            f"{100 * curves.band(frames).height(every * SHARE):.2f}",
            f"{100 * never:.0f} %",
            _share(by_validation),
        )
    return table


def aim(by_way: Curves) -> Table:
    """The share of random's epochs after which the pruned search is where random ends."""
    share = share_needed(by_way, OURS)
    table = empty("Aim", ["search with pruning", "bound", "measured", "verdict"])
    table.add_row(
        "epochs to random's final median ÷ random's epochs",
        "≤ 1/3",
        _share(share),
        "reached" if share <= SHARE else "missed",
    )
    return table


def _share(share: float) -> str:
    return f"{share:.2f}" if np.isfinite(share) else "never"


def write_curves(path: Path, by_way: Curves) -> None:
    """Write one row a way, kind of work, and amount of it: quartiles over seeds."""
    rows = [
        [way, work, *(f"{x:.9g}" for x in row)]
        for way, frames in by_way.items()
        for work in curves.WORK
        for row in zip(*curves.band(frames, work), strict=True)
    ]
    write_csv(path, ["way", "work", "spent", "held_out_q1", "held_out", "held_out_q3"], rows)


def empty(title: str, columns: Sequence[str]) -> Table:
    """A table without rows; headings break between words."""
    table = Table(
        title=f"\n{title}",
        title_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    table.add_column(columns[0], no_wrap=True)
    for name in columns[1:]:
        table.add_column(name.replace(" ", "\n").replace("÷\n", "÷ "), justify="right")
    return table
