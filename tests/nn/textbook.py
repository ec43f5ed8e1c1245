"""Steps of optimizers as a textbook writes them, and the walks that are compared."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

import numpy as np

from pipeline.nn.arrays import FloatArray
from pipeline.nn.optimizers import Optimizer
from pipeline.nn.regularizers import add_l2_gradient, decay

SIZE, STEPS, LR = 40, 30, 0.01

# (t, lr, g, theta, *memory) -> (theta, *memory): step t as a textbook writes it, not in place
Formula: TypeAlias = Callable[..., tuple[FloatArray, ...]]


def sgd(t: int, lr: float, g: FloatArray, theta: FloatArray) -> tuple[FloatArray]:
    """Robbins & Monro."""
    return (theta - lr * g,)


def momentum(
    t: int, lr: float, g: FloatArray, *at: FloatArray, beta: float
) -> tuple[FloatArray, ...]:
    """Polyak: the velocity is a sum of steps."""
    theta, velocity = at
    velocity = beta * velocity - lr * g
    return theta + velocity, velocity


def averaged_momentum(
    t: int, lr: float, g: FloatArray, *at: FloatArray, beta: float
) -> tuple[FloatArray, ...]:
    """The velocity is a moving average of gradients."""
    theta, velocity = at
    velocity = beta * velocity + (1 - beta) * g
    return theta - lr * velocity, velocity


def nesterov(
    t: int, lr: float, g: FloatArray, *at: FloatArray, beta: float
) -> tuple[FloatArray, ...]:
    """Bengio et al., equation 7: the step of the next velocity is already taken."""
    theta, before = at
    velocity = beta * before - lr * g
    return theta - beta * before + (1 + beta) * velocity, velocity


def rmsprop(
    t: int, lr: float, g: FloatArray, *at: FloatArray, beta: float, eps: float = 1e-8
) -> tuple[FloatArray, ...]:
    """Tieleman & Hinton: each element divided by the root of its mean square."""
    theta, v = at
    v = beta * v + (1 - beta) * g**2
    return theta - lr * g / (np.sqrt(v) + eps), v


def adam(
    t: int,
    lr: float,
    g: FloatArray,
    *at: FloatArray,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[FloatArray, ...]:
    """Algorithm 1 of Kingma & Ba, eps added after the bias correction."""
    theta, m, v = at
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


def advance(
    optimizer: Optimizer,
    theta: FloatArray,
    gradient: FloatArray,
    memory: FloatArray,
    *,
    lr: float,
    step: int,
) -> None:
    """One step, the gradient multiplied as the optimizer asks."""
    grad = optimizer.scale(lr, step) * gradient
    optimizer.update(theta, grad, memory, lr=lr, step=step)


def gradients() -> FloatArray:
    """The same gradients each time: of either sign and many sizes, never zero: (STEPS, SIZE)."""
    rng = np.random.default_rng(3)
    return rng.standard_normal((STEPS, SIZE)) * 10.0 ** rng.integers(-3, 3, size=SIZE)


def path(
    optimizer: Optimizer,
    rates: Iterable[float] = (LR,) * STEPS,
    *,
    l2: float = 0.0,
    weight_decay: float = 0.0,
) -> FloatArray:
    """Where theta stands after each step from 1, 1, 1, …: (STEPS, SIZE)."""
    theta, memory = np.ones(SIZE), np.zeros((optimizer.slots, SIZE))
    points = []
    for step, (g, lr) in enumerate(zip(gradients(), rates, strict=True), 1):
        add_l2_gradient(g, theta, l2)
        decay(theta, weight_decay, lr)
        advance(optimizer, theta, g, memory, lr=lr, step=step)
        points.append(theta.copy())
    return np.array(points)
