"""The networks that are timed, and the ways to train them: ours, its limit, its peers.

A way is made for a case and the training images; each call then trains one epoch, in another
order of the images. All get the same arrays and the optimizer's same settings, on one thread.
"""

import importlib.util
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from sklearn import config_context
from sklearn.neural_network import MLPClassifier

from pipeline import dataset, training
from pipeline.nn.arrays import FloatArray
from pipeline.nn.examples import Examples
from pipeline.settings import Trainer

RATES = {"sgd": 0.05, "momentum": 0.01, "adam": 0.001}
MOMENTUM = {"sgd": 0.0, "momentum": 0.9}
ENDLESS = 10**9  # epochs: as many as are asked for


class Case(NamedTuple):
    """A network for digits and how it is trained."""

    hidden: tuple[int, ...]
    batch: int
    optimizer: Literal["sgd", "momentum", "adam"]

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of every layer, inputs and outputs too."""
        return 784, *self.hidden, 10

    @property
    def parameters(self) -> int:
        """How many weights and biases there are."""
        return sum((d_in + 1) * d_out for d_in, d_out in pairwise(self.widths))

    def __str__(self) -> str:
        """The case in words."""
        return f"{'-'.join(map(str, self.widths))}, {self.batch}, {self.optimizer}"


CASES = (
    Case((32,), 16, "adam"),
    Case((32,), 64, "momentum"),
    Case((128,), 16, "sgd"),
    Case((128,), 64, "adam"),
    Case((128,), 128, "momentum"),
    Case((512,), 64, "adam"),
    Case((512,), 128, "momentum"),
    Case((1024,), 32, "adam"),
    Case((1024,), 64, "adam"),
    Case((1024,), 128, "momentum"),
    Case((1024,), 256, "adam"),
    Case((256, 128, 64), 64, "adam"),
)
NAMES = {
    "ours": "ours",
    "products": "bare products",
    "sklearn": "scikit-learn",
    "eager": "PyTorch eager",
    "fused": "PyTorch fused",
}
OneEpoch: TypeAlias = Callable[[], object]
Way: TypeAlias = Callable[[Case, Examples], OneEpoch]


def images(folder: Path, parts: int = 1) -> Examples:
    """The training images, or the first of so many equal parts, read into memory once."""
    train = dataset.load("train", folder)
    n = len(train.X) // parts
    return Examples(np.array(train.X[:n]), np.array(train.Y[:n]), np.array(train.labels[:n]))


def ours(case: Case, train: Examples) -> OneEpoch:
    """Our trainer, which counts loss and accuracy on the way."""
    settings = Trainer(
        hidden_size=case.hidden,
        batch_size=case.batch,
        optimizer=case.optimizer,
        learning_rate=RATES[case.optimizer],
        epochs=ENDLESS,
    )
    _, _, epochs = training.begin(settings, train, None, seed=1)
    return lambda: next(epochs)


def products(case: Case, train: Examples) -> OneEpoch:
    """The bare matrix products of an epoch, forward and backward, in buffers used again.

    What no trainer in NumPy that multiplies all its inputs can go below.
    """
    full, left = divmod(len(train.X), case.batch)
    rng = np.random.default_rng(1)
    a, delta = ([rng.random((case.batch, d), np.float32) for d in case.widths] for _ in range(2))
    W = [rng.random(shape, np.float32) for shape in pairwise(case.widths)]
    dW = [np.empty_like(weights) for weights in W]

    def of_step(n: int) -> list[tuple[FloatArray, FloatArray, FloatArray]]:
        """Factors and result of every product for a batch of n."""
        layers = range(len(W))
        forward = [(a[i][:n], W[i], a[i + 1][:n]) for i in layers]
        weights = [(a[i][:n].T, delta[i + 1][:n], dW[i]) for i in layers]
        errors = [(delta[i + 1][:n], W[i].T, delta[i][:n]) for i in layers if i]
        return forward + weights + errors[::-1]

    steps = [of_step(case.batch)] * full + [of_step(left)] * bool(left)

    def epoch() -> None:
        for step in steps:
            for x, y, out in step:
                np.matmul(x, y, out=out)

    return epoch


def sklearn(case: Case, train: Examples) -> OneEpoch:
    """scikit-learn's MLPClassifier, through what it offers to all, its checks switched off."""
    network = MLPClassifier(
        case.hidden,
        solver="adam" if case.optimizer == "adam" else "sgd",
        momentum=MOMENTUM.get(case.optimizer, 0.0),
        nesterovs_momentum=False,
        alpha=0.0,
        batch_size=case.batch,
        learning_rate_init=RATES[case.optimizer],
        random_state=1,
    )
    classes = np.arange(10)

    def epoch() -> None:
        with config_context(assume_finite=True, skip_parameter_validation=True):
            network.partial_fit(train.X, train.labels, classes=classes)

    return epoch


def eager(case: Case, train: Examples) -> OneEpoch:
    """PyTorch as most write it, without its DataLoader, which is slower."""
    return _pytorch(case, train, fused=False)


def fused(case: Case, train: Examples) -> OneEpoch:
    """As `eager`, but an optimizer's step is one call for all parameters."""
    return _pytorch(case, train, fused=True)


def available() -> dict[str, Way]:
    """The ways that can be measured here, by name: PyTorch may be missing."""
    has_torch = importlib.util.find_spec("torch") is not None
    ways = (ours, products, sklearn, *((eager, fused) if has_torch else ()))
    return {way.__name__: way for way in ways}


def _pytorch(case: Case, train: Examples, *, fused: bool) -> OneEpoch:
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(1)
    X, labels = torch.from_numpy(train.X), torch.from_numpy(train.labels.astype(np.int64))
    layers: list[Any] = []
    for d_in, d_out in pairwise(case.widths):
        layers += [torch.nn.Linear(d_in, d_out), torch.nn.ReLU()]
    network, loss = torch.nn.Sequential(*layers[:-1]), torch.nn.CrossEntropyLoss()
    theta, lr = network.parameters(), RATES[case.optimizer]
    if case.optimizer == "adam":
        optimizer = torch.optim.Adam(theta, lr=lr, fused=fused)
    else:
        momentum = MOMENTUM[case.optimizer]
        optimizer = torch.optim.SGD(theta, lr=lr, momentum=momentum, fused=fused)

    def epoch() -> None:
        for batch in torch.randperm(len(X)).split(case.batch):
            optimizer.zero_grad()
            loss(network(X[batch]), labels[batch]).backward()
            optimizer.step()

    return epoch
