"""What every optimizer keeps to: one table, one set of tests."""

import numpy as np
import pytest

from pipeline.nn import optimizers
from pipeline.nn.arrays import FloatArray
from pipeline.nn.optimizers import SGD, Adam, Momentum, Optimizer, flush

# optimizer, vectors it remembers, a rate that suits the bowl below
TABLE: dict[str, tuple[Optimizer, int, float]] = {
    "sgd": (SGD(), 0, 0.1),
    "momentum": (Momentum(0.9), 1, 0.02),
    "adam": (Adam(), 2, 0.05),
    "adam without memory": (Adam(beta1=0.0, beta2=0.5), 2, 0.01),
}
every = pytest.mark.parametrize("name", TABLE)


def walk(
    optimizer: Optimizer, size: int, *, steps: int = 3, lr: float = 0.01, dtype: type = np.float32
) -> tuple[FloatArray, FloatArray]:
    """Theta and memory after a few steps of made-up gradients."""
    rng = np.random.default_rng(0)
    theta: FloatArray = rng.standard_normal(size).astype(dtype)
    memory: FloatArray = np.zeros((optimizer.slots, size), dtype)
    for step in range(1, steps + 1):
        grad: FloatArray = rng.standard_normal(size).astype(dtype)
        optimizer.update(theta, grad, memory, lr=lr, step=step)
    return theta, memory


@every
def test_update_is_in_place_and_fills_each_slot(name: str) -> None:
    """Theta itself moves, every element of it, and every slot remembers something."""
    optimizer, slots, lr = TABLE[name]
    assert optimizer.slots == slots
    theta, memory = np.ones(8, np.float32), np.zeros((slots, 8), np.float32)
    window = theta[2:6]
    optimizer.update(theta, np.ones(8, np.float32), memory, lr=lr, step=1)
    assert (theta < 1).all()
    assert (window < 1).all()
    assert memory.all()


@every
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_update_keeps_the_precision(name: str, dtype: type) -> None:
    """Neither theta nor memory changes its type, and the numbers stay near the float64 ones."""
    optimizer, _, lr = TABLE[name]
    theta, memory = walk(optimizer, 50, lr=lr, dtype=dtype)
    assert theta.dtype == memory.dtype == dtype
    exact, _ = walk(optimizer, 50, lr=lr, dtype=np.float64)
    np.testing.assert_allclose(theta, exact, rtol=1e-4, atol=1e-6)


@every
@pytest.mark.parametrize("block", [1, 7, 33, 100, 10**6])
def test_size_of_a_block_changes_no_bit(
    name: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred elements in blocks smaller, equal and larger come out the same."""
    optimizer, _, lr = TABLE[name]
    whole = walk(optimizer, 100, lr=lr)
    monkeypatch.setattr(optimizers, "BLOCK", block)
    for found, expected in zip(walk(optimizer, 100, lr=lr), whole, strict=True):
        np.testing.assert_array_equal(found, expected)


@every
def test_vector_longer_than_a_block_is_updated_to_its_end(name: str) -> None:
    """Elements on both sides of a block's edge and the last one move as a short vector does."""
    optimizer, slots, lr = TABLE[name]
    size = 2 * optimizers.BLOCK + 3
    theta, memory = np.ones(size, np.float32), np.zeros((slots, size), np.float32)
    optimizer.update(theta, np.full(size, 0.5, np.float32), memory, lr=lr, step=1)
    short, few = np.ones(1, np.float32), np.zeros((slots, 1), np.float32)
    optimizer.update(short, np.full(1, 0.5, np.float32), few, lr=lr, step=1)
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
    optimizer, slots, lr = TABLE[name]
    curvature = np.array([1.0, 3.0, 10.0])
    theta, memory = np.array([1.0, -2.0, 1.5]), np.zeros((slots, 3))
    losses = []
    for step in range(1, 301):
        losses.append(float(curvature @ theta**2) / 2)
        optimizer.update(theta, curvature * theta, memory, lr=lr, step=step)
    assert losses[-1] < losses[0] / 1000


@every
def test_optimizer_holds_no_state_of_its_own(name: str) -> None:
    """Two trainings by one optimizer, step about, come out as one after the other."""
    optimizer, slots, lr = TABLE[name]
    alone, _ = walk(optimizer, 6, lr=lr)
    rngs = [np.random.default_rng(0), np.random.default_rng(0)]
    thetas = [rng.standard_normal(6).astype(np.float32) for rng in rngs]
    memories = [np.zeros((slots, 6), np.float32) for _ in rngs]
    for step in (1, 2, 3):
        for rng, theta, memory in zip(rngs, thetas, memories, strict=True):
            grad = rng.standard_normal(6).astype(np.float32)
            optimizer.update(theta, grad, memory, lr=lr, step=step)
    for theta in thetas:
        np.testing.assert_array_equal(theta, alone)


def test_flush_clears_what_nears_the_subnormal_and_nothing_larger() -> None:
    """Remembered numbers below 1e-30 go; those that still matter to an update stay as they are."""
    memory = np.array([[1e-29, -1e-29, 1e-31, -1e-31, 0.0, 1e-12]], np.float32)
    expected = np.array([[1e-29, -1e-29, 0.0, 0.0, 0.0, 1e-12]], np.float32)
    flush(memory)
    np.testing.assert_array_equal(memory, expected)
