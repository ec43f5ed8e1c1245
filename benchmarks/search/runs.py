"""What one search did, trial by trial, kept in a file of its own so that a bench can go on."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.outputs import write_csv


class Step(NamedTuple):
    """A trial in the order of telling: what it cost, and what it is worth.

    Work is what was trained for it. `held_out_accuracy` is nan where the trial may not be chosen.
    """

    number: int
    state: str
    epochs: int
    cpu_seconds: float
    val_accuracy: float
    held_out_accuracy: float


class Run(NamedTuple):
    """One search of one way with one seed."""

    way: str
    seed: int
    wall_seconds: float
    steps: Sequence[Step]

    def row(self, step: Step) -> list[Any]:
        """A row of `HEADER`."""
        numbers = (f"{x:.9g}" for x in step[3:])
        return [self.way, self.seed, f"{self.wall_seconds:.3f}", *step[:3], *numbers]


HEADER = ("way", "seed", "wall_seconds", *Step._fields)


def place(folder: Path, way: str, seed: int) -> Path:
    """The file of one search."""
    return folder / f"{way}-{seed}.csv"


def write(path: Path, run: Run) -> None:
    """Write one search, whole or not at all."""
    write_csv(path, HEADER, map(run.row, run.steps))


def read(path: Path) -> Run:
    """One search, as `write` left it."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    steps = [
        Step(int(number), state, int(epochs), *map(float, numbers))
        for _, _, _, number, state, epochs, *numbers in rows
    ]
    way, seed, wall = rows[0][:3]
    return Run(way, int(seed), float(wall), steps)
