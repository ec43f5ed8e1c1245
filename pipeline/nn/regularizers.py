"""What keeps weights small, gradients bounded and units independent."""

import math
from dataclasses import dataclass

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


def decay(weights: FloatArray, weight_decay: float, lr: float) -> None:
    """Shrink weights (k,) by the factor 1 - lr weight_decay, in place.

    Decoupled from the gradient: with Adam this is AdamW (Loshchilov & Hutter, 2019,
    arXiv:1711.05101, algorithm 2, in PyTorch's form, where the rate multiplies the decay; PyTorch
    decays biases too).
    """
    weights *= 1 - lr * weight_decay


def clip(grad: FloatArray, limit: float) -> None:
    """Clip each element of grad (size,) to [-limit, limit], in place."""
    np.clip(grad, -limit, limit, out=grad)


def clip_norm(grad: FloatArray, limit: float) -> None:
    """Scale grad (size,) down, in place, to Euclidean length `limit` if it is longer.

    Keeps its direction (Pascanu et al., 2013, arXiv:1211.5063, algorithm 1).
    """
    length = float(np.linalg.norm(grad))
    if math.isinf(length):  # the squares overflow before the gradient does
        largest = float(np.abs(grad).max())
        length = largest * float(np.linalg.norm(grad / largest))
    if length > limit:
        grad *= limit / length


def smooth(Y: FloatArray, share: float) -> FloatArray:
    """Move `share` of each target's weight to all classes alike: (1 - share) Y + share / classes.

    Label smoothing (Szegedy et al., 2016, arXiv:1512.00567, equation 7). Y (n, outputs) stays as
    it is, and the copy has its type; a single output stands for two classes.
    """
    smoothed: FloatArray = Y * (1 - share) + share / max(2, Y.shape[1])
    return smoothed


@dataclass(frozen=True)
class Dropout:
    """The chance that an input, or a hidden unit, is left out of a step.

    Those that stay are scaled by 1 / (1 - chance), so that nothing changes at test time
    (Srivastava et al., 2014, in the inverted form).
    """

    input: float = 0.0
    hidden: float = 0.0

    def __post_init__(self) -> None:
        """Check the chances. Raises: ValueError naming the rule and the value."""
        for name in ("input", "hidden"):
            chance = getattr(self, name)
            if not 0 <= chance < 1:
                raise ValueError(f"dropout of {name} must be in [0, 1), but got {chance}")


def draw_mask(mask: FloatArray, chance: float, rng: np.random.Generator) -> None:
    """Fill mask (n, d) with 0, with probability `chance`, and 1 / (1 - chance) elsewhere."""
    mask[...] = rng.random(mask.shape, dtype=mask.dtype.type)
    np.greater_equal(mask, chance, out=mask)
    mask *= 1 / (1 - chance)
