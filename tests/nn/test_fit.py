"""The training loop: repeatable, resumable, exact about batches, losses and types."""

import copy
import dataclasses
import math
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, TypeAlias

import numpy as np
import pytest

from pipeline.nn import fit as fit_module
from pipeline.nn.activations import ACTIVATIONS
from pipeline.nn.arrays import FloatArray
from pipeline.nn.fit import Diverged, Epoch, Examples, Recipe, State, evaluate, fit, start
from pipeline.nn.losses import softmax_cross_entropy
from pipeline.nn.mlp import MLP
from pipeline.nn.optimizers import SGD, Adam, Momentum, Optimizer
from pipeline.nn.schedules import constant, drops

MakeExamples: TypeAlias = Callable[..., Examples]

OPTIMIZERS = [SGD(), Momentum(), Adam()]
every_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
LIMIT = 0.1
HOW = Recipe(Adam(), drops(0.01, (2,)), batch_size=8, epochs=4, l2=1e-3, clip=LIMIT)
NETWORK = MLP((4, 5, 3))


def trained(
    train: Examples,
    val: Examples | None = None,
    how: Recipe = HOW,
    *,
    seed: int = 1,
    dtype: type = np.float32,
    mlp: MLP = NETWORK,
) -> tuple[State, list[Epoch]]:
    """The state after training, and its history without the clock."""
    state = start(mlp, how.optimizer, seed, dtype)
    return state, history(fit(mlp, state, train, val, how))


def history(epochs: Iterable[Epoch]) -> list[Epoch]:
    """The epochs, their seconds set to 0."""
    return [dataclasses.replace(epoch, seconds=0.0) for epoch in epochs]


def same(a: State, b: State) -> bool:
    """Whether two states agree in every bit, the next shuffle included."""
    return (
        np.array_equal(a.theta, b.theta)
        and np.array_equal(a.memory, b.memory)
        and (a.step, a.epoch) == (b.step, b.epoch)
        and a.shuffle.bit_generator.state == b.shuffle.bit_generator.state
    )


@every_optimizer
def test_one_seed_gives_the_same_bits_twice(
    make_examples: MakeExamples, optimizer: Optimizer
) -> None:
    """Two runs of one seed end in the same state with the same history; another seed does not."""
    train, val = make_examples(30), make_examples(12, seed=1)
    how = dataclasses.replace(HOW, optimizer=optimizer)
    one, two = trained(train, val, how), trained(train, val, how)
    assert same(one[0], two[0])
    assert one[1] == two[1]
    assert not same(one[0], trained(train, val, how, seed=2)[0])


def test_weights_and_shuffles_come_from_separate_streams() -> None:
    """A larger network has the same shuffles, which do not repeat the draws of the weights."""
    small, large = start(NETWORK, SGD(), 1), start(MLP((4, 50, 3)), SGD(), 1)
    assert small.shuffle.bit_generator.state == large.shuffle.bit_generator.state
    draws = small.shuffle.standard_normal(NETWORK.weight_count)
    weights = small.theta[: NETWORK.weight_count]
    assert abs(np.corrcoef(draws, weights)[0, 1]) < 0.5


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
    state = start(NETWORK, HOW.optimizer, 1)
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


def naive(train: Examples, how: Recipe, *, seed: int) -> FloatArray:
    """Theta after training by the plainest loop: fresh arrays, one batch after the other."""
    state = start(NETWORK, how.optimizer, seed, np.float64)
    weight = np.arange(NETWORK.size) < NETWORK.weight_count
    theta, step, n = state.theta, 0, len(train.X)
    for epoch in range(how.epochs):
        order = state.shuffle.permutation(n)
        for at in range(0, n, how.batch_size):
            rows = order[at : at + how.batch_size]
            _, grad = NETWORK.gradient(theta, train.X[rows], train.Y[rows])
            grad = np.clip(grad + how.l2 * theta * weight, -LIMIT, LIMIT)
            step += 1
            lr = how.schedule(epoch + at / n)
            how.optimizer.update(theta, grad, state.memory, lr=lr, step=step)
    return theta


