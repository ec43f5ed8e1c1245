"""Examples to train on or to judge by, and the rules they must keep."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from pipeline.nn.arrays import FloatArray, LabelArray
from pipeline.nn.mlp import MLP


class Examples(NamedTuple):
    """Inputs X (n, d), targets Y (n, outputs) and labels (n,) of the same n examples.

    A target is one-hot where there is an output for each class; where there is a single output,
    it is the label.
    """

    X: FloatArray
    Y: FloatArray
    labels: LabelArray

    def plain(self) -> "Examples":
        """The same memory as plain arrays: a memory-mapped one is slow to slice."""
        return Examples(np.asarray(self.X), np.asarray(self.Y), np.asarray(self.labels))

    def astype(self, dtype: DTypeLike) -> "Examples":
        """The same examples with inputs and targets of a type: copies only where it differs."""
        X, Y = (array.astype(dtype, copy=False) for array in (self.X, self.Y))
        return Examples(X, Y, self.labels)


def check(examples: Examples, mlp: MLP, dtype: DTypeLike) -> None:
    """Confirm that `mlp` can be trained on the examples in `dtype`: no copy, two passes over X.

    Raises: ValueError naming the rule and what was found.
    """
    X, Y, labels = examples
    n = len(X)
    if not n:
        raise ValueError("there must be one or more examples, but there are none")
    for name, array, shape in (
        ("X", X, (n, mlp.widths[0])),
        ("Y", Y, (n, mlp.widths[-1])),
        ("labels", labels, (n,)),
    ):
        if array.shape != shape:
            raise ValueError(f"{name} must have the shape {shape}, but has {array.shape}")
    classes = max(2, mlp.widths[-1])
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"labels must be whole numbers from 0 to {classes - 1}, but are not")
    for name, array in (("X", X), ("Y", Y)):
        if array.dtype != dtype:
            raise ValueError(
                f"{name} must be {np.dtype(dtype)} as the parameters are, but is {array.dtype}; "
                "convert it, so that no step has to"
            )
        if not (math.isfinite(array.min()) and math.isfinite(array.max())):  # NaN passes through
            where = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
            raise ValueError(f"{name} must be finite, but row {where} is not")
