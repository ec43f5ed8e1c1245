"""From the settings of `params.yaml` to the training they describe."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from pipeline import training
from pipeline.nn.fit import Examples
from pipeline.nn.mlp import MLP
from pipeline.nn.optimizers import SGD, Adam, Momentum, Optimizer
from pipeline.settings import Trainer


@pytest.mark.parametrize(
    ("settings", "optimizer"),
    [
        ({"optimizer": "sgd"}, SGD()),
        ({"optimizer": "momentum", "momentum": 0.5}, Momentum(0.5)),
        ({"optimizer": "adam"}, Adam()),
    ],
)
def test_settings_name_the_optimizer(settings: dict[str, Any], optimizer: Optimizer) -> None:
    """Each name stands for its optimizer; momentum's factor is the one set."""
    assert training.recipe(Trainer(**settings)).optimizer == optimizer


def test_settings_reach_the_recipe() -> None:
    """Batch, epochs, penalty, clipping and the drops of the rate are those set."""
    settings = Trainer(batch_size=8, epochs=3, l2=0.5, clip=2.0)
    how = training.recipe(settings)
    assert (how.batch_size, how.epochs, how.l2, how.clip) == (8, 3, 0.5, 2.0)
    assert [how.schedule(passed) for passed in (0, 100)] == [0.001, 0.001]
    dropping = Trainer(learning_rate=0.5, decay_epochs=(2, 4), decay_factor=0.5)
    schedule = training.recipe(dropping).schedule
    assert [schedule(passed) for passed in (0, 1.9, 2, 3.9, 4)] == [0.5, 0.5, 0.25, 0.25, 0.125]


@pytest.mark.parametrize(
    ("hidden", "widths"), [((), (4, 3)), ((5,), (4, 5, 3)), ((6, 2), (4, 6, 2, 3))], ids=str
)
def test_network_fits_inputs_and_classes(
    make_examples: Callable[..., Examples], hidden: tuple[int, ...], widths: tuple[int, ...]
) -> None:
    """The ends are the data's, the hidden layers and their activation those set."""
    settings = Trainer(hidden_size=hidden, activation="sigmoid")
    assert training.network(settings, make_examples(6)) == MLP(widths, "sigmoid")


def test_training_is_in_float32_on_one_thread(make_examples: Callable[..., Examples]) -> None:
    """Whatever ran before, products are computed on one thread: their bits are the same always."""
    train = make_examples(30, dtype=np.float32)
    with threadpool_limits(2, user_api="blas"):
        _, state, epochs = training.begin(Trainer(epochs=2), train, None, seed=1)
        found = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
        assert set(found) == {1}
    assert state.theta.dtype == np.float32
    assert state.epoch == 0
    assert len(list(epochs)) == state.epoch == 2
