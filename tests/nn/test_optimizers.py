"""What every optimizer keeps to: one table, one set of tests."""

import math
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest

from pipeline.nn import optimizers
from pipeline.nn.arrays import FloatArray
from pipeline.nn.optimizers import (
    SGD,
    Adam,
    AveragedMomentum,
    Momentum,
    Nesterov,
    Optimizer,
    RMSProp,
    flush,
)
from tests.nn.textbook import (
    Formula,
    adam,
    advance,
    averaged_momentum,
    momentum,
    nesterov,
    rmsprop,
    sgd,
)


class Contract(NamedTuple):
    """An optimizer, how many vectors it remembers, a rate that suits the bowl below, its book."""

    optimizer: Optimizer
    slots: int
    lr: float
    formula: Formula


TABLE = {
    "sgd": Contract(SGD(), 0, 0.1, sgd),
    "momentum": Contract(Momentum(0.9), 1, 0.02, partial(momentum, beta=0.9)),
    "averaged momentum": Contract(
        AveragedMomentum(0.8), 1, 0.1, partial(averaged_momentum, beta=0.8)
    ),
    "nesterov": Contract(Nesterov(0.9), 1, 0.02, partial(nesterov, beta=0.9)),
    "rmsprop": Contract(RMSProp(0.99), 1, 0.01, partial(rmsprop, beta=0.99)),
    "adam": Contract(Adam(), 2, 0.05, adam),
    # its scale starts again after six steps: a walk of eight crosses that
    "adam of short periods": Contract(Adam(beta2=0.9), 2, 0.02, partial(adam, beta2=0.9)),
    "adam without memory": Contract(
        Adam(beta1=0.0, beta2=0.5), 2, 0.01, partial(adam, beta1=0.0, beta2=0.5)
    ),
}
every = pytest.mark.parametrize("name", TABLE)
of_any_precision = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def walk(
    optimizer: Optimizer, size: int, *, steps: int = 8, lr: float = 0.01, dtype: type = np.float32
) -> tuple[FloatArray, FloatArray]:
    """Theta and memory after a few steps of made-up gradients."""
    rng = np.random.default_rng(0)
    theta: FloatArray = rng.standard_normal(size).astype(dtype)
    memory: FloatArray = np.zeros((optimizer.slots, size), dtype)
    for step in range(1, steps + 1):
        gradient: FloatArray = rng.standard_normal(size).astype(dtype)
        advance(optimizer, theta, gradient, memory, lr=lr, step=step)
    return theta, memory


def test_table_leaves_no_optimizer_out() -> None:
    """Every class of the module that has an update stands in the table."""
    kinds = [kind for kind in vars(optimizers).values() if isinstance(kind, type)]
    classes = {kind for kind in kinds if hasattr(kind, "update")}
    assert classes - {Optimizer} == {type(contract.optimizer) for contract in TABLE.values()}


@every
def test_update_is_in_place_and_fills_each_slot(name: str) -> None:
    """Theta itself moves, every element of it, and every slot remembers something."""
    optimizer, slots, lr, _ = TABLE[name]
    assert optimizer.slots == slots
    theta, memory = np.ones(8, np.float32), np.zeros((slots, 8), np.float32)
    window = theta[2:6]
    advance(optimizer, theta, np.ones(8, np.float32), memory, lr=lr, step=1)
    assert (theta < 1).all()
    assert (window < 1).all()
    assert memory.all()


@every
@of_any_precision
@pytest.mark.parametrize("steps", [3, 1500])
def test_update_keeps_the_precision(name: str, dtype: type, steps: int) -> None:
    """Neither theta nor memory changes its type, and the numbers stay near the float64 ones."""
    optimizer, _, lr, _ = TABLE[name]
    theta, memory = walk(optimizer, 50, steps=steps, lr=lr, dtype=dtype)
    assert theta.dtype == memory.dtype == dtype
    exact, _ = walk(optimizer, 50, steps=steps, lr=lr, dtype=np.float64)
    np.testing.assert_allclose(theta, exact, rtol=1e-4, atol=1e-6 * math.sqrt(steps))


