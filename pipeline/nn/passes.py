"""One pass over the training examples: batch after batch, a step for each."""

import math
from typing import NamedTuple

import numpy as np

from pipeline.nn.arrays import LabelArray, aligned
from pipeline.nn.batches import Batches
from pipeline.nn.dark import WORTH_IT, Lit, lit_inputs
from pipeline.nn.examples import Examples
from pipeline.nn.mlp import MLP, Layers
from pipeline.nn.optimizers import flush, steps_between_flushes
from pipeline.nn.regularizers import (
    Dropout,
    add_l2_gradient,
    clip,
    clip_norm,
    decay,
    draw_mask,
    smooth,
)
from pipeline.nn.state import Diverged, Recipe, State


class Passed(NamedTuple):
    """Mean loss and accuracy over a pass's batches, while the weights move; the last rate."""

    loss: float
    accuracy: float
    learning_rate: float


class Pass:
    """Trains one epoch at a time, in buffers made once.

    Where some inputs are dark, the numbers that a step changes are copies of the state's without
    the weights of those inputs; elsewhere they are the state's own.
    """

    def __init__(self, mlp: MLP, state: State, train: Examples, recipe: Recipe) -> None:
        """Make the buffers."""
        self._state, self._recipe = state, recipe
        self._dropout = recipe.dropout or Dropout()
        if recipe.label_smoothing:
            train = train._replace(Y=smooth(train.Y, recipe.label_smoothing))
        lit = _lit_inputs(mlp, state, train, recipe)
        self._lit = Lit(mlp, lit) if lit is not None else None
        self._mlp = mlp = self._lit.mlp if self._lit else mlp
        writable = self._dropout.input > 0
        self._batches = Batches(train, recipe.batch_size, columns=lit, writable=writable)
        rows, dtype = self._batches.rows, state.theta.dtype.type
        self._layers = mlp.layers(rows, dtype, dropout=self._dropout.hidden > 0)
        self._input_mask = np.empty((rows if writable else 0, mlp.widths[0]), dtype)
        self._theta = aligned(1, mlp.size, dtype)[0] if self._lit else state.theta
        self._memory = aligned(len(state.memory), mlp.size, dtype) if self._lit else state.memory
        self._grad = aligned(1, mlp.size, dtype)[0]
        self._flush_every = steps_between_flushes(recipe.optimizer.decay)
        self._theta_windows, self._grad_windows = mlp.windows(self._theta), mlp.windows(self._grad)
        self._weights, self._weight_grad = (
            v[: mlp.weight_count] for v in (self._theta, self._grad)
        )

    @np.errstate(over="ignore", invalid="ignore")  # Diverged says it better than a warning
    def run(self) -> Passed:
        """Train one epoch.

        Raises: Diverged, the state then being that of the step before, or, if it was the last
        step that ruined the parameters, that of this step.
        """
        state, n = self._state, self._batches.n
        loss_sum, right, rate = 0.0, 0, 0.0
        self._fetch()
        try:
            for seen, batch in self._batches.shuffled(state.shuffle):
                rate = float(self._recipe.schedule(state.epoch + seen / n))
                loss, hits = self._step(batch, rate)
                loss_sum += loss * len(batch.X)
                right += hits
        finally:
            self._bring_back()
        if not (np.isfinite(state.theta).all() and np.isfinite(state.memory).all()):
            raise Diverged(state.epoch + 1, state.step, rate)
        return Passed(loss_sum / n, right / n, rate)

    def _step(self, batch: Examples, rate: float) -> tuple[float, int]:
        """One update; returns the batch's mean loss and how many of its examples were right."""
        mlp, state, recipe = self._mlp, self._state, self._recipe
        n = len(batch.X)
        layers = self._layers if n == self._batches.rows else self._layers.rows(n)
        if recipe.dropout:
            self._drop_out(batch, layers)
        logits = mlp.forward(self._theta_windows, batch.X, layers)
        right = int(np.count_nonzero(mlp.decide(logits) == batch.labels))
        scale = recipe.optimizer.scale(rate, state.step + 1)
        loss = mlp.loss_gradient(logits, batch.Y, scale)  # logits become scale * d loss / d logits
        if not math.isfinite(loss):
            raise Diverged(state.epoch + 1, state.step + 1, rate)
        mlp.backward(self._theta_windows, batch.X, logits, layers, self._grad_windows)
        self._regularize(rate, scale)
        state.step += 1
        recipe.optimizer.update(self._theta, self._grad, self._memory, lr=rate, step=state.step)
        if state.step % self._flush_every == 0:
            flush(self._memory)
        return loss, right

    def _drop_out(self, batch: Examples, layers: Layers) -> None:
        """Draw the step's masks: inputs are masked here, hidden units by the forward pass."""
        if self._dropout.input:
            mask = self._input_mask[: len(batch.X)]
            draw_mask(mask, self._dropout.input, self._state.dropout)
            np.multiply(batch.X, mask, out=batch.X)
        for mask in layers.mask:
            draw_mask(mask, self._dropout.hidden, self._state.dropout)

    def _regularize(self, rate: float, scale: float) -> None:
        """The penalty adds to the gradient, then it is clipped: all `scale` times what they are.

        Decay moves the weights themselves.
        """
        recipe = self._recipe
        if recipe.l2:
            add_l2_gradient(self._weight_grad, self._weights, scale * recipe.l2)
        if recipe.clip is not None:
            clip(self._grad, abs(scale) * recipe.clip)
        if recipe.clip_norm is not None:
            clip_norm(self._grad, abs(scale) * recipe.clip_norm)
        if recipe.weight_decay:
            decay(self._weights, recipe.weight_decay, rate)

    def _fetch(self) -> None:
        """Begin an epoch with the state's numbers."""
        if self._lit:
            self._lit.gather(self._state.theta, self._theta)
            for whole, part in zip(self._state.memory, self._memory, strict=True):
                self._lit.gather(whole, part)

    def _bring_back(self) -> None:
        """Leave the epoch's numbers in the state."""
        if self._lit:
            self._lit.scatter(self._theta, self._state.theta)
            for whole, part in zip(self._state.memory, self._memory, strict=True):
                self._lit.scatter(part, whole)


def _lit_inputs(mlp: MLP, state: State, train: Examples, recipe: Recipe) -> LabelArray | None:
    """The inputs to train with, if some can be left out and it is worth it."""
    if mlp.widths[1] < WORTH_IT or recipe.batch_size >= len(train.X):
        return None
    if recipe.l2 or recipe.weight_decay:
        return None  # these move every weight
    lit = lit_inputs(train.X)
    if len(lit) in (0, mlp.widths[0]):
        return None
    return lit if all(Lit(mlp, lit).has_no_more(row) for row in state.memory) else None
