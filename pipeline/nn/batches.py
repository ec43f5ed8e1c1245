"""Shuffled batches out of buffers that are used again and again."""

from collections.abc import Iterator

import numpy as np

from pipeline.nn.arrays import LabelArray
from pipeline.nn.examples import Examples

GATHERED_AT_ONCE = 128  # rows, or one batch where that is more: small batches share a copy


class Batches:
    """Batches of `rows` of n examples, in another order each epoch; the last may be smaller.

    Rows are copied into buffers, several small batches at a time, so that memory does not grow
    with the number of examples; of the inputs only `columns`, if some are named. One batch of all
    examples needs neither order nor copy, unless it must be `writable` or has fewer columns.
    """

    def __init__(
        self,
        examples: Examples,
        batch_size: int,
        *,
        columns: LabelArray | None = None,
        writable: bool = False,
    ) -> None:
        """Make the buffers."""
        self.n = len(examples.X)
        self.rows = min(batch_size, self.n)
        self._all, self._columns = examples, columns
        self._whole = self.rows == self.n and columns is None and not writable
        held = 0 if self._whole else min(self.n, max(1, GATHERED_AT_ONCE // self.rows) * self.rows)
        self._held = Examples(*(np.empty((held, *a.shape[1:]), a.dtype) for a in examples))
        self._X = self._held.X
        if columns is not None:
            self._X = np.empty((held, len(columns)), examples.X.dtype)
        self._parts = self._split(held)

    def shuffled(self, rng: np.random.Generator) -> Iterator[tuple[int, Examples]]:
        """Each batch with the number of examples before it."""
        if self._whole:
            yield 0, self._all
            return
        order, held = rng.permutation(self.n), len(self._X)
        for first in range(0, self.n, held):
            rows = order[first : first + held]
            self._gather(rows)
            seen = first
            for batch in self._parts if len(rows) == held else self._split(len(rows)):
                yield seen, batch
                seen += self.rows

    def _gather(self, rows: LabelArray) -> None:
        """Copy the examples of these rows into the buffers; mode="clip" skips a second buffer."""
        n = len(rows)
        for source, target in zip(self._all, self._held, strict=True):
            source.take(rows, axis=0, out=target[:n], mode="clip")
        if self._columns is not None:
            self._held.X[:n].take(self._columns, axis=1, out=self._X[:n], mode="clip")

    def _split(self, held: int) -> list[Examples]:
        """Views of the first `held` rows of the buffers, a batch each."""
        arrays = self._held._replace(X=self._X)
        starts = range(0, held, self.rows)
        parts = [slice(i, min(i + self.rows, held)) for i in starts]
        return [Examples(arrays.X[p], arrays.Y[p], arrays.labels[p]) for p in parts]
