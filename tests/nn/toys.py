"""A small network, its trainings and their comparison, which the trainer's tests share."""

import dataclasses
from collections.abc import Callable, Iterable
from typing import TypeAlias

import numpy as np
import pytest

from pipeline.nn.activations import ACTIVATIONS
from pipeline.nn.arrays import FloatArray
from pipeline.nn.examples import Examples
from pipeline.nn.fit import Epoch, fit
from pipeline.nn.mlp import MLP
from pipeline.nn.optimizers import (
    SGD,
    Adam,
    AveragedMomentum,
    Momentum,
    Nesterov,
    Optimizer,
    RMSProp,
)
from pipeline.nn.regularizers import smooth
from pipeline.nn.schedules import drops
from pipeline.nn.state import Recipe, State, start

MakeExamples: TypeAlias = Callable[..., Examples]

# with beta2 = 0.9 Adam's inner scale starts again after every six steps
OPTIMIZERS = [
    SGD(),
    Momentum(),
    Nesterov(),
    AveragedMomentum(),
    RMSProp(),
    Adam(),
    Adam(beta2=0.9),
]
PAIRS = [
    ("softmax", "cross_entropy"),
    ("sigmoid", "cross_entropy"),
    *((output, "squared_error") for output in ACTIVATIONS),
    *((output, "mean_squared_error") for output in ACTIVATIONS),
]
every_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
every_activation = pytest.mark.parametrize("activation", ACTIVATIONS)

NETWORK = MLP((4, 5, 3))
LIMIT = 0.1
HOW = Recipe(Adam(), drops(0.01, (2,)), batch_size=8, epochs=4, l2=1e-3, clip=LIMIT)


def rate(optimizer: Optimizer) -> float:
    """A learning rate that suits the toy examples."""
    return 0.02 if isinstance(optimizer, RMSProp | Adam) else 0.1


def trained(
    train: Examples,
    val: Examples | None = None,
    how: Recipe = HOW,
    *,
    seed: int = 1,
    mlp: MLP = NETWORK,
) -> tuple[State, list[Epoch]]:
    """The state after training in the precision of the examples, and its history."""
    state = start(mlp, how.optimizer, seed, train.X.dtype.type)
    return state, history(fit(mlp, state, train, val, how))


def history(epochs: Iterable[Epoch]) -> list[Epoch]:
    """The epochs, their seconds set to 0."""
    return [dataclasses.replace(epoch, seconds=0.0) for epoch in epochs]


def same(a: State, b: State) -> bool:
    """Whether two states agree in every bit: the random streams and the best epoch included."""
    return (
        np.array_equal(a.theta, b.theta)
        and np.array_equal(a.memory, b.memory)
        and (a.theta.dtype, a.memory.dtype) == (b.theta.dtype, b.memory.dtype)
        and (a.step, a.epoch) == (b.step, b.epoch)
        and a.shuffle.bit_generator.state == b.shuffle.bit_generator.state
        and a.dropout.bit_generator.state == b.dropout.bit_generator.state
        and same_best(a, b)
    )


def same_best(a: State, b: State) -> bool:
    """Whether two states know the same best epoch, with the same weights, or none."""
    if a.best is None or b.best is None:
        return a.best is b.best
    figures = [(s.epoch, s.val_accuracy, s.val_loss) for s in (a.best, b.best)]
    return figures[0] == figures[1] and np.array_equal(a.best.theta, b.best.theta)


def plain_loop(mlp: MLP, state: State, train: Examples, how: Recipe) -> FloatArray:
    """Theta after training by the plainest loop: fresh arrays, one batch after the other.

    Of the rules it knows all but dropout and patience.
    """
    n, weights = len(train.X), np.arange(mlp.size) < mlp.weight_count
    Y = smooth(train.Y, how.label_smoothing)
    theta, step = state.theta.copy(), 0
    for epoch in range(how.epochs):
        order = state.shuffle.permutation(n) if how.batch_size < n else np.arange(n)
        for at in range(0, n, how.batch_size):
            rows = order[at : at + how.batch_size]
            _, grad = mlp.gradient(theta, train.X[rows], Y[rows])
            grad = grad + how.l2 * theta * weights
            if how.clip is not None:
                grad = np.clip(grad, -how.clip, how.clip)
            if how.clip_norm is not None:
                grad = grad * min(1.0, how.clip_norm / float(np.linalg.norm(grad)))
            step, lr = step + 1, how.schedule(epoch + at / n)
            theta = theta * np.where(weights, 1 - lr * how.weight_decay, 1.0)
            grad = grad * how.optimizer.scale(lr, step)
            how.optimizer.update(theta, grad, state.memory, lr=lr, step=step)
    return theta
