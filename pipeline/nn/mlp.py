"""The network: a frozen description that hands out windows of one flat parameter vector."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from pipeline.nn.activations import ACTIVATIONS, Activation
from pipeline.nn.arrays import FloatArray, LabelArray, aligned
from pipeline.nn.initializers import Initializer, he
from pipeline.nn.losses import Loss, find_loss


@dataclass(frozen=True)
class Windows:
    """A flat vector seen layer by layer: W_l (d_{l-1}, d_l) and b_l (d_l,), first layer first.

    `b` is empty where a network has no biases.
    """

    W: tuple[FloatArray, ...]
    b: tuple[FloatArray, ...]


@dataclass(frozen=True)
class Layers:
    """Scratch for one batch of n examples, layer by layer, each array (n, d_l).

    `a` is what each layer puts out: the last one's are the logits, until the loss turns them into
    its gradient. The others belong to hidden layers:
    `kept`, what the activation's derivative is written from; `delta`, the error that flows back;
    `mask`, empty without dropout; and `fed`, what the next layer takes in: a, or a times mask.
    `ones` is (n,).
    """

    a: tuple[FloatArray, ...]
    kept: tuple[FloatArray, ...]
    delta: tuple[FloatArray, ...]
    mask: tuple[FloatArray, ...]
    fed: tuple[FloatArray, ...]
    ones: FloatArray

    def rows(self, n: int) -> "Layers":
        """The same scratch for a batch of n examples, no more than it was made for."""

        def first(arrays: tuple[FloatArray, ...]) -> tuple[FloatArray, ...]:
            return tuple(array[:n] for array in arrays)

        return Layers(
            first(self.a),
            first(self.kept),
            first(self.delta),
            first(self.mask),
            first(self.fed),
            self.ones[:n],
        )


@dataclass(frozen=True)
class MLP:
    """A multilayer perceptron.

    widths (d_0, ..., d_L) counts inputs, hidden units and outputs. All parameters live in one
    vector theta = [W_1 | ... | W_L | b_1 | ... | b_L], W_l (d_{l-1}, d_l) in row-major order:
    weights first, so that a penalty on weights touches one slice.

    `activation` is that of the hidden layers, a name in ACTIVATIONS; `output` is "softmax" or
    such a name; `loss` is one of LOSSES. Raises: ValueError naming the rule and the value.
    """

    widths: tuple[int, ...]
    activation: str = "relu"
    output: str = "softmax"
    loss: str = "cross_entropy"
    biases: bool = True

    def __post_init__(self) -> None:
        """Check the description; a list of widths becomes a tuple."""
        object.__setattr__(self, "widths", tuple(self.widths))
        whole = all(isinstance(d, int | np.integer) for d in self.widths)
        if not whole or len(self.widths) < 2 or min(self.widths) < 1:
            raise ValueError(
                f"widths must be two or more positive whole numbers, but got {self.widths}"
            )
        if self.output == "softmax" and self.widths[-1] < 2:
            raise ValueError("softmax needs two or more outputs, but got 1; take sigmoid")
        if self.activation not in ACTIVATIONS:
            known = ", ".join(ACTIVATIONS)
            raise ValueError(f"activation must be one of {known}, but got {self.activation!r}")
        find_loss(self.loss, self.output)

    @cached_property
    def _hidden(self) -> Activation:
        return ACTIVATIONS[self.activation]

    @cached_property
    def _loss(self) -> Loss:
        return find_loss(self.loss, self.output)

    @cached_property
    def weight_count(self) -> int:
        """How many elements of theta are weights; the rest are biases."""
        return sum(d_in * d_out for d_in, d_out in pairwise(self.widths))

    @cached_property
    def size(self) -> int:
        """The length of theta."""
        return self.weight_count + self.biases * sum(self.widths[1:])

    def windows(self, vector: FloatArray) -> Windows:
        """The layers of theta, or of its gradient, (size,): views that share its memory."""
        W, b, at = [], [], 0
        for d_in, d_out in pairwise(self.widths):
            W.append(vector[at : at + d_in * d_out].reshape(d_in, d_out))
            at += d_in * d_out
        for d_out in self.widths[1:] if self.biases else ():
            b.append(vector[at : at + d_out])
            at += d_out
        return Windows(tuple(W), tuple(b))

    def initial(
        self, rng: np.random.Generator, dtype: type = np.float32, initializer: Initializer = he
    ) -> FloatArray:
        """A new theta (size,): weights by `initializer`, first layer first; zero biases."""
        theta: FloatArray = aligned(1, self.size, dtype)[0]
        for W in self.windows(theta).W:
            initializer(W, rng)
        return theta

    def layers(self, rows: int, dtype: type = np.float32, *, dropout: bool = False) -> Layers:
        """Scratch for batches of `rows` examples."""

        def scratch(widths: tuple[int, ...]) -> tuple[FloatArray, ...]:
            return tuple(np.empty((rows, d), dtype) for d in widths)

        a, hidden = scratch(self.widths[1:]), self.widths[1:-1]
        return Layers(
            a,
            kept=a[:-1] if self._hidden.keeps_output else scratch(hidden),
            delta=scratch(hidden),
            mask=scratch(hidden) if dropout else (),
            fed=scratch(hidden) if dropout else a[:-1],
            ones=np.ones(rows, dtype),
        )

    def forward(self, theta: Windows, X: FloatArray, layers: Layers) -> FloatArray:
        """Return the logits (n, d_L) of inputs X (n, d_0); fill the layers.

        a_0 = X,  z_l = a_{l-1} W_l + b_l,  a_l = activation(z_l),  logits = z_L.
        """
        below, last = X, len(layers.a) - 1
        for i, (W, z) in enumerate(zip(theta.W, layers.a, strict=True)):
            np.matmul(below, W, out=z)  # (n, d_in) @ (d_in, d_out)
            if self.biases:
                np.add(z, theta.b[i], out=z)
            if i < last:
                self._hidden.forward(z, layers.kept[i])
                below = layers.fed[i]
                if layers.mask:
                    np.multiply(z, layers.mask[i], out=below)
        return layers.a[last]

    def backward(
        self, theta: Windows, X: FloatArray, delta: FloatArray, layers: Layers, grad: Windows
    ) -> None:
        """Leave the loss's gradient in grad, given delta = d loss / d logits (n, d_L).

        dW_l = a_{l-1}^T delta_l,  db_l = sum over rows of delta_l,
        delta_{l-1} = (delta_l W_l^T) * activation'(z_{l-1})  (Rumelhart et al., 1986).
        """
        outer = np.dot if len(X) == 1 else np.matmul  # matmul does one row without BLAS
        for i in reversed(range(len(theta.W))):
            below = layers.fed[i - 1] if i else X
            outer(below.T, delta, out=grad.W[i])  # (d_in, n) @ (n, d_out)
            if self.biases:
                np.matmul(layers.ones, delta, out=grad.b[i])  # sums the rows
            if i:
                delta = np.matmul(delta, theta.W[i].T, out=layers.delta[i - 1])  # (n, d_in)
                if layers.mask:
                    delta *= layers.mask[i - 1]
                self._hidden.backward(delta, layers.kept[i - 1])

    def gradient(
        self, theta: FloatArray, X: FloatArray, Y: FloatArray, layers: Layers | None = None
    ) -> tuple[float, FloatArray]:
        """The mean loss of X (n, d_0) against Y (n, d_L), and its gradient (size,).

        `layers`, from `self.layers`, may hold the masks of a dropout.
        """
        layers, grad = layers or self.layers(len(X), theta.dtype.type), np.empty_like(theta)
        logits = self.forward(self.windows(theta), X, layers)
        loss = self.loss_gradient(logits, Y)
        self.backward(self.windows(theta), X, logits, layers, self.windows(grad))
        return loss, grad

    def loss_gradient(self, logits: FloatArray, Y: FloatArray, scale: float = 1.0) -> float:
        """Return the mean loss; logits (n, d_L) become `scale` times its gradient, in place."""
        return self._loss.gradient(logits, Y, scale)

    def outputs(self, theta: FloatArray, X: FloatArray) -> FloatArray:
        """The outputs (n, d_L) for inputs X (n, d_0): probabilities, if a softmax ends it."""
        layers = self.layers(len(X), theta.dtype.type)
        return self._loss.outputs(self.forward(self.windows(theta), X, layers))

    def decide(self, logits: FloatArray) -> LabelArray:
        """The class (n,) that logits (n, d_L) stand for; a single output above 1/2 is class 1."""
        if self.widths[-1] > 1:
            return np.asarray(logits.argmax(axis=1))
        return np.asarray(self._loss.outputs(logits.copy())[:, 0] > 0.5, np.intp)
