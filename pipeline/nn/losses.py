"""Losses, each fused with the activation of the output layer.

A loss takes the logits z (n, classes) and turns them, in place, either into the network's outputs
or into its own gradient d loss / d z. Targets are Y (n, classes). Losses are means over the n
examples.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pipeline.nn.activations import ACTIVATIONS, Activation, Sigmoid
from pipeline.nn.arrays import FloatArray


class Loss(Protocol):
    """What training minimizes."""

    def outputs(self, logits: FloatArray) -> FloatArray:
        """Turn logits (n, classes) into outputs, in place, and return them."""

    def gradient(self, logits: FloatArray, Y: FloatArray, scale: float = 1.0) -> float:
        """Return the mean loss; logits (n, classes) become `scale` times its gradient."""


class SoftmaxCrossEntropy:
    """Cross-entropy in nats of exclusive classes, for targets whose rows sum to 1 (Bridle, 1990).

    loss = mean_i( logsumexp(z_i) - y_i . z_i ),  d loss / d z_i = (softmax(z_i) - y_i) / n.
    Working from the logits, a probability that rounds to 0 still has a finite loss.
    """

    def outputs(self, logits: FloatArray) -> FloatArray:
        """Turn logits into probabilities that sum to 1 in each row."""
        return softmax(logits)

    def gradient(self, logits: FloatArray, Y: FloatArray, scale: float = 1.0) -> float:
        """Return the mean loss; logits become `scale` times its gradient."""
        n = len(logits)
        logits -= np.maximum.reduce(logits, axis=1, keepdims=True)  # so that exp cannot overflow
        targeted = float(np.vdot(Y, logits))
        np.exp(logits, out=logits)
        total = logits @ np.ones(logits.shape[1], logits.dtype)  # faster than a sum of short rows
        loss = (float(np.add.reduce(np.log(total))) - targeted) / n
        logits /= total[:, np.newaxis]
        logits -= Y
        logits *= scale / n
        return loss


class SigmoidCrossEntropy:
    """Cross-entropy in nats of each class on its own, summed over classes.

    loss = mean_i sum_k( log(1 + exp(z_ik)) - y_ik z_ik ),  d loss / d z = (sigmoid(z) - Y) / n
    (Bishop, 1995, Neural Networks for Pattern Recognition, section 6.8).
    """

    def outputs(self, logits: FloatArray) -> FloatArray:
        """Turn each logit into a probability."""
        Sigmoid().forward(logits, logits)
        return logits

    def gradient(self, logits: FloatArray, Y: FloatArray, scale: float = 1.0) -> float:
        """Return the mean loss; logits become `scale` times its gradient."""
        n = len(logits)
        loss = (float(np.logaddexp(0, logits).sum()) - float(np.vdot(Y, logits))) / n
        self.outputs(logits)
        logits -= Y
        logits *= scale / n
        return loss


@dataclass(frozen=True)
class SquaredError:
    """Squared distance of outputs a = activation(z) from targets.

    loss = mean_i sum_k (a_ik - y_ik)^2 / 2 (Rumelhart et al., 1986, equation 3), or, with
    `over_outputs`, the mean over examples and outputs of (a - y)^2, as PyTorch's MSELoss has it.
    """

    activation: Activation
    over_outputs: bool = False

    def outputs(self, logits: FloatArray) -> FloatArray:
        """Turn logits into activations."""
        self.activation.forward(logits, self._kept(logits))
        return logits

    def gradient(self, logits: FloatArray, Y: FloatArray, scale: float = 1.0) -> float:
        """Return the mean loss; logits become `scale` times its gradient."""
        kept = self._kept(logits)
        self.activation.forward(logits, kept)
        error = logits - Y
        share = 1 / error.size if self.over_outputs else 0.5 / len(error)
        loss = share * float(np.vdot(error, error))
        error *= 2 * share * scale
        self.activation.backward(error, kept)
        logits[...] = error
        return loss

    def _kept(self, logits: FloatArray) -> FloatArray:
        """What the activation keeps for its derivative: the logits' own memory where it may."""
        return logits if self.activation.keeps_output else np.empty_like(logits)


def softmax(logits: FloatArray, temperature: float = 1.0) -> FloatArray:
    """Turn logits (n, classes) into probabilities (n, classes), in place.

    p_k = exp(z_k / T) / sum_j exp(z_j / T). The row maximum is subtracted first, so that exp
    cannot overflow.

    >>> softmax(np.array([[1.0, 2.0, 3.0]])).round(4).tolist()
    [[0.09, 0.2447, 0.6652]]
    """
    logits -= logits.max(axis=1, keepdims=True)
    logits /= temperature
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
    return logits


LOSSES = ("cross_entropy", "squared_error", "mean_squared_error")


def find_loss(name: str, output: str) -> Loss:
    """The loss called `name` of outputs that are softmax or one of ACTIVATIONS.

    Raises: ValueError if there is none: cross-entropy needs probabilities, and a squared error
    acts on each output alone.
    """
    if name not in LOSSES:
        raise ValueError(f"loss must be one of {', '.join(LOSSES)}, but got {name!r}")
    if name == "cross_entropy":
        probabilities: dict[str, Loss] = {
            "softmax": SoftmaxCrossEntropy(),
            "sigmoid": SigmoidCrossEntropy(),
        }
        if output not in probabilities:
            raise ValueError(f"cross_entropy needs output softmax or sigmoid, but got {output!r}")
        return probabilities[output]
    if output not in ACTIVATIONS:
        known = ", ".join(ACTIVATIONS)
        raise ValueError(f"{name} needs an output out of {known}, but got {output!r}")
    return SquaredError(ACTIVATIONS[output], over_outputs=name == "mean_squared_error")
