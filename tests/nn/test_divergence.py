"""A training that goes wrong stops at once; what only looks dangerous goes on."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from pipeline.nn import passes
from pipeline.nn.activations import ACTIVATIONS
from pipeline.nn.arrays import FloatArray
from pipeline.nn.examples import Examples
from pipeline.nn.fit import fit
from pipeline.nn.losses import find_loss
from pipeline.nn.mlp import MLP
from pipeline.nn.optimizers import SGD, Adam, Optimizer, RMSProp
from pipeline.nn.regularizers import Dropout
from pipeline.nn.schedules import constant
from pipeline.nn.state import Diverged, Recipe, State, start
from tests.nn.toys import (
    NETWORK,
    PAIRS,
    MakeExamples,
    every_activation,
    every_optimizer,
)

STEEP = 1e38  # a rate that ruins any float32 network in a step or two


def diverges(
    train: Examples, how: Recipe, val: Examples | None = None, **kinds: Any
) -> tuple[Diverged, State]:
    """The error of a training that must go wrong, and the state it leaves."""
    mlp = kinds.get("mlp", NETWORK)
    state = kinds.get("state") or start(mlp, how.optimizer, 1, train.X.dtype.type)
    with pytest.raises(Diverged) as caught:
        list(fit(mlp, state, train, val, how))
    return caught.value, state


def test_divergence_names_epoch_step_and_rate(make_examples: MakeExamples) -> None:
    """Four steps an epoch; a rate of 1e38 from the fifth: the loss of the sixth is not finite."""
    how = Recipe(SGD(), lambda passed: 0.01 if passed < 1 else STEEP, batch_size=8, epochs=3)
    error, state = diverges(make_examples(32, dtype=np.float32), how)
    assert str(error) == (
        "the loss must be finite, but at epoch 2, step 6, learning rate 1e+38 it was not; "
        "try a smaller rate"
    )
    assert (error.epoch, error.step, error.learning_rate) == (2, 6, STEEP)
    assert (state.epoch, state.step) == (1, 5)


@pytest.mark.parametrize("lr", [1e30, 1e38, 1e300])
@every_optimizer
@every_activation
def test_nothing_infinite_passes_silently(
    make_examples: MakeExamples, optimizer: Optimizer, activation: str, lr: float
) -> None:
    """At absurd rates, whatever the loss: training stops, or all that it leaves is finite."""
    train, stopped = make_examples(32, dtype=np.float32), []
    for output, loss in PAIRS:
        mlp = MLP((4, 5, 3), activation, output, loss)
        state, epochs = start(mlp, optimizer, 1), []
        try:
            epochs = list(fit(mlp, state, train, train, Recipe(optimizer, constant(lr), 4, 3)))
        except Diverged as error:
            stopped.append((error.epoch - state.epoch, error.learning_rate))
            continue
        assert np.isfinite(state.theta).all()
        assert np.isfinite(state.memory).all()
        assert np.isfinite([(e.train_loss, e.val_loss) for e in epochs]).all()
    assert set(stopped) == {(1, lr)}


def test_divergence_leaves_the_state_of_the_step_before(
    make_examples: MakeExamples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped at step 6, parameters are those after five, whether inputs are left out or not."""
    train, after = make_examples(64, dtype=np.float32), []
    train = train._replace(X=train.X * np.array([1, 1, 1, 0], np.float32))
    update = SGD.update

    def spy(self: SGD, theta: FloatArray, *args: Any, **kinds: Any) -> None:
        update(self, theta, *args, **kinds)
        after.append(theta.copy())

    monkeypatch.setattr(SGD, "update", spy)
    how = Recipe(SGD(), lambda at: 0.01 if at < 0.5 else STEEP, batch_size=8, epochs=1)
    error, state = diverges(train, how)
    assert (error.epoch, error.step, state.epoch, state.step, len(after)) == (1, 6, 0, 5, 5)
    np.testing.assert_array_equal(state.theta, after[-1])
    monkeypatch.setattr(passes, "WORTH_IT", 1)
    _, other = diverges(train, how)
    assert other.step == 5
    assert len(after[-1]) < len(state.theta)
    np.testing.assert_allclose(other.theta, state.theta, rtol=1e-4, atol=1e-4)


def test_divergence_is_seen_in_validation_too(make_examples: MakeExamples) -> None:
    """A last step that leaves huge but finite parameters is found by the validation loss."""
    how = Recipe(SGD(), constant(1e30), batch_size=32, epochs=2)
    train, val = make_examples(32, dtype=np.float32), make_examples(9, dtype=np.float32)
    error, state = diverges(train, how, val)
    assert (error.epoch, error.step, error.learning_rate) == (1, 1, 1e30)
    assert np.isfinite(state.theta).all()


def test_last_step_that_ruins_the_parameters_is_seen_without_validation(
    make_examples: MakeExamples,
) -> None:
    """With one step to an epoch and no validation, what it left is looked at all the same."""
    how = Recipe(SGD(), constant(1e300), batch_size=32, epochs=1)
    error, _ = diverges(make_examples(32, dtype=np.float32), how)
    assert (error.epoch, error.step) == (1, 1)