@every_optimizer
@pytest.mark.parametrize("batch_size", [1, 7, 8, 30, 31, 1000])
def test_fit_is_the_plain_loop(
    make_examples: MakeExamples, optimizer: Optimizer, batch_size: int
) -> None:
    """Penalty, clipping, drops and a smaller last batch: as fresh arrays batch by batch."""
    train = make_examples(30)
    how = dataclasses.replace(HOW, optimizer=optimizer, batch_size=batch_size)
    state, epochs = trained(train, how=how, dtype=np.float64)
    np.testing.assert_allclose(state.theta, naive(train, how, seed=1), rtol=1e-10, atol=1e-12)
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
    state, (epoch,) = trained(train, val, how, dtype=np.float64)
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
    expected = softmax_cross_entropy(logits, examples.Y)
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


def test_divergence_names_epoch_step_and_rate(make_examples: MakeExamples) -> None:
    """Four steps an epoch; a rate of 1e38 from the fifth: the loss of the sixth is not finite."""
    how = Recipe(SGD(), lambda passed: 0.01 if passed < 1 else 1e38, batch_size=8, epochs=3)
    state = start(NETWORK, SGD(), 1)
    with pytest.raises(Diverged) as caught:
        list(fit(NETWORK, state, make_examples(32, dtype=np.float32), None, how))
    assert str(caught.value) == (
        "the loss must be finite, but at epoch 2, step 6, learning rate 1e+38 it was not; "
        "try a smaller rate"
    )
    assert (caught.value.epoch, caught.value.step, caught.value.learning_rate) == (2, 6, 1e38)
    assert (state.epoch, state.step) == (1, 5)


def test_divergence_is_seen_in_validation_too(make_examples: MakeExamples) -> None:
    """A last step that ruins the network is found by the validation loss."""
    how = Recipe(SGD(), constant(1e38), batch_size=32, epochs=2)
    train, val = make_examples(32, dtype=np.float32), make_examples(9, dtype=np.float32)
    state = start(NETWORK, SGD(), 1)
    with pytest.raises(Diverged, match="epoch 1, step 1, learning rate 1e\\+38"):
        list(fit(NETWORK, state, train, val, how))


@every_optimizer
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_trains_with_every_optimizer(
    make_examples: MakeExamples, activation: str, optimizer: Optimizer
) -> None:
    """Three well separated classes are learnt: more than 95 % of unseen examples are right."""
    lr = 0.02 if isinstance(optimizer, Adam) else 0.1
    how = Recipe(optimizer, constant(lr), batch_size=8, epochs=30)
    mlp = MLP((4, 8, 3), activation)
    train, val = make_examples(90, dtype=np.float32), make_examples(60, seed=1, dtype=np.float32)
    _, epochs = trained(train, val, how, mlp=mlp)
    assert epochs[-1].val_accuracy > 0.95
    assert epochs[-1].train_loss < epochs[0].train_loss / 2


@every_optimizer
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_is_kept_throughout(
    make_examples: MakeExamples,
    activation: str,
    optimizer: Optimizer,
    dtype: type,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Parameters, memory, gradient, batch, activations and errors stay in the type begun with."""
    seen: set[np.dtype] = set()
    monkeypatch.setattr(MLP, "backward", spied(MLP.backward, seen))
    how = dataclasses.replace(HOW, optimizer=optimizer)
    mlp = MLP((4, 5, 3), activation)
    state, _ = trained(make_examples(30, dtype=dtype), how=how, dtype=dtype, mlp=mlp)
    assert seen == {np.dtype(dtype)}
    assert state.theta.dtype == state.memory.dtype == dtype
    assert mlp.probabilities(state.theta, make_examples(5, dtype=dtype).X).dtype == dtype


def spied(backward: Callable[..., None], seen: set[np.dtype]) -> Callable[..., None]:
    """The backward pass, noting the types of all arrays it takes and leaves."""

    def spy(*args: Any) -> None:
        backward(*args)
        _, theta, X, delta, layers, grad = args
        arrays = (X, delta, *layers.a, *layers.delta, *theta.W, *theta.b, *grad.W, *grad.b)
        seen.update(array.dtype for array in arrays)

    return spy
