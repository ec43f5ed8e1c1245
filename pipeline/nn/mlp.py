"""The network: a frozen description that hands out windows of one flat parameter vector."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from pipeline.nn.activations import ACTIVATIONS, Activation
from pipeline.nn.arrays import FloatArray
from pipeline.nn.initializers import he
from pipeline.nn.losses import softmax, softmax_cross_entropy


@dataclass(frozen=True)
class Windows:
    """A flat vector seen layer by layer: W_l (d_{l-1}, d_l) and b_l (d_l,), first layer first."""

    W: tuple[FloatArray, ...]
    b: tuple[FloatArray, ...]


@dataclass(frozen=True)
class Layers:
    """Scratch for one batch: what each layer puts out, and the error that flows back."""

    a: tuple[FloatArray, ...]
    delta: tuple[FloatArray, ...]

    def rows(self, n: int) -> "Layers":
        """The same scratch for a batch of n rows, no more than it was made for."""
        return Layers(tuple(a[:n] for a in self.a), tuple(d[:n] for d in self.delta))


@dataclass(frozen=True)
class MLP:
    """A multilayer perceptron with softmax outputs.

    widths (d_0, ..., d_L) counts inputs, hidden units and classes. All parameters live in one
    vector theta = [W_1 | ... | W_L | b_1 | ... | b_L], W_l (d_{l-1}, d_l) in row-major order:
    weights first, so that a penalty on weights touches one slice.
    """

    widths: tuple[int, ...]
    activation: str = "relu"
    _hidden: Activation = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the description. Raises: ValueError naming the rule and the value."""
        if len(self.widths) < 2 or min(self.widths) < 1:
            raise ValueError(f"widths must be two or more positive numbers, but got {self.widths}")
        if self.activation not in ACTIVATIONS:
            known = ", ".join(ACTIVATIONS)
            raise ValueError(f"activation must be one of {known}, but got {self.activation!r}")
        object.__setattr__(self, "_hidden", ACTIVATIONS[self.activation])

    @property
    def weight_count(self) -> int:
        """How many elements of theta are weights; the rest are biases."""
        return sum(d_in * d_out for d_in, d_out in pairwise(self.widths))

    @property
    def size(self) -> int:
        """The length of theta."""
        return self.weight_count + sum(self.widths[1:])

    def windows(self, vector: FloatArray) -> Windows:
        """The layers of theta, or of its gradient, (size,): views that share its memory."""
        shapes = list(pairwise(self.widths))
        weight_ends = np.cumsum([d_in * d_out for d_in, d_out in shapes])
        bias_ends = weight_ends[-1] + np.cumsum(self.widths[1:])
        parts = np.split(vector, [*weight_ends, *bias_ends[:-1]])
        weights = zip(parts[: len(shapes)], shapes, strict=True)
        return Windows(
            W=tuple(part.reshape(shape) for part, shape in weights),
            b=tuple(parts[len(shapes) :]),
        )

    def initial(self, rng: np.random.Generator, dtype: type = np.float32) -> FloatArray:
        """A new theta (size,): He weights, zero biases."""
        theta: FloatArray = np.zeros(self.size, dtype)
        for W in self.windows(theta).W:
            he(W, rng)
        return theta

    def layers(self, rows: int, dtype: type = np.float32) -> Layers:
        """Scratch for batches of at most `rows` rows."""
        return Layers(
            a=tuple(np.empty((rows, d), dtype) for d in self.widths[1:]),
            delta=tuple(np.empty((rows, d), dtype) for d in self.widths[1:-1]),
        )

    def forward(self, theta: Windows, X: FloatArray, layers: Layers) -> FloatArray:
        """Return the logits (n, classes) of inputs X (n, d_0); fill layers.a.

        a_0 = X,  z_i = a_{i-1} W_i + b_i,  a_i = activation(z_i),  logits = z_L.
        """
        below = X
        for i, a in enumerate(layers.a):
            np.matmul(below, theta.W[i], out=a)  # (n, d_in) @ (d_in, d_out)
            np.add(a, theta.b[i], out=a)
            if i < len(layers.delta):
                self._hidden.forward(a)
            below = a
        return below

    def backward(
        self, theta: Windows, X: FloatArray, delta: FloatArray, layers: Layers, grad: Windows
    ) -> None:
        """Leave the loss's gradient in grad, given delta = d loss / d logits (n, classes).

        dW_i = a_{i-1}^T delta_i,  db_i = sum over rows of delta_i,
        delta_{i-1} = (delta_i W_i^T) * activation'(z_{i-1})  (Rumelhart et al., 1986).
        """
        for i in reversed(range(len(theta.W))):
            below = layers.a[i - 1] if i else X
            np.matmul(below.T, delta, out=grad.W[i])  # (d_in, n) @ (n, d_out)
            np.sum(delta, axis=0, out=grad.b[i])
            if i:
                np.matmul(delta, theta.W[i].T, out=layers.delta[i - 1])  # (n, d_in)
                delta = layers.delta[i - 1]
                self._hidden.backward(delta, below)

    def gradient(
        self, theta: FloatArray, X: FloatArray, Y: FloatArray
    ) -> tuple[float, FloatArray]:
        """The mean cross-entropy of X (n, d_0) against Y (n, classes), and its gradient."""
        layers, grad = self.layers(len(X), theta.dtype.type), np.empty_like(theta)
        logits = self.forward(self.windows(theta), X, layers)
        loss = softmax_cross_entropy(logits, Y)  # logits become d loss / d logits
        self.backward(self.windows(theta), X, logits, layers, self.windows(grad))
        return loss, grad

    def probabilities(self, theta: FloatArray, X: FloatArray) -> FloatArray:
        """The class probabilities (n, classes) of inputs X (n, d_0)."""
        return softmax(self.forward(self.windows(theta), X, self.layers(len(X), theta.dtype.type)))
