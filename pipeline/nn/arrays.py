"""The array types of the trainer."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.floating]
LabelArray: TypeAlias = NDArray[np.integer]
