"""Leaving out of the arithmetic what cannot change: the weights of inputs that are always 0.

An input that is 0 in every example adds nothing to any sum, and the gradient of its weights is 0:
without a penalty they stay where they began. In MNIST 134 of 784 pixels are dark in 3,000 images,
67 in all 55,000. The price is a second, smaller copy of theta and of the optimizer's memory.
"""

from dataclasses import replace

import numpy as np

from pipeline.nn.arrays import FloatArray, LabelArray
from pipeline.nn.mlp import MLP

WORTH_IT = 64  # units in the first hidden layer: below, copying columns costs more than it saves


def lit_inputs(X: FloatArray) -> LabelArray:
    """The columns of X (n, d) that are not 0 throughout."""
    return np.flatnonzero(X.any(axis=0))


class Lit:
    """The same network with some of its inputs only: which part of theta (size,) that is."""

    def __init__(self, mlp: MLP, inputs: LabelArray) -> None:
        """Take the network and the inputs that it keeps."""
        self.mlp = replace(mlp, widths=(len(inputs), *mlp.widths[1:]))
        self._inputs, self._shape = inputs, mlp.widths[:2]
        self._ends = self._shape[0] * self._shape[1], len(inputs) * self._shape[1]

    def gather(self, whole: FloatArray, part: FloatArray) -> None:
        """Copy from a vector of `mlp.size` elements into one of the smaller network's size."""
        all_, lit = self._ends
        rows = part[:lit].reshape(-1, self._shape[1])
        whole[:all_].reshape(self._shape).take(self._inputs, axis=0, out=rows, mode="clip")
        part[lit:] = whole[all_:]

    def scatter(self, part: FloatArray, whole: FloatArray) -> None:
        """Copy back what `gather` copied; the rest of `whole` stays as it is."""
        all_, lit = self._ends
        whole[:all_].reshape(self._shape)[self._inputs] = part[:lit].reshape(-1, self._shape[1])
        whole[all_:] = part[lit:]

    def has_no_more(self, whole: FloatArray) -> bool:
        """Whether a vector of `mlp.size` elements is 0 wherever the smaller network has none."""
        dark = np.ones(self._shape[0], np.bool_)
        dark[self._inputs] = False
        return not whole[: self._ends[0]].reshape(self._shape)[dark].any()
