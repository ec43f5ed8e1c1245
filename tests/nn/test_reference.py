"""The trainer against scikit-learn, PyTorch where it is installed, and written-out formulas."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from pipeline.nn.arrays import FloatArray
from pipeline.nn.losses import softmax, softmax_cross_entropy
from pipeline.nn.metrics import accuracy, confusion
from pipeline.nn.mlp import MLP
from pipeline.nn.optimizers import SGD, Adam, Momentum, Optimizer

SIZE, STEPS, LR = 40, 30, 0.01
W1 = np.array([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]])
B1 = np.array([0.1, 0.2, 0.3])
W2 = np.array([[0.7, -0.1], [0.8, 0.2], [0.9, -0.3]])
B2 = np.array([0.4, 0.5])


def gradients() -> FloatArray:
    """The same gradients each time: of either sign and many sizes, never zero."""
    rng = np.random.default_rng(3)
    return rng.standard_normal((STEPS, SIZE)) * 10.0 ** rng.integers(-3, 3, size=SIZE)


def path(optimizer: Optimizer) -> FloatArray:
    """Where theta stands after each step from 1, 1, 1, …: (STEPS, SIZE)."""
    theta, memory = np.ones(SIZE), np.zeros((optimizer.slots, SIZE))
    points = []
    for step, grad in enumerate(gradients(), 1):
        optimizer.update(theta, grad, memory, lr=LR, step=step)
        points.append(theta.copy())
    return np.array(points)


def scikit_path(make: Callable[[list[FloatArray]], Any]) -> FloatArray:
    """As `path`, by an optimizer of scikit-learn."""
    params: list[FloatArray] = [np.ones(SIZE)]
    optimizer, points = make(params), []
    for grad in gradients():
        optimizer.update_params(params, [grad])
        points.append(params[0].copy())
    return np.array(points)


def torch_path(name: str, **settings: Any) -> FloatArray:
    """As `path`, by an optimizer of PyTorch."""
    torch = pytest.importorskip("torch")
    theta = torch.nn.Parameter(torch.ones(SIZE, dtype=torch.float64))
    optimizer, points = getattr(torch.optim, name)([theta], lr=LR, **settings), []
    for grad in gradients():
        theta.grad = torch.from_numpy(grad)
        optimizer.step()
        points.append(theta.detach().numpy().copy())
    return np.array(points)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (SGD(), lambda p: SGDOptimizer(p, LR, momentum=0.0, nesterov=False)),
        (Momentum(0.9), lambda p: SGDOptimizer(p, LR, momentum=0.9, nesterov=False)),
        (Momentum(0.5), lambda p: SGDOptimizer(p, LR, momentum=0.5, nesterov=False)),
        # scikit-learn adds eps before the bias correction: equal only without it
        (Adam(eps=0.0), lambda p: AdamOptimizer(p, LR, epsilon=0.0)),
        (Adam(0.8, 0.99, eps=0.0), lambda p: AdamOptimizer(p, LR, 0.8, 0.99, epsilon=0.0)),
    ],
    ids=["sgd", "momentum-0.9", "momentum-0.5", "adam", "adam-0.8-0.99"],
)
def test_optimizer_takes_the_path_of_scikit_learn(
    ours: Optimizer, theirs: Callable[[list[FloatArray]], Any]
) -> None:
    """Thirty steps of the same gradients lead through the same points."""
    np.testing.assert_allclose(path(ours), scikit_path(theirs), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    ("ours", "name", "settings"),
    [
        (SGD(), "SGD", {}),
        (Momentum(0.9), "SGD", {"momentum": 0.9}),
        (Adam(), "Adam", {}),
        (Adam(0.8, 0.99, eps=1e-2), "Adam", {"betas": (0.8, 0.99), "eps": 1e-2}),
    ],
    ids=["sgd", "momentum", "adam", "adam-large-eps"],
)
def test_optimizer_takes_the_path_of_pytorch(
    ours: Optimizer, name: str, settings: dict[str, Any]
) -> None:
    """Thirty steps of the same gradients lead through the same points."""
    theirs = torch_path(name, **settings)
    np.testing.assert_allclose(path(ours), theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("eps", [1e-8, 1e-2])
def test_adam_is_the_algorithm_of_the_paper(eps: float) -> None:
    """Algorithm 1 of Kingma & Ba written out, eps added after the bias correction."""
    beta1, beta2 = 0.9, 0.999
    theta, m, v = np.ones(SIZE), np.zeros(SIZE), np.zeros(SIZE)
    points = []
    for t, g in enumerate(gradients(), 1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        theta = theta - LR * m_hat / (np.sqrt(v_hat) + eps)
        points.append(theta)
    np.testing.assert_allclose(path(Adam(eps=eps)), points, rtol=1e-10, atol=1e-10)


def test_loss_is_scikit_learns() -> None:
    """The mean cross-entropy of softmax outputs is sklearn.metrics.log_loss."""
    rng = np.random.default_rng(0)
    logits, labels = 3 * rng.standard_normal((50, 4)), rng.integers(4, size=50)
    expected = log_loss(labels, softmax(logits.copy()), labels=range(4))
    assert softmax_cross_entropy(logits, np.eye(4)[labels]) == pytest.approx(expected, rel=1e-12)


def test_loss_of_extreme_logits_is_finite_and_right() -> None:
    """Logits of ±1000 neither overflow nor lose the loss: 0 where right, 2000 where wrong."""
    logits = np.array([[1000.0, -1000.0], [1000.0, -1000.0]])
    assert softmax_cross_entropy(logits, np.eye(2)) == 1000.0
    np.testing.assert_array_equal(logits, [[0, 0], [0.5, -0.5]])  # (softmax - Y) / n


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


@pytest.mark.parametrize(
    ("activation", "function"), [("relu", lambda z: max(0.0, z)), ("sigmoid", sigmoid)]
)
def test_logits_of_a_tiny_network_are_worked_out_by_hand(
    activation: str, function: Callable[[float], float]
) -> None:
    """2 inputs, 3 hidden units, 2 outputs: the sums written out, for two inputs."""
    mlp = MLP((2, 3, 2), activation)
    theta = np.concatenate([W1.ravel(), W2.ravel(), B1, B2])
    X = np.array([[1.0, 2.0], [-3.0, 0.5]])
    logits = mlp.forward(mlp.windows(theta), X, mlp.layers(2, np.float64))
    for (x, y), found in zip(X, logits, strict=True):
        h1 = function(0.1 * x + 0.2 * y + 0.1)
        h2 = function(0.3 * x + 0.4 * y + 0.2)
        h3 = function(0.5 * x + 0.6 * y + 0.3)
        expected = [0.7 * h1 + 0.8 * h2 + 0.9 * h3 + 0.4, -0.1 * h1 + 0.2 * h2 - 0.3 * h3 + 0.5]
        np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_relu_logit_is_the_number_worked_out_on_paper() -> None:
    """Hidden units 0.6, 1.3 and 2.0 give 0.42 + 1.04 + 1.80 + 0.40 = 3.66."""
    mlp = MLP((2, 3, 2))
    theta = np.concatenate([W1.ravel(), W2.ravel(), B1, B2])
    layers = mlp.layers(1, np.float64)
    logits = mlp.forward(mlp.windows(theta), np.array([[1.0, 2.0]]), layers)
    np.testing.assert_allclose(layers.a[0], [[0.6, 1.3, 2.0]])
    assert logits[0, 0] == pytest.approx(3.66)


@pytest.mark.parametrize(
    ("widths", "activation", "message"),
    [
        ((784,), "relu", r"widths must be two or more positive numbers, but got \(784,\)"),
        ((784, 0, 10), "relu", r"positive numbers, but got \(784, 0, 10\)"),
        ((4, 3), "tanh", "activation must be one of relu, sigmoid, but got 'tanh'"),
    ],
)
def test_network_that_cannot_be_is_refused(
    widths: tuple[int, ...], activation: str, message: str
) -> None:
    """A description that breaks a rule is refused, naming the rule and the value."""
    with pytest.raises(ValueError, match=message):
        MLP(widths, activation)
