"""Training until a network is good enough, and how long that took."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from pipeline.nn.arrays import FloatArray
from pipeline.nn.examples import Examples
from pipeline.nn.fit import evaluate, fit
from pipeline.nn.initializers import Initializer, he
from pipeline.nn.mlp import MLP
from pipeline.nn.state import Recipe, start


@dataclass(frozen=True)
class Trained:
    """Parameters theta (size,), loss and accuracy on the training examples, and the epochs taken.

    `epochs` is None where the target was not reached.
    """

    theta: FloatArray
    loss: float
    accuracy: float
    epochs: int | None


def train_until(
    mlp: MLP,
    train: Examples,
    recipe: Recipe,
    seed: int,
    *,
    loss: float = inf,
    accuracy: float = 0.0,
    initializer: Initializer = he,
) -> Trained:
    """Train by `fit` until the loss is below `loss` and the accuracy is `accuracy` or more.

    Both are those of all training examples after an epoch; the start counts as epoch 0. Gives up
    after `recipe.epochs`. Raises: as `fit`.
    """
    state = start(mlp, recipe.optimizer, seed, train.X.dtype.type, initializer)
    at_start, right = evaluate(mlp, state.theta, train)
    reached = (at_start, float(np.mean(right)))
    epochs = fit(mlp, state, train, train, recipe)  # judged after each epoch by the same examples
    while not (good := reached[0] < loss and reached[1] >= accuracy):
        epoch = next(epochs, None)
        if epoch is None:
            break
        reached = (epoch.val_loss, epoch.val_accuracy)
    return Trained(state.theta, *reached, state.epoch if good else None)


def climb(
    networks: Iterable[MLP],
    train: Examples,
    recipe: Recipe,
    seeds: Sequence[int],
    *,
    accuracy: float,
) -> Iterator[tuple[MLP, list[Trained]]]:
    """Train each network with every seed, and end with the first that always gets there.

    From small to large, the last one yielded is then the smallest that reaches the accuracy with
    all of the seeds. Raises: as `fit`.
    """
    for mlp in networks:
        runs = [train_until(mlp, train, recipe, seed, accuracy=accuracy) for seed in seeds]
        yield mlp, runs
        if all(run.epochs is not None for run in runs):
            return