@every
@pytest.mark.parametrize("block", [1, 7, 33, 100, 10**6])
def test_size_of_a_block_changes_no_bit(
    name: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred elements in blocks smaller, equal and larger come out the same."""
    optimizer, _, lr, _ = TABLE[name]
    whole = walk(optimizer, 100, lr=lr)
    monkeypatch.setattr(optimizers, "BLOCK", block)
    for found, expected in zip(walk(optimizer, 100, lr=lr), whole, strict=True):
        np.testing.assert_array_equal(found, expected)


@every
def test_vector_longer_than_a_block_is_updated_to_its_end(name: str) -> None:
    """Elements on both sides of a block's edge and the last one move as a short vector does."""
    optimizer, slots, lr, _ = TABLE[name]
    size = 2 * optimizers.BLOCK + 3
    theta, memory = np.ones(size, np.float32), np.zeros((slots, size), np.float32)
    advance(optimizer, theta, np.full(size, 0.5, np.float32), memory, lr=lr, step=1)
    short, few = np.ones(1, np.float32), np.zeros((slots, 1), np.float32)
    advance(optimizer, short, np.full(1, 0.5, np.float32), few, lr=lr, step=1)
    assert (theta == short).all()
    assert (memory == few).all()


@pytest.mark.parametrize(
    ("size", "expected"),
    [(1, [(0, 1)]), (4, [(0, 4)]), (5, [(0, 4), (4, 5)]), (8, [(0, 4), (4, 8)]), (0, [])],
)
def test_blocks_cover_a_vector_without_overlap(
    size: int, expected: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks of four follow one another to the end, the last as short as need be."""
    monkeypatch.setattr(optimizers, "BLOCK", 4)
    assert [(block.start, block.stop) for block in optimizers.blocks(size)] == expected


@every
def test_optimizer_descends_a_bowl(name: str) -> None:
    """On an ill-scaled quadratic, 300 steps take the loss below a thousandth of its start."""
    optimizer, slots, lr, _ = TABLE[name]
    curvature = np.array([1.0, 3.0, 10.0])
    theta, memory = np.array([1.0, -2.0, 1.5]), np.zeros((slots, 3))
    losses = []
    for step in range(1, 301):
        losses.append(float(curvature @ theta**2) / 2)
        advance(optimizer, theta, curvature * theta, memory, lr=lr, step=step)
    assert losses[-1] < losses[0] / 1000


@every
def test_optimizer_holds_no_state_of_its_own(name: str) -> None:
    """Two trainings by one optimizer, step about, come out as one after the other."""
    optimizer, slots, lr, _ = TABLE[name]
    alone, _ = walk(optimizer, 6, lr=lr)
    rngs = [np.random.default_rng(0), np.random.default_rng(0)]
    thetas = [rng.standard_normal(6).astype(np.float32) for rng in rngs]
    memories = [np.zeros((slots, 6), np.float32) for _ in rngs]
    for step in range(1, 9):
        for rng, theta, memory in zip(rngs, thetas, memories, strict=True):
            gradient = rng.standard_normal(6).astype(np.float32)
            advance(optimizer, theta, gradient, memory, lr=lr, step=step)
    for theta in thetas:
        np.testing.assert_array_equal(theta, alone)


@every
@of_any_precision
def test_rate_of_zero_moves_nothing(name: str, dtype: type) -> None:
    """At learning rate 0 no gradient moves theta by a single bit, and nothing becomes NaN."""
    start, _ = walk(TABLE[name].optimizer, 50, steps=0, dtype=dtype)
    theta, memory = walk(TABLE[name].optimizer, 50, lr=0.0, dtype=dtype)
    np.testing.assert_array_equal(theta, start)
    assert np.isfinite(memory).all()


@every
def test_gradient_that_is_always_zero_moves_nothing(name: str) -> None:
    """Weights of an input that is always dark stay where they began; nothing is remembered."""
    optimizer, slots, lr, _ = TABLE[name]
    theta, memory = np.linspace(-1, 1, 9), np.zeros((slots, 9))
    for step in range(1, 9):
        advance(optimizer, theta, np.zeros(9), memory, lr=lr, step=step)
    np.testing.assert_array_equal(theta, np.linspace(-1, 1, 9))
    assert not memory.any()


def assert_same_path(optimizer: Optimizer, formula: Formula, lr: float, steps: int) -> None:
    """At a rate that changes with each step, theta takes the formula's path from 1, 1, 1, …"""
    rng, size = np.random.default_rng(3), 40
    sizes = 10.0 ** rng.integers(-3, 3, size=size)
    theta, memory = np.ones(size), np.zeros((optimizer.slots, size))
    expected: tuple[FloatArray, ...] = (theta.copy(), *memory.copy())
    for t in range(1, steps + 1):
        g, rate = sizes * rng.standard_normal(size), lr * (1 + math.sin(t) / 2)
        advance(optimizer, theta, g, memory, lr=rate, step=t)
        expected = formula(t, rate, g, *expected)
        np.testing.assert_allclose(theta, expected[0], rtol=1e-10, atol=1e-12, err_msg=f"{t=}")


@every
def test_path_is_that_of_the_textbook(name: str) -> None:
    """Sixty steps at changing rates lead through the points of the formula written out."""
    optimizer, _, lr, formula = TABLE[name]
    assert_same_path(optimizer, formula, lr, steps=60)


@pytest.mark.parametrize("eps", [0.0, 1e-8, 1e-2])
@pytest.mark.parametrize("beta2", [0.0, 0.5, 0.51, 0.75, 0.9, 0.999])
def test_adam_is_the_algorithm_of_the_paper_whenever_its_scale_starts_again(
    beta2: float, eps: float
) -> None:
    """Over three of its periods, of one step to 692, the path is that of the formula."""
    optimizer = Adam(0.8, beta2, eps)
    formula = partial(adam, beta1=0.8, beta2=beta2, eps=eps)
    assert_same_path(optimizer, formula, lr=0.01, steps=3 * optimizer._period + 2)


@pytest.mark.parametrize(("beta2", "period"), [(0.5, 1), (0.75, 2), (0.9, 6), (0.999, 692)])
def test_scale_of_adam_starts_again_before_it_passes_the_root_of_two(
    beta2: float, period: int
) -> None:
    """From 1 it grows by the root of 1 / beta2 a step, for as many steps as a period has."""
    scales = [Adam(beta2=beta2).scale(0.01, step) for step in range(1, 2 * period + 2)]
    assert scales[0] == scales[period] == scales[2 * period] == 1
    assert max(scales) <= math.sqrt(2)
    grown = [after / before for before, after in pairwise(scales[:period])]
    np.testing.assert_allclose(grown, beta2**-0.5, rtol=1e-12)


def test_nesterov_takes_the_gradient_at_the_point_looked_ahead_to() -> None:
    """Theta is where Sutskever et al. take the gradient: x + beta velocity, x their parameters."""
    optimizer, curvature, beta = Nesterov(0.9), np.array([1.0, 3.0, 10.0]), 0.9
    theta, memory = np.array([1.0, -2.0, 1.5]), np.zeros((1, 3))
    x, velocity = theta.copy(), np.zeros(3)
    for step in range(1, 31):
        lr = 0.02 / step
        advance(optimizer, theta, curvature * theta, memory, lr=lr, step=step)
        velocity = beta * velocity - lr * curvature * (x + beta * velocity)  # equation 3
        x = x + velocity  # equation 4
        np.testing.assert_allclose(theta, x + beta * velocity, rtol=1e-12)


def test_flush_clears_what_nears_the_subnormal_and_nothing_larger() -> None:
    """Remembered numbers below 1e-30 go; those that still matter to an update stay as they are."""
    memory = np.array([[1e-29, -1e-29, 1e-31, -1e-31, 0.0, 1e-12]], np.float32)
    expected = np.array([[1e-29, -1e-29, 0.0, 0.0, 0.0, 1e-12]], np.float32)
    flush(memory)
    np.testing.assert_array_equal(memory, expected)
