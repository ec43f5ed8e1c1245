"""What a training needs besides network and data, and all that it changes."""

import math
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

    A `batch_size` of as many examples as there are, or more, is one batch of them all. `l2` is the
    factor of half the squared weights, `weight_decay` that of weight and rate in a step;
    `label_smoothing` is a share in [0, 1); `clip` bounds each element of the gradient and
    `clip_norm` its Euclidean length. With `patience`, training stops after so many epochs without
    a better validation accuracy, or as good a one at a lower loss, and the best epoch's weights
    are kept. Raises: ValueError naming the rule and the value.
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

    def __post_init__(self) -> None:
        """Check each number; make them Python's, which lift no float32 to float64."""
        for name in ("batch_size", "epochs", "patience"):
            value = getattr(self, name)
            least = 0 if name == "epochs" else 1
            if value is not None and not (isinstance(value, int) and value >= least):
                raise ValueError(f"{name} must be a whole number from {least}, but got {value}")
        for name in ("l2", "weight_decay", "label_smoothing", "clip", "clip_norm"):
            value = getattr(self, name)
            if value is None:
                continue
            if not 0 <= value < (1 if name == "label_smoothing" else math.inf):
                limit = "in [0, 1)" if name == "label_smoothing" else "0 or more, and finite"
                raise ValueError(f"{name} must be {limit}, but got {value}")
            object.__setattr__(self, name, float(value))


@dataclass
class Best:
    """The epoch that validates best so far, and its parameters theta (size,)."""

    epoch: int
    val_accuracy: float
    val_loss: float
    theta: FloatArray


@dataclass
class State:
    """All that training changes.

    Parameters theta (size,), the optimizer's memory (slots, size), random streams for shuffles and
    for dropout, and counters: of updates (`step`) and of passes (`epoch`).
    """

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
    """A fresh state. Weights, shuffles and dropout draw from separate children of `seed`.

    Raises: ValueError if `dtype` is neither float32 nor float64.
    """
    if np.dtype(dtype) not in (np.float32, np.float64):
        raise ValueError(f"dtype must be float32 or float64, but got {np.dtype(dtype)}")
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
