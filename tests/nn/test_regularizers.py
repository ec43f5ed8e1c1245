"""Penalty, decay, clipping, dropout and smoothing: alone, and in training."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.nn import optimizers
from pipeline.nn.arrays import FloatArray
from pipeline.nn.fit import evaluate, fit
from pipeline.nn.mlp import MLP
from pipeline.nn.optimizers import SGD, Adam, Optimizer
from pipeline.nn.regularizers import (
    Dropout,
    add_l2_gradient,
    clip,
    clip_norm,
    decay,
    draw_mask,
    l2_penalty,
    smooth,
)
from pipeline.nn.schedules import constant, drops
from pipeline.nn.state import Recipe, start
from tests.nn.toys import (
    HOW,
    NETWORK,
    MakeExamples,
    every_activation,
    every_optimizer,
    plain_loop,
    same,
    trained,
)

grads = arrays(np.float64, 20, elements=st.floats(-1e6, 1e6))
limits = st.floats(0.001, 1e5)


@given(grads, limits)
def test_clip_cuts_to_the_limit_and_no_more(grad: FloatArray, limit: float) -> None:
    """Elements within the limit keep their bits; those beyond become the limit, of their sign."""
    clipped = grad.copy()
    clip(clipped, limit)
    within = np.abs(grad) <= limit
    np.testing.assert_array_equal(clipped[within], grad[within])
    np.testing.assert_array_equal(clipped[~within], limit * np.sign(grad[~within]))


@given(grads, limits)
def test_clip_norm_keeps_the_direction(grad: FloatArray, limit: float) -> None:
    """A vector within the limit keeps its bits; a longer one gets that length, its direction."""
    clipped, length = grad.copy(), float(np.linalg.norm(grad))
    clip_norm(clipped, limit)
    if length <= limit:
        np.testing.assert_array_equal(clipped, grad)
    else:
        assert np.linalg.norm(clipped) == pytest.approx(limit, rel=1e-12)
        np.testing.assert_allclose(clipped / limit, grad / length, rtol=1e-12, atol=1e-300)


@np.errstate(over="ignore")  # as in a pass
@pytest.mark.parametrize(("dtype", "large"), [(np.float32, 1e30), (np.float64, 1e200)])
def test_clip_norm_holds_where_squares_overflow(dtype: type, large: float) -> None:
    """Where squares are infinite in the gradient's type, the length is right all the same."""
    grad = np.array([3 * large, -4 * large, 0.0], dtype)
    clip_norm(grad, 5.0)
    np.testing.assert_allclose(grad, [3, -4, 0], rtol=1e-6)
    assert grad.dtype == dtype


@given(arrays(np.float64, 12, elements=st.floats(-10, 10)), st.floats(0, 1))
def test_l2_gradient_is_the_slope_of_the_penalty(weights: FloatArray, l2: float) -> None:
    """Along any direction, the penalty rises by its gradient; block by block or at once."""
    grad, direction, h = np.ones(12), np.cos(np.arange(12)), 1e-4
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(optimizers, "BLOCK", 5)
        add_l2_gradient(grad, weights, l2)
    above, below = (l2_penalty(weights + s * direction, l2) for s in (h, -h))
    assert (grad - 1) @ direction == pytest.approx((above - below) / (2 * h), abs=1e-8)


@given(arrays(np.float64, 12, elements=st.floats(-10, 10)), st.floats(0, 1), st.floats(0, 0.9))
def test_decay_shrinks_by_one_minus_rate_times_decay(
    weights: FloatArray, weight_decay: float, lr: float
) -> None:
    """Every weight is multiplied by the same factor, in place."""
    shrunk = weights.copy()
    decay(shrunk, weight_decay, lr)
    np.testing.assert_allclose(shrunk, weights * (1 - lr * weight_decay), rtol=1e-15)


