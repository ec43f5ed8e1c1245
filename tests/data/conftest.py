"""Made-up raw digits: sixty images of four by five pixels in three classes."""

import numpy as np
import pytest

from pipeline.sources import Raw


@pytest.fixture
def raw() -> Raw:
    """Distinct images; the first pixel is the same in all, the second differs by class."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3, dtype=np.uint8), 20)
    images = rng.integers(256, size=(60, 4, 5), dtype=np.uint8)
    images[:, 0, 0] = 7
    images[:, 0, 1] = 100 * labels
    return Raw(images, labels, ("a", "b", "c"))
