"""Optimizers: whole-vector updates, in place, with explicit state.

Each has `slots`, how many vectors as long as theta it remembers; `scale`, a function of learning
rate and step; and `update`, which takes `grad` (size,), `scale` times the gradient g; `memory`
(slots, size), zero before the first step; the learning rate `lr`; and `step`, which counts from 1.

The loss has to multiply its gradient by 1/n anyway, while it is still a matrix of (n, classes).
The optimizer's scale rides along there for nothing, and saves a pass over all parameters here.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Protocol

import numpy as np

from pipeline.nn.arrays import FloatArray

BLOCK = 262144  # elements updated at a time: theta, grad and memory of a block stay in the cache
TINY = 1e-30  # remembered numbers below this matter to no parameter
SUBNORMAL = 1.2e-38  # float32 numbers below this are slow


class Optimizer(Protocol):
    """What the training loop asks of an optimizer."""

    @property
    def slots(self) -> int:
        """How many vectors of theta's length it remembers."""

    @property
    def decay(self) -> float:
        """The least factor by which a remembered number shrinks in a step without gradient."""

    def scale(self, lr: float, step: int) -> float:
        """What the gradient must come multiplied by."""

    def update(
        self, theta: FloatArray, grad: FloatArray, memory: FloatArray, *, lr: float, step: int
    ) -> None:
        """Move theta (size,) by one step, in place; grad is used up."""


@dataclass(frozen=True)
class SGD:
    """theta -= lr g (Robbins & Monro, 1951). grad holds -lr g."""

    slots: ClassVar[int] = 0
    decay: ClassVar[float] = 1.0

    def scale(self, lr: float, step: int) -> float:
        """-lr."""
        return -lr

    def update(
        self, theta: FloatArray, grad: FloatArray, memory: FloatArray, *, lr: float, step: int
    ) -> None:
        """Move theta (size,) by one step, in place; grad is used up."""
        theta += grad


@dataclass(frozen=True)
class _Fading:
    """One remembered vector, which fades by the factor beta, in [0, 1), in every step."""

    beta: float = 0.9
    slots: ClassVar[int] = 1

    def __post_init__(self) -> None:
        """Check beta. Raises: ValueError naming the rule and the value."""
        _check_factors(beta=self.beta)

    @property
    def decay(self) -> float:
        """beta."""
        return self.beta


@dataclass(frozen=True)
class Momentum(_Fading):
    """velocity = beta velocity - lr g; theta += velocity (Polyak, 1964). grad holds -lr g.

    PyTorch's form, velocity = beta velocity + g; theta -= lr velocity, is the same as long as
    the rate is.
    """

    def scale(self, lr: float, step: int) -> float:
        """-lr."""
        return -lr

    def update(
        self, theta: FloatArray, grad: FloatArray, memory: FloatArray, *, lr: float, step: int
    ) -> None:
        """Move theta (size,) by one step, in place; grad is used up."""
        for at in blocks(theta.size):
            velocity = memory[0, at]
            velocity *= self.beta
            velocity += grad[at]
            theta[at] += velocity


@dataclass(frozen=True)
class Nesterov(_Fading):
    """velocity = beta velocity - lr g; theta += beta velocity - lr g. grad holds -lr g.

    Nesterov's accelerated gradient (1983) seen from the point where the gradient is taken
    (Sutskever et al., 2013, equations 3 and 4, after the change of variable of Bengio et al.,
    2013, arXiv:1212.0901, equation 7).
    """

    def scale(self, lr: float, step: int) -> float:
        """-lr."""
        return -lr

    def update(
        self, theta: FloatArray, grad: FloatArray, memory: FloatArray, *, lr: float, step: int
    ) -> None:
        """Move theta (size,) by one step, in place; grad is used up."""
        for at in blocks(theta.size):
            velocity, g = memory[0, at], grad[at]
            velocity *= self.beta
            velocity += g
            theta[at] += g
            np.multiply(velocity, self.beta, out=g)
            theta[at] += g


@dataclass(frozen=True)
class AveragedMomentum(_Fading):
    """velocity = beta velocity + (1 - beta) g; theta -= lr velocity. grad holds (1 - beta) g.

    The velocity is a moving average of gradients, not a sum of steps: at the same rate it moves
    (1 - beta) times as far as Momentum. PyTorch has it as `dampening=beta`, but for the first
    step.
    """

    def scale(self, lr: float, step: int) -> float:
        """1 - beta."""
        return 1 - self.beta

    def update(
        self, theta: FloatArray, grad: FloatArray, memory: FloatArray, *, lr: float, step: int
    ) -> None:
        """Move theta (size,) by one step, in place; grad is used up."""
        for at in blocks(theta.size):
            velocity, g = memory[0, at], grad[at]
            velocity *= self.beta
            velocity += g
            np.multiply(velocity, lr, out=g)
            theta[at] -= g


