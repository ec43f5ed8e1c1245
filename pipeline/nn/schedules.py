"""Learning-rate schedules: from epochs passed (a float, 0 at the start) to a rate."""

from collections.abc import Callable, Sequence
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
