"""Seconds an epoch of each way to train, taken in turns; ratios of them, and the aims."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.ways import Case, Way
from pipeline.nn.examples import Examples


class Timing(NamedTuple):
    """A case and the seconds of each measured epoch, by way: the k-th of all ran in turns."""

    case: Case
    seconds: Mapping[str, Sequence[float]]

    def median(self, way: str) -> float:
        """The median seconds of an epoch."""
        return statistics.median(self.seconds[way])


class Ratio(NamedTuple):
    """How many times the seconds of one way another takes."""

    title: str
    over: str
    under: str

    def quartiles(self, timing: Timing) -> tuple[float, float, float]:
        """Quartiles of the rounds' own ratios: what slowed a whole round cancels out.

        The middle one is the result, the others say how noisy it is.
        """
        over, under = (np.array(timing.seconds[way]) for way in (self.over, self.under))
        low, middle, high = np.quantile(over / under, (0.25, 0.5, 0.75)).tolist()
        return low, middle, high

    def of(self, timing: Timing) -> float:
        """The median of the rounds' ratios."""
        return self.quartiles(timing)[1]


LIMIT = Ratio("ours ÷ products", "ours", "products")
SCIKIT = Ratio("scikit-learn ÷ ours", "sklearn", "ours")
EAGER = Ratio("PyTorch eager ÷ ours", "eager", "ours")
FUSED = Ratio("PyTorch fused ÷ ours", "fused", "ours")


class Aim(NamedTuple):
    """A bound on a statistic of a ratio over the cases."""

    ratio: Ratio
    statistic: Callable[[Sequence[float]], float]
    words: str
    least: float = 0.0
    most: float = float("inf")

    def met(self, value: float) -> bool:
        """Whether a value is within the bound."""
        return self.least <= value <= self.most

    @property
    def bound(self) -> str:
        """The bound in words."""
        return f"≤ {self.most:g}" if self.least == 0 else f"≥ {self.least:g}"


AIMS = (
    Aim(SCIKIT, statistics.geometric_mean, "geometric mean", least=2.2),
    Aim(EAGER, statistics.geometric_mean, "geometric mean", least=1.9),
    Aim(FUSED, statistics.geometric_mean, "geometric mean", least=1.5),
    Aim(SCIKIT, min, "worst", least=1.0),
    Aim(LIMIT, statistics.median, "median", most=1.65),
)


def ratios(timing: Timing) -> list[Ratio]:
    """The ratios whose ways were measured."""
    known = (LIMIT, SCIKIT, EAGER, FUSED)
    return [ratio for ratio in known if {ratio.over, ratio.under} <= set(timing.seconds)]


def measure(
    case: Case, train: Examples, ways: Mapping[str, Way], *, warm_up: int, epochs: int
) -> Timing:
    """Train `warm_up` epochs each way, then measure `epochs`.

    The ways take turns, in an order drawn anew each round, so that a busy machine slows all alike
    and none always follows the same other.
    """
    ready = {name: make(case, train) for name, make in ways.items()}
    seconds: dict[str, list[float]] = {name: [] for name in ready}
    rng = np.random.default_rng(1)
    for _ in range(warm_up + epochs):
        for name in map(str, rng.permutation(list(ready))):
            began = time.perf_counter()
            ready[name]()
            seconds[name].append(time.perf_counter() - began)
    return Timing(case, {name: all_[warm_up:] for name, all_ in seconds.items()})
