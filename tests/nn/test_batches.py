"""Batches: every example once an epoch, small buffers, and the caller's arrays untouched."""

import dataclasses
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.nn.batches import GATHERED_AT_ONCE, Batches
from pipeline.nn.examples import Examples
from pipeline.nn.fit import fit
from pipeline.nn.regularizers import Dropout
from pipeline.nn.state import start
from tests.nn.toys import HOW, NETWORK, MakeExamples, same, trained

OFTEN_USED = (1, 3, 8, 64, 100, 128, 129, 200)


def numbered(n: int, inputs: int = 3) -> Examples:
    """Examples whose every number tells whose it is: row i holds i + 0, i + 0.1, ... and -i."""
    at = np.arange(float(n))[:, np.newaxis]
    arrays = at + 0.1 * np.arange(inputs), -at, at[:, 0].astype(np.int64)
    for array in arrays:
        array.setflags(write=False)
    return Examples(*arrays)


def copies(batches: Batches, seed: int = 0) -> list[tuple[int, Examples]]:
    """One epoch's batches, copied out of the buffers before they are used again."""
    epoch = batches.shuffled(np.random.default_rng(seed))
    return [(seen, Examples(*(array.copy() for array in batch))) for seen, batch in epoch]


def order(epoch: list[tuple[int, Examples]]) -> list[int]:
    """The labels in the order in which they came: here, the numbers of the rows."""
    return [label for _, batch in epoch for label in batch.labels.tolist()]


