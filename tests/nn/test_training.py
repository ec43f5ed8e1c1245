"""From the settings of `params.yaml` to the training they describe."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from pipeline import training
from pipeline.nn.examples import Examples
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
from pipeline.settings import Trainer

MakeExamples = Callable[..., Examples]


@pytest.mark.parametrize(
    ("settings", "optimizer"),
    [
        ({"optimizer": "sgd"}, SGD()),
        ({"optimizer": "momentum", "momentum": 0.5}, Momentum(0.5)),
        ({"optimizer": "averaged_momentum", "momentum": 0.5}, AveragedMomentum(0.5)),
        ({"optimizer": "nesterov", "momentum": 0.5}, Nesterov(0.5)),
        ({"optimizer": "rmsprop"}, RMSProp()),
        ({"optimizer": "adam"}, Adam()),
        ({"optimizer": "adamw"}, Adam()),
    ],
    ids=str,
)
def test_settings_name_the_optimizer(settings: dict[str, Any], optimizer: Optimizer) -> None:
    """Each name stands for its optimizer; momentum's factor is the one set."""
    assert training.recipe(Trainer(**settings), 10).optimizer == optimizer


@pytest.mark.parametrize(
    ("settings", "decay"),
    [
        ({"optimizer": "adamw"}, 0.01),
        ({"optimizer": "adamw", "weight_decay": 0.0}, 0.0),
        ({"optimizer": "adam"}, 0.0),
        ({"optimizer": "sgd", "weight_decay": 0.2}, 0.2),
    ],
    ids=str,
)
def test_adamw_is_adam_with_decoupled_decay(settings: dict[str, Any], decay: float) -> None:
    """adamw decays by 0.01 unless told otherwise; the others decay only when told."""
    assert training.recipe(Trainer(**settings), 10).weight_decay == decay


def test_settings_reach_the_recipe() -> None:
    """Batch, epochs, penalties, dropout, smoothing, clipping and patience are those set."""
    settings = Trainer(
        batch_size=8,
        epochs=3,
        patience=2,
        l2=0.5,
        dropout=0.5,
        input_dropout=0.2,
        label_smoothing=0.1,
        clip=2.0,
        clip_norm=3.0,
    )
    how = training.recipe(settings, 10)
    assert (how.batch_size, how.epochs, how.patience) == (8, 3, 2)
    assert (how.l2, how.label_smoothing, how.clip, how.clip_norm) == (0.5, 0.1, 2.0, 3.0)
    assert how.dropout == Dropout(input=0.2, hidden=0.5)
    assert training.recipe(Trainer(), 10).dropout is None


def test_full_batch_is_all_examples() -> None:
    """`full` stands for the number of examples there are."""
    assert training.recipe(Trainer(batch_size="full"), 321).batch_size == 321


@pytest.mark.parametrize(
    ("settings", "rates"),
    [
        ({}, [1.0, 1.0, 1.0]),
        ({"decay_epochs": (2, 4), "decay_factor": 0.5}, [1.0, 0.5, 0.25]),
        ({"schedule": "steps", "decay_every": 2, "decay_factor": 0.5}, [1.0, 0.5, 0.25]),
        ({"schedule": "exponential", "decay_factor": 0.5}, [1.0, 0.25, 0.0625]),
        ({"schedule": "inverse_time", "decay_rate": 0.5}, [1.0, 0.5, 1 / 3]),
        ({"schedule": "cosine", "epochs": 4}, [1.0, 0.5, 0.0]),
        ({"schedule": "warm_restarts", "decay_every": 2}, [1.0, 1.0, 0.5]),
        ({"warm_up_epochs": 4.0}, [0.0, 0.5, 1.0]),
    ],
    ids=str,
)
def test_settings_name_the_schedule(settings: dict[str, Any], rates: list[float]) -> None:
    """The rates after 0, 2 and 4 epochs are those of the schedule that is named."""
    schedule = training.schedule(Trainer(learning_rate=1.0, **settings))
    assert [schedule(passed) for passed in (0, 2, 4)] == pytest.approx(rates)


@pytest.mark.parametrize(
    ("settings", "spread"),
    [
        ({"initializer": "zeros"}, 0.0),
        ({"initializer": "normal", "initial_scale": 0.3}, 0.3),
        ({"initializer": "glorot"}, (2 / 300) ** 0.5),
        ({"initializer": "he"}, 0.1),
    ],
    ids=str,
)
def test_settings_name_the_initializer(settings: dict[str, Any], spread: float) -> None:
    """The weights' standard deviation is that of the initializer that is named."""
    W = np.empty((200, 100))
    training.initializer(Trainer(**settings))(W, np.random.default_rng(0))
    assert W.std() == pytest.approx(spread, rel=0.05)
    assert W.mean() == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize(
    ("hidden", "widths"), [((), (4, 3)), ((5,), (4, 5, 3)), ((6, 2), (4, 6, 2, 3))], ids=str
)
def test_network_fits_inputs_and_classes(
    make_examples: MakeExamples, hidden: tuple[int, ...], widths: tuple[int, ...]
) -> None:
    """The ends are the data's; the rest is as set."""
    settings = Trainer(
        hidden_size=hidden,
        activation="tanh",
        output="sigmoid",
        loss="mean_squared_error",
        biases=False,
    )
    expected = MLP(widths, "tanh", "sigmoid", "mean_squared_error", biases=False)
    assert training.network(settings, make_examples(6)) == expected


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("given", [np.float32, np.float64])
def test_training_has_the_precision_asked_for(
    make_examples: MakeExamples, precision: str, given: type
) -> None:
    """Whatever the data's type, parameters, memory and the caller's arrays are as they should."""
    train = make_examples(30, dtype=given)
    settings = Trainer(precision=precision, epochs=1)
    _, state, epochs = training.begin(settings, train, train, seed=1)
    list(epochs)
    assert state.theta.dtype == state.memory.dtype == np.dtype(precision)
    assert train.X.dtype == given


def test_training_is_on_one_thread(make_examples: MakeExamples) -> None:
    """Whatever ran before, products are computed on one thread: their bits are the same always."""
    train = make_examples(30)
    with threadpool_limits(2, user_api="blas"):
        _, state, epochs = training.begin(Trainer(epochs=2), train, None, seed=1)
        found = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
        assert set(found) == {1}
    assert state.epoch == 0
    assert len(list(epochs)) == state.epoch == 2


def test_other_epochs_take_the_place_of_early_stopping(make_examples: MakeExamples) -> None:
    """Without validation, a training that would stop early takes the epochs it is told."""
    settings = Trainer(epochs=9, patience=2, schedule="cosine")
    train, instead = make_examples(30), {"epochs": 3, "patience": None}
    _, _, epochs = training.begin(settings, train, None, seed=1, instead=instead)
    rates = [epoch.learning_rate for epoch in epochs]
    assert len(rates) == 3
    assert rates[-1] > 0.0005  # the cosine still takes nine
    with pytest.raises(ValueError, match="early stopping needs validation examples"):
        next(training.begin(settings, train, None, seed=1)[2])
