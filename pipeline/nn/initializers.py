"""Starting weights."""

import math

import numpy as np

from pipeline.nn.arrays import FloatArray


def he(W: FloatArray, rng: np.random.Generator) -> None:
    """Fill W (d_in, d_out) with draws from N(0, 2 / d_in).

    Keeps the variance of activations through ReLU layers (He et al., 2015, arXiv:1502.01852,
    equation 10). Drawn in float64 and rounded, so that float32 and float64 networks of one seed
    start at the same point.
    """
    W[...] = rng.standard_normal(W.shape) * math.sqrt(2 / W.shape[0])
