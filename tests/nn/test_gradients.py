"""The backward pass against central differences, and the check against wrong gradients."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from pipeline.nn.arrays import FloatArray
from pipeline.nn.gradcheck import TOLERANCE, check, relative_error
from pipeline.nn.mlp import MLP, Layers, Windows
from tests.nn.toys import PAIRS, every_activation

DEPTHS = [(4, 3), (4, 5, 3), (4, 5, 4, 3), (4, 4, 4, 4, 3)]
REGULARIZERS: list[Mapping[str, float]] = [{}, {"l2": 0.1}, {"dropout": 0.4}]
SMOOTHED: Mapping[str, float] = {"label_smoothing": 0.2}

every_pair = pytest.mark.parametrize(("output", "loss"), PAIRS)
with_and_without_biases = pytest.mark.parametrize("biases", [True, False], ids=["b", "no b"])


class SlightlyWrong(MLP):
    """Every gradient is too large by a thousandth."""

    def backward(
        self, theta: Windows, X: FloatArray, delta: FloatArray, layers: Layers, grad: Windows
    ) -> None:
        """Scale what the right one leaves."""
        super().backward(theta, X, delta, layers, grad)
        for part in (*grad.W, *grad.b):
            np.multiply(part, 1.001, out=part)


class SlightlyWrongLoss(MLP):
    """The error that the loss sends back is too large by a thousandth."""

    def loss_gradient(self, logits: FloatArray, Y: FloatArray, scale: float = 1.0) -> float:
        """Scale what the right one leaves."""
        loss = super().loss_gradient(logits, Y, scale)
        logits *= 1.001
        return loss


class WrongInOneLayer(MLP):
    """Only the second layer's weights have a wrong gradient."""

    def backward(
        self, theta: Windows, X: FloatArray, delta: FloatArray, layers: Layers, grad: Windows
    ) -> None:
        """Negate one element of what the right one leaves."""
        super().backward(theta, X, delta, layers, grad)
        grad.W[1][0, 0] *= -1


class ForgetsTheActivation(MLP):
    """The error flows back as though the hidden units were linear."""

    def backward(
        self, theta: Windows, X: FloatArray, delta: FloatArray, layers: Layers, grad: Windows
    ) -> None:
        """Let every activation's derivative be 1."""
        for i in reversed(range(len(theta.W))):
            below = layers.a[i - 1] if i else X
            grad.W[i][...] = below.T @ delta
            grad.b[i][...] = delta.sum(axis=0)
            delta = delta @ theta.W[i].T


class ForgetsTheMask(MLP):
    """The error flows back into the hidden units that were left out as well."""

    def backward(
        self, theta: Windows, X: FloatArray, delta: FloatArray, layers: Layers, grad: Windows
    ) -> None:
        """Go back as though there had been no dropout."""
        super().backward(theta, X, delta, replace(layers, mask=()), grad)


def names(mlp: MLP) -> list[str]:
    """What the arrays of a network are called, weights before biases."""
    layers = range(1, len(mlp.widths))
    return [f"W{i}" for i in layers] + [f"b{i}" for i in layers if mlp.biases]


def assert_right(mlp: MLP, regularizer: Mapping[str, float]) -> None:
    """Demand that every array's gradient agrees; an error of 0 would mean that none flows."""
    errors = check(mlp, **regularizer).errors
    assert list(errors) == names(mlp)
    assert min(errors.values()) > 0
    assert max(errors.values()) < TOLERANCE == 1e-7


@with_and_without_biases
@every_pair
@every_activation
def test_gradient_agrees_with_central_differences(
    activation: str, output: str, loss: str, biases: bool
) -> None:
    """For each activation, output and loss: plain, with penalty, with dropout, smoothed."""
    mlp = MLP((3, 4, 3), activation, output, loss, biases)
    smoothed = [SMOOTHED] if loss == "cross_entropy" else []
    for regularizer in REGULARIZERS + smoothed:
        assert_right(mlp, regularizer)


@with_and_without_biases
@pytest.mark.parametrize("widths", DEPTHS, ids=str)
@every_activation
def test_gradient_agrees_at_every_depth(
    activation: str, widths: tuple[int, ...], biases: bool
) -> None:
    """Without hidden layers and with up to three: plain, with penalty, dropout and smoothed."""
    for regularizer in [*REGULARIZERS, SMOOTHED]:
        assert_right(MLP(widths, activation, biases=biases), regularizer)


@pytest.mark.parametrize(
    ("output", "loss"), [pair for pair in PAIRS if pair[0] in ("sigmoid", "identity", "tanh")]
)
def test_gradient_agrees_with_a_single_output(output: str, loss: str) -> None:
    """A network with one output has the right gradient too."""
    for regularizer in REGULARIZERS:
        assert_right(MLP((3, 4, 1), "tanh", output, loss), regularizer)


@every_activation
def test_check_catches_a_gradient_scaled_by_a_thousandth(activation: str) -> None:
    """A gradient too large by 0.1 % fails in every array."""
    found = check(SlightlyWrong((6, 5, 4, 3), activation))
    assert not found.passed
    assert min(found.errors.values()) == pytest.approx(0.001 / 2.001, rel=1e-3)


@every_pair
def test_check_catches_a_loss_scaled_by_a_thousandth(output: str, loss: str) -> None:
    """An error too large by 0.1 % as it leaves any loss fails in every array."""
    found = check(SlightlyWrongLoss((3, 4, 3), "tanh", output, loss))
    assert not found.passed
    assert min(found.errors.values()) == pytest.approx(0.001 / 2.001, rel=1e-3)


def test_check_names_the_layer_that_is_wrong() -> None:
    """One wrong element of W2 fails W2 and nothing else."""
    found = check(WrongInOneLayer((6, 5, 4, 3)))
    assert not found.passed
    assert [name for name, error in found.errors.items() if error >= TOLERANCE] == ["W2"]


@every_activation
def test_check_catches_a_forgotten_activation(activation: str) -> None:
    """A backward pass without the derivative fails below the output layer only, if at all."""
    found = check(ForgetsTheActivation((6, 5, 3), activation))
    wrong = [name for name, error in found.errors.items() if error >= TOLERANCE]
    assert wrong == ([] if activation == "identity" else ["W1", "b1"])


@every_activation
def test_check_catches_a_forgotten_mask(activation: str) -> None:
    """A backward pass into units that were left out fails below them only."""
    found = check(ForgetsTheMask((6, 5, 3), activation), dropout=0.4)
    wrong = [name for name, error in found.errors.items() if error >= TOLERANCE]
    assert wrong == ["W1", "b1"]


def test_relative_error_of_two_zeros_is_zero() -> None:
    """Two vanishing gradients agree; a vanishing and a real one are as far apart as can be."""
    zero, one = np.zeros(3), np.ones(3)
    assert relative_error(zero, zero) == 0
    assert relative_error(zero, one) == 1
