"""From trainer settings in `params.yaml` to a network and its training."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from pipeline.nn import initializers, schedules
from pipeline.nn.examples import Examples
from pipeline.nn.fit import Epoch, fit
from pipeline.nn.initializers import Initializer
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
from pipeline.nn.regularizers import Dropout
from pipeline.nn.schedules import Schedule
from pipeline.nn.state import Recipe, State, start
from pipeline.scaling import scaling, taken
from pipeline.settings import Trainer

ADAMW_DECAY = 0.01  # where weight_decay is not set: PyTorch's default


def begin(
    settings: Trainer,
    train: Examples,
    val: Examples | None,
    seed: int,
    kind: type[MLP] = MLP,
    *,
    instead: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[MLP, State, Iterator[Epoch]]:
    """A network, its fresh state, and the epochs that train it when they are asked for.

    `instead` names fields of the recipe that are to be other than the settings have them.
    """
    one_blas_thread()
    dtype = np.dtype(settings.precision).type
    scaled = scaling(settings, train)
    train = scaled.examples(taken(settings, train)).astype(dtype)
    val = scaled.examples(val).astype(dtype) if val else None
    mlp, how = network(settings, train, kind), replace(recipe(settings, len(train.X)), **instead)
    state = start(mlp, how.optimizer, seed, dtype, initializer(settings))
    return mlp, state, fit(mlp, state, train, val, how)


def network(settings: Trainer, examples: Examples, kind: type[MLP] = MLP) -> MLP:
    """The network that `settings` describe, for the inputs and classes of `examples`."""
    inputs, classes = examples.X.shape[1], examples.Y.shape[1]
    return kind(
        (inputs, *settings.hidden_size, classes),
        settings.activation,
        output=settings.output,
        loss=settings.loss,
        biases=settings.biases,
    )


def recipe(settings: Trainer, examples: int) -> Recipe:
    """How `settings` say to train on so many examples."""
    decay = ADAMW_DECAY if settings.optimizer == "adamw" else 0.0
    dropout = Dropout(settings.input_dropout, settings.dropout)
    return Recipe(
        optimizer=optimizer(settings),
        schedule=schedule(settings),
        batch_size=examples if settings.batch_size == "full" else settings.batch_size,
        epochs=settings.epochs,
        l2=settings.l2,
        weight_decay=decay if settings.weight_decay is None else settings.weight_decay,
        dropout=dropout if dropout != Dropout() else None,
        label_smoothing=settings.label_smoothing,
        clip=settings.clip,
        clip_norm=settings.clip_norm,
        patience=settings.patience,
    )


def optimizer(settings: Trainer) -> Optimizer:
    """The optimizer that `settings` name."""
    optimizers: dict[str, Optimizer] = {
        "sgd": SGD(),
        "momentum": Momentum(settings.momentum),
        "averaged_momentum": AveragedMomentum(settings.momentum),
        "nesterov": Nesterov(settings.momentum),
        "rmsprop": RMSProp(),
        "adam": Adam(),
        "adamw": Adam(),
    }
    return optimizers[settings.optimizer]


def schedule(settings: Trainer) -> Schedule:
    """How `settings` say the learning rate moves."""
    lr, factor = settings.learning_rate, settings.decay_factor
    dropping = schedules.drops(lr, settings.decay_epochs, factor)
    if settings.decay_to:
        dropping = schedules.drops_to(lr, settings.decay_epochs, settings.decay_to)
    followed = {
        "constant": schedules.constant(lr),
        "drops": dropping,
        "steps": schedules.steps(lr, settings.decay_every, factor),
        "exponential": schedules.exponential(lr, factor),
        "inverse_time": schedules.inverse_time(lr, settings.decay_rate),
        "cosine": schedules.cosine(lr, settings.epochs),
        "warm_restarts": schedules.warm_restarts(lr, settings.decay_every),
    }[settings.schedule]
    warm_up = settings.warm_up_epochs
    return schedules.warm_up(followed, warm_up) if warm_up else followed


def initializer(settings: Trainer) -> Initializer:
    """How `settings` say the weights start."""
    return {
        "zeros": initializers.zeros,
        "normal": initializers.normal(settings.initial_scale),
        "glorot": initializers.glorot,
        "he": initializers.he,
    }[settings.initializer]


def one_blas_thread() -> None:
    """Have this process compute matrix products on one thread, for good.

    Products differ in their last bits between one and two threads, and the limit is
    process-wide: to set it and restore it would change the bits of whoever trains beside us.
    """
    threadpool_limits(1, user_api="blas")
