"""Hidden-layer activations, each with its derivative written from its output."""

from typing import Protocol

import numpy as np

from pipeline.nn.arrays import FloatArray


class Activation(Protocol):
    """A function applied to every element of a layer."""

    name: str

    def forward(self, z: FloatArray) -> None:
        """Replace pre-activations z (n, d) by activations, in place."""

    def backward(self, delta: FloatArray, a: FloatArray) -> None:
        """Multiply delta (n, d) in place by the derivative, given the activations a (n, d)."""


class ReLU:
    """max(0, z); the derivative at 0 is taken as 0 (Nair & Hinton, 2010)."""

    name = "relu"

    def forward(self, z: FloatArray) -> None:
        """Replace z by max(0, z)."""
        np.maximum(z, 0, out=z)

    def backward(self, delta: FloatArray, a: FloatArray) -> None:
        """Multiply delta by [a > 0]."""
        delta *= a > 0


class Sigmoid:
    """1 / (1 + exp(-z)), as (1 + tanh(z / 2)) / 2, which cannot overflow."""

    name = "sigmoid"

    def forward(self, z: FloatArray) -> None:
        """Replace z by 1 / (1 + exp(-z))."""
        z *= 0.5
        np.tanh(z, out=z)
        z += 1
        z *= 0.5

    def backward(self, delta: FloatArray, a: FloatArray) -> None:
        """Multiply delta by a (1 - a)."""
        delta *= a
        delta *= 1 - a


ACTIVATIONS: dict[str, Activation] = {each.name: each for each in (ReLU(), Sigmoid())}
