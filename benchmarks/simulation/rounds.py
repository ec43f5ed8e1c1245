"""How busy rounds keep workers, simulated: trials drawn at random, dealt out, waited for.

A round is asked for while all workers wait; each worker then takes the next trial as soon as it
is free; the round ends with its last trial. What a trial costs in full is known beforehand,
roughly; that it will be pruned is not.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Order: TypeAlias = Literal["longest first", "as asked"]

# where the median rule stopped 23 of 64 trials of the default search, as shares of all epochs
STOPS = (0.15,) * 21 + (0.25, 0.3)


class Trials(NamedTuple):
    """Trials of many studies, each array (studies, trials).

    How many seconds they train; would train in full; and what is known of that beforehand.
    """

    seconds: Floats
    full: Floats
    known: Floats


@dataclass(frozen=True)
class Work:
    """What the trials of a study cost.

    Full trainings take `seconds` on average, the dearest `spread` times the cheapest, spread
    evenly on a logarithm. A share `pruned` of the trials, but none of the first round, ends after
    one of `stops`, shares of a training. The known cost misses by a factor whose logarithm has
    the deviation `error`. To ask for a trial takes `ask` seconds.
    """

    seconds: float = 1.5
    spread: float = 30.0
    pruned: float = 0.65
    stops: tuple[float, ...] = STOPS
    error: float = 0.4
    ask: float = 0.015

    def draw(self, studies: int, trials: int, first_round: int) -> Trials:
        """Trials at random: the same for every number of workers, order and round size."""
        rng, shape, width = np.random.default_rng(1), (studies, trials), np.log(self.spread)
        mean = (self.spread - 1) / width if width else 1.0
        full = self.seconds / mean * np.exp(width * rng.random(shape))
        known = full * np.exp(self.error * rng.standard_normal(shape))
        pruned = rng.random(shape) < self.pruned
        pruned[:, :first_round] = False
        return Trials(full * np.where(pruned, rng.choice(self.stops, shape), 1.0), full, known)


def busy(trials: Trials, workers: int, round_size: int, ask: float, order: Order) -> Floats:
    """The busy share (studies,): training seconds over wall time times workers."""
    wall = np.zeros(len(trials.seconds))
    for first in range(0, trials.seconds.shape[1], round_size):
        part = slice(first, first + round_size)
        wall += wall_of_round(trials.seconds[:, part], trials.known[:, part], workers, order)
    wall += ask * trials.seconds.shape[1]
    share: Floats = trials.seconds.sum(axis=1) / (wall * workers)
    return share


def wall_of_round(seconds: Floats, known: Floats, workers: int, order: Order) -> Floats:
    """How long (studies,) a round of each study (studies, trials) takes to train."""
    if order == "longest first":
        seconds = np.take_along_axis(seconds, np.argsort(-known, axis=1, kind="stable"), axis=1)
    free, each = np.zeros((len(seconds), workers)), np.arange(len(seconds))
    for trial in seconds.T:
        free[each, free.argmin(axis=1)] += trial
    wall: Floats = free.max(axis=1)
    return wall


def busy_without_rounds(trials: Trials, workers: int, ask: float) -> Floats:
    """The busy share (studies,) where a worker asks for its next trial as soon as it is free.

    One asks at a time. Measured until the last trial begins: the end of a study is left out.
    """
    studies = len(trials.seconds)
    free, each = np.zeros((studies, workers)), np.arange(studies)
    began = np.zeros(studies)
    for trial in trials.seconds.T:
        worker = free.argmin(axis=1)
        began = np.maximum(began, free[each, worker]) + ask
        free[each, worker] = began + trial
    left = np.maximum(free - began[:, None], 0).sum(axis=1)
    share: Floats = (trials.seconds.sum(axis=1) - left) / (began * workers)
    return share
