"""The training loop: a generator of Epoch records."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.nn.arrays import FloatArray, LabelArray
from pipeline.nn.losses import softmax_cross_entropy
from pipeline.nn.mlp import MLP, Layers, Windows
from pipeline.nn.optimizers import Optimizer, flush
from pipeline.nn.regularizers import add_l2_gradient, clip
from pipeline.nn.schedules import Schedule

EVALUATED_AT_ONCE = 1024  # rows
STEPS_BETWEEN_FLUSHES = 128
NO_BITS = np.empty(0, np.bool_)


class Examples(NamedTuple):
    """Inputs X (n, d), one-hot targets Y (n, classes) and labels (n,) of the same n examples."""

    X: FloatArray
    Y: FloatArray
    labels: LabelArray


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training examples did.

    Training loss and accuracy are means over the epoch's batches, taken while the weights move;
    losses are mean cross-entropies in nats, without penalties; `learning_rate` is the last used.
    Validation figures are NaN, and `val_correct` (n_val,) is empty, where there is none.
    """

    index: int
    train_loss: float
    train_accuracy: float
    val_loss: float
    val_accuracy: float
    learning_rate: float
    seconds: float
    val_correct: NDArray[np.bool_] = field(repr=False, compare=False)


class Diverged(ArithmeticError):
    """The loss is no longer finite."""

    def __init__(self, epoch: int, step: int, learning_rate: float) -> None:
        """Name where it happened; epoch and step count from 1."""
        super().__init__(
            f"the loss must be finite, but at epoch {epoch}, step {step}, learning rate "
            f"{learning_rate:g} it was not; try a smaller rate"
        )
        self.epoch, self.step, self.learning_rate = epoch, step, learning_rate


@dataclass(frozen=True)
class Recipe:
    """How to train: everything but the network, the data and the seed."""

    optimizer: Optimizer
    schedule: Schedule
    batch_size: int
    epochs: int
    l2: float = 0.0
    clip: float | None = None


@dataclass
class State:
    """All that training changes: parameters, the optimizer's memory, the shuffle, the counters."""

    theta: FloatArray
    memory: FloatArray
    shuffle: np.random.Generator
    step: int = 0
    epoch: int = 0


def start(mlp: MLP, optimizer: Optimizer, seed: int, dtype: type = np.float32) -> State:
    """A fresh state. Initial weights and shuffles come from separate children of `seed`."""
    weights, shuffle = np.random.SeedSequence(seed).spawn(2)
    return State(
        theta=mlp.initial(np.random.default_rng(weights), dtype),
        memory=np.zeros((optimizer.slots, mlp.size), dtype),
        shuffle=np.random.default_rng(shuffle),
    )


def fit(
    mlp: MLP, state: State, train: Examples, val: Examples | None, recipe: Recipe
) -> Iterator[Epoch]:
    """Train `state` in place until it has seen `recipe.epochs` epochs, yielding after each.

    Stop asking, and training stops. The last batch of an epoch may be smaller than the others.

    Raises: Diverged at the first loss that is not finite.
    """
    n = len(train.X)
    desk = _Desk.of(mlp, state, train, min(recipe.batch_size, n))
    while state.epoch < recipe.epochs:
        began, loss_sum, right, rate = time.perf_counter(), 0.0, 0, 0.0
        order = state.shuffle.permutation(n)
        for at in range(0, n, recipe.batch_size):
            batch = desk.gather(train, order[at : at + recipe.batch_size])
            rate = recipe.schedule(state.epoch + at / n)
            loss, hits = _step(mlp, state, batch, recipe, rate=rate, desk=desk)
            loss_sum += loss * len(batch.X)
            right += hits
        val_loss, val_correct = evaluate(mlp, state.theta, val) if val else (math.nan, NO_BITS)
        if val and not math.isfinite(val_loss):
            raise Diverged(state.epoch + 1, state.step, rate)
        state.epoch += 1
        yield Epoch(
            state.epoch,
            loss_sum / n,
            right / n,
            val_loss,
            float(val_correct.mean()) if val else math.nan,
            rate,
            time.perf_counter() - began,
            val_correct,
        )


@np.errstate(over="ignore", invalid="ignore")  # Diverged says it better than a warning
def evaluate(mlp: MLP, theta: FloatArray, examples: Examples) -> tuple[float, NDArray[np.bool_]]:
    """The mean cross-entropy over the examples, and which of them (n,) are classified rightly."""
    n = len(examples.X)
    layers, at = mlp.layers(min(n, EVALUATED_AT_ONCE), theta.dtype.type), mlp.windows(theta)
    loss_sum, correct = 0.0, np.empty(n, np.bool_)
    for first in range(0, n, EVALUATED_AT_ONCE):
        part = slice(first, first + EVALUATED_AT_ONCE)
        X = examples.X[part]
        logits = mlp.forward(at, X, layers.rows(len(X)))
        correct[part] = logits.argmax(axis=1) == examples.labels[part]
        loss_sum += softmax_cross_entropy(logits, examples.Y[part]) * len(X)
    return loss_sum / n, correct


@dataclass(frozen=True)
class _Desk:
    """Buffers of one call of fit: a batch, its layers, the gradient, and views by layer."""

    batch: Examples
    layers: Layers
    grad: FloatArray
    theta_windows: Windows
    grad_windows: Windows

    @classmethod
    def of(cls, mlp: MLP, state: State, train: Examples, rows: int) -> "_Desk":
        grad = np.empty_like(state.theta)
        return cls(
            Examples(
                np.empty((rows, *train.X.shape[1:]), train.X.dtype),
                np.empty((rows, *train.Y.shape[1:]), train.Y.dtype),
                np.empty(rows, train.labels.dtype),
            ),
            mlp.layers(rows, state.theta.dtype.type),
            grad,
            mlp.windows(state.theta),
            mlp.windows(grad),
        )

    def gather(self, train: Examples, rows: NDArray[np.integer]) -> Examples:
        """Copy the chosen rows of each array into the batch; mode="clip" skips a second buffer."""
        n = len(rows)
        batch = Examples(self.batch.X[:n], self.batch.Y[:n], self.batch.labels[:n])
        np.take(train.X, rows, axis=0, out=batch.X, mode="clip")
        np.take(train.Y, rows, axis=0, out=batch.Y, mode="clip")
        np.take(train.labels, rows, axis=0, out=batch.labels, mode="clip")
        return batch


@np.errstate(over="ignore", invalid="ignore")  # as evaluate
def _step(
    mlp: MLP, state: State, batch: Examples, recipe: Recipe, *, rate: float, desk: _Desk
) -> tuple[float, int]:
    """One update; returns the batch's mean loss and how many of its examples were right."""
    layers = desk.layers.rows(len(batch.X))
    logits = mlp.forward(desk.theta_windows, batch.X, layers)
    right = int(np.count_nonzero(logits.argmax(axis=1) == batch.labels))
    loss = softmax_cross_entropy(logits, batch.Y)  # logits become d loss / d logits
    if not math.isfinite(loss):
        raise Diverged(state.epoch + 1, state.step + 1, rate)
    mlp.backward(desk.theta_windows, batch.X, logits, layers, desk.grad_windows)
    if recipe.l2:
        weights = slice(0, mlp.weight_count)
        add_l2_gradient(desk.grad[weights], state.theta[weights], recipe.l2)
    if recipe.clip is not None:
        clip(desk.grad, recipe.clip)
    state.step += 1
    recipe.optimizer.update(state.theta, desk.grad, state.memory, lr=rate, step=state.step)
    if state.step % STEPS_BETWEEN_FLUSHES == 0:
        flush(state.memory)
    return loss, right
