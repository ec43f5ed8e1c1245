"""A finished study's own trials for the simulation: what they cost, and how busy workers were."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from pandas import DataFrame

from benchmarks.simulation.rounds import Trials, Work, busy
from pipeline.errors import UserError

MIDDLE = 0.8  # the share of trials that the spread is measured on: without both tails


class Agreement(NamedTuple):
    """Busy shares of one study: measured; its own trials replayed; trials like them drawn."""

    workers: int
    round_size: int
    trials: int
    measured: float
    replayed: float
    simulated: float


def load(folder: Path) -> DataFrame:
    """One row a trial of an export. Raises: UserError if it is none."""
    try:
        trials = pd.read_csv(folder / "trials.csv")
        timing = pd.read_csv(folder / "timing.csv").drop(columns="round")
        return trials.merge(timing, on="number", validate="1:1")
    except (FileNotFoundError, KeyError, ValueError):
        raise UserError(
            f"{folder} must hold a study's trials.csv and timing.csv; "
            "run `python -m studies run search` and name reports/studies/search"
        ) from None


def work_of(trials: DataFrame, error: float = Work.error) -> Work:
    """Work like that of a study's trials; `error` is not in an export."""
    epochs = trials["epochs_trained"] / trials["epochs_trained"].max()
    full = trials["seconds"] / epochs
    low, high = full.quantile([(1 - MIDDLE) / 2, (1 + MIDDLE) / 2])
    pruned = trials["state"] == "PRUNED"
    later = pruned[trials["round"] > 0]  # the first round has nothing to be compared with
    return Work(
        seconds=float(full.mean()),
        spread=float((high / low) ** (1 / MIDDLE)),
        pruned=float(later.mean()) if len(later) else 0.0,
        stops=tuple(epochs[pruned]) or (1.0,),
        error=error,
        ask=float((_waits(trials) / trials.groupby("round").size()).median()),
    )


def agreement(trials: DataFrame, work: Work, *, studies: int) -> Agreement:
    """What was measured beside what the simulation says of the same workers and round size.

    The replay deals out the study's own trials, in the order in which they began. Both wait for
    asks as long as the study did, the start of its workers included.
    """
    workers, size, n = _of_all(trials, "workers"), _round_size(trials), len(trials)
    seconds, began = (trials[[name]].to_numpy().T for name in ("seconds", "began"))
    own, drawn = Trials(seconds, seconds, -began), work.draw(studies, n, size)
    ask = float(_waits(trials).sum()) / n
    walls = trials.groupby("round").agg(asked=("asked", "min"), told=("told", "max"))
    wall = float((walls["told"] - walls["asked"]).sum())
    return Agreement(
        workers,
        size,
        n,
        measured=float(trials["seconds"].sum() / (wall * workers)),
        replayed=float(busy(own, workers, size, ask, "longest first")[0]),
        simulated=float(np.median(busy(drawn, workers, size, ask, "longest first"))),
    )


def _waits(trials: DataFrame) -> "pd.Series[float]":
    """Seconds from asking for each round to its first training."""
    rounds = trials.groupby("round")
    return rounds["began"].min() - rounds["asked"].min()


def _round_size(trials: DataFrame) -> int:
    return int(trials.groupby("round").size().max())


def _of_all(trials: DataFrame, name: str) -> int:
    """The one value that all trials have. Raises: UserError if they differ."""
    values = sorted(set(trials[name]))
    if len(values) > 1:
        raise UserError(
            f"all trials of the study must have one number of {name}, but have {values}; "
            "name a study that was run in one go"
        )
    return int(values[0])
