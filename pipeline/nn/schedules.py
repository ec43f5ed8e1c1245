"""Learning-rate schedules: from epochs passed (a float, 0 at the start) to a rate.

The rate is asked for before every step, so it may move within an epoch.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeAlias

Schedule: TypeAlias = Callable[[float], float]


def constant(lr: float) -> Schedule:
    """The same rate throughout."""
    return lambda _: lr


def drops(lr: float, epochs: Sequence[int], factor: float = 0.1) -> Schedule:
    """A rate multiplied by `factor` once each of `epochs` epochs have passed.

    lr * factor ** #{e in epochs: e <= passed}: with epochs (10, 15), epoch 11 is the first to be
    trained at lr * factor.

    >>> rate = drops(0.1, (10, 15), factor=0.5)
    >>> rate(9.99), rate(10), rate(15)
    (0.1, 0.05, 0.025)
    """
    return lambda passed: lr * factor ** sum(epoch <= passed for epoch in epochs)


def drops_to(lr: float, epochs: Sequence[int], rates: Sequence[float]) -> Schedule:
    """A rate that becomes each of `rates` once its one of `epochs` epochs, rising, have passed.

    >>> rate = drops_to(0.1, (10, 15), rates=(0.06, 0.01))
    >>> rate(9.99), rate(10), rate(15)
    (0.1, 0.06, 0.01)

    Raises: ValueError if there are not as many rates as epochs, or epochs do not rise.
    """
    if len(rates) != len(epochs):
        raise ValueError(
            f"there must be a rate for each drop, but got {len(rates)} rates for {len(epochs)} "
            "drops; add or take away"
        )
    if any(later <= earlier for earlier, later in pairwise(epochs)):
        raise ValueError(f"the epochs of drops must rise, but got {list(epochs)}; sort them")
    return lambda passed: (lr, *rates)[sum(epoch <= passed for epoch in epochs)]


def steps(lr: float, every: int, factor: float = 0.1) -> Schedule:
    """A rate multiplied by `factor` after each `every` epochs.

    >>> rate = steps(0.1, every=10, factor=0.5)
    >>> rate(9.99), rate(10), rate(20)
    (0.1, 0.05, 0.025)
    """
    _check_positive(every=every)
    return lambda passed: lr * factor ** (passed // every)


def exponential(lr: float, factor: float) -> Schedule:
    """lr * factor ** passed: multiplied by `factor` in the course of each epoch."""
    return lambda passed: lr * factor**passed


def inverse_time(lr: float, decay: float) -> Schedule:
    """lr / (1 + decay * passed) (Robbins & Monro, 1951: the rates' sum must diverge)."""
    return lambda passed: lr / (1 + decay * passed)


def cosine(lr: float, epochs: float, floor: float = 0.0) -> Schedule:
    """Half a cosine from lr down to `floor` after `epochs` epochs; `floor` from then on.

    floor + (lr - floor) (1 + cos(pi passed / epochs)) / 2 (Loshchilov & Hutter, 2017,
    arXiv:1608.03983, equation 5, without restarts).

    >>> rate = cosine(0.1, epochs=20)
    >>> [round(rate(passed), 3) for passed in (0, 5, 10, 20, 30)]
    [0.1, 0.085, 0.05, 0.0, 0.0]
    """
    _check_positive(epochs=epochs)

    def rate(passed: float) -> float:
        share = min(passed / epochs, 1.0)
        return floor + (lr - floor) * (1 + math.cos(math.pi * share)) / 2

    return rate


def warm_restarts(lr: float, period: float, growth: float = 2.0, floor: float = 0.0) -> Schedule:
    """Half cosines from lr to `floor`, one after the other, each `growth` times as long.

    The first takes `period` epochs (Loshchilov & Hutter, 2017, arXiv:1608.03983, equation 5).

    >>> rate = warm_restarts(0.1, period=2)
    >>> [round(rate(passed), 3) for passed in (0, 1, 2, 4, 6)]
    [0.1, 0.05, 0.1, 0.05, 0.1]
    """
    _check_positive(period=period)
    if growth < 1:
        raise ValueError(f"growth must be 1 or more, but got {growth}")

    def rate(passed: float) -> float:
        length = float(period)
        while passed >= length:
            passed, length = passed - length, length * growth
        return cosine(lr, length, floor)(passed)

    return rate


def warm_up(after: Schedule, epochs: float) -> Schedule:
    """Scale the schedule `after` up from 0 along a line over the first `epochs` epochs.

    after(passed) * min(1, passed / epochs) (Goyal et al., 2017, arXiv:1706.02677, section 2.2).
    The very first step, at rate 0, moves at most the optimizer's memory.

    >>> rate = warm_up(constant(0.1), epochs=4)
    >>> rate(0), rate(2), rate(5)
    (0.0, 0.05, 0.1)
    """
    _check_positive(epochs=epochs)
    return lambda passed: after(passed) * min(1.0, passed / epochs)


def rising(low: float, high: float, epochs: float) -> Schedule:
    """From `low` to `high` by equal factors: the sweep of a learning-rate range test.

    low * (high / low) ** (passed / epochs) (Smith, 2017, arXiv:1506.01186, section 3.3, with the
    rates spaced evenly in their logarithm).

    >>> rate = rising(1e-4, 1.0, epochs=2)
    >>> round(rate(0), 6), round(rate(1), 6), round(rate(2), 6)
    (0.0001, 0.01, 1.0)
    """
    _check_positive(low=low, high=high, epochs=epochs)
    return lambda passed: low * (high / low) ** (passed / epochs)


def _check_positive(**values: float) -> None:
    """Raises: ValueError naming the first value that is not above 0."""
    for name, value in values.items():
        if not value > 0:
            raise ValueError(f"{name} must be positive, but got {value}")
