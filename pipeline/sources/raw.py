"""What every source of digits gives."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Raw(NamedTuple):
    """Raw images (n, height, width) uint8, their labels (n,) uint8, the names of the classes.

    The last `test_images` of them are the source's own test set, from which alone test images
    are drawn; 0 where it has none.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    classes: tuple[str, ...]
    test_images: int = 0


class Found(NamedTuple):
    """A source that was found: what tells it from every other, and how to read it."""

    about: Mapping[str, object]
    read: Callable[[], Raw]


DIGITS = tuple(str(digit) for digit in range(10))
