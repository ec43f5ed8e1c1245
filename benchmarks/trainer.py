"""Seconds an epoch: our trainer beside its limit and scikit-learn's, on the same images.

Reads data/prepared/train/, prints the ratios, writes reports/bench/trainer.csv. Runs are
interleaved, on one thread each, and medians are taken from the third epoch on, so that a busy
machine slows all alike.
"""

import statistics
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.neural_network import MLPClassifier

from pipeline import dataset, training
from pipeline.errors import exit_on_user_error
from pipeline.nn.fit import Examples
from pipeline.outputs import write_csv
from pipeline.settings import Trainer

REPORT = Path("reports/bench/trainer.csv")
EPOCHS, WARM_UP = 9, 2


class Case(NamedTuple):
    """A network and how it is trained."""

    hidden: tuple[int, ...]
    batch: int
    optimizer: str
    rate: float

    def __str__(self) -> str:
        """The case in words."""
        return f"{'-'.join(map(str, (784, *self.hidden, 10)))}, {self.batch}, {self.optimizer}"


CASES = (
    Case((32,), 16, "adam", 0.001),
    Case((128,), 16, "sgd", 0.05),
    Case((128,), 64, "adam", 0.001),
    Case((512,), 64, "adam", 0.001),
    Case((1024,), 128, "momentum", 0.01),
    Case((256, 128, 64), 64, "adam", 0.001),
)


def ours(case: Case, train: Examples) -> Callable[[], object]:
    """One epoch of our trainer a call."""
    settings = Trainer(
        hidden_size=case.hidden,
        batch_size=case.batch,
        optimizer=case.optimizer,
        learning_rate=case.rate,
        epochs=EPOCHS,
    )
    _, _, epochs = training.begin(settings, train, None, seed=1)
    return lambda: next(epochs)


def sklearn(case: Case, train: Examples) -> Callable[[], object]:
    """One epoch of scikit-learn's MLPClassifier a call, shuffled, in float32."""
    network = MLPClassifier(
        case.hidden,
        solver="adam" if case.optimizer == "adam" else "sgd",
        momentum=0.9 if case.optimizer == "momentum" else 0.0,
        nesterovs_momentum=False,
        alpha=0.0,
        batch_size=case.batch,
        learning_rate_init=case.rate,
        random_state=1,
    )
    X, labels = np.array(train.X), np.array(train.labels)
    return lambda: network.partial_fit(X, labels, classes=np.arange(10))


def products(case: Case, train: Examples) -> Callable[[], object]:
    """The bare matrix products of one epoch a call: what no trainer in NumPy can go below."""
    rng, widths = np.random.default_rng(1), (784, *case.hidden, 10)
    layers = [
        tuple(
            rng.random(shape, np.float32) for shape in ((case.batch, i), (i, o), (case.batch, o))
        )
        for i, o in pairwise(widths)
    ]
    scratch = [(a @ W, a.T @ delta, delta @ W.T) for a, W, delta in layers]

    def epoch() -> None:
        for _ in range(0, len(train.X), case.batch):
            for depth, ((a, W, delta), (z, dW, below)) in enumerate(
                zip(layers, scratch, strict=True)
            ):
                np.matmul(a, W, out=z)
                np.matmul(a.T, delta, out=dW)
                if depth:
                    np.matmul(delta, W.T, out=below)

    return epoch


def measure(case: Case, train: Examples) -> dict[str, float]:
    """The median seconds an epoch of each way to train, interleaved."""
    ways = {make.__name__: make(case, train) for make in (ours, sklearn, products)}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(EPOCHS):
        for name, epoch in ways.items():
            began = time.perf_counter()
            epoch()
            seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(all_[WARM_UP:]) for name, all_ in seconds.items()}


def main() -> None:
    """Measure every case; print and write the table."""
    training.one_blas_thread()
    train = dataset.load("train")
    measured = {str(case): measure(case, train) for case in CASES}
    table = Table(
        "network, batch, optimizer", "ours (ms)", "ours ÷ products", "scikit-learn ÷ ours"
    )
    limits = [m["ours"] / m["products"] for m in measured.values()]
    gains = [m["sklearn"] / m["ours"] for m in measured.values()]
    for name, limit, gain in zip(measured, limits, gains, strict=True):
        table.add_row(name, f"{measured[name]['ours'] * 1e3:.1f}", f"{limit:.2f}", f"{gain:.2f}")
    means = [statistics.geometric_mean(ratios) for ratios in (limits, gains)]
    table.add_row("geometric mean", "", *(f"{mean:.2f}" for mean in means))
    rows = [[name, *(f"{m[way]:.6f}" for way in m)] for name, m in measured.items()]
    write_csv(REPORT, ["case", "ours_seconds", "sklearn_seconds", "products_seconds"], rows)
    Console().print(table)


if __name__ == "__main__":
    exit_on_user_error(main)