@dataclass(frozen=True)
class RMSProp(_Fading):
    """v = beta v + (1 - beta) g^2; theta -= lr g / (sqrt(v) + eps) (Tieleman & Hinton, 2012).

    beta is PyTorch's default; the lecture has 0.9. grad holds sqrt(1 - beta) g.
    """

    beta: float = 0.99
    eps: float = 1e-8

    def scale(self, lr: float, step: int) -> float:
        """The square root of 1 - beta: its square is the factor of g^2."""
        return math.sqrt(1 - self.beta)

    def update(
        self, theta: FloatArray, grad: FloatArray, memory: FloatArray, *, lr: float, step: int
    ) -> None:
        """Move theta (size,) by one step, in place; grad is used up."""
        rate = lr / self.scale(lr, step)
        for at in blocks(theta.size):
            v, g = memory[0, at], grad[at]
            v *= self.beta
            v += g * g
            root = np.sqrt(v)
            root += self.eps
            g /= root
            g *= rate
            theta[at] -= g


@dataclass(frozen=True)
class Adam:
    """Adaptive moments (Kingma & Ba, 2015, arXiv:1412.6980, algorithm 1).

    m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2,
    theta -= lr m_hat / (sqrt(v_hat) + eps), where m_hat = m / (1 - beta1^t), v_hat likewise.
    With decoupled weight decay (`Recipe.weight_decay`) it is AdamW.

    Nine passes over the parameters instead of twelve: memory holds s m / (1 - beta1) and
    s^2 v / (1 - beta2), and grad s g, where s grows by the square root of 1 / beta2 a step. Then
    s^2 v has nothing to be multiplied by, and s cancels out of the update. Before s^2 passes 2, s
    starts again from 1.
    """

    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    slots: ClassVar[int] = 2

    def __post_init__(self) -> None:
        """Check the factors. Raises: ValueError naming the rule and the value."""
        _check_factors(beta1=self.beta1, beta2=self.beta2)

    @property
    def decay(self) -> float:
        """The smaller of the two."""
        return min(self.beta1, self.beta2)

    def scale(self, lr: float, step: int) -> float:
        """s: 1 at first, and again after every `_period` steps."""
        return float(self.beta2 ** (-0.5 * ((step - 1) % self._period)))

    @cached_property
    def _period(self) -> int:
        """How many steps s^2 grows: to 2, or not at all."""
        return max(1, int(math.log(0.5) / math.log(self.beta2))) if self.beta2 > 0.5 else 1

    def update(
        self, theta: FloatArray, grad: FloatArray, memory: FloatArray, *, lr: float, step: int
    ) -> None:
        """Move theta (size,) by one step, in place; grad is used up."""
        s, before = self.scale(lr, step), self.scale(lr, step - 1) if step > 1 else 1.0
        beta1, beta2 = self.beta1 * s / before, self.beta2 * (s / before) ** 2
        root = math.sqrt((1 - self.beta2) / (1 - self.beta2**step))  # s sqrt(v_hat) = root sqrt(v)
        rate = lr * (1 - self.beta1) / (1 - self.beta1**step) / root
        eps = self.eps * s / root
        for at in blocks(theta.size):
            m, v, g = memory[0, at], memory[1, at], grad[at]
            m *= beta1
            m += g
            if s == 1.0:  # elsewhere beta2 is 1, but for rounding
                v *= beta2
            g *= g
            v += g
            np.sqrt(v, out=g)
            g += eps
            np.divide(m, g, out=g)
            g *= rate
            theta[at] -= g


def steps_between_flushes(decay: float) -> int:
    """How many steps numbers of TINY may shrink by `decay` and are not yet subnormal; 128 at most.

    >>> steps_between_flushes(0.9), steps_between_flushes(0.5)
    (128, 26)
    """
    if not 0 < decay < 1:
        return 128
    return max(1, min(128, int(math.log(SUBNORMAL / TINY) / math.log(decay))))


def flush(memory: FloatArray) -> None:
    """Clear remembered numbers too small to matter, in place.

    Moments of pixels that are rarely lit decay below 1e-38, where float32 arithmetic is slow on
    most processors: whole epochs by 1.3 to 2.7 times on MNIST. The limit is the same in float64.
    """
    for row in memory:
        for at in blocks(row.size):
            block = row[at]
            block[np.abs(block) < TINY] = 0


def blocks(size: int) -> list[slice]:
    """The slices that cover a vector of `size` elements, BLOCK at a time."""
    return [slice(start, min(start + BLOCK, size)) for start in range(0, size, BLOCK)]


def _check_factors(**factors: float) -> None:
    """Raises: ValueError naming the first factor that is not in [0, 1)."""
    for name, value in factors.items():
        if not 0 <= value < 1:
            raise ValueError(f"{name} must be in [0, 1), but got {value}")
