"""The trainer against scikit-learn, and a network worked out by hand."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss, mean_squared_error
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from pipeline.nn.arrays import FloatArray
from pipeline.nn.losses import find_loss
from pipeline.nn.metrics import accuracy, confusion
from pipeline.nn.mlp import MLP
from pipeline.nn.optimizers import SGD, Adam, Momentum, Nesterov, Optimizer
from tests.nn.textbook import LR, SIZE, gradients, path

W1 = np.array([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]])
B1 = np.array([0.1, 0.2, 0.3])
W2 = np.array([[0.7, -0.1], [0.8, 0.2], [0.9, -0.3]])
B2 = np.array([0.4, 0.5])
THETA = np.concatenate([W1.ravel(), W2.ravel(), B1, B2])


def scikit_path(make: Callable[[list[FloatArray]], Any]) -> FloatArray:
    """As `path`, by an optimizer of scikit-learn."""
    params: list[FloatArray] = [np.ones(SIZE)]
    optimizer, points = make(params), []
    for g in gradients():
        optimizer.update_params(params, [g])
        points.append(params[0].copy())
    return np.array(points)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (SGD(), lambda p: SGDOptimizer(p, LR, momentum=0.0, nesterov=False)),
        (Momentum(0.9), lambda p: SGDOptimizer(p, LR, momentum=0.9, nesterov=False)),
        (Momentum(0.5), lambda p: SGDOptimizer(p, LR, momentum=0.5, nesterov=False)),
        (Nesterov(0.9), lambda p: SGDOptimizer(p, LR, momentum=0.9, nesterov=True)),
        # scikit-learn adds eps before the bias correction: equal only without it
        (Adam(eps=0.0), lambda p: AdamOptimizer(p, LR, epsilon=0.0)),
        (Adam(0.8, 0.99, eps=0.0), lambda p: AdamOptimizer(p, LR, 0.8, 0.99, epsilon=0.0)),
    ],
    ids=["sgd", "momentum-0.9", "momentum-0.5", "nesterov", "adam", "adam-0.8-0.99"],
)
def test_optimizer_takes_the_path_of_scikit_learn(
    ours: Optimizer, theirs: Callable[[list[FloatArray]], Any]
) -> None:
    """Thirty steps of the same gradients lead through the same points."""
    np.testing.assert_allclose(path(ours), scikit_path(theirs), rtol=1e-10, atol=1e-10)


def test_cross_entropy_of_softmax_is_scikit_learns() -> None:
    """The mean cross-entropy of softmax outputs is sklearn.metrics.log_loss."""
    rng, loss = np.random.default_rng(0), find_loss("cross_entropy", "softmax")
    logits, labels = 3 * rng.standard_normal((50, 4)), rng.integers(4, size=50)
    expected = log_loss(labels, loss.outputs(logits.copy()), labels=range(4))
    assert loss.gradient(logits, np.eye(4)[labels]) == pytest.approx(expected, rel=1e-12)


def test_cross_entropy_of_one_sigmoid_is_scikit_learns() -> None:
    """For a single output it is the log_loss of the probability that the label is 1."""
    rng, loss = np.random.default_rng(0), find_loss("cross_entropy", "sigmoid")
    logits, labels = 3 * rng.standard_normal((50, 1)), rng.integers(2, size=50)
    expected = log_loss(labels, loss.outputs(logits.copy())[:, 0])
    Y = labels[:, np.newaxis].astype(np.float64)
    assert loss.gradient(logits, Y) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("output", ["identity", "sigmoid", "tanh"])
def test_mean_squared_error_is_scikit_learns(output: str) -> None:
    """The mean runs over examples and outputs, as in sklearn.metrics.mean_squared_error."""
    rng, loss = np.random.default_rng(0), find_loss("mean_squared_error", output)
    logits, Y = rng.standard_normal((2, 50, 4))
    expected = mean_squared_error(Y, loss.outputs(logits.copy()))
    assert loss.gradient(logits, Y) == pytest.approx(expected, rel=1e-12)


def test_accuracy_and_confusion_are_scikit_learns() -> None:
    """Rows of the confusion are labels, columns predictions; a class may never occur."""
    rng = np.random.default_rng(0)
    labels = rng.integers(4, size=99).astype(np.uint8)
    predicted = np.where(rng.random(99) < 0.7, labels, rng.integers(5, size=99))
    expected = confusion_matrix(labels, predicted, labels=range(6))
    np.testing.assert_array_equal(confusion(predicted, labels, 6), expected)
    assert accuracy(predicted, labels) == accuracy_score(labels, predicted)


def test_confusion_of_many_classes_does_not_wrap_around() -> None:
    """Labels and predictions of one byte count rightly up to class 255."""
    labels = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(confusion(labels, labels, 256), np.eye(256))


def sigmoid(z: float) -> float:
    """1 / (1 + exp(-z)), as it is written."""
    return 1 / (1 + math.exp(-z))


def normal_share(z: float) -> float:
    """Z times the share of a normal distribution below z, the cubic in place of the integral."""
    return z / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)))


FUNCTIONS: dict[str, Callable[[float], float]] = {
    "identity": lambda z: z,
    "sigmoid": sigmoid,
    "tanh": lambda z: (math.exp(2 * z) - 1) / (math.exp(2 * z) + 1),
    "relu": lambda z: max(0.0, z),
    "leaky_relu": lambda z: z if z > 0 else z / 100,
    "elu": lambda z: z if z > 0 else math.exp(z) - 1,
    "gelu": normal_share,
}


@pytest.mark.parametrize("activation", FUNCTIONS)
@pytest.mark.parametrize("biases", [True, False])
def test_logits_of_a_tiny_network_are_worked_out_by_hand(activation: str, biases: bool) -> None:
    """2 inputs, 3 hidden units, 2 outputs: the sums written out, for two inputs."""
    mlp, f, on = MLP((2, 3, 2), activation, biases=biases), FUNCTIONS[activation], float(biases)
    X = np.array([[1.0, 2.0], [-3.0, 0.5]])
    logits = mlp.forward(mlp.windows(THETA[: mlp.size]), X, mlp.layers(2, np.float64))
    for (x, y), found in zip(X, logits, strict=True):
        h1 = f(0.1 * x + 0.2 * y + 0.1 * on)
        h2 = f(0.3 * x + 0.4 * y + 0.2 * on)
        h3 = f(0.5 * x + 0.6 * y + 0.3 * on)
        expected = [
            0.7 * h1 + 0.8 * h2 + 0.9 * h3 + 0.4 * on,
            -0.1 * h1 + 0.2 * h2 - 0.3 * h3 + 0.5 * on,
        ]
        np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_relu_logit_is_the_number_worked_out_on_paper() -> None:
    """Hidden units 0.6, 1.3 and 2.0 give 0.42 + 1.04 + 1.80 + 0.40 = 3.66."""
    mlp = MLP((2, 3, 2))
    layers = mlp.layers(1, np.float64)
    logits = mlp.forward(mlp.windows(THETA), np.array([[1.0, 2.0]]), layers)
    np.testing.assert_allclose(layers.a[0], [[0.6, 1.3, 2.0]])
    assert logits[0, 0] == pytest.approx(3.66)


def test_gradient_of_a_tiny_network_is_the_one_worked_out_on_paper() -> None:
    """Logits 3.66 and 0.1 are off by 2.66 and 0.1; each weight's slope is error times input.

    z_2 = -0.06 + 0.26 - 0.6 + 0.5 = 0.1; the errors flow back as 1.862 - 0.01 = 1.852,
    2.128 + 0.02 = 2.148 and 2.394 - 0.03 = 2.364; the loss is (2.66^2 + 0.1^2) / 2 = 3.5428.
    """
    mlp = MLP((2, 3, 2), output="identity", loss="squared_error")
    loss, grad = mlp.gradient(THETA, np.array([[1.0, 2.0]]), np.array([[1.0, 0.0]]))
    windows = mlp.windows(grad)
    assert loss == pytest.approx(3.5428)
    np.testing.assert_allclose(windows.W[1], [[1.596, 0.06], [3.458, 0.13], [5.32, 0.2]])
    np.testing.assert_allclose(windows.b[1], [2.66, 0.1])
    np.testing.assert_allclose(windows.W[0], [[1.852, 2.148, 2.364], [3.704, 4.296, 4.728]])
    np.testing.assert_allclose(windows.b[0], [1.852, 2.148, 2.364])


SHARE = math.exp(3.66) / (math.exp(3.66) + math.exp(0.1))


@pytest.mark.parametrize(
    ("output", "loss", "expected"),
    [
        ("softmax", "cross_entropy", [SHARE, 1 - SHARE]),
        ("sigmoid", "cross_entropy", [sigmoid(3.66), sigmoid(0.1)]),
        ("tanh", "squared_error", [math.tanh(3.66), math.tanh(0.1)]),
        ("identity", "mean_squared_error", [3.66, 0.1]),
    ],
)
def test_outputs_of_a_tiny_network_are_functions_of_its_logits(
    output: str, loss: str, expected: list[float]
) -> None:
    """Logits 3.66 and 0.1 become a softmax, two sigmoids, two tangents or stay as they are."""
    mlp = MLP((2, 3, 2), output=output, loss=loss)
    np.testing.assert_allclose(mlp.outputs(THETA, np.array([[1.0, 2.0]])), [expected], rtol=1e-14)


@pytest.mark.parametrize(
    ("output", "logits", "expected"),
    [
        ("softmax", [[1.0, 3.0, 2.0], [0.0, -1.0, -2.0]], [1, 0]),
        ("sigmoid", [[1.0, 3.0, 2.0], [-3.0, -1.0, -2.0]], [1, 1]),
        ("sigmoid", [[0.1], [-0.1]], [1, 0]),
        ("identity", [[0.6], [0.4], [1.5]], [1, 0, 1]),
    ],
)
def test_decision_is_the_largest_output_or_the_nearer_of_zero_and_one(
    output: str, logits: list[list[float]], expected: list[int]
) -> None:
    """Of several outputs the largest wins; a single one stands for class 1 above one half."""
    loss = "squared_error" if output == "identity" else "cross_entropy"
    mlp, scores = MLP((2, len(logits[0])), output=output, loss=loss), np.array(logits)
    np.testing.assert_array_equal(mlp.decide(scores), expected)
    np.testing.assert_array_equal(scores, logits)


@pytest.mark.parametrize(
    ("widths", "settings", "message"),
    [
        ((784,), {}, r"widths must be two or more positive whole numbers, but got \(784,\)"),
        ((784, 0, 10), {}, r"positive whole numbers, but got \(784, 0, 10\)"),
        (
            (4, 3),
            {"activation": "swish"},
            "activation must be one of identity, sigmoid, tanh, relu, leaky_relu, elu, gelu, "
            "but got 'swish'",
        ),
        ((4, 5.5, 3), {}, r"whole numbers, but got \(4, 5.5, 3\)"),
        ((4, 1), {}, "softmax needs two or more outputs, but got 1; take sigmoid"),
        ((4, 3), {"output": "tanh"}, "cross_entropy needs output softmax or sigmoid"),
        ((4, 3), {"loss": "squared_error"}, "squared_error needs an output out of identity, "),
        ((4, 3), {"loss": "hinge"}, "loss must be one of cross_entropy, squared_error, "),
    ],
)
def test_network_that_cannot_be_is_refused(
    widths: tuple[int, ...], settings: dict[str, Any], message: str
) -> None:
    """A description that breaks a rule is refused, naming the rule and the value."""
    with pytest.raises(ValueError, match=message):
        MLP(widths, **settings)
