"""Loss surfaces of two parameters, and the trainer's own optimizers walking on them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.nn.arrays import FloatArray
from pipeline.nn.optimizers import Optimizer


@dataclass(frozen=True)
class Surface:
    """A loss of points (..., 2) with its exact gradient (..., 2), its lowest value being 0."""

    name: str
    value: Callable[[FloatArray], FloatArray]
    gradient: Callable[[FloatArray], FloatArray]


def valley(steepness: float = 100.0) -> Surface:
    """A narrow valley along a parabola, lowest at (1, 1).

    (1 - x)^2 + steepness (y - x^2)^2 (Rosenbrock, 1960, Computer Journal 3, 175-184).

    >>> float(valley().value(np.array([1.0, 2.0])))
    100.0
    """

    def value(at: FloatArray) -> FloatArray:
        x, y = at[..., 0], at[..., 1]
        return np.asarray((1 - x) ** 2 + steepness * (y - x * x) ** 2)

    def gradient(at: FloatArray) -> FloatArray:
        x, y = at[..., 0], at[..., 1]
        off = y - x * x
        return np.stack([-2 * (1 - x) - 4 * steepness * x * off, 2 * steepness * off], axis=-1)

    return Surface("narrow valley", value, gradient)


def saddle() -> Surface:
    """A saddle at (0, 0) between two hollows, lowest at (0, 1) and (0, -1).

    (x^2 - y^2) / 2 + y^4 / 4 + 1/4: as the plain saddle near it, but with a floor.
    """

    def value(at: FloatArray) -> FloatArray:
        x, y = at[..., 0], at[..., 1]
        return np.asarray((x * x - y * y) / 2 + y**4 / 4 + 0.25)

    def gradient(at: FloatArray) -> FloatArray:
        x, y = at[..., 0], at[..., 1]
        return np.stack([x, y**3 - y], axis=-1)

    return Surface("saddle", value, gradient)


def bowl(ratio: float = 100.0) -> Surface:
    """An ill-scaled bowl, lowest at (0, 0): (x^2 + ratio y^2) / 2.

    `ratio` is its condition number: how much steeper it is one way than the other.
    """

    def value(at: FloatArray) -> FloatArray:
        x, y = at[..., 0], at[..., 1]
        return np.asarray((x * x + ratio * y * y) / 2)

    def gradient(at: FloatArray) -> FloatArray:
        return np.asarray(at * np.array([1.0, ratio]))

    return Surface("ill-scaled bowl", value, gradient)


@np.errstate(over="ignore", invalid="ignore")  # a rate too high leaves points that are not finite
def trajectory(
    surface: Surface, optimizer: Optimizer, start: tuple[float, float], steps: int, lr: float
) -> FloatArray:
    """Where the optimizer stands before the first step and after each one: (steps + 1, 2)."""
    theta, memory = np.array(start, np.float64), np.zeros((optimizer.slots, 2))
    points = [theta.copy()]
    for step in range(1, steps + 1):
        grad = optimizer.scale(lr, step) * surface.gradient(theta)
        optimizer.update(theta, grad, memory, lr=lr, step=step)
        points.append(theta.copy())
    return np.array(points)
