"""The perceptron: one step unit and the rule by which it learns.

Rosenblatt, 1958, Psychological Review 65, 386-408; in the form of Minsky & Papert, 1969,
Perceptrons, section 11.1, with a bias and learning rate 1: from zero weights, another rate would
scale all weights and change no decision.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np

from pipeline.nn.arrays import FloatArray, LabelArray

_CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
TRUTH_TABLES: dict[str, tuple[FloatArray, LabelArray]] = {
    "AND": (_CORNERS, np.array([0, 0, 0, 1])),
    "OR": (_CORNERS, np.array([0, 1, 1, 1])),
    "NOT": (np.array([[0.0], [1.0]]), np.array([1, 0])),
    "NAND": (_CORNERS, np.array([1, 1, 1, 0])),
    "XOR": (_CORNERS, np.array([0, 1, 1, 0])),
}
"""Inputs X (n, d) and labels (n,) of each gate."""


@dataclass(frozen=True)
class Step:
    """One example shown to the unit: what it made of it, and weights w (d,), bias b after it."""

    epoch: int
    x: FloatArray
    label: int
    z: float
    predicted: int
    w: FloatArray
    b: float


@dataclass(frozen=True)
class Epoch:
    """One pass over all examples: how many updates it took, and weights w (d,), bias b after it.

    An epoch without updates is the last: every example was right with the same weights.
    """

    index: int
    updates: int
    w: FloatArray
    b: float


def decide(w: FloatArray, b: float, X: FloatArray) -> LabelArray:
    """The classes (n,) of inputs X (n, d): 1 where z = X w + b >= 0, else 0.

    >>> decide(np.array([1.0, 1.0]), -1.5, TRUTH_TABLES["AND"][0]).tolist()
    [0, 0, 0, 1]
    """
    return np.asarray(X @ w + b >= 0, np.intp)


def steps(X: FloatArray, labels: LabelArray) -> Iterator[Step]:
    """Show X (n, d) with labels (n,) in order, over and over, starting from zero weights.

    w += (label - predicted) x,  b += label - predicted: nothing happens where it is right.
    Endless: the caller stops asking.
    """
    w, b = np.zeros(X.shape[1]), 0.0
    for epoch in count(1):
        for x, label in zip(X, labels, strict=True):
            z = float(x @ w) + b
            predicted = int(z >= 0)
            error = int(label) - predicted
            w, b = w + error * x, b + error
            yield Step(epoch, x, int(label), z, predicted, w, b)


def learn(X: FloatArray, labels: LabelArray, epochs: int) -> Iterator[Epoch]:
    """Learn X (n, d) with labels (n,) epoch by epoch, until one has no updates, or `epochs`.

    >>> [epoch.updates for epoch in learn(*TRUTH_TABLES["OR"], epochs=100)]
    [2, 2, 1, 0]
    """
    walk = steps(X, labels)
    for index in range(1, epochs + 1):
        shown = [next(walk) for _ in labels]
        updates = sum(step.predicted != step.label for step in shown)
        yield Epoch(index, updates, shown[-1].w, shown[-1].b)
        if not updates:
            return


def bound(X: FloatArray, labels: LabelArray, w: FloatArray, b: float) -> float:
    """The most updates that `learn` can need, given weights w (d,) and bias b that separate.

    (R / gamma)^2, where R is the length of the longest example and gamma the least distance of an
    example from the boundary, examples and weights being extended by a 1 and by b (Novikoff,
    1962, On convergence proofs for perceptrons). Raises: ValueError if they do not separate.

    >>> bound(*TRUTH_TABLES["AND"], w=np.array([2.0, 2.0]), b=-3.0)
    51.0
    """
    signs = 2.0 * labels - 1
    margin = float((signs * (X @ w + b)).min())
    if margin <= 0:
        raise ValueError(f"w and b must separate the examples, but the least margin is {margin:g}")
    longest = float((X**2).sum(axis=1).max()) + 1
    return longest * (float(w @ w) + b * b) / margin**2
