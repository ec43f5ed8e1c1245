"""The training loop: a generator of Epoch records."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.nn.arrays import FloatArray
from pipeline.nn.examples import Examples, check
from pipeline.nn.mlp import MLP
from pipeline.nn.passes import Pass
from pipeline.nn.state import Best, Diverged, Recipe, State

EVALUATED_AT_ONCE = 1024  # rows
NO_BITS = np.empty(0, np.bool_)


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training examples did.

    Training loss and accuracy are means over the epoch's batches, taken while the weights move;
    losses are the network's own, without penalties, the training loss that of smoothed targets
    where they are smoothed; `learning_rate` is the last used. Validation figures are NaN, and
    `val_correct` (n_val,) is empty, where there is none.
    """

    index: int
    train_loss: float
    train_accuracy: float
    val_loss: float
    val_accuracy: float
    learning_rate: float
    seconds: float
    val_correct: NDArray[np.bool_] = field(repr=False, compare=False)


def fit(
    mlp: MLP, state: State, train: Examples, val: Examples | None, recipe: Recipe
) -> Iterator[Epoch]:
    """Train `state` in place until it has seen `recipe.epochs` epochs, yielding after each.

    Stop asking, and training stops; the next call of `fit` goes on from there. The last batch of
    an epoch may be smaller than the others. With early stopping the state has the best epoch's
    weights once there is no more to yield: to train on from the last epoch's, save the state
    before.

    Raises, when the first epoch is asked for: ValueError if network, state, examples and recipe do
    not fit each other. Then: Diverged at the first loss that is not finite.
    """
    train, val = train.plain(), val.plain() if val else None
    _check(mlp, state, train, val, recipe)
    one_pass = Pass(mlp, state, train, recipe)
    while state.epoch < recipe.epochs and not _patience_is_over(state, recipe):
        began = time.perf_counter()
        loss, accuracy, rate = one_pass.run()
        val_loss, val_correct = evaluate(mlp, state.theta, val) if val else (math.nan, NO_BITS)
        if val and not math.isfinite(val_loss):
            raise Diverged(state.epoch + 1, state.step, rate)
        val_accuracy = float(val_correct.mean()) if val else math.nan
        state.epoch += 1
        if recipe.patience is not None:
            _keep_the_best(state, val_accuracy, val_loss)
        seconds = time.perf_counter() - began
        yield Epoch(
            state.epoch, loss, accuracy, val_loss, val_accuracy, rate, seconds, val_correct
        )
    if recipe.patience is not None and state.best:
        state.theta[...] = state.best.theta


@np.errstate(over="ignore", invalid="ignore")  # as a pass
def evaluate(mlp: MLP, theta: FloatArray, examples: Examples) -> tuple[float, NDArray[np.bool_]]:
    """The mean loss over the examples, and which of them (n,) are classified rightly."""
    n, windows = len(examples.X), mlp.windows(theta)
    loss_sum, correct = 0.0, np.empty(n, np.bool_)
    layers = mlp.layers(min(n, EVALUATED_AT_ONCE), theta.dtype.type)
    for first in range(0, n, EVALUATED_AT_ONCE):
        part = slice(first, first + EVALUATED_AT_ONCE)
        X = examples.X[part]
        logits = mlp.forward(windows, X, layers.rows(len(X)))
        correct[part] = mlp.decide(logits) == examples.labels[part]
        loss_sum += mlp.loss_gradient(logits, examples.Y[part]) * len(X)
    return loss_sum / n, correct


def _check(mlp: MLP, state: State, train: Examples, val: Examples | None, recipe: Recipe) -> None:
    """Confirm that all parts of a training fit each other. Raises: ValueError."""
    for examples in (train, val) if val else (train,):
        check(examples, mlp, state.theta.dtype)
    shapes = {"theta": (mlp.size,), "memory": (recipe.optimizer.slots, mlp.size)}
    for name, shape in shapes.items():
        found = getattr(state, name).shape
        if found != shape:
            raise ValueError(
                f"the state's {name} must have the shape {shape}, but has {found}; start it with "
                "this network and this optimizer"
            )
    if recipe.patience is not None and not val:
        raise ValueError("early stopping needs validation examples; give some, or no patience")


def _keep_the_best(state: State, val_accuracy: float, val_loss: float) -> None:
    """Note the epoch just done, with a copy of its weights, if none before was as good."""
    best = state.best
    if not best:
        state.best = Best(state.epoch, val_accuracy, val_loss, state.theta.copy())
    elif (val_accuracy, -val_loss) > (best.val_accuracy, -best.val_loss):
        best.epoch, best.val_accuracy, best.val_loss = state.epoch, val_accuracy, val_loss
        best.theta[...] = state.theta


def _patience_is_over(state: State, recipe: Recipe) -> bool:
    """Whether so many epochs have passed since the best one."""
    if recipe.patience is None or state.best is None:
        return False
    return state.epoch - state.best.epoch >= recipe.patience
