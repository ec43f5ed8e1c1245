"""Stage `primer`: the chapter's exercises without MNIST, in numbers.

Writes reports/primer/facts.csv: fact, value, and where it is a share of seeds or a mean over
them, the ends of its 95 % interval and how many seeds. The notebooks c1 to c5 show the same.
"""

from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy.stats

from pipeline.files import make_folder
from pipeline.gradient_table import OUTPUTS
from pipeline.nn.activations import ACTIVATIONS
from pipeline.nn.arrays import FloatArray
from pipeline.nn.examples import Examples
from pipeline.nn.gradcheck import check
from pipeline.nn.losses import softmax
from pipeline.nn.mlp import MLP
from pipeline.outputs import write_csv
from pipeline.primer import exercises, perceptron
from pipeline.primer.perceptron import TRUTH_TABLES
from pipeline.training import one_blas_thread

REPORT = Path("reports/primer")
PATIENCE = 1000  # epochs before a perceptron is given up
BY_HAND = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([1, 1, 0])
WIDTHS = (4, 5, 3, 2)  # of networks whose every gradient is checked


class Fact(NamedTuple):
    """A number by name."""

    fact: str
    value: float
    low: float | str = ""
    high: float | str = ""
    seeds: int | str = ""


def run() -> str:
    """Do the exercises and write what came of them; returns one line on it."""
    one_blas_thread()
    facts = [*_perceptron(), *_formulas(), *_xor(), *_shapes()]
    make_folder(REPORT)
    rows = ([_text(cell) for cell in fact] for fact in facts)
    write_csv(REPORT / "facts.csv", Fact._fields, rows)
    return f"primer: {len(facts)} facts; see {REPORT / 'facts.csv'}"


def _perceptron() -> Iterator[Fact]:
    """Which gates one unit learns, and what two epochs by hand come to."""
    last = {gate: list(perceptron.learn(*table, PATIENCE)) for gate, table in TRUTH_TABLES.items()}
    yield Fact("gates_learned", sum(not epochs[-1].updates for epochs in last.values()))
    yield Fact("xor_updates_in_the_last_epoch", last["XOR"][-1].updates)
    X, labels = BY_HAND
    shown = list(islice(perceptron.steps(X, labels), 2 * len(X)))
    yield Fact("by_hand_updates", sum(step.predicted != step.label for step in shown))


def _formulas() -> Iterator[Fact]:
    """Softmax, a forward pass, and the worst of all gradients."""
    shares = softmax(np.array([[1.0, 2.0, 3.0]]))[0]
    yield Fact("softmax_of_3_beside_1_and_2", float(shares[2]))
    mlp = MLP((2, 3, 1), "relu", output="sigmoid")
    theta = np.array([0.1, 0.3, 0.5, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.1, 0.2, 0.3, 0.4])
    yield Fact("forward_by_hand", float(mlp.outputs(theta, np.array([[1.0, 2.0]]))[0, 0]))
    kinds = product(ACTIVATIONS, OUTPUTS)
    errors = (check(MLP(WIDTHS, activation, *pair)).error for activation, pair in kinds)
    yield Fact("worst_gradient_error", max(errors))


def _xor() -> Iterator[Fact]:
    """How many of the seeds solve XOR."""
    for hidden, runs in exercises.xor().items():
        solved = sum(run.epochs is not None for run in runs)
        interval = scipy.stats.binomtest(solved, len(runs)).proportion_ci(method="wilson")
        name = f"xor_solved_by_{exercises.named(hidden)}"
        yield Fact(name, solved / len(runs), interval.low, interval.high, len(runs))


def _shapes() -> Iterator[Fact]:
    """The smallest networks that reach 95 %: on held-out moons, on other shapes' own examples."""
    _, val = exercises.moon_data()
    good = [
        d
        for d, runs in exercises.moons().items()
        if np.mean([_accuracy(d, run.theta, val) for run in runs]) >= exercises.GOOD
    ]
    yield Fact("moons_hidden_units", good[0] if good else np.nan, seeds=len(exercises.MOON_SEEDS))
    for name in exercises.SHAPES:
        hidden, runs = list(exercises.climbed(name).items())[-1]
        reached = all(run.epochs is not None for run in runs)
        size = exercises.network(hidden).size if reached else np.nan
        yield Fact(f"{name}_parameters", size, seeds=len(runs))


def _accuracy(d: int, theta: FloatArray, examples: Examples) -> float:
    p = exercises.network((d,)).outputs(theta, examples.X)[:, 0]
    return float(np.mean((p > 0.5) == (examples.labels == 1)))


def _text(cell: str | float) -> str:
    return f"{cell:.9g}" if isinstance(cell, float) else str(cell)