@given(st.integers(2, 12), st.floats(0, 1, exclude_max=True))
def test_smoothed_targets_sum_to_one(classes: int, share: float) -> None:
    """Each class gets share / classes, the right one what is left too; all are probabilities."""
    Y = np.eye(classes)
    smoothed = smooth(Y, share)
    np.testing.assert_allclose(smoothed.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(smoothed[Y == 0], share / classes, rtol=1e-14)
    np.testing.assert_allclose(smoothed[Y == 1], 1 - share + share / classes, rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_smoothing_keeps_the_type_and_the_targets(dtype: type) -> None:
    """The smoothed targets are a copy of the same type."""
    Y = np.eye(3, dtype=dtype)
    assert smooth(Y, 0.1).dtype == dtype
    np.testing.assert_array_equal(Y, np.eye(3))


def test_smoothing_a_single_output_moves_it_toward_one_half() -> None:
    """A single output stands for two classes: zeros and ones move alike, the even ones not."""
    np.testing.assert_allclose(
        smooth(np.array([[0.0], [0.5], [1.0]]), 0.1), [[0.05], [0.5], [0.95]]
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("chance", [0.0, 0.1, 0.5, 0.9])
def test_mask_leaves_out_the_share_and_scales_the_rest(chance: float, dtype: type) -> None:
    """As many zeros as the chance says, 1 / (1 - chance) elsewhere, so that the mean is 1."""
    mask = np.empty((500, 200), dtype)
    draw_mask(mask, chance, np.random.default_rng(0))
    left_out = np.count_nonzero(mask == 0) / mask.size
    assert left_out == pytest.approx(chance, abs=4 * np.sqrt(chance * (1 - chance) / mask.size))
    np.testing.assert_allclose(mask[mask != 0], 1 / (1 - chance), rtol=1e-6)
    assert mask.mean() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("chance", [-0.1, 1.0, float("nan")])
@pytest.mark.parametrize("name", ["input", "hidden"])
def test_chance_that_makes_no_sense_is_refused(name: str, chance: float) -> None:
    """A chance below 0, or of 1 and more, breaks a rule that the error states."""
    with pytest.raises(ValueError, match=rf"^dropout of {name} must be in \[0, 1\), but got "):
        Dropout(**{name: chance})


@every_activation
def test_dropout_preserves_what_the_next_layer_expects(activation: str) -> None:
    """Over many masks, the mean of what goes on is what would go on without dropout."""
    mlp, rng = MLP((4, 5, 3), activation), np.random.default_rng(0)
    theta, X = mlp.windows(mlp.initial(rng, np.float64)), rng.standard_normal((1, 4))
    plain = mlp.forward(theta, X, mlp.layers(1, np.float64)).copy()
    many = mlp.layers(40_000, np.float64, dropout=True)
    draw_mask(many.mask[0], 0.3, rng)
    found = mlp.forward(theta, np.broadcast_to(X, (40_000, 4)), many)
    assert found.std(axis=0).min() > 0.01
    np.testing.assert_allclose(found.mean(axis=0), plain[0], atol=0.03)


@pytest.mark.parametrize(
    ("batch_size", "dropout"),
    [(7, Dropout(0.2, 0.5)), (8, Dropout(0.2, 0)), (8, Dropout(0, 0.5)), (1000, Dropout(0, 0.5))],
    ids=str,
)
def test_dropout_draws_from_its_own_stream(
    make_examples: MakeExamples, batch_size: int, dropout: Dropout
) -> None:
    """Shuffles are the same with and without dropout, and only its own stream moves."""
    train, plain = make_examples(30), dataclasses.replace(HOW, batch_size=batch_size)
    without, _ = trained(train, how=plain)
    masked, _ = trained(train, how=dataclasses.replace(plain, dropout=dropout))
    fresh = start(NETWORK, Adam(), 1).dropout.bit_generator.state
    assert masked.shuffle.bit_generator.state == without.shuffle.bit_generator.state
    assert without.dropout.bit_generator.state == fresh != masked.dropout.bit_generator.state
    assert not np.array_equal(without.theta, masked.theta)


@every_optimizer
def test_dropout_of_nothing_is_no_dropout(
    make_examples: MakeExamples, optimizer: Optimizer
) -> None:
    """With both chances 0, every bit is that of a training without dropout."""
    how = dataclasses.replace(HOW, optimizer=optimizer)
    none, _ = trained(make_examples(30), how=how)
    zero, _ = trained(make_examples(30), how=dataclasses.replace(how, dropout=Dropout()))
    assert same(none, zero)


@pytest.mark.parametrize("batch_size", [8, 30])
def test_dropout_masks_are_those_of_the_stream(
    make_examples: MakeExamples, batch_size: int
) -> None:
    """Step by step, inputs are masked first, then each hidden layer, all from State.dropout."""
    train, mlp = make_examples(30), MLP((4, 5, 4, 3), "gelu")
    how = Recipe(SGD(), constant(0.1), batch_size, epochs=2, dropout=Dropout(0.2, 0.5))
    state, _ = trained(train, how=how, mlp=mlp)
    other = start(mlp, SGD(), 1, np.float64)
    for _ in range(2):
        order = other.shuffle.permutation(30)
        for at in range(0, 30, batch_size):
            rows = order[at : at + batch_size]
            mask, layers = (
                np.empty((len(rows), 4)),
                mlp.layers(len(rows), np.float64, dropout=True),
            )
            draw_mask(mask, 0.2, other.dropout)
            for hidden in layers.mask:
                draw_mask(hidden, 0.5, other.dropout)
            _, grad = mlp.gradient(other.theta, train.X[rows] * mask, train.Y[rows], layers)
            other.theta -= 0.1 * grad
    np.testing.assert_allclose(state.theta, other.theta, rtol=1e-10)


def test_evaluation_leaves_nothing_out(make_examples: MakeExamples) -> None:
    """Validation figures in a training with dropout are those of the whole network."""
    train, val = make_examples(30), make_examples(12, seed=1)
    how = dataclasses.replace(HOW, dropout=Dropout(0.3, 0.5), epochs=1)
    state, (epoch,) = trained(train, val, how)
    loss, correct = evaluate(NETWORK, state.theta, val)
    logits = NETWORK.forward(NETWORK.windows(state.theta), val.X, NETWORK.layers(12, np.float64))
    np.testing.assert_array_equal(logits.argmax(axis=1) == val.labels, correct)
    assert loss == pytest.approx(NETWORK.loss_gradient(logits, val.Y), rel=1e-12)
    assert (epoch.val_loss, epoch.val_accuracy) == (loss, correct.mean())


@every_optimizer
@pytest.mark.parametrize(
    "rules",
    [
        {"weight_decay": 0.1},
        {"l2": 0.01, "weight_decay": 0.1, "clip_norm": 0.3},
        {"clip": 0.01, "label_smoothing": 0.1},
        {"clip_norm": 0.1, "l2": 0.05},
    ],
    ids=str,
)
def test_regularized_training_is_the_plain_loop(
    make_examples: MakeExamples, optimizer: Optimizer, rules: dict[str, float]
) -> None:
    """Decoupled decay (AdamW, with Adam), penalty, clipping, smoothing: as in fresh arrays."""
    train = make_examples(30)
    how = Recipe(optimizer, drops(0.02, (2,)), batch_size=8, epochs=4, **rules)
    state, _ = trained(train, how=how)
    expected = plain_loop(NETWORK, start(NETWORK, optimizer, 1, np.float64), train, how)
    np.testing.assert_allclose(state.theta, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("rule", ["l2", "weight_decay"])
def test_biases_never_decay(make_examples: MakeExamples, rule: str) -> None:
    """Where no gradient flows, weights shrink and biases keep their bits."""
    train, mlp = make_examples(30), MLP((4, 5, 3))
    state = start(mlp, SGD(), 1, np.float64)
    state.theta[mlp.weight_count :] = 1.0
    windows, before = mlp.windows(state.theta), state.theta.copy()
    windows.b[0][...] = -1e3  # every hidden unit is off: W_1 and b_1 have no gradient
    how = Recipe(SGD(), constant(0.1), batch_size=8, epochs=2, **{rule: 0.5})
    list(fit(mlp, state, train, None, how))
    assert (windows.b[0] == -1e3).all()
    shrunk = 0.95**state.step * mlp.windows(before).W[0]
    np.testing.assert_allclose(windows.W[0], shrunk, rtol=1e-12)
