"""The backward pass against central differences, and the check against wrong gradients."""

import numpy as np
import pytest

from pipeline.nn.activations import ACTIVATIONS
from pipeline.nn.arrays import FloatArray
from pipeline.nn.gradcheck import TOLERANCE, check, relative_error
from pipeline.nn.mlp import MLP, Layers, Windows

DEPTHS = [(6, 3), (6, 5, 3), (6, 5, 4, 3), (6, 5, 4, 4, 3)]


class SlightlyWrong(MLP):
    """Every gradient is too large by a thousandth."""

    def backward(
        self, theta: Windows, X: FloatArray, delta: FloatArray, layers: Layers, grad: Windows
    ) -> None:
        """Scale what the right one leaves."""
        super().backward(theta, X, delta, layers, grad)
        for part in (*grad.W, *grad.b):
            np.multiply(part, 1.001, out=part)


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


@pytest.mark.parametrize("l2", [0.0, 0.1])
@pytest.mark.parametrize("widths", DEPTHS, ids=str)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradient_agrees_with_central_differences(
    activation: str, widths: tuple[int, ...], l2: float
) -> None:
    """Every array's gradient agrees to 1e-7, at each depth, with and without penalty."""
    errors = check(MLP(widths, activation), l2=l2).errors
    layers = range(1, len(widths))
    assert list(errors) == [f"W{i}" for i in layers] + [f"b{i}" for i in layers]
    assert max(errors.values()) < TOLERANCE == 1e-7


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_check_catches_a_gradient_scaled_by_a_thousandth(activation: str) -> None:
    """A gradient too large by 0.1 % fails in every array."""
    found = check(SlightlyWrong((6, 5, 4, 3), activation))
    assert not found.passed
    assert min(found.errors.values()) == pytest.approx(0.001 / 2.001, rel=1e-3)


def test_check_names_the_layer_that_is_wrong() -> None:
    """One wrong element of W2 fails W2 and nothing else."""
    found = check(WrongInOneLayer((6, 5, 4, 3)))
    assert not found.passed
    assert [name for name, error in found.errors.items() if error >= TOLERANCE] == ["W2"]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_check_catches_a_forgotten_activation(activation: str) -> None:
    """A backward pass without the activation's derivative fails below the output layer only."""
    found = check(ForgetsTheActivation((6, 5, 3), activation))
    wrong = [name for name, error in found.errors.items() if error >= TOLERANCE]
    assert wrong == ["W1", "b1"]


def test_relative_error_of_two_zeros_is_zero() -> None:
    """Two vanishing gradients agree; a vanishing and a real one are as far apart as can be."""
    zero, one = np.zeros(3), np.ones(3)
    assert relative_error(zero, zero) == 0
    assert relative_error(zero, one) == 1
