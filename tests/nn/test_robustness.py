"""Odd data trains, wrong data is named, and a training that goes wrong stops at once."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.nn import passes
from pipeline.nn.activations import ACTIVATIONS
from pipeline.nn.examples import Examples
from pipeline.nn.fit import fit
from pipeline.nn.losses import find_loss
from pipeline.nn.mlp import MLP
from pipeline.nn.optimizers import SGD, Adam, Momentum, Optimizer
from pipeline.nn.regularizers import Dropout
from pipeline.nn.schedules import constant
from pipeline.nn.state import Recipe, State, start
from tests.nn.toys import (
    HOW,
    NETWORK,
    PAIRS,
    MakeExamples,
    every_activation,
    every_optimizer,
    rate,
    same,
    trained,
)


def with_inputs(examples: Examples, X: Any) -> Examples:
    """The same examples with other inputs."""
    return examples._replace(X=np.asarray(X, examples.X.dtype))


def assert_trains(train: Examples, how: Recipe, mlp: MLP = NETWORK) -> State:
    """Demand that all epochs pass with finite figures and numbers."""
    state, epochs = trained(train, train, how, mlp=mlp)
    assert len(epochs) == how.epochs
    figures = [(e.train_loss, e.val_loss, e.train_accuracy, e.val_accuracy) for e in epochs]
    assert np.isfinite(figures).all()
    assert np.isfinite(state.theta).all()
    assert np.isfinite(state.memory).all()
    return state


@pytest.mark.parametrize(
    ("n", "batch_size"), [(9, 8), (9, 1), (1, 1), (1, 64), (2, 1), (129, 128)]
)
@every_optimizer
def test_batches_of_a_single_example_train(
    make_examples: MakeExamples, optimizer: Optimizer, n: int, batch_size: int
) -> None:
    """A last batch of one, batches of one and a single example are batches like any other."""
    how = Recipe(optimizer, constant(rate(optimizer)), batch_size, 3, dropout=Dropout(0.1, 0.1))
    state = assert_trains(make_examples(n), how)
    assert state.step == 3 * -(-n // batch_size)


@pytest.mark.parametrize(("output", "loss"), PAIRS)
@every_activation
def test_a_single_class_trains(
    make_examples: MakeExamples, activation: str, output: str, loss: str
) -> None:
    """Where all labels are the same the network learns to say so."""
    train, labels = make_examples(30), np.full(30, 2)
    train = Examples(train.X, np.eye(3)[labels], labels)
    how = Recipe(Adam(), constant(0.02), batch_size=8, epochs=5)
    assert_trains(train, how, MLP((4, 5, 3), activation, output, loss))


@pytest.mark.parametrize("value", [0.0, 1.0, -255.0, 1e-300])
@every_optimizer
def test_images_without_contents_train(
    make_examples: MakeExamples,
    optimizer: Optimizer,
    value: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All pixels dark, or all of one brightness, in every image: nothing to learn, no harm."""
    monkeypatch.setattr(passes, "WORTH_IT", 1)
    train = with_inputs(make_examples(30), np.full((30, 4), value))
    assert_trains(train, Recipe(optimizer, constant(0.001), batch_size=8, epochs=3))


@pytest.mark.parametrize("role", ["train", "val"])
def test_no_examples_is_an_error(make_examples: MakeExamples, role: str) -> None:
    """Nothing to train on, or to judge by, is named before anything is trained."""
    none, some = make_examples(0), make_examples(30)
    train, val = (none, some) if role == "train" else (some, none)
    rule = r"^there must be one or more examples, but there are none$"
    with pytest.raises(ValueError, match=rule):
        trained(train, val)


def assert_refused(train: Examples, rule: str, good: Examples, mlp: MLP = NETWORK) -> None:
    """Demand the error, as training and as validation examples, with the state as it was."""
    for pair in ((train, None), (train, good), (good, train)):
        state = start(mlp, HOW.optimizer, 1, np.float64)
        before = copy.deepcopy(state)
        with pytest.raises(ValueError, match=f"^{rule}$"):
            next(fit(mlp, state, *pair, HOW))
        assert same(state, before)


