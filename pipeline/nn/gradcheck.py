"""Numerical gradient check by central differences."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.nn.arrays import FloatArray
from pipeline.nn.mlp import MLP
from pipeline.nn.regularizers import add_l2_gradient, draw_mask, l2_penalty, smooth

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


def check(
    mlp: MLP,
    *,
    seed: int = 0,
    rows: int = 8,
    l2: float = 0.0,
    dropout: float = 0.0,
    label_smoothing: float = 0.0,
) -> Check:
    """Compare `mlp`'s gradient with central differences, in float64, on random inputs.

    For each parameter array ||a - n|| / (||a|| + ||n||), a the analytic and n the numerical
    gradient. Every element is moved: choose a small network. `dropout` leaves out hidden units,
    the same ones throughout; `label_smoothing` acts on the targets.
    """
    rng = np.random.default_rng(seed)
    theta = mlp.initial(rng, np.float64)
    biases = theta[mlp.weight_count :]
    biases[...] = 0.1 * rng.standard_normal(biases.shape)
    X = rng.standard_normal((rows, mlp.widths[0]))
    Y = smooth(_targets(mlp.widths[-1], rows, rng), label_smoothing)
    layers = mlp.layers(rows, np.float64, dropout=dropout > 0)
    for mask in layers.mask:
        draw_mask(mask, dropout, rng)
    _, analytic = mlp.gradient(theta, X, Y, layers)
    add_l2_gradient(analytic[: mlp.weight_count], theta[: mlp.weight_count], l2)

    def loss(at: FloatArray) -> float:
        return mlp.gradient(at, X, Y, layers)[0] + l2_penalty(at[: mlp.weight_count], l2)

    return Check(_by_array(mlp, analytic, _central_differences(loss, theta)))


def relative_error(a: FloatArray, n: FloatArray) -> float:
    """||a - n|| / (||a|| + ||n||), and 0 where both vanish."""
    scale = float(np.linalg.norm(a) + np.linalg.norm(n))
    return float(np.linalg.norm(a - n)) / scale if scale else 0.0


def _targets(classes: int, rows: int, rng: np.random.Generator) -> FloatArray:
    """One-hot targets (rows, classes), or zeros and ones for a single output."""
    if classes == 1:
        return rng.integers(2, size=(rows, 1)).astype(np.float64)
    return np.eye(classes)[rng.integers(classes, size=rows)]


def _central_differences(loss: Callable[[FloatArray], float], theta: FloatArray) -> FloatArray:
    numerical = np.empty_like(theta)
    for i, value in enumerate(theta):
        moved = theta.copy()
        moved[i] = value + STEP
        above = loss(moved)
        moved[i] = value - STEP
        numerical[i] = (above - loss(moved)) / (2 * STEP)
    return numerical


def _by_array(mlp: MLP, analytic: FloatArray, numerical: FloatArray) -> dict[str, float]:
    a, n = mlp.windows(analytic), mlp.windows(numerical)
    pairs = {f"W{i}": pair for i, pair in enumerate(zip(a.W, n.W, strict=True), 1)}
    pairs |= {f"b{i}": pair for i, pair in enumerate(zip(a.b, n.b, strict=True), 1)}
    return {name: relative_error(*pair) for name, pair in pairs.items()}
