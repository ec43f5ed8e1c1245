"""What is added to, or cut from, the gradient."""

import numpy as np

from pipeline.nn.arrays import FloatArray
from pipeline.nn.optimizers import blocks


def l2_penalty(weights: FloatArray, l2: float) -> float:
    """l2 / 2 * sum of squared weights (k,); biases are not penalized."""
    return l2 / 2 * float(np.vdot(weights, weights))


def add_l2_gradient(grad: FloatArray, weights: FloatArray, l2: float) -> None:
    """Add the penalty's gradient, l2 * weights (k,), to grad (k,), in place."""
    for at in blocks(weights.size):
        grad[at] += l2 * weights[at]


def clip(grad: FloatArray, limit: float) -> None:
    """Clip each element of grad (size,) to [-limit, limit], in place."""
    np.clip(grad, -limit, limit, out=grad)
