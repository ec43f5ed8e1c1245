"""A look inside networks small enough to be worked out on paper; training until good enough."""

import math

import numpy as np
import pytest

from pipeline.nn.activations import ACTIVATIONS
from pipeline.nn.examples import Examples
from pipeline.nn.fit import evaluate
from pipeline.nn.initializers import zeros
from pipeline.nn.mlp import MLP
from pipeline.nn.optimizers import SGD, Adam
from pipeline.nn.schedules import constant
from pipeline.nn.state import Recipe
from pipeline.primer import toy_data
from pipeline.primer.insight import (
    activate,
    activations,
    dead_units,
    distinct_units,
    gradient_sizes,
    saturated_shares,
    weight_gradients,
)
from pipeline.primer.until import climb, train_until

NETWORK = MLP((2, 3, 1), "relu", output="sigmoid")
UNITS = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])
THETA = np.array([*UNITS.T.ravel(), 0.7, 0.8, 0.9, 0.1, 0.2, 0.3, 0.4])
ONE = Examples(np.array([[1.0, 2.0]]), np.array([[1.0]]), np.array([1]))
CUT = np.array([[-4.0, 2.0]])  # cuts the second and third hidden unit
RECIPE = Recipe(Adam(), constant(0.05), batch_size=4, epochs=500)


def test_gradient_sizes_are_those_by_hand() -> None:
    """Of x = (1, 2) and target 1: the output's error p - 1 times inputs and weights."""
    error = 1 - 1 / (1 + math.exp(-3.66))
    first = np.array([0.7, 0.8, 0.9, 1.4, 1.6, 1.8])
    last = np.array([0.6, 1.3, 2.0])
    expected = [error * math.sqrt((dW**2).mean()) for dW in (first, last)]
    assert gradient_sizes(NETWORK, THETA, ONE) == pytest.approx(expected, rel=1e-12)


def test_units_cut_for_all_inputs_are_dead() -> None:
    """Two units are cut by (-4, 2) and none by (1, 2): dead are those that no input reaches."""
    assert dead_units(NETWORK, THETA, CUT)[0].tolist() == [False, True, True]
    assert dead_units(NETWORK, THETA, np.concatenate([CUT, ONE.X]))[0].tolist() == [False] * 3


def test_dead_units_are_found_in_each_layer() -> None:
    """A bias of -100 kills the last unit of the second hidden layer and no other."""
    mlp = MLP((2, 3, 4, 1), "relu", output="sigmoid")
    theta = np.ones(mlp.size)
    mlp.windows(theta).b[1][-1] = -100.0
    first, second = dead_units(mlp, theta, ONE.X)
    assert first.tolist() == [False] * 3
    assert second.tolist() == [False, False, False, True]


@pytest.mark.parametrize("activation", ["leaky_relu", "elu", "tanh", "gelu"])
def test_only_relu_dies_where_others_slope(activation: str) -> None:
    """Below 0, where ReLU is flat, the others still pass something back."""
    mlp = MLP((2, 3, 1), activation, output="sigmoid")
    assert not dead_units(mlp, THETA, CUT)[0].any()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_slopes_are_those_of_the_curve(name: str) -> None:
    """Away from kinks, f' agrees with central differences of f, and z stays as it was."""
    z = np.linspace(-10, 10, 400)  # 0 is not among them
    before = z.copy()
    a, slope = activate(name, z)
    h = 1e-6
    numerical = (activate(name, z + h)[0] - activate(name, z - h)[0]) / (2 * h)
    np.testing.assert_allclose(slope, numerical, atol=1e-8)
    assert a.shape == slope.shape == z.shape
    np.testing.assert_array_equal(z, before)


def test_training_stops_at_the_first_epoch_that_is_good_enough() -> None:
    """The loss is below the target after the epochs told, and was not one epoch before."""
    mlp = MLP((2, 4, 1), "tanh", output="sigmoid")
    done = train_until(mlp, toy_data.xor(), RECIPE, seed=0, loss=0.1)
    assert done.epochs is not None
    assert (done.loss, done.accuracy) == (evaluate(mlp, done.theta, toy_data.xor())[0], 1.0)
    assert done.loss < 0.1
    shorter = Recipe(Adam(), constant(0.05), batch_size=4, epochs=done.epochs - 1)
    before = train_until(mlp, toy_data.xor(), shorter, seed=0, loss=0.1)
    assert before.epochs is None
    assert before.loss >= 0.1


def test_an_accuracy_may_be_the_target() -> None:
    """Training to 95 % of the moons stops there, with a loss that alone would not have done."""
    moons = toy_data.moons(200, 0.1, 0)
    recipe = Recipe(Adam(), constant(0.05), batch_size=32, epochs=200)
    done = train_until(MLP((2, 8, 1), "tanh", "sigmoid"), moons, recipe, 0, accuracy=0.95)
    assert done.epochs
    assert 0.95 <= done.accuracy < 1
    assert done.loss > 0.05


def test_no_epoch_is_taken_where_the_start_will_do() -> None:
    """A target that the first weights meet takes 0 epochs."""
    done = train_until(MLP((2, 2, 1), "tanh", "sigmoid"), toy_data.xor(), RECIPE, 0, loss=100.0)
    assert done.epochs == 0


