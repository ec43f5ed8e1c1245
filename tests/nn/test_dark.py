"""Leaving out inputs that are always 0: the same training, and nothing else is ever left out."""

import dataclasses
from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.nn import dark, passes
from pipeline.nn.dark import Lit, lit_inputs
from pipeline.nn.examples import Examples
from pipeline.nn.fit import fit
from pipeline.nn.mlp import MLP
from pipeline.nn.optimizers import SGD, Adam, Momentum, Optimizer
from pipeline.nn.regularizers import Dropout
from pipeline.nn.schedules import drops
from pipeline.nn.state import Recipe, State, start
from tests.nn.toys import every_optimizer, rate, same, trained

DARK, LIT = [0, 3, 7, 8], [1, 2, 4, 5, 6, 9]
WIDE = MLP((10, 6, 5, 3), "tanh")
RULES: list[dict[str, Any]] = [
    {},
    {"dropout": Dropout(hidden=0.4)},
    {"clip": 0.01},
    {"clip_norm": 0.05, "label_smoothing": 0.1},
]


@pytest.fixture
def always_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave dark inputs out of the smallest networks too."""
    monkeypatch.setattr(passes, "WORTH_IT", 1)


def images(n: int = 30, *, dark: list[int] = DARK, seed: int = 0) -> Examples:
    """Made-up images, some of whose pixels are 0 in each of them."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    X = rng.random((n, 10)) * (rng.random((n, 10)) < 0.7) + 0.5 * np.eye(3, 10, 4)[labels]
    X[:, dark] = 0
    return Examples(X, np.eye(3)[labels], labels)


def recipe(optimizer: Optimizer, batch_size: int = 8, **rules: Any) -> Recipe:
    """Four epochs at a suitable rate, which drops in between."""
    return Recipe(optimizer, drops(rate(optimizer), (2,)), batch_size, epochs=4, **rules)


def leave_none_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train with all inputs from here on."""
    monkeypatch.setattr(passes, "_lit_inputs", lambda *_: None)


def left_in(how: Recipe, train: Examples, mlp: MLP = WIDE, state: State | None = None) -> Any:
    """The inputs that a training would keep, or None for all."""
    state = state or start(mlp, how.optimizer, 1, np.float64)
    lit = passes._lit_inputs(mlp, state, train, how)
    return lit if lit is None else lit.tolist()


def assert_near(a: State, b: State) -> None:
    """Demand equal numbers, to rounding, and equal counters and streams."""
    for found, expected in ((a.theta, b.theta), (a.memory, b.memory)):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)
    assert (a.step, a.epoch) == (b.step, b.epoch)
    for found, expected in ((a.shuffle, b.shuffle), (a.dropout, b.dropout)):
        assert found.bit_generator.state == expected.bit_generator.state


@pytest.mark.usefixtures("always_worth_it")
@pytest.mark.parametrize("rules", RULES, ids=str)
@pytest.mark.parametrize("batch_size", [1, 7, 29])
@every_optimizer
def test_training_without_dark_inputs_is_training_with_them(
    optimizer: Optimizer,
    batch_size: int,
    rules: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Parameters, memory, history and streams agree; weights of dark inputs keep their bits."""
    train, val, how = images(), images(12, dark=[], seed=1), recipe(optimizer, batch_size, **rules)
    assert left_in(how, train) == LIT
    state, epochs = trained(train, val, how, mlp=WIDE)
    before = WIDE.windows(start(WIDE, optimizer, 1, np.float64).theta).W[0]
    after = WIDE.windows(state.theta).W[0]
    np.testing.assert_array_equal(after[DARK], before[DARK])
    assert (after[LIT] != before[LIT]).all()
    leave_none_out(monkeypatch)
    expected, course = trained(train, val, how, mlp=WIDE)
    assert_near(state, expected)
    losses = [[(e.train_loss, e.val_loss) for e in epochs] for epochs in (epochs, course)]
    np.testing.assert_allclose(*losses, rtol=1e-10)


