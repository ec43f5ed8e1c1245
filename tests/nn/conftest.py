"""Made-up examples that a small network can learn."""

from collections.abc import Callable

import numpy as np
import pytest

from pipeline.nn.examples import Examples

MakeExamples = Callable[..., Examples]


@pytest.fixture
def make_examples() -> MakeExamples:
    """A function that makes n examples of three classes: noise about the corners of a cube."""

    def make(n: int, *, seed: int = 0, dtype: type = np.float64, inputs: int = 4) -> Examples:
        rng = np.random.default_rng(seed)
        labels = np.arange(n, dtype=np.uint8) % 3
        centers = 2 * np.eye(3, inputs)
        X = (centers[labels] + 0.3 * rng.standard_normal((n, inputs))).astype(dtype)
        Y = np.eye(3, dtype=dtype)[labels]
        for array in (X, Y, labels):
            array.setflags(write=False)  # as memory-mapped ones are
        return Examples(X, Y, labels)

    return make
