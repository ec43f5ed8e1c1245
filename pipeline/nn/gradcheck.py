"""Numerical gradient check by central differences."""

from dataclasses import dataclass

import numpy as np

from pipeline.nn.arrays import FloatArray
from pipeline.nn.mlp import MLP
from pipeline.nn.regularizers import add_l2_gradient, l2_penalty

TOLERANCE = 1e-7
STEP = 1e-5  # of the central difference: balances its h^2 error against rounding in float64


@dataclass(frozen=True)
class Check:
    """The relative error of each parameter array's gradient, by name: W1, W2, ..., b1, b2, ..."""

    errors: dict[str, float]

    @property
    def error(self) -> float:
        """The worst of them."""
        return max(self.errors.values())

    @property
    def passed(self) -> bool:
        """Whether every array's gradient agrees with the differences."""
        return self.error < TOLERANCE


def check(mlp: MLP, *, seed: int = 0, rows: int = 8, l2: float = 0.0) -> Check:
    """Compare `mlp`'s gradient with central differences, in float64, on random inputs.

    For each parameter array ||a - n|| / (||a|| + ||n||), a the analytic and n the numerical
    gradient. Every element is moved: choose a small network.
    """
    rng = np.random.default_rng(seed)
    theta = mlp.initial(rng, np.float64)
    mlp_biases = theta[mlp.weight_count :]
    mlp_biases[...] = 0.1 * rng.standard_normal(mlp_biases.shape)
    X = rng.standard_normal((rows, mlp.widths[0]))
    Y = np.eye(mlp.widths[-1])[rng.integers(mlp.widths[-1], size=rows)]
    _, analytic = mlp.gradient(theta, X, Y)
    add_l2_gradient(analytic[: mlp.weight_count], theta[: mlp.weight_count], l2)
    numerical = _central_differences(mlp, theta, X, Y, l2)
    a, n = mlp.windows(analytic), mlp.windows(numerical)
    pairs = {f"W{i}": (x, y) for i, (x, y) in enumerate(zip(a.W, n.W, strict=True), 1)}
    pairs |= {f"b{i}": (x, y) for i, (x, y) in enumerate(zip(a.b, n.b, strict=True), 1)}
    return Check({name: relative_error(x, y) for name, (x, y) in pairs.items()})


def relative_error(a: FloatArray, n: FloatArray) -> float:
    """||a - n|| / (||a|| + ||n||), and 0 where both vanish."""
    scale = float(np.linalg.norm(a) + np.linalg.norm(n))
    return float(np.linalg.norm(a - n)) / scale if scale else 0.0


def _central_differences(
    mlp: MLP, theta: FloatArray, X: FloatArray, Y: FloatArray, l2: float
) -> FloatArray:
    def loss(at: FloatArray) -> float:
        return mlp.gradient(at, X, Y)[0] + l2_penalty(at[: mlp.weight_count], l2)

    numerical = np.empty_like(theta)
    for i, value in enumerate(theta):
        moved = theta.copy()
        moved[i] = value + STEP
        above = loss(moved)
        moved[i] = value - STEP
        numerical[i] = (above - loss(moved)) / (2 * STEP)
    return numerical
