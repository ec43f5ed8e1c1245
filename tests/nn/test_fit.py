"""The training loop: repeatable, resumable, exact about batches and losses."""

import copy
import dataclasses
import math
from itertools import islice

import numpy as np
import pytest

from pipeline.nn import fit as fit_module
from pipeline.nn.fit import evaluate, fit
from pipeline.nn.mlp import MLP
from pipeline.nn.optimizers import SGD, Adam, Optimizer
from pipeline.nn.regularizers import Dropout
from pipeline.nn.schedules import constant
from pipeline.nn.state import Recipe, start
from tests.nn.toys import (
    HOW,
    NETWORK,
    PAIRS,
    MakeExamples,
    every_activation,
    every_optimizer,
    history,
    plain_loop,
    rate,
    same,
    trained,
)


@every_optimizer
def test_one_seed_gives_the_same_bits_twice(
    make_examples: MakeExamples, optimizer: Optimizer
) -> None:
    """Two runs of one seed end in the same state with the same history; another seed does not."""
    train, val = (make_examples(n, seed=n, dtype=np.float32) for n in (30, 12))
    how = dataclasses.replace(HOW, optimizer=optimizer, dropout=Dropout(0.1, 0.3))
    one, two = trained(train, val, how), trained(train, val, how)
    assert same(one[0], two[0])
    assert one[1] == two[1]
    assert not same(one[0], trained(train, val, how, seed=2)[0])


def test_weights_shuffles_and_masks_come_from_separate_streams() -> None:
    """A larger network has the same shuffles and masks; no stream repeats another's draws."""
    small, large = start(NETWORK, SGD(), 1), start(MLP((4, 50, 3)), SGD(), 1)
    for one, other in ((small.shuffle, large.shuffle), (small.dropout, large.dropout)):
        assert one.bit_generator.state == other.bit_generator.state
    n = NETWORK.weight_count
    draws = [s.standard_normal(n) for s in (small.shuffle, small.dropout)]
    between = np.corrcoef([*draws, small.theta[:n]]) - np.eye(3)
    assert np.abs(between).max() < 0.5


def test_float32_starts_at_the_rounded_float64() -> None:
    """Networks of one seed start at the same point, whatever their precision."""
    small, exact = (start(NETWORK, SGD(), 1, dtype) for dtype in (np.float32, np.float64))
    np.testing.assert_array_equal(small.theta, exact.theta.astype(np.float32))


def test_initial_weights_are_he_and_biases_zero() -> None:
    """Weights have mean 0 and variance 2 / d_in; biases start at 0."""
    mlp = MLP((200, 100, 50))
    theta = mlp.windows(mlp.initial(np.random.default_rng(0), np.float64))
    for W in theta.W:
        assert W.mean() == pytest.approx(0, abs=0.01)
        assert W.var() == pytest.approx(2 / W.shape[0], rel=0.05)
    assert not any(b.any() for b in theta.b)


def test_stopping_early_leaves_the_state_at_that_epoch(make_examples: MakeExamples) -> None:
    """After two of four epochs the state is that of a training of two."""
    train = make_examples(30)
    state = start(NETWORK, HOW.optimizer, 1, np.float64)
    list(islice(fit(NETWORK, state, train, None, HOW), 2))
    assert (state.epoch, state.step) == (2, 8)
    assert same(state, trained(train, how=dataclasses.replace(HOW, epochs=2))[0])


@every_optimizer
def test_continuing_equals_never_having_stopped(
    make_examples: MakeExamples, optimizer: Optimizer
) -> None:
    """Two epochs, a copy of the state, two more: every bit is that of four in a row."""
    train, val = make_examples(30), make_examples(12, seed=1)
    how = dataclasses.replace(HOW, optimizer=optimizer)
    state, first = trained(train, val, dataclasses.replace(how, epochs=2))
    state = copy.deepcopy(state)
    rest = history(fit(NETWORK, state, train, val, how))
    whole, expected = trained(train, val, how)
    assert same(state, whole)
    assert first + rest == expected
    assert [epoch.index for epoch in expected] == [1, 2, 3, 4]


@every_optimizer
@pytest.mark.parametrize("batch_size", [1, 7, 8, 30, 31, 1000])
def test_fit_is_the_plain_loop(
    make_examples: MakeExamples, optimizer: Optimizer, batch_size: int
) -> None:
    """Penalty, clipping, drops and a smaller last batch: as fresh arrays batch by batch."""
    train = make_examples(30)
    how = dataclasses.replace(HOW, optimizer=optimizer, batch_size=batch_size)
    state, epochs = trained(train, how=how)
    expected = plain_loop(NETWORK, start(NETWORK, optimizer, 1, np.float64), train, how)
    np.testing.assert_allclose(state.theta, expected, rtol=1e-10, atol=1e-12)
    assert state.step == 4 * math.ceil(30 / batch_size)
    assert len(epochs) == 4