@pytest.mark.parametrize("output", ["sigmoid", "tanh"])
def test_infinite_parameters_behind_a_finite_loss_are_seen(output: str) -> None:
    """A saturated output hides an infinite weight from the loss, but not from training."""
    X = np.ones((4, 1), np.float32)
    train, mlp = (
        Examples(X, X.copy(), np.ones(4, int)),
        MLP((1, 1), "relu", output, "squared_error"),
    )
    state = start(mlp, SGD(), 1)
    state.theta[0] = np.inf
    error, _ = diverges(train, Recipe(SGD(), constant(0.0), 4, 1), mlp=mlp, state=state)
    assert error.epoch == 1


@pytest.mark.parametrize("dropout", [None, Dropout(0.2, 0.5)], ids=["plain", "dropout"])
@every_activation
def test_a_parameter_that_is_not_a_number_stops_training_at_once(
    make_examples: MakeExamples, activation: str, dropout: Dropout | None
) -> None:
    """Whichever element of theta is NaN, the very first step says so."""
    how = Recipe(Adam(), constant(0.01), batch_size=8, epochs=2, dropout=dropout)
    mlp, train = MLP((4, 3, 3), activation), make_examples(30)
    for i in range(mlp.size):
        state = start(mlp, how.optimizer, 1, np.float64)
        state.theta[i] = np.nan
        error, _ = diverges(train, how, mlp=mlp, state=state)
        assert (error.epoch, error.step) == (1, 1)


def test_a_dark_parameter_that_is_not_a_number_is_seen_too(
    make_examples: MakeExamples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A weight that no example reaches, because its input is left out, must be finite as well."""
    monkeypatch.setattr(passes, "WORTH_IT", 1)
    train = make_examples(30)
    dark, state = train.X * np.array([1, 1, 1, 0]), start(NETWORK, SGD(), 1, np.float64)
    NETWORK.windows(state.theta).W[0][3, 2] = np.nan
    diverges(train._replace(X=dark), Recipe(SGD(), constant(0.1), 8, 1), state=state)


@every_optimizer
def test_a_rate_that_is_not_a_number_stops_training(
    make_examples: MakeExamples, optimizer: Optimizer
) -> None:
    """The step after the first such rate, or the end of the epoch, is as far as it gets."""
    how = Recipe(optimizer, lambda at: float("nan"), batch_size=8, epochs=1)
    error, _ = diverges(make_examples(30), how)
    assert error.step == 2
    error, _ = diverges(make_examples(30), dataclasses.replace(how, batch_size=30))
    assert error.step == 1


@pytest.mark.parametrize("optimizer", [Adam(), RMSProp()], ids=repr)
def test_memory_that_overflows_stops_training(
    make_examples: MakeExamples, optimizer: Optimizer
) -> None:
    """A gradient whose square is infinite would stop its parameter for good, at a finite loss."""
    train = make_examples(30, dtype=np.float32)
    how = Recipe(optimizer, constant(1e-30), batch_size=30, epochs=2)
    error, _ = diverges(train._replace(X=train.X * np.float32(1e25)), how, mlp=MLP((4, 3)))
    assert (error.epoch, error.step) == (1, 1)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_pass_on_what_is_not_a_number(name: str) -> None:
    """No activation turns NaN into a number."""
    z = np.array([[np.nan, 1.0, -1.0]])
    ACTIVATIONS[name].forward(z, np.empty_like(z))
    assert np.isnan(z).tolist() == [[True, False, False]]


@np.errstate(invalid="ignore")  # as in a pass
@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_losses_pass_on_what_is_not_a_number(output: str, loss: str) -> None:
    """One logit that is NaN makes the loss NaN."""
    logits = np.array([[0.5, 1.0, -1.0], [0.5, np.nan, 1.0]])
    assert np.isnan(find_loss(loss, output).gradient(logits, np.eye(3)[:2]))


@pytest.mark.parametrize("rule", [{"clip": 0.5}, {"clip_norm": 0.5}], ids=str)
@pytest.mark.parametrize(("dtype", "large"), [(np.float32, 1e25), (np.float64, 1e200)])
def test_clipping_holds_huge_gradients(
    make_examples: MakeExamples, rule: dict[str, float], dtype: type, large: float
) -> None:
    """Gradients whose squares are infinite are clipped, not zeroed: a step is as long as due."""
    train, mlp = make_examples(30, dtype=dtype), MLP((4, 3))
    train = train._replace(X=train.X * dtype(large))
    how, state = Recipe(SGD(), constant(0.1), 30, 1, **rule), start(mlp, SGD(), 1, dtype)
    before = state.theta.copy()
    (epoch,) = fit(mlp, state, train, train, how)
    step = (state.theta - before).astype(np.float64)
    length = np.linalg.norm(step) if "clip_norm" in rule else np.abs(step).max()
    assert length == pytest.approx(0.05, rel=1e-4)
    assert np.isfinite(epoch.train_loss)
