"""Activations, each with its derivative beside it.

`forward` replaces pre-activations z (n, d) by activations a, in place; `backward` multiplies the
error delta (n, d) by da/dz, in place. What `backward` needs is `kept` (n, d): for all but GELU
the activations themselves, from which the derivative can be written.
"""

import math
from typing import ClassVar, Protocol

import numpy as np

from pipeline.nn.arrays import FloatArray


class Activation(Protocol):
    """A function applied to every element of a layer.

    Where `keeps_output` holds, `kept` is z itself, which becomes a; otherwise it is another array,
    which `forward` fills.
    """

    @property
    def keeps_output(self) -> bool:
        """Whether the derivative is a function of the activation."""

    def forward(self, z: FloatArray, kept: FloatArray) -> None:
        """Replace z (n, d) by activations, in place."""

    def backward(self, delta: FloatArray, kept: FloatArray) -> None:
        """Multiply delta (n, d) by the derivative, in place."""


class Identity:
    """a = z."""

    keeps_output: ClassVar[bool] = True

    def forward(self, z: FloatArray, kept: FloatArray) -> None:
        """Leave z as it is."""

    def backward(self, delta: FloatArray, kept: FloatArray) -> None:
        """Leave delta as it is: the derivative is 1."""


class Sigmoid:
    """a = 1 / (1 + exp(-z)), as (1 + tanh(z / 2)) / 2, which cannot overflow."""

    keeps_output: ClassVar[bool] = True

    def forward(self, z: FloatArray, kept: FloatArray) -> None:
        """Replace z by its sigmoid."""
        z *= 0.5
        np.tanh(z, out=z)
        z += 1
        z *= 0.5

    def backward(self, delta: FloatArray, kept: FloatArray) -> None:
        """Multiply delta by a (1 - a)."""
        delta *= kept
        delta *= 1 - kept


class Tanh:
    """a = tanh(z) (LeCun et al., 1998, Efficient BackProp, section 4.4)."""

    keeps_output: ClassVar[bool] = True

    def forward(self, z: FloatArray, kept: FloatArray) -> None:
        """Replace z by tanh(z)."""
        np.tanh(z, out=z)

    def backward(self, delta: FloatArray, kept: FloatArray) -> None:
        """Multiply delta by 1 - a^2."""
        delta *= 1 - kept * kept


class ReLU:
    """a = max(0, z); the derivative at 0 is taken as 0 (Nair & Hinton, 2010)."""

    keeps_output: ClassVar[bool] = True

    def forward(self, z: FloatArray, kept: FloatArray) -> None:
        """Replace z by max(0, z)."""
        np.maximum(z, np.zeros(z.shape[1], z.dtype), out=z)  # a row is four times faster than 0

    def backward(self, delta: FloatArray, kept: FloatArray) -> None:
        """Multiply delta by [a > 0]."""
        delta *= kept > 0


class LeakyReLU:
    """a = z where z > 0, z / 100 elsewhere (Maas et al., 2013)."""

    keeps_output: ClassVar[bool] = True

    def forward(self, z: FloatArray, kept: FloatArray) -> None:
        """Replace z by the larger of z and z / 100."""
        np.maximum(z, 0.01 * z, out=z)

    def backward(self, delta: FloatArray, kept: FloatArray) -> None:
        """Multiply delta by 1 where a > 0, by 1/100 elsewhere."""
        one, hundredth = kept.dtype.type(1), kept.dtype.type(0.01)
        delta *= np.where(kept > 0, one, hundredth)


class ELU:
    """a = z where z > 0, exp(z) - 1 elsewhere (Clevert et al., 2016, arXiv:1511.07289)."""

    keeps_output: ClassVar[bool] = True

    def forward(self, z: FloatArray, kept: FloatArray) -> None:
        """Replace z by exp(z) - 1 where it is negative."""
        np.expm1(z, out=z, where=z < 0)

    def backward(self, delta: FloatArray, kept: FloatArray) -> None:
        """Multiply delta by 1 where a > 0, by exp(z) = a + 1 elsewhere."""
        delta *= np.minimum(kept, 0) + 1


class GELU:
    """a = z Phi(z), Phi the normal distribution function, in the tanh form.

    a = z (1 + tanh(u)) / 2,  u = sqrt(2 / pi) (z + 0.044715 z^3)
    (Hendrycks & Gimpel, 2016, arXiv:1606.08415, section 2). It falls before it rises, so its
    derivative is no function of a: `forward` keeps the derivative.
    """

    keeps_output: ClassVar[bool] = False
    _SCALE, _CUBIC = math.sqrt(2 / math.pi), 0.044715

    def forward(self, z: FloatArray, kept: FloatArray) -> None:
        """Replace z by its GELU; leave da/dz in kept."""
        square = z * z
        t = np.tanh(self._SCALE * z * (1 + self._CUBIC * square))
        du = self._SCALE * (1 + 3 * self._CUBIC * square)  # du/dz
        np.multiply(z * (1 - t * t), du, out=kept)
        kept += 1 + t
        kept *= 0.5
        z *= 1 + t
        z *= 0.5

    def backward(self, delta: FloatArray, kept: FloatArray) -> None:
        """Multiply delta by the derivative that was kept."""
        delta *= kept


ACTIVATIONS: dict[str, Activation] = {
    "identity": Identity(),
    "sigmoid": Sigmoid(),
    "tanh": Tanh(),
    "relu": ReLU(),
    "leaky_relu": LeakyReLU(),
    "elu": ELU(),
    "gelu": GELU(),
}
