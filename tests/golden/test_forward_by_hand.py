"""A network small enough to be worked out on paper, forward and backward.

Two inputs, three hidden units with ReLU, one sigmoid output; theta holds W_1 by inputs, so that a
unit's weights are a column.

    unit   weights    bias    x = (1, 2)                        x = (-4, 2)
    1      0.1 0.2    0.1     0.1 + 0.4 + 0.1 = 0.6             -0.4 + 0.4 + 0.1 =  0.1
    2      0.3 0.4    0.2     0.3 + 0.8 + 0.2 = 1.3             -1.2 + 0.8 + 0.2 = -0.2, cut: 0
    3      0.5 0.6    0.3     0.5 + 1.2 + 0.3 = 2.0             -2.0 + 1.2 + 0.3 = -0.5, cut: 0

    output 0.7 0.8 0.9, 0.4   0.42 + 1.04 + 1.8 + 0.4 = 3.66    0.07 + 0.4 = 0.47

    sigmoid(3.66) = 1 / (1 + exp(-3.66)) = 1 / 1.025732512...    sigmoid(0.47) = 1 / 1.625002268...
"""

import numpy as np
import pytest

from pipeline.nn.mlp import MLP

NETWORK = MLP((2, 3, 1), "relu", output="sigmoid")
UNITS = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])
THETA = np.array([*UNITS.T.ravel(), 0.7, 0.8, 0.9, 0.1, 0.2, 0.3, 0.4])
X = np.array([[1.0, 2.0], [-4.0, 2.0]])

HIDDEN = [[0.6, 1.3, 2.0], [0.1, 0.0, 0.0]]
LOGITS = [[3.66], [0.47]]
OUTPUTS = [[0.97491303784652018], [0.61538375639118217]]


def close(found: np.ndarray, expected: object) -> None:
    """Demand that all digits agree."""
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_windows_hold_the_weights_of_a_unit_in_a_column() -> None:
    """W_1 is the transpose of the table of units; W_2 is a column; biases come after."""
    windows = NETWORK.windows(THETA)
    np.testing.assert_array_equal(windows.W[0], UNITS.T)
    np.testing.assert_array_equal(windows.W[1], [[0.7], [0.8], [0.9]])
    np.testing.assert_array_equal(windows.b[0], [0.1, 0.2, 0.3])
    np.testing.assert_array_equal(windows.b[1], [0.4])


def test_forward_pass_is_the_one_on_paper() -> None:
    """Hidden units, logits, outputs and decisions are those of the table, to twelve digits."""
    layers = NETWORK.layers(2, np.float64)
    logits = NETWORK.forward(NETWORK.windows(THETA), X, layers)
    close(layers.a[0], HIDDEN)
    close(logits, LOGITS)
    close(NETWORK.outputs(THETA, X), OUTPUTS)
    assert NETWORK.decide(logits).tolist() == [1, 1]
    assert NETWORK.decide(-logits).tolist() == [0, 0]


def test_loss_is_the_one_on_paper() -> None:
    """Of the targets 1 and 0: (-log sigmoid(3.66) - log(1 - sigmoid(0.47))) / 2."""
    loss, _ = NETWORK.gradient(THETA, X, np.array([[1.0], [0.0]]))
    assert loss == pytest.approx((0.02540700391441557 + 0.955509211647004) / 2, rel=1e-12)


def test_backward_pass_is_the_one_on_paper() -> None:
    """Of x = (1, 2) and target 1: the output's error p - 1, spread by W_2, times inputs."""
    error = OUTPUTS[0][0] - 1
    _, grad = NETWORK.gradient(THETA, X[:1], np.array([[1.0]]))
    windows = NETWORK.windows(grad)
    close(windows.b[1], [error])
    close(windows.W[1], [[0.6 * error], [1.3 * error], [2.0 * error]])
    close(windows.b[0], [0.7 * error, 0.8 * error, 0.9 * error])
    close(windows.W[0], np.array([[0.7, 0.8, 0.9], [1.4, 1.6, 1.8]]) * error)


def test_a_unit_that_is_cut_has_no_gradient() -> None:
    """Of x = (-4, 2) only the first hidden unit fires: the others' weights have no slope."""
    _, grad = NETWORK.gradient(THETA, X[1:], np.array([[0.0]]))
    error, windows = OUTPUTS[1][0], NETWORK.windows(grad)
    close(windows.W[1], [[0.1 * error], [0.0], [0.0]])
    close(windows.b[0], [0.7 * error, 0.0, 0.0])
    close(windows.W[0], [[-2.8 * error, 0.0, 0.0], [1.4 * error, 0.0, 0.0]])
