"""The array types of the trainer, and arrays that start on a cache line."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.floating]
LabelArray: TypeAlias = NDArray[np.integer]

CACHE_LINE = 64  # bytes


def aligned(rows: int, columns: int, dtype: type) -> FloatArray:
    """Zeros (rows, columns), each row contiguous and starting on a cache line.

    NumPy places arrays at multiples of 16 bytes, where every other vector instruction straddles
    two lines: whole-vector updates then take a tenth longer.
    """
    per_line = CACHE_LINE // np.dtype(dtype).itemsize
    stride = -(-columns // per_line) * per_line
    room: FloatArray = np.zeros(rows * stride + per_line, dtype)
    first = -room.ctypes.data % CACHE_LINE // room.itemsize
    return room[first : first + rows * stride].reshape(rows, stride)[:, :columns]
