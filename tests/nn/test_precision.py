"""Training stays in the precision it began with, down to the last temporary array."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pipeline.nn.fit import evaluate, fit
from pipeline.nn.mlp import MLP, Layers
from pipeline.nn.optimizers import Adam, Optimizer
from pipeline.nn.regularizers import Dropout
from pipeline.nn.state import start
from tests.nn.toys import HOW, PAIRS, MakeExamples, every_activation, every_optimizer

every_precision = pytest.mark.parametrize("dtype", [np.float32, np.float64])
ALL_RULES = dataclasses.replace(
    HOW,
    dropout=Dropout(0.2, 0.3),
    label_smoothing=0.1,
    weight_decay=0.01,
    clip_norm=0.5,
    patience=3,
)


class Watched(np.ndarray):
    """An array that notes the type of every array computed from it."""

    seen: set[np.dtype]

    def __array_finalize__(self, source: Any) -> None:
        """Note the type of views and of copies, in the set of their source."""
        self.seen = getattr(source, "seen", set())
        if self.ndim and self.dtype.kind == "f":
            self.seen.add(self.dtype)

    def __array_function__(self, *call: Any) -> Any:
        """Note the type of what functions return that forget whom they were called with."""
        result = super().__array_function__(*call)
        if isinstance(result, np.ndarray) and result.ndim and result.dtype.kind == "f":
            self.seen.add(result.dtype)
        return result


def watched(array: np.ndarray, seen: set[np.dtype]) -> np.ndarray:
    """The same memory, watched."""
    view = array.view(Watched)
    view.seen = seen
    return view


def watch_layers(seen: set[np.dtype]) -> Callable[..., Layers]:
    """`MLP.layers`, its scratch watched."""
    make = MLP.layers

    def layers(*args: Any, **kinds: Any) -> Layers:
        made = make(*args, **kinds)
        parts = {
            field.name: tuple(watched(a, seen) for a in getattr(made, field.name))
            for field in dataclasses.fields(made)
            if field.name != "ones"
        }
        return Layers(**parts, ones=watched(made.ones, seen))

    return layers


@every_precision
@every_optimizer
@every_activation
def test_precision_is_kept_throughout(
    make_examples: MakeExamples,
    activation: str,
    optimizer: Optimizer,
    dtype: type,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With each loss: parameters, memory, gradient, activations, errors and all between them."""
    seen: set[np.dtype] = set()
    monkeypatch.setattr(MLP, "layers", watch_layers(seen))
    update = type(optimizer).update

    def spy(self: Optimizer, theta: Any, grad: Any, memory: Any, **kinds: Any) -> None:
        update(self, *(watched(a, seen) for a in (theta, grad, memory)), **kinds)

    monkeypatch.setattr(type(optimizer), "update", spy)
    how = dataclasses.replace(ALL_RULES, optimizer=optimizer, epochs=1, batch_size=16)
    train = make_examples(24, dtype=dtype)
    for output, loss in PAIRS:
        mlp = MLP((4, 5, 3), activation, output, loss)
        state = start(mlp, optimizer, 1, dtype)
        list(fit(mlp, state, train, train, how))
        assert state.step == 2
        assert state.theta.dtype == state.memory.dtype == dtype
        assert state.best is not None
        assert state.best.theta.dtype == dtype
        assert mlp.outputs(state.theta, train.X).dtype == dtype
    assert seen == {np.dtype(dtype)}


@every_precision
def test_gradient_and_loss_are_of_the_precision(make_examples: MakeExamples, dtype: type) -> None:
    """The gradient has theta's type; losses are Python's floats, whatever the type."""
    examples, mlp = make_examples(9, dtype=dtype), MLP((4, 5, 3))
    theta = mlp.initial(np.random.default_rng(0), dtype)
    loss, grad = mlp.gradient(theta, examples.X, examples.Y)
    assert grad.dtype == dtype
    assert type(loss) is type(evaluate(mlp, theta, examples)[0]) is float


@every_activation
def test_float32_follows_float64(make_examples: MakeExamples, activation: str) -> None:
    """Four epochs in either precision end at the same parameters, to six digits or so."""
    mlp = MLP((4, 5, 3), activation)
    how = dataclasses.replace(HOW, optimizer=Adam(eps=1e-3))
    states = [start(mlp, how.optimizer, 1, dtype) for dtype in (np.float32, np.float64)]
    for state in states:
        examples = make_examples(30).astype(np.float32).astype(state.theta.dtype)
        list(fit(mlp, state, examples, None, how))
    np.testing.assert_allclose(states[0].theta, states[1].theta, rtol=1e-4, atol=1e-5)
    assert not np.array_equal(states[0].theta, states[1].theta)
