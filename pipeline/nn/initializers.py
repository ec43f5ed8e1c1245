"""Starting weights. Biases start at zero.

Random weights are drawn in float64 and rounded, so that float32 and float64 networks of one seed
start at the same point.
"""

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from pipeline.nn.arrays import FloatArray

Initializer: TypeAlias = Callable[[FloatArray, np.random.Generator], None]
"""Fills a layer's weights W (d_in, d_out), in place."""


def zeros(W: FloatArray, rng: np.random.Generator) -> None:  # noqa: ARG001 - as the others
    """Fill W with 0: hidden units of a layer then stay equal for good."""
    W[...] = 0


def normal(scale: float) -> Initializer:
    """Draws from N(0, scale^2)."""

    def fill(W: FloatArray, rng: np.random.Generator) -> None:
        W[...] = rng.standard_normal(W.shape) * scale

    return fill


def glorot(W: FloatArray, rng: np.random.Generator) -> None:
    """Fill W with uniform draws from +-sqrt(6 / (d_in + d_out)).

    A compromise that keeps the variance of activations and of errors through tanh layers
    (Glorot & Bengio, 2010, equation 16).
    """
    limit = math.sqrt(6 / sum(W.shape))
    W[...] = rng.uniform(-limit, limit, W.shape)


def he(W: FloatArray, rng: np.random.Generator) -> None:
    """Fill W with draws from N(0, 2 / d_in).

    Keeps the variance of activations through ReLU layers (He et al., 2015, arXiv:1502.01852,
    equation 10).
    """
    W[...] = rng.standard_normal(W.shape) * math.sqrt(2 / W.shape[0])