@pytest.mark.usefixtures("always_worth_it")
@pytest.mark.parametrize("biases", [True, False], ids=["b", "no b"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_training_without_dark_inputs_is_that_of_a_smaller_network(
    dtype: type, biases: bool
) -> None:
    """Cut the columns and the weights by hand: the same bits, with dropout of inputs as well."""
    train, mlp = images().astype(dtype), MLP((10, 6, 3), biases=biases)
    how = recipe(Adam(), dropout=Dropout(0.2, 0.5))
    state, _ = trained(train, how=how, mlp=mlp)
    small, smaller = MLP((6, 6, 3), biases=biases), start(mlp, Adam(), 1, dtype)
    cut = np.concatenate([smaller.theta[:60].reshape(10, 6)[LIT].ravel(), smaller.theta[60:]])
    smaller.theta, smaller.memory = cut, np.zeros((2, small.size), dtype)
    list(fit(small, smaller, train._replace(X=train.X[:, LIT]), None, how))
    np.testing.assert_array_equal(state.theta[:60].reshape(10, 6)[LIT].ravel(), smaller.theta[:36])
    np.testing.assert_array_equal(state.theta[60:], smaller.theta[36:])
    assert state.theta.dtype == state.memory.dtype == dtype


@pytest.mark.usefixtures("always_worth_it")
@pytest.mark.parametrize(
    ("how", "train"),
    [
        (recipe(SGD(), l2=1e-3), images()),
        (recipe(SGD(), weight_decay=1e-3), images()),
        (recipe(SGD(), 30), images()),
        (recipe(SGD()), images(dark=[])),
        (recipe(SGD()), images(dark=list(range(10)))),
    ],
    ids=["l2", "weight decay", "one batch", "none dark", "all dark"],
)
def test_nothing_is_left_out_where_it_would_matter(how: Recipe, train: Examples) -> None:
    """Rules that move every weight, a batch that is not copied, and the extremes keep them all."""
    assert left_in(how, train) is None
    assert left_in(recipe(SGD()), images()) == LIT


@pytest.mark.usefixtures("always_worth_it")
@pytest.mark.parametrize("rule", ["l2", "weight_decay"])
def test_penalty_and_decay_reach_the_weights_of_dark_inputs(rule: str) -> None:
    """Where weights shrink, those of dark inputs shrink by the same factor at every step."""
    state, _ = trained(images(), how=recipe(SGD(), **{rule: 0.1}), mlp=WIDE)
    before = WIDE.windows(start(WIDE, SGD(), 1, np.float64).theta).W[0]
    factor = (1 - 0.1 * 0.1) ** 8 * (1 - 0.01 * 0.1) ** 8
    np.testing.assert_allclose(WIDE.windows(state.theta).W[0][DARK], factor * before[DARK])


def test_a_narrow_first_layer_is_not_worth_it() -> None:
    """From 64 units on dark inputs are left out; with 63, or no hidden layer, they are not."""
    assert dark.WORTH_IT == 64
    how, train = recipe(SGD()), images()
    assert left_in(how, train, MLP((10, 64, 3))) == LIT
    assert left_in(how, train, MLP((10, 63, 3))) is None
    assert left_in(how, train, MLP((10, 3))) is None


@pytest.mark.usefixtures("always_worth_it")
@every_optimizer
def test_memory_of_inputs_that_went_dark_goes_on_acting(
    optimizer: Optimizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trained on lit images first, momentum still moves weights whose inputs are dark now."""
    how, after_two = recipe(optimizer), dataclasses.replace(recipe(optimizer), epochs=2)
    states = [trained(images(dark=[]), how=after_two, mlp=WIDE)[0] for _ in range(2)]
    assert left_in(how, images(), state=states[0]) == (None if optimizer.slots else LIT)
    list(fit(WIDE, states[0], images(), None, how))
    leave_none_out(monkeypatch)
    list(fit(WIDE, states[1], images(), None, how))
    assert_near(*states)


@pytest.mark.usefixtures("always_worth_it")
@every_optimizer
def test_continuing_without_dark_inputs_equals_never_having_stopped(optimizer: Optimizer) -> None:
    """After each epoch the state is whole: a new training goes on from it, bit for bit."""
    how, state = recipe(optimizer), start(WIDE, optimizer, 1, np.float64)
    for epoch in range(1, 5):
        list(islice(fit(WIDE, state, images(), None, how), 1))
        assert state.epoch == epoch
    assert same(state, trained(images(), how=how, mlp=WIDE)[0])


@pytest.mark.usefixtures("always_worth_it")
def test_state_keeps_its_arrays_throughout() -> None:
    """Theta and memory are the same objects, moving each epoch, whatever is left out."""
    how, state = recipe(Momentum()), start(WIDE, Momentum(), 1, np.float64)
    theta, memory, window = state.theta, state.memory, WIDE.windows(state.theta).W[0]
    seen = [window.copy()]
    for _ in fit(WIDE, state, images(), None, how):
        assert state.theta is theta
        assert state.memory is memory
        assert not np.array_equal(window, seen[-1])
        seen.append(window.copy())
    assert len(seen) == 5


@pytest.mark.usefixtures("always_worth_it")
def test_best_epoch_is_kept_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Early stopping keeps and returns weights of all inputs, as without leaving any out."""
    how, val = dataclasses.replace(recipe(Adam()), patience=2), images(12, seed=1)
    state, epochs = trained(images(), val, how, mlp=WIDE)
    assert state.best is not None
    np.testing.assert_array_equal(state.theta, state.best.theta)
    leave_none_out(monkeypatch)
    expected, course = trained(images(), val, how, mlp=WIDE)
    assert_near(state, expected)
    assert len(epochs) == len(course)


def test_lit_inputs_are_those_not_zero_throughout() -> None:
    """One number other than 0 lights an input, NaN and infinity too; a negative 0 does not."""
    X = np.zeros((3, 6))
    X[1, 1], X[2, 3], X[0, 4], X[1, 5] = 1e-300, np.nan, -np.inf, -0.0
    assert lit_inputs(X).tolist() == [1, 3, 4]


@given(st.sets(st.integers(0, 4), min_size=1), st.booleans(), st.integers(1, 4))
def test_what_is_gathered_is_scattered_back(inputs: set[int], biases: bool, units: int) -> None:
    """The part holds the weights of lit inputs and all the rest; scattering touches no other."""
    mlp, lit = MLP((5, units, 2), biases=biases), np.array(sorted(inputs))
    small, whole = Lit(mlp, lit), np.arange(1.0, mlp.size + 1)
    part = np.zeros(small.mlp.size)
    small.gather(whole, part)
    np.testing.assert_array_equal(small.mlp.windows(part).W[0], mlp.windows(whole).W[0][lit])
    np.testing.assert_array_equal(part[len(lit) * units :], whole[5 * units :])
    other = np.zeros(mlp.size)
    assert small.has_no_more(other)
    small.scatter(part, other)
    assert small.has_no_more(other)
    unlit = [i for i in range(5) if i not in inputs]
    assert not mlp.windows(other).W[0][unlit].any()
    mlp.windows(other).W[0][unlit] = mlp.windows(whole).W[0][unlit]
    np.testing.assert_array_equal(other, whole)
    assert small.has_no_more(other) == (not unlit)
