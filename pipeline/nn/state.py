"""What a training needs besides network and data, and all that it changes."""

from dataclasses import dataclass

import numpy as np

from pipeline.nn.arrays import FloatArray, aligned
from pipeline.nn.initializers import Initializer, he
from pipeline.nn.mlp import MLP
from pipeline.nn.optimizers import Optimizer
from pipeline.nn.regularizers import Dropout
from pipeline.nn.schedules import Schedule


@dataclass(frozen=True)
class Recipe:
    """How to train: everything but the network, the data and the seed.

    A `batch_size` of as many examples as there are, or more, is one batch of them all. With
    `patience`, training stops after so many epochs without a better validation accuracy, or as
    good a one at a lower loss, and the weights of the best epoch are kept.
    """

    optimizer: Optimizer
    schedule: Schedule
    batch_size: int
    epochs: int
    l2: float = 0.0
    weight_decay: float = 0.0
    dropout: Dropout | None = None
    label_smoothing: float = 0.0
    clip: float | None = None
    clip_norm: float | None = None
    patience: int | None = None


@dataclass
class Best:
    """The epoch that validates best so far, and its weights."""

    epoch: int
    val_accuracy: float
    val_loss: float
    theta: FloatArray


@dataclass
class State:
    """All that training changes: parameters, the optimizer's memory, random streams, counters."""

    theta: FloatArray
    memory: FloatArray
    shuffle: np.random.Generator
    dropout: np.random.Generator
    step: int = 0
    epoch: int = 0
    best: Best | None = None


def start(
    mlp: MLP,
    optimizer: Optimizer,
    seed: int,
    dtype: type = np.float32,
    initializer: Initializer = he,
) -> State:
    """A fresh state. Weights, shuffles and dropout draw from separate children of `seed`."""
    weights, shuffle, dropout = np.random.SeedSequence(seed).spawn(3)
    return State(
        theta=mlp.initial(np.random.default_rng(weights), dtype, initializer),
        memory=aligned(optimizer.slots, mlp.size, dtype),
        shuffle=np.random.default_rng(shuffle),
        dropout=np.random.default_rng(dropout),
    )


class Diverged(ArithmeticError):
    """The loss is no longer finite."""

    def __init__(self, epoch: int, step: int, learning_rate: float) -> None:
        """Name where it happened; epoch and step count from 1."""
        super().__init__(
            f"the loss must be finite, but at epoch {epoch}, step {step}, learning rate "
            f"{learning_rate:g} it was not; try a smaller rate"
        )
        self.epoch, self.step, self.learning_rate = epoch, step, learning_rate
