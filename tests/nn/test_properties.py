"""What holds for every network, batch, schedule and memory."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from pipeline.nn import optimizers, passes
from pipeline.nn.arrays import FloatArray
from pipeline.nn.examples import Examples
from pipeline.nn.fit import fit
from pipeline.nn.losses import SoftmaxCrossEntropy, softmax
from pipeline.nn.mlp import MLP
from pipeline.nn.optimizers import TINY, Optimizer, RMSProp, flush
from pipeline.nn.schedules import constant
from pipeline.nn.state import Recipe, State, start
from tests.nn.toys import OPTIMIZERS

# RMSProp's memory, by default, takes nine thousand steps to decay below 1e-38
REMEMBERING = [RMSProp(0.9)] + [o for o in OPTIMIZERS if o.slots and o != RMSProp()]

widths = st.tuples(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.integers(2, 6)).map(
    lambda ends: (*ends[0], ends[1])
)
seeds = st.integers(0, 2**32 - 1)
rates = st.floats(1e-6, 10)
logits = arrays(
    np.float64, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.floats(-50, 50)
)


@given(widths, st.booleans())
def test_windows_tile_theta_exactly_once(widths: tuple[int, ...], biases: bool) -> None:
    """Every element of theta stands in one window, weights before biases, in order of layers."""
    mlp = MLP(widths, biases=biases)
    windows = mlp.windows(np.arange(float(mlp.size)))
    weights = np.concatenate([W.ravel() for W in windows.W])
    np.testing.assert_array_equal(np.concatenate([weights, *windows.b]), np.arange(mlp.size))
    assert len(weights) == mlp.weight_count
    assert [W.shape for W in windows.W] == list(pairwise(widths))
    assert [b.shape for b in windows.b] == ([(d,) for d in widths[1:]] if biases else [])


@given(widths, st.booleans())
def test_windows_share_thetas_memory(widths: tuple[int, ...], biases: bool) -> None:
    """What is written through the windows stands in theta."""
    mlp = MLP(widths, biases=biases)
    theta = np.zeros(mlp.size)
    windows = mlp.windows(theta)
    for part in (*windows.W, *windows.b):
        assert np.shares_memory(part, theta)
        np.add(part, 1, out=part)
    assert (theta == 1).all()


@given(logits, st.floats(-1000, 1000))
def test_softmax_ignores_a_common_shift_and_sums_to_one(logits: FloatArray, shift: float) -> None:
    """Probabilities are positive, sum to 1, and a constant added to every score drops out."""
    probabilities = softmax(logits.copy())
    assert (probabilities > 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(softmax(logits + shift), probabilities, rtol=1e-11)


@given(logits, seeds)
def test_gradient_of_the_loss_sums_to_zero_in_each_row(logits: FloatArray, seed: int) -> None:
    """Softmax and target both sum to 1, so their difference sums to 0; the loss is positive."""
    n, classes = logits.shape
    Y = np.eye(classes)[np.random.default_rng(seed).integers(classes, size=n)]
    assert SoftmaxCrossEntropy().gradient(logits, Y) >= 0
    np.testing.assert_allclose(logits.sum(axis=1), 0, atol=1e-15)


@given(widths, seeds, st.integers(1, 5))
def test_duplicated_batch_has_the_same_mean_gradient(
    widths: tuple[int, ...], seed: int, rows: int
) -> None:
    """The loss and gradient are means: saying every example twice changes neither."""
    mlp, rng = MLP(widths), np.random.default_rng(seed)
    theta, X = mlp.initial(rng, np.float64), rng.standard_normal((rows, widths[0]))
    Y = np.eye(widths[-1])[rng.integers(widths[-1], size=rows)]
    once_loss, once = mlp.gradient(theta, X, Y)
    twice_loss, twice = mlp.gradient(theta, np.concatenate([X, X]), np.concatenate([Y, Y]))
    assert twice_loss == pytest.approx(once_loss, rel=1e-12)
    np.testing.assert_allclose(twice, once, rtol=1e-12, atol=1e-14)


@given(st.sampled_from(OPTIMIZERS), seeds)
def test_rate_of_zero_changes_nothing(optimizer: Optimizer, seed: int) -> None:
    """At learning rate 0 no gradient moves theta by a single bit."""
    rng = np.random.default_rng(seed)
    theta = rng.standard_normal(9)
    before, memory = theta.copy(), np.zeros((optimizer.slots, 9))
    for step in range(1, 9):
        grad = optimizer.scale(0.0, step) * rng.standard_normal(9)
        optimizer.update(theta, grad, memory, lr=0.0, step=step)
    np.testing.assert_array_equal(theta, before)


@given(
    arrays(
        np.float32,
        array_shapes(min_dims=2, max_dims=2, max_side=12),
        elements=st.floats(width=32)
        | st.sampled_from([0.0, -1e-31, 1e-31, 1e-40, -1e-40, 1.5e-30, -1.5e-30]),
    )
)
def test_flush_clears_exactly_the_tiny_ones(memory: FloatArray) -> None:
    """Numbers below 1e-30 become 0; all others, infinite and not-a-number too, keep their bits."""
    with np.errstate(invalid="ignore"):
        expected = np.where(np.abs(memory) < TINY, np.float32(0), memory)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(optimizers, "BLOCK", 5)  # so that a row is several blocks
        flush(memory)
    np.testing.assert_array_equal(memory, expected)


def darkened(optimizer: Optimizer) -> State:
    """The state after 128 steps on lit images and 1,100 on images with a pixel gone dark."""
    mlp, rng = MLP((3, 2, 2)), np.random.default_rng(0)
    state = start(mlp, optimizer, seed=0)
    for n, pixel in ((128, 1.0), (1100, 0.0)):  # ends between two flushes
        X = rng.random((n, 3)).astype(np.float32)
        X[:, 0] *= pixel
        labels = (X[:, 1] > X[:, 2]).astype(np.uint8)
        train = Examples(X, np.eye(2, dtype=np.float32)[labels], labels)
        how = Recipe(optimizer, constant(0.01), batch_size=1, epochs=state.epoch + 1)
        list(fit(mlp, state, train, None, how))
    return state


def subnormals(memory: FloatArray) -> int:
    """How many numbers are so small that float32 holds them with fewer bits."""
    return int(np.count_nonzero((memory != 0) & (np.abs(memory) < np.finfo(np.float32).tiny)))


@pytest.mark.parametrize("optimizer", REMEMBERING, ids=repr)
def test_no_subnormal_stays_in_memory_when_pixels_go_dark(
    optimizer: Optimizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Moments that decay for a thousand steps would become subnormal; flushing prevents it."""
    assert subnormals(darkened(optimizer).memory) == 0
    monkeypatch.setattr(passes, "flush", lambda memory: None)
    assert subnormals(darkened(optimizer).memory) > 0