def test_a_network_without_a_hidden_layer_gives_up_on_xor() -> None:
    """After all epochs of the recipe the answer is None, and the loss that of a coin, log 2."""
    recipe = Recipe(SGD(), constant(0.5), batch_size=4, epochs=300)
    gave_up = train_until(MLP((2, 1), output="sigmoid"), toy_data.xor(), recipe, 0, loss=0.1)
    assert gave_up.epochs is None
    assert gave_up.loss == pytest.approx(math.log(2), rel=1e-3)


def test_starting_weights_may_be_chosen() -> None:
    """From zeros, hidden units stay equal, and XOR is never learned."""
    mlp = MLP((2, 4, 1), "tanh", output="sigmoid")
    stuck = train_until(mlp, toy_data.xor(), RECIPE, 0, loss=0.1, initializer=zeros)
    assert stuck.epochs is None
    assert np.ptp(mlp.windows(stuck.theta).W[0], axis=1).max() == 0


def test_climbing_ends_with_the_first_that_always_gets_there() -> None:
    """No hidden layer always fails, eight units never do; a larger one is not tried."""
    sizes = [MLP((2, *hidden, 1), "tanh", "sigmoid") for hidden in ((), (8,), (16,))]
    tried = list(climb(sizes, toy_data.xor(), RECIPE, range(3), accuracy=1.0))
    assert [mlp.widths for mlp, _ in tried] == [(2, 1), (2, 8, 1)]
    assert [[run.epochs is not None for run in runs] for _, runs in tried] == [
        [False] * 3,
        [True] * 3,
    ]


def test_activations_are_those_by_hand() -> None:
    """Of x = (1, 2) and of one that cuts two units: what ReLU lets through, layer by layer."""
    X = np.concatenate([ONE.X, CUT])
    (layer,) = activations(NETWORK, THETA, X)
    np.testing.assert_allclose(layer, np.maximum(X @ UNITS.T + [0.1, 0.2, 0.3], 0))
    deep = MLP((2, 3, 4, 1), "tanh", output="sigmoid")
    assert [a.shape for a in activations(deep, np.ones(deep.size), X)] == [(2, 3), (2, 4)]


def test_weight_gradients_have_the_sizes_told() -> None:
    """One array a layer, of the shape of its weights, whose root mean squares are the sizes."""
    grads = weight_gradients(NETWORK, THETA, ONE)
    assert [dW.shape for dW in grads] == [(2, 3), (3, 1)]
    sizes = [math.sqrt((dW**2).mean()) for dW in grads]
    assert gradient_sizes(NETWORK, THETA, ONE) == pytest.approx(sizes, rel=1e-12)


def test_units_that_are_alike_count_once() -> None:
    """Equal weights are one unit a layer; another bias, or weight that comes in, makes two."""
    mlp = MLP((2, 3, 4, 1), "relu", output="sigmoid")
    theta = np.ones(mlp.size)
    assert distinct_units(mlp, theta) == [1, 1]
    mlp.windows(theta).b[1][2] = 2.0
    mlp.windows(theta).W[0][1, 0] = 0.5
    assert distinct_units(mlp, theta) == [2, 2]


def test_rounding_does_not_make_a_unit_another() -> None:
    """Weights that differ in the seventh decimal are alike; those that lead out do not count."""
    mlp = MLP((2, 3, 1), "relu", output="sigmoid", biases=False)
    theta = np.ones(mlp.size)
    mlp.windows(theta).W[0][0, 0] += 1e-8
    mlp.windows(theta).W[1][0] = 5.0
    assert distinct_units(mlp, theta) == [1]
    assert distinct_units(mlp, theta, decimals=9) == [2]


def test_saturated_shares_count_units_and_images() -> None:
    """Of sigmoids at 0, 10 and at 0, 1 one in four is flat; ReLU is flat where it cuts."""
    mlp, X = MLP((1, 2, 1), "sigmoid", "sigmoid", biases=False), np.array([[0.0], [10.0]])
    theta = np.array([1.0, 0.1, 1.0, 1.0])
    assert saturated_shares(mlp, theta, X) == [0.25]
    assert saturated_shares(mlp, 100 * theta, X) == [0.5]
    assert saturated_shares(NETWORK, THETA, np.concatenate([CUT, ONE.X])) == [2 / 6]
    deep = MLP((1, 2, 3, 1), "tanh", output="sigmoid")
    assert saturated_shares(deep, np.zeros(deep.size), X) == [0.0, 0.0]


def test_a_slope_counts_as_flat_from_where_it_is_said() -> None:
    """A sigmoid's slope falls below the limit between |z| = 4.58 and 4.59, on either side."""
    mlp = MLP((1, 1, 1), "sigmoid", "sigmoid", biases=False)
    for z, share in ((4.58, 0.0), (4.59, 1.0), (-4.58, 0.0), (-4.59, 1.0)):
        assert saturated_shares(mlp, np.array([1.0, 1.0]), np.array([[z]])) == [share]
