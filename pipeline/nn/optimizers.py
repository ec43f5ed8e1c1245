"""Optimizers: whole-vector updates, in place, with explicit state.

Each has `slots`, how many vectors as long as theta it remembers, and `update`, which takes
gradient `grad` (size,), used up as scratch; `memory` (slots, size), zero before the first step;
the learning rate `lr`; and `step`, which counts from 1.
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from pipeline.nn.arrays import FloatArray

BLOCK = 65536  # elements updated at a time: theta, grad and memory of a block stay in the cache
TINY = 1e-30  # remembered numbers below this are cleared before they become subnormal


class Optimizer(Protocol):
    """What the training loop asks of an optimizer."""

    @property
    def slots(self) -> int:
        """How many vectors of theta's length it remembers."""

    def update(
        self, theta: FloatArray, grad: FloatArray, memory: FloatArray, *, lr: float, step: int
    ) -> None:
        """Move theta (size,) by one step, in place."""


@dataclass(frozen=True)
class SGD:
    """theta -= lr grad (Robbins & Monro, 1951)."""

    slots: ClassVar[int] = 0

    def update(
        self, theta: FloatArray, grad: FloatArray, memory: FloatArray, *, lr: float, step: int
    ) -> None:
        """Move theta (size,) by one step, in place."""
        grad *= lr
        theta -= grad


@dataclass(frozen=True)
class Momentum:
    """velocity = beta velocity - lr grad; theta += velocity (Polyak, 1964)."""

    beta: float = 0.9
    slots: ClassVar[int] = 1

    def update(
        self, theta: FloatArray, grad: FloatArray, memory: FloatArray, *, lr: float, step: int
    ) -> None:
        """Move theta (size,) by one step, in place."""
        for at in blocks(theta.size):
            velocity, g = memory[0, at], grad[at]
            velocity *= self.beta
            g *= lr
            velocity -= g
            theta[at] += velocity


@dataclass(frozen=True)
class Adam:
    """Adaptive moments (Kingma & Ba, 2015, arXiv:1412.6980, algorithm 1).

    m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2,
    theta -= lr m_hat / (sqrt(v_hat) + eps), where m_hat = m / (1 - beta1^t), v_hat likewise.

    Memory holds m / (1 - beta1) and v / (1 - beta2): the factors fold into two scalars a step.
    """

    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    slots: ClassVar[int] = 2

    def update(
        self, theta: FloatArray, grad: FloatArray, memory: FloatArray, *, lr: float, step: int
    ) -> None:
        """Move theta (size,) by one step, in place."""
        root = math.sqrt((1 - self.beta2) / (1 - self.beta2**step))  # sqrt(v_hat) = root sqrt(v)
        rate = lr * (1 - self.beta1) / (1 - self.beta1**step) / root
        eps = self.eps / root
        for at in blocks(theta.size):
            m, v, g = memory[0, at], memory[1, at], grad[at]
            m *= self.beta1
            m += g
            v *= self.beta2
            g *= g
            v += g
            np.sqrt(v, out=g)
            g += eps
            np.divide(m, g, out=g)
            g *= rate
            theta[at] -= g


def flush(memory: FloatArray) -> None:
    """Clear remembered numbers too small to matter, in place.

    Moments of pixels that are rarely lit decay below 1e-38, where float32 arithmetic is slow on
    most processors: whole epochs by 1.3 to 2.7 times on MNIST.
    """
    for row in memory:
        for at in blocks(row.size):
            block = row[at]
            block[np.abs(block) < TINY] = 0


def blocks(size: int) -> list[slice]:
    """The slices that cover a vector of `size` elements, BLOCK at a time."""
    return [slice(start, min(start + BLOCK, size)) for start in range(0, size, BLOCK)]
