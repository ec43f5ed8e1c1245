"""A look inside a network: its activations' slopes, its gradients' sizes, its dead units."""

import numpy as np
from numpy.typing import NDArray

from pipeline.nn.activations import ACTIVATIONS
from pipeline.nn.arrays import FloatArray
from pipeline.nn.examples import Examples
from pipeline.nn.mlp import MLP

FLAT = 0.01  # a slope that lets hardly any error through; a sigmoid's is less beyond |z| = 4.58


def activate(name: str, z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """An activation a = f(z) and its derivative f'(z), both of the shape (n,) of z.

    >>> a, slope = activate("tanh", np.array([0.0]))
    >>> float(a[0]), float(slope[0])
    (0.0, 1.0)
    """
    activation = ACTIVATIONS[name]
    a, slope = z.reshape(-1, 1).copy(), np.ones((z.size, 1), z.dtype)
    kept = a if activation.keeps_output else np.empty_like(a)
    activation.forward(a, kept)
    activation.backward(slope, kept)
    return a[:, 0], slope[:, 0]


def gradient_sizes(mlp: MLP, theta: FloatArray, examples: Examples) -> list[float]:
    """The root mean square of each layer's dW, first layer first, over all examples at once."""
    _, grad = mlp.gradient(theta, examples.X, examples.Y)
    return [float(np.sqrt(np.mean(dW * dW))) for dW in mlp.windows(grad).W]


def dead_units(mlp: MLP, theta: FloatArray, X: FloatArray) -> list[NDArray[np.bool_]]:
    """For each hidden layer, which of its units (d_l,) pass no gradient back for any input.

    A unit is dead where the derivative at its z is 0 for every row of X (n, d_0): such a unit
    learns nothing more from these inputs. ReLU units die so; a saturated sigmoid's derivative is
    small, but rounds to 0 only beyond z = 37.
    """
    layers = mlp.layers(len(X), theta.dtype.type)
    mlp.forward(mlp.windows(theta), X, layers)
    dead = []
    for kept in layers.kept:
        slope = np.ones_like(kept)
        ACTIVATIONS[mlp.activation].backward(slope, kept)
        dead.append(np.all(slope == 0, axis=0))
    return dead


def activations(mlp: MLP, theta: FloatArray, X: FloatArray) -> list[FloatArray]:
    """What each hidden layer puts out for inputs X (n, d_0), first layer first: (n, d_l) each."""
    layers = mlp.layers(len(X), theta.dtype.type)
    mlp.forward(mlp.windows(theta), X, layers)
    return list(layers.a[:-1])


def weight_gradients(mlp: MLP, theta: FloatArray, examples: Examples) -> list[FloatArray]:
    """Each layer's dW (d_{l-1}, d_l), first layer first, over all examples at once."""
    _, grad = mlp.gradient(theta, examples.X, examples.Y)
    return list(mlp.windows(grad).W)


def distinct_units(mlp: MLP, theta: FloatArray, decimals: int = 6) -> list[int]:
    """For each hidden layer, how many of its units differ in a weight that comes in, or the bias.

    Units that start alike and are fed back alike stay alike, but for rounding: a layer of 1 is as
    good as one unit. Weights are compared to so many decimals.
    """
    windows = mlp.windows(theta)
    b = windows.b or tuple(np.zeros(W.shape[1], W.dtype) for W in windows.W)
    units = [np.vstack(layer) for layer in zip(windows.W, b, strict=True)]  # (d_in + 1, d_out)
    return [np.unique(layer.round(decimals), axis=1).shape[1] for layer in units[:-1]]


def saturated_shares(mlp: MLP, theta: FloatArray, X: FloatArray) -> list[float]:
    """For each hidden layer, the share of its outputs where the activation's slope is below FLAT.

    Counted over its units and the rows of X (n, d_0) alike: there an error hardly passes back.
    """
    layers = mlp.layers(len(X), theta.dtype.type)
    mlp.forward(mlp.windows(theta), X, layers)
    shares = []
    for kept in layers.kept:
        slope = np.ones_like(kept)
        ACTIVATIONS[mlp.activation].backward(slope, kept)
        shares.append(float(np.mean(slope < FLAT)))
    return shares
