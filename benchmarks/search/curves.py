"""From searches to curves: the held-out accuracy of the best so far against work spent.

Which trial is the best is decided by its validation accuracy; a pruned one is work spent, never
chosen. Work counts when the trial that it was spent on is told.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series

from benchmarks.search.runs import Run

HELD_OUT, VALIDATION = "held_out_accuracy", "val_accuracy"
WORK = {"epochs": "epochs trained", "cpu_seconds": "processor seconds trained"}
EQUAL = 1e-9  # accuracies closer than this are the same: medians are means of two
Numbers = NDArray[np.float64]


def curve(run: Run) -> DataFrame:
    """One row a trial, as told: `epochs` and `cpu_seconds` so far, the chosen one's accuracies."""
    best = held_out = np.nan
    chosen = []
    for step in run.steps:
        if step.state == "COMPLETE" and not step.val_accuracy <= best:
            best, held_out = step.val_accuracy, step.held_out_accuracy
        chosen.append((best, held_out))
    frame = DataFrame(chosen, columns=[VALIDATION, HELD_OUT])
    for work in WORK:
        frame.insert(0, work, np.cumsum([getattr(step, work) for step in run.steps]))
    return frame


ROUNDING = 1e-9  # a median of two accuracies may miss their mean's last bit


def reached(frame: DataFrame, target: float, work: str = "epochs") -> float:
    """The work after which a `curve` is first at the target; infinite if it never is."""
    there = frame.loc[frame[HELD_OUT] >= target - ROUNDING, work]
    return float(there.iloc[0]) if len(there) else np.inf


class Band(NamedTuple):
    """Quartiles over seeds, at each amount of work at which any seed's curve moves.

    It ends where half of the searches have; one that ended earlier counts with its last value,
    one that has chosen nothing yet with 0.
    """

    work: Numbers
    low: Numbers
    median: Numbers
    high: Numbers

    def reached(self, target: float) -> float:
        """The work after which the median is first at the target; infinite if it never is."""
        there = self.work[self.median >= target - ROUNDING]
        return float(there[0]) if len(there) else np.inf

    def height(self, work: float) -> float:
        """The median once so much work is spent."""
        at = np.searchsorted(self.work, work, side="right")
        return float(self.median[at - 1]) if at else 0.0


def band(frames: Sequence[DataFrame], work: str = "epochs", accuracy: str = HELD_OUT) -> Band:
    """The `curve`s of one way's seeds as one."""
    end = np.median([frame[work].iloc[-1] for frame in frames])
    at = np.unique(np.concatenate([frame[work] for frame in frames] + [[end]]))
    at = at[at <= end]
    heights = [_heights(frame[work], frame[accuracy], at) for frame in frames]
    return Band(at, *np.quantile(heights, (0.25, 0.5, 0.75), axis=0))


def final(frames: Sequence[DataFrame], accuracy: str = HELD_OUT) -> Numbers:
    """The chosen one's accuracy at the end of each search."""
    return np.array([frame[accuracy].iloc[-1] for frame in frames])


def _heights(work: "Series[float]", accuracy: "Series[float]", at: Numbers) -> Numbers:
    """A curve's height at each amount of work."""
    heights = np.concatenate([[0.0], accuracy.fillna(0.0)])
    found: Numbers = heights[np.searchsorted(work, at, side="right")]
    return found
