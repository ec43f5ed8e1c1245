"""From trainer settings in `params.yaml` to a network and its training."""

from collections.abc import Iterator

import numpy as np
from threadpoolctl import threadpool_limits

from pipeline.nn.fit import Epoch, Examples, Recipe, State, fit, start
from pipeline.nn.mlp import MLP
from pipeline.nn.optimizers import SGD, Adam, Momentum, Optimizer
from pipeline.nn.schedules import constant, drops
from pipeline.settings import Trainer


def network(settings: Trainer, examples: Examples, kind: type[MLP] = MLP) -> MLP:
    """The network that `settings` describe, for the inputs and classes of `examples`."""
    inputs, classes = examples.X.shape[1], examples.Y.shape[1]
    return kind((inputs, *settings.hidden_size, classes), settings.activation)


def recipe(settings: Trainer) -> Recipe:
    """How `settings` say to train."""
    optimizers: dict[str, Optimizer] = {
        "sgd": SGD(),
        "momentum": Momentum(settings.momentum),
        "adam": Adam(),
    }
    rate = settings.learning_rate
    return Recipe(
        optimizer=optimizers[settings.optimizer],
        schedule=drops(rate, settings.decay_epochs, settings.decay_factor)
        if settings.decay_epochs
        else constant(rate),
        batch_size=settings.batch_size,
        epochs=settings.epochs,
        l2=settings.l2,
        clip=settings.clip,
    )


def begin(
    settings: Trainer, train: Examples, val: Examples | None, seed: int, kind: type[MLP] = MLP
) -> tuple[MLP, State, Iterator[Epoch]]:
    """A network, its fresh state, and the epochs that train it when they are asked for."""
    one_blas_thread()
    mlp, how = network(settings, train, kind), recipe(settings)
    state = start(mlp, how.optimizer, seed, np.float32)
    return mlp, state, fit(mlp, state, train, val, how)


def one_blas_thread() -> None:
    """Have this process compute matrix products on one thread, for good.

    Products differ in their last bits between one and two threads, and the limit is
    process-wide: to set it and restore it would change the bits of whoever trains beside us.
    """
    threadpool_limits(1, user_api="blas")