def test_batch_larger_than_the_data_is_all_of_it(make_examples: MakeExamples) -> None:
    """A batch of a million is a batch of all thirty."""
    train = make_examples(30)
    all_of_it, larger = (dataclasses.replace(HOW, batch_size=size) for size in (30, 10**6))
    one, two = trained(train, how=all_of_it), trained(train, how=larger)
    assert same(one[0], two[0])
    assert repr(one[1]) == repr(two[1])  # there is no validation: NaN differs from itself


def test_history_counts_every_example_once(make_examples: MakeExamples) -> None:
    """Where nothing moves, training figures over uneven batches are those over all examples."""
    train, val = make_examples(30), make_examples(12, seed=1)
    how = Recipe(SGD(), constant(0.0), batch_size=8, epochs=1)
    state, (epoch,) = trained(train, val, how)
    for found, examples in (
        ((epoch.train_loss, epoch.train_accuracy), train),
        ((epoch.val_loss, epoch.val_accuracy), val),
    ):
        loss, correct = evaluate(NETWORK, state.theta, examples)
        assert found == pytest.approx((loss, correct.mean()), rel=1e-12)
    np.testing.assert_array_equal(epoch.val_correct, correct)
    assert 0 < epoch.val_accuracy < 1


def test_evaluation_in_parts_is_evaluation_at_once(
    make_examples: MakeExamples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty examples seven at a time have the loss and the hits of twenty at once."""
    examples, theta = make_examples(20), NETWORK.initial(np.random.default_rng(5), np.float64)
    layers = NETWORK.layers(20, np.float64)
    logits = NETWORK.forward(NETWORK.windows(theta), examples.X, layers)
    hits = logits.argmax(axis=1) == examples.labels
    expected = NETWORK.loss_gradient(logits, examples.Y)
    for at_once in (7, 10, 20, 1024):
        monkeypatch.setattr(fit_module, "EVALUATED_AT_ONCE", at_once)
        loss, correct = evaluate(NETWORK, theta, examples)
        assert loss == pytest.approx(expected, rel=1e-12)
        np.testing.assert_array_equal(correct, hits)


def test_without_validation_its_figures_are_nan(make_examples: MakeExamples) -> None:
    """No validation examples: NaN and no hits, and training as ever."""
    train = make_examples(30)
    state, epochs = trained(train)
    assert math.isnan(epochs[-1].val_loss)
    assert math.isnan(epochs[-1].val_accuracy)
    assert epochs[-1].val_correct.shape == (0,)
    assert same(state, trained(train, make_examples(12, seed=1))[0])


def test_schedule_is_asked_for_the_epochs_passed(make_examples: MakeExamples) -> None:
    """Ten examples, batches of four, two epochs: asked at 0, 0.4, 0.8, 1, 1.4 and 1.8."""
    asked = []

    def schedule(passed: float) -> float:
        asked.append(passed)
        return 0.1 - 0.01 * passed

    _, epochs = trained(make_examples(10), how=Recipe(SGD(), schedule, batch_size=4, epochs=2))
    assert asked == [0, 0.4, 0.8, 1, 1.4, 1.8]
    assert [epoch.learning_rate for epoch in epochs] == [schedule(0.8), schedule(1.8)]


@every_optimizer
@every_activation
def test_every_activation_trains_with_every_optimizer(
    make_examples: MakeExamples, activation: str, optimizer: Optimizer
) -> None:
    """Three well separated classes are learnt: more than 95 % of unseen examples are right."""
    how = Recipe(optimizer, constant(rate(optimizer)), batch_size=8, epochs=30)
    mlp = MLP((4, 8, 3), activation)
    train, val = make_examples(90, dtype=np.float32), make_examples(60, seed=1, dtype=np.float32)
    _, epochs = trained(train, val, how, mlp=mlp)
    assert epochs[-1].val_accuracy > 0.95
    assert epochs[-1].train_loss < epochs[0].train_loss / 2


@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_every_loss_trains(make_examples: MakeExamples, output: str, loss: str) -> None:
    """With each output and loss, more than 95 % of unseen examples are right."""
    how = Recipe(Adam(), constant(0.02), batch_size=8, epochs=40)
    mlp = MLP((4, 8, 3), "tanh", output, loss)
    _, epochs = trained(make_examples(90), make_examples(60, seed=1), how, mlp=mlp)
    assert epochs[-1].val_accuracy > 0.95
    assert epochs[-1].train_loss < epochs[0].train_loss / 2
