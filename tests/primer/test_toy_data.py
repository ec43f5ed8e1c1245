"""Toy data: shapes, balance, seeds, and the geometry of scikit-learn's namesakes."""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.datasets import make_circles, make_moons

from pipeline.nn.examples import Examples, check
from pipeline.nn.mlp import MLP
from pipeline.primer import toy_data

MAKERS: dict[str, Callable[[int, int], Examples]] = {
    "moons": lambda n, seed: toy_data.moons(n, 0.1, seed),
    "circles": lambda n, seed: toy_data.circles(n, 0.1, seed),
    "spiral": lambda n, seed: toy_data.spiral(n, 0.1, seed),
    "checkerboard": toy_data.checkerboard,
}
makers = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


@makers
@pytest.mark.parametrize("n", [100, 101])
def test_examples_fit_a_network_and_are_balanced(make: Callable, n: int) -> None:
    """Two inputs, one target, both classes alike; where n is odd, class 1 has one more."""
    examples = make(n, 0)
    check(examples, MLP((2, 4, 1), output="sigmoid"), np.float64)
    assert len(examples.X) == n
    assert examples.Y[:, 0].tolist() == examples.labels.tolist()
    assert np.bincount(examples.labels).tolist() == [n // 2, n - n // 2]


@makers
def test_a_seed_is_a_data_set(make: Callable) -> None:
    """The same seed gives the same numbers, another seed gives others."""
    np.testing.assert_array_equal(make(50, 3).X, make(50, 3).X)
    assert not np.array_equal(make(50, 3).X, make(50, 4).X)


@pytest.mark.parametrize("n", [100, 101])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda n: toy_data.moons(n, 0.0, 0), lambda n: make_moons(n, shuffle=False)),
        (
            lambda n: toy_data.circles(n, 0.0, 0, factor=0.3),
            lambda n: make_circles(n, shuffle=False, factor=0.3),
        ),
    ],
    ids=["moons", "circles"],
)
def test_without_noise_points_are_those_of_scikit_learn(
    ours: Callable, theirs: Callable, n: int
) -> None:
    """Moons and circles stand where scikit-learn puts them, labels and order included."""
    X, labels = theirs(n)
    np.testing.assert_allclose(ours(n).X, X, atol=1e-15)
    np.testing.assert_array_equal(ours(n).labels, labels)


def test_noise_has_its_deviation() -> None:
    """Points lie off the noiseless ones by independent normal draws of the deviation asked for."""
    off = toy_data.moons(20_000, 0.2, 1).X - toy_data.moons(20_000, 0.0, 1).X
    np.testing.assert_allclose(off.std(axis=0), 0.2, rtol=0.02)
    assert abs(np.corrcoef(off.T)[0, 1]) < 0.03


def test_xor_is_the_truth_table() -> None:
    """Four corners, labels the inputs' exclusive or."""
    X, _, labels = toy_data.xor()
    assert sorted(map(tuple, X.tolist())) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert labels.tolist() == [int(x != y) for x, y in X]


def test_spiral_arms_face_each_other() -> None:
    """Without noise, one arm is the other turned by half a circle; the radius grows to 1."""
    X = toy_data.spiral(100, 0.0, 0, turns=2.0).X
    np.testing.assert_allclose(X[:50], -X[50:], atol=1e-15)
    radius = np.linalg.norm(X[:50], axis=1)
    np.testing.assert_allclose(radius, np.linspace(0.1, 1, 50))
    angle = np.unwrap(np.arctan2(X[:50, 1], X[:50, 0]))
    assert angle[-1] - angle[0] == pytest.approx(4 * np.pi)


@pytest.mark.parametrize("cells", [2, 3, 4])
def test_checkerboard_alternates(cells: int) -> None:
    """A point's class is the color of its field; every field is used, all on the square."""
    X, _, labels = toy_data.checkerboard(600, 0, cells)
    fields = np.floor((X + 1) * cells / 2).astype(int)
    assert fields.min() == 0
    assert fields.max() == cells - 1
    np.testing.assert_array_equal(labels, fields.sum(axis=1) % 2)
    assert len(np.unique(fields, axis=0)) == cells**2


def test_a_board_of_one_field_is_refused() -> None:
    """One field has one class."""
    with pytest.raises(ValueError, match="cells must be 2 or more, but got 1"):
        toy_data.checkerboard(10, 0, cells=1)


def test_split_sets_examples_aside() -> None:
    """Each example is in one part, shares are as asked, rows stay together, the seed decides."""
    whole = toy_data.moons(1000, 0.2, 42)
    train, val = toy_data.split(whole, 0.2, 42)
    assert (len(train.X), len(val.X)) == (800, 200)
    rows = {tuple(x): label for x, label in zip(whole.X, whole.labels, strict=True)}
    both = [
        (tuple(x), y) for part in (train, val) for x, y in zip(part.X, part.labels, strict=True)
    ]
    assert len({x for x, _ in both}) == 1000
    assert all(rows[x] == y for x, y in both)
    assert 60 < val.labels.sum() < 140
    np.testing.assert_array_equal(val.X, toy_data.split(whole, 0.2, 42)[1].X)
    assert not np.array_equal(val.X, toy_data.split(whole, 0.2, 43)[1].X)
