"""Epochs a second as tables, for the terminal and as CSV."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.table import Table

from benchmarks.search.speed import Timing
from benchmarks.search.tables import empty
from pipeline.outputs import write_csv

DRIVERS = {"engine": "our engine, processes", "optuna": "plain Optuna, threads"}
TRAINERS = {"ours": "our trainer", "sklearn": "scikit-learn", "eager": "PyTorch eager"}
AIM = 3.0
NOTE = (
    "Same points, same epochs, nothing pruned, as many processes as threads, one BLAS thread "
    "each. Plain Optuna's threads share one interpreter lock, processes do not: the rows of our "
    "engine over the other trainers say how much of a ratio is that, and how much the trainer."
)


def rates(timings: Sequence[Timing]) -> Table:
    """A row a driver and trainer: epochs a second, and how many times as many ours trains."""
    repeats = max(timing.repeat for timing in timings)
    title = f"Whole searches of {timings[0].epochs} epochs: medians of {repeats}"
    table = empty(title, ["search", "epochs/s", "ours ÷ this", "(least", "most)"])
    for driver, trainer in dict.fromkeys((t.driver, t.trainer) for t in sorted(timings)):
        found = [t.rate for t in timings if (t.driver, t.trainer) == (driver, trainer)]
        times = ratios(timings, driver, trainer)
        numbers = (np.median(times), times.min(), times.max())
        name = f"{DRIVERS[driver]}, {TRAINERS[trainer]}"
        table.add_row(name, f"{np.median(found):.1f}", *(f"{number:.2f}" for number in numbers))
    return table


def ratios(timings: Sequence[Timing], driver: str, trainer: str) -> np.ndarray:
    """Of each repeat: our engine and trainer's epochs a second over the other's."""
    by = {(t.repeat, t.driver, t.trainer): t.rate for t in timings}
    repeats = sorted({t.repeat for t in timings})
    return np.array([by[r, "engine", "ours"] / by[r, driver, trainer] for r in repeats])


def aims(timings: Sequence[Timing]) -> Table:
    """A row a peer: how many times its epochs a second ours trains, and whether that is enough."""
    table = empty("Aims", ["our engine and trainer", "bound", "measured", "verdict"])
    for trainer in sorted({t.trainer for t in timings} - {"ours"}, reverse=True):
        value = float(np.median(ratios(timings, "optuna", trainer)))
        verdict = "reached" if value >= AIM else "missed"
        name = f"÷ plain Optuna over {TRAINERS[trainer]}"
        table.add_row(name, f"≥ {AIM:g}", f"{value:.2f}", verdict)
    return table


def write(path: Path, timings: Sequence[Timing]) -> None:
    """Write one row a timed search."""
    rows = [[*timing[:4], f"{timing.seconds:.3f}", f"{timing.rate:.3f}"] for timing in timings]
    write_csv(path, [*Timing._fields, "epochs_per_second"], rows)
