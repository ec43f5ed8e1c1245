"""Losses, fused with the output layer's activation."""

import numpy as np

from pipeline.nn.arrays import FloatArray


def softmax(logits: FloatArray) -> FloatArray:
    """Turn logits (n, classes) into probabilities (n, classes), in place.

    The row maximum is subtracted first, so that exp cannot overflow.
    """
    logits -= logits.max(axis=1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
    return logits


def softmax_cross_entropy(logits: FloatArray, Y: FloatArray) -> float:
    """Return the mean cross-entropy in nats; logits (n, classes) become its gradient, in place.

    loss = mean_i( logsumexp(z_i) - y_i . z_i ), d loss / d z_i = (softmax(z_i) - y_i) / n,
    for targets Y (n, classes) whose rows sum to 1 (Bridle, 1990). Working from the logits, a
    probability that rounds to 0 still has a finite loss.
    """
    n = len(logits)
    logits -= logits.max(axis=1, keepdims=True)
    targeted = float(np.vdot(Y, logits))
    np.exp(logits, out=logits)
    total = logits.sum(axis=1, keepdims=True)
    loss = (float(np.log(total).sum()) - targeted) / n
    logits /= total
    logits -= Y
    logits /= n
    return loss