@pytest.mark.parametrize("name", ["X", "Y"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("row", [0, 17, 29])
def test_number_that_is_not_finite_is_found(
    make_examples: MakeExamples, name: str, value: float, row: int
) -> None:
    """NaN and infinity, at either end or between, are named with their row."""
    good = make_examples(30)
    array = getattr(good, name).copy()
    array[row, 1] = value
    assert_refused(
        good._replace(**{name: array}), f"{name} must be finite, but row {row} is not", good
    )


def test_number_that_is_not_finite_is_found_on_disk(
    make_examples: MakeExamples, tmp_path: Path
) -> None:
    """The first such row of a memory-mapped array is named."""
    good = make_examples(30)
    X = good.X.copy()
    X[[7, 21], [3, 0]] = np.nan
    np.save(tmp_path / "X.npy", X)
    mapped = good._replace(X=np.load(tmp_path / "X.npy", mmap_mode="r"))
    assert_refused(mapped, "X must be finite, but row 7 is not", good)


@pytest.mark.parametrize(
    ("name", "shape", "rule"),
    [
        ("X", (30, 5), r"X must have the shape \(30, 4\), but has \(30, 5\)"),
        ("X", (30,), r"X must have the shape \(30, 4\), but has \(30,\)"),
        ("X", (30, 2, 2), r"X must have the shape \(30, 4\), but has \(30, 2, 2\)"),
        ("X", (29, 4), r"Y must have the shape \(29, 3\), but has \(30, 3\)"),
        ("Y", (30, 2), r"Y must have the shape \(30, 3\), but has \(30, 2\)"),
        ("Y", (30,), r"Y must have the shape \(30, 3\), but has \(30,\)"),
        ("Y", (31, 3), r"Y must have the shape \(30, 3\), but has \(31, 3\)"),
        ("labels", (29,), r"labels must have the shape \(30,\), but has \(29,\)"),
        ("labels", (30, 1), r"labels must have the shape \(30,\), but has \(30, 1\)"),
    ],
)
def test_shape_that_does_not_fit_is_named(
    make_examples: MakeExamples, name: str, shape: tuple[int, ...], rule: str
) -> None:
    """Arrays that fit neither the network nor each other break a rule that the error states."""
    good = make_examples(30)
    array = np.zeros(shape, getattr(good, name).dtype)
    assert_refused(good._replace(**{name: array}), rule, good)


@pytest.mark.parametrize("name", ["X", "Y"])
@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64, np.uint8, np.bool_])
def test_type_that_does_not_fit_is_named(
    make_examples: MakeExamples, name: str, dtype: type
) -> None:
    """Another precision than theta's, and whole numbers, are refused, not converted."""
    good = make_examples(30)
    other = good._replace(**{name: np.abs(getattr(good, name)).astype(dtype)})
    rule = (
        f"{name} must be float64 as the parameters are, but is {np.dtype(dtype)}; convert it, so "
        "that no step has to"
    )
    assert_refused(other, rule, good)


def test_float64_examples_do_not_train_a_float32_network(make_examples: MakeExamples) -> None:
    """Nothing becomes float64 by mistake: `astype` converts, and then it trains."""
    train, state = make_examples(30), start(NETWORK, HOW.optimizer, 1)
    with pytest.raises(ValueError, match=r"^X must be float32 as the parameters are, but is f"):
        next(fit(NETWORK, state, train, None, HOW))
    assert next(fit(NETWORK, state, train.astype(np.float32), None, HOW)).index == 1


@pytest.mark.parametrize(
    ("mlp", "optimizer", "rule"),
    [
        (MLP((4, 6, 3)), Adam(), r"theta must have the shape \(43,\), but has \(51,\)"),
        (NETWORK, Momentum(), r"memory must have the shape \(2, 43\), but has \(1, 43\)"),
        (NETWORK, SGD(), r"memory must have the shape \(2, 43\), but has \(0, 43\)"),
    ],
    ids=["network", "momentum", "sgd"],
)
def test_state_of_another_training_is_refused(
    make_examples: MakeExamples, mlp: MLP, optimizer: Optimizer, rule: str
) -> None:
    """A state started with another network or optimizer is named before anything is trained."""
    state = start(mlp, optimizer, 1, np.float64)
    with pytest.raises(ValueError, match=f"^the state's {rule}; start it with this network"):
        next(fit(NETWORK, state, make_examples(30), None, HOW))


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error", "mean_squared_error"])
def test_network_with_a_single_output_trains_and_decides(loss: str) -> None:
    """Two classes by one sigmoid output: above 1/2 is class 1, and nearly all are right."""
    rng, labels = np.random.default_rng(0), np.arange(80) % 2
    X = rng.standard_normal((80, 2)) * 0.3 + np.array([[1.0, -1.0]]) * (2 * labels[:, None] - 1)
    train = Examples(X, labels[:, None].astype(float), labels)
    mlp = MLP((2, 4, 1), "tanh", "sigmoid", loss)
    state, epochs = trained(train, train, Recipe(Adam(), constant(0.05), 8, 20), mlp=mlp)
    logits = mlp.forward(mlp.windows(state.theta), X, mlp.layers(80, np.float64))
    np.testing.assert_array_equal(mlp.decide(logits), logits[:, 0] > 0)
    assert logits.min() < -1  # still logits
    np.testing.assert_array_equal(mlp.outputs(state.theta, X)[:, 0] > 0.5, logits[:, 0] > 0)
    assert epochs[-1].val_accuracy > 0.95
    assert epochs[-1].val_accuracy == np.mean(mlp.decide(logits) == labels)
    assert mlp.decide(np.array([[-1e-9], [0.0], [1e-9]])).tolist() == [0, 0, 1]


@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_outputs_are_what_the_loss_compares(output: str, loss: str) -> None:
    """Outputs of a network are its output activation's, whichever; logits are left alone."""
    mlp, X = MLP((2, 3), output=output, loss=loss), np.array([[1.0, -2.0], [-0.5, 0.25]])
    theta = mlp.initial(np.random.default_rng(0), np.float64)
    z = mlp.forward(mlp.windows(theta), X, mlp.layers(2, np.float64)).copy()
    if output == "softmax":
        expected = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    else:
        ACTIVATIONS[output].forward(expected := z.copy(), np.empty_like(z))
    np.testing.assert_allclose(mlp.outputs(theta, X), expected, rtol=1e-12)
    if loss == "squared_error":
        found = find_loss(loss, output).gradient(z.copy(), np.zeros((2, 3)))
        assert found == pytest.approx(float((expected**2).sum()) / 4, rel=1e-12)
