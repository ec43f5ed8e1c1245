"""Toy data sets of two inputs and two classes, for networks with one sigmoid output.

Examples come in float64 and class after class, unshuffled; `split` shuffles. Where n is odd, class
1 has one example more. Moons and circles are those of scikit-learn's `make_moons` and
`make_circles`, written again so that the trainer's only need stays NumPy.
"""

import numpy as np

from pipeline.nn.arrays import FloatArray
from pipeline.nn.examples import Examples


def xor() -> Examples:
    """The four corners of the unit square; class 1 where exactly one input is 1."""
    return _examples(np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[0.0, 1.0], [1.0, 0.0]]))


def moons(n: int, noise: float, seed: int) -> Examples:
    """Two half circles of radius 1 that reach into each other; normal noise of that deviation."""
    above, below = np.linspace(0, np.pi, n // 2), np.linspace(0, np.pi, n - n // 2)
    first = np.stack([np.cos(above), np.sin(above)], axis=1)
    second = np.stack([1 - np.cos(below), 0.5 - np.sin(below)], axis=1)
    return _blurred(first, second, noise, seed)


def circles(n: int, noise: float, seed: int, factor: float = 0.5) -> Examples:
    """A circle of radius 1 around one of radius `factor`, which is class 1."""
    outer, inner = (np.linspace(0, 2 * np.pi, k, endpoint=False) for k in (n // 2, n - n // 2))
    first = np.stack([np.cos(outer), np.sin(outer)], axis=1)
    second = factor * np.stack([np.cos(inner), np.sin(inner)], axis=1)
    return _blurred(first, second, noise, seed)


def spiral(n: int, noise: float, seed: int, turns: float = 1.0) -> Examples:
    """Two arms that wind `turns` times around the center, one opposite the other.

    From radius 0.1 to 1, after Lang & Witbrock, 1988, Learning to tell two spirals apart, who
    have three turns.
    """
    arms = []
    for k, side in ((n // 2, 1.0), (n - n // 2, -1.0)):
        along = np.linspace(0, 1, k)
        radius, angle = side * (0.1 + 0.9 * along), 2 * np.pi * turns * along
        arms.append(np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1))
    return _blurred(arms[0], arms[1], noise, seed)


def checkerboard(n: int, seed: int, cells: int = 4) -> Examples:
    """`cells` x `cells` fields on the square from -1 to 1, evenly filled; the first is class 0.

    Raises: ValueError if there is only one field, which has one class.
    """
    if cells < 2:
        raise ValueError(f"cells must be 2 or more, but got {cells}")
    rng = np.random.default_rng(seed)
    fields = np.indices((cells, cells)).reshape(2, -1).T  # (cells^2, 2)
    sides = []
    for label, k in ((0, n // 2), (1, n - n // 2)):
        own = fields[fields.sum(axis=1) % 2 == label]
        drawn = own[rng.integers(len(own), size=k)]
        sides.append((drawn + rng.random((k, 2))) * 2 / cells - 1)
    return _examples(*sides)


def split(examples: Examples, share: float, seed: int) -> tuple[Examples, Examples]:
    """Shuffle, and set aside `share` of the examples: those to train on, those to judge by."""
    order = np.random.default_rng(seed).permutation(len(examples.X))
    aside = round(share * len(order))
    X, Y, labels = examples
    val, train = (
        Examples(X[rows], Y[rows], labels[rows]) for rows in (order[:aside], order[aside:])
    )
    return train, val


def _blurred(first: FloatArray, second: FloatArray, noise: float, seed: int) -> Examples:
    """Class 0 at `first` (k, 2) and class 1 at `second` (m, 2), moved by normal noise."""
    examples = _examples(first, second)
    moved = examples.X + noise * np.random.default_rng(seed).standard_normal(examples.X.shape)
    return examples._replace(X=moved)


def _examples(first: FloatArray, second: FloatArray) -> Examples:
    """Class 0 at `first` (k, 2), class 1 at `second` (m, 2)."""
    labels = np.repeat([0, 1], [len(first), len(second)])
    return Examples(np.concatenate([first, second]), labels[:, np.newaxis] * 1.0, labels)