@given(
    st.integers(1, 300),
    st.sampled_from(OFTEN_USED) | st.integers(1, 400),
    st.booleans(),
    st.none() | st.just([2, 0]),
)
def test_every_example_comes_exactly_once(
    n: int, batch_size: int, writable: bool, columns: list[int] | None
) -> None:
    """Each row once, with its own target and label; all batches but the last are full."""
    picked = None if columns is None else np.array(columns)
    batches = Batches(numbered(n), batch_size, columns=picked, writable=writable)
    epoch = copies(batches)
    assert sorted(order(epoch)) == list(range(n))
    sizes = [len(batch.X) for _, batch in epoch]
    rows = batches.rows
    assert rows == min(batch_size, n)
    assert sizes == [rows] * (n // rows) + [n % rows] * (n % rows > 0)
    assert [seen for seen, _ in epoch] == [sum(sizes[:i]) for i in range(len(sizes))]
    for _, batch in epoch:
        expected = numbered(n).X[batch.labels][:, columns or [0, 1, 2]]
        np.testing.assert_array_equal(batch.X, expected)
        np.testing.assert_array_equal(batch.Y[:, 0], -batch.labels)


@pytest.mark.parametrize("batch_size", [1, 8, 29])
def test_order_is_the_permutation_of_the_stream(batch_size: int) -> None:
    """Epoch after epoch the order is what the generator permutes, whatever the batch size."""
    batches, rng, expected = Batches(numbered(30), batch_size), *map(np.random.default_rng, (4, 4))
    for _ in range(3):
        found = [i for _, batch in batches.shuffled(rng) for i in batch.labels.tolist()]
        assert found == expected.permutation(30).tolist()


@pytest.mark.parametrize("batch_size", [30, 31, 10**6])
def test_one_batch_of_all_is_neither_shuffled_nor_copied(batch_size: int) -> None:
    """All examples in one batch come as they are, and the generator is left alone."""
    examples, rng = numbered(30), np.random.default_rng(0)
    before = rng.bit_generator.state
    ((seen, batch),) = Batches(examples, batch_size).shuffled(rng)
    assert seen == 0
    for found, given_ in zip(batch, examples, strict=True):
        assert np.shares_memory(found, given_)
        np.testing.assert_array_equal(found, given_)
    assert rng.bit_generator.state == before


@pytest.mark.parametrize("batch_size", [7, 30])
def test_what_is_written_into_a_writable_batch_reaches_nobody(batch_size: int) -> None:
    """Batches that may be written to are no views of the caller's, and are fresh each epoch."""
    examples = Examples(*(array.copy() for array in numbered(30)))  # the caller's are writable too
    batches = Batches(examples, batch_size, writable=True)
    for seed in range(2):
        for _, batch in batches.shuffled(np.random.default_rng(seed)):
            np.testing.assert_array_equal(batch.X, numbered(30).X[batch.labels])
            for array in batch:
                assert not any(np.shares_memory(array, theirs) for theirs in examples)
                array[...] = 99
    for mine, theirs in zip(examples, numbered(30), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def allocated(examples: Examples, batch_size: int, columns: np.ndarray | None) -> int:
    """How many bytes making the batches took, NumPy's included."""
    tracemalloc.start()
    batches = Batches(examples, batch_size, columns=columns, writable=True)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert batches.n == len(examples.X)
    return taken


@pytest.mark.parametrize("columns", [None, np.arange(0, 100, 2)], ids=["all", "half"])
@pytest.mark.parametrize("batch_size", [8, 64, 200])
def test_buffers_do_not_grow_with_the_examples(
    batch_size: int, columns: np.ndarray | None
) -> None:
    """Batches of a thousand and of four thousand examples take up the same few rows."""
    few, many = (allocated(numbered(n, 100), batch_size, columns) for n in (1000, 4000))
    rows = max(batch_size, GATHERED_AT_ONCE // batch_size * batch_size)
    row = 8 * (100 + 1 + 1 + (0 if columns is None else 50))
    assert rows * row < many < rows * row + 32_768
    assert abs(many - few) < 4096


@pytest.mark.parametrize("batch_size", [1, 7, 8, 30, 10**6])
@pytest.mark.parametrize("dropout", [None, Dropout(0.5, 0.5)], ids=["plain", "dropout"])
def test_training_never_writes_into_the_callers_arrays(
    make_examples: MakeExamples, batch_size: int, dropout: Dropout | None
) -> None:
    """Input dropout and a full batch included, the examples keep their bits, writable or not."""
    given_ = make_examples(30)
    mine = Examples(*(array.copy() for array in given_))
    how = dataclasses.replace(
        HOW, batch_size=batch_size, dropout=dropout, label_smoothing=0.1, epochs=2
    )
    for examples in (mine, given_):  # the second raises if it is written to
        trained(examples, examples, how)
    for found, expected in zip(mine, given_, strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("batch_size", [8, 30])
def test_memory_mapped_examples_train_as_those_in_memory(
    make_examples: MakeExamples, tmp_path: Path, batch_size: int
) -> None:
    """Arrays on disk, opened read-only, give the same bits, and stay as they are."""
    train, how = make_examples(30), dataclasses.replace(HOW, batch_size=batch_size)
    paths = [tmp_path / f"{name}.npy" for name in Examples._fields]
    for path, array in zip(paths, train, strict=True):
        np.save(path, array)
    before = [path.read_bytes() for path in paths]
    mapped = Examples(*(np.load(path, mmap_mode="r") for path in paths))
    assert same(trained(mapped, mapped, how)[0], trained(train, train, how)[0])
    assert [path.read_bytes() for path in paths] == before


def test_strided_examples_train_as_contiguous_ones(make_examples: MakeExamples) -> None:
    """Every second row and reversed columns of larger arrays, or columns first: the same bits."""
    train = make_examples(30)
    strided = [
        np.repeat(np.flip(train.X, 1), 2, axis=0)[::2, ::-1],
        np.asfortranarray(train.Y),
        np.repeat(train.labels, 2)[::2],
    ]
    assert not any(array.flags.c_contiguous for array in strided)
    assert same(trained(Examples(*strided))[0], trained(train)[0])


def test_a_second_training_on_the_same_examples_is_the_first(make_examples: MakeExamples) -> None:
    """Nothing of one training is left in the examples for the next, dropout of inputs included."""
    train, how = make_examples(30), dataclasses.replace(HOW, dropout=Dropout(input=0.5))
    states = [start(NETWORK, how.optimizer, 1, np.float64) for _ in range(2)]
    for state in states:
        list(fit(NETWORK, state, train, train, how))
    assert same(*states)
