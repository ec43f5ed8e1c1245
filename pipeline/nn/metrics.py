"""Counting right and wrong."""

import numpy as np
from numpy.typing import NDArray

from pipeline.nn.arrays import LabelArray


def accuracy(predicted: LabelArray, labels: LabelArray) -> float:
    """The fraction of `predicted` (n,) that equals `labels` (n,)."""
    return float(np.mean(predicted == labels))


def confusion(predicted: LabelArray, labels: LabelArray, classes: int) -> NDArray[np.int64]:
    """How often each class (row) was taken for each class (column): (classes, classes)."""
    cells = np.asarray(labels, np.int64) * classes + np.asarray(predicted, np.int64)
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)
