"""The perceptron: what one step unit learns, by hand, by rule and by theorem."""

from itertools import islice, permutations

import numpy as np
import pytest

from pipeline.primer.perceptron import TRUTH_TABLES, bound, decide, learn, steps

SEPARABLE = ("AND", "OR", "NOT", "NAND")
WIDEST = {
    "AND": ([2.0, 2.0], -3.0),
    "OR": ([2.0, 2.0], -1.0),
    "NOT": ([-2.0], 1.0),
    "NAND": ([-2.0, -2.0], 3.0),
}
BY_HAND = [  # epoch, x, label, z, predicted, w after it, b after it
    (1, [0, 1], 1, 0, 1, [0, 0], 0),
    (1, [1, 0], 1, 0, 1, [0, 0], 0),
    (1, [1, 1], 0, 0, 1, [-1, -1], -1),
    (2, [0, 1], 1, -2, 0, [-1, 0], 0),
    (2, [1, 0], 1, -1, 0, [0, 0], 1),
    (2, [1, 1], 0, 1, 1, [-1, -1], 0),
]
THREE = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([1, 1, 0])


def test_two_epochs_are_those_by_hand() -> None:
    """From zero weights, six examples are shown, four of them corrected, as worked on paper."""
    walked = [
        (s.epoch, s.x.tolist(), s.label, s.z, s.predicted, s.w.tolist(), s.b)
        for s in islice(steps(*THREE), 6)
    ]
    assert walked == BY_HAND


def test_epochs_count_the_corrections_by_hand() -> None:
    """The first two epochs have one and three updates and end with the weights on paper."""
    first, second = islice(learn(*THREE, epochs=9), 2)
    assert [(e.index, e.updates, e.w.tolist(), e.b) for e in (first, second)] == [
        (1, 1, [-1, -1], -1),
        (2, 3, [-1, -1], 0),
    ]


@pytest.mark.parametrize("gate", SEPARABLE)
def test_separable_gates_are_learned(gate: str) -> None:
    """AND, OR, NOT and NAND come to an epoch without updates, the last, with every row right."""
    X, labels = TRUTH_TABLES[gate]
    run = list(learn(X, labels, epochs=100))
    assert run[-1].updates == 0
    assert len(run) < 100
    assert all(epoch.updates for epoch in run[:-1])
    assert decide(run[-1].w, run[-1].b, X).tolist() == labels.tolist()


def test_xor_is_never_learned() -> None:
    """XOR has updates in every one of a thousand epochs, and its weights come back."""
    run = list(learn(*TRUTH_TABLES["XOR"], epochs=1000))
    assert len(run) == 1000
    assert min(epoch.updates for epoch in run) > 0
    assert len({(*epoch.w, epoch.b) for epoch in run}) < 10


@pytest.mark.parametrize("gate", SEPARABLE)
def test_updates_stay_within_novikoffs_bound(gate: str) -> None:
    """Whatever the order of the rows, no more updates are needed than the theorem allows."""
    X, labels = TRUTH_TABLES[gate]
    w, b = WIDEST[gate]
    most = bound(X, labels, np.array(w), b)
    for order in permutations(range(len(X))):
        run = list(learn(X[list(order)], labels[list(order)], epochs=100))
        assert run[-1].updates == 0
        assert 0 < sum(epoch.updates for epoch in run) <= most


def test_novikoffs_bound_is_that_by_hand() -> None:
    """Of OR: longest example (1, 1, 1), R^2 = 3; w = (2, 2), b = -1 has length^2 9, margin 1."""
    assert bound(*TRUTH_TABLES["OR"], np.array([2.0, 2.0]), -1.0) == 27.0
    assert bound(*TRUTH_TABLES["OR"], np.array([4.0, 4.0]), -2.0) == 27.0


def test_a_bound_needs_weights_that_separate() -> None:
    """Weights with an example on the wrong side, or on the boundary, are refused."""
    for b in (-2.0, 0.0):
        with pytest.raises(ValueError, match="must separate the examples, but the least margin"):
            bound(*TRUTH_TABLES["AND"], np.array([1.0, 1.0]), b)


def test_truth_tables_say_what_their_names_do() -> None:
    """Each gate's labels are those of Python's own operators."""
    rules = {
        "AND": lambda x, y: x and y,
        "OR": lambda x, y: x or y,
        "NOT": lambda x: not x,
        "NAND": lambda x, y: not (x and y),
        "XOR": lambda x, y: x != y,
    }
    assert set(rules) == set(TRUTH_TABLES)
    for gate, rule in rules.items():
        X, labels = TRUTH_TABLES[gate]
        assert [bool(rule(*map(bool, x))) for x in X] == labels.astype(bool).tolist()
