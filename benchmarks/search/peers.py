"""The trainers whose searches are timed, as objectives: a validation accuracy after each epoch.

Each trains the same networks on the same images, on one thread.
"""

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from sklearn import config_context
from sklearn.neural_network import MLPClassifier

from benchmarks.ways import MOMENTUM
from pipeline import training
from pipeline.nn.examples import Examples
from pipeline.settings import Trainer
from studies.objective import DigitsObjective
from studies.trials import Objective, Values


def ours(train: Examples, val: Examples, epochs: int) -> DigitsObjective:
    """Our trainer, as the studies use it."""
    return DigitsObjective(Trainer(epochs=epochs), train, val, {}, {})


@dataclass(frozen=True)
class Scikit:
    """scikit-learn's MLPClassifier, an epoch a call, its checks switched off."""

    train: Examples
    val: Examples
    epochs: int

    def __call__(self, params: Values, seed: int) -> Iterator[float]:
        """Train, scoring after each epoch."""
        training.one_blas_thread()
        network = MLPClassifier(
            (params["hidden_size"],),
            solver="adam" if params["optimizer"] == "adam" else "sgd",
            momentum=MOMENTUM.get(params["optimizer"], 0.0),
            nesterovs_momentum=False,
            alpha=0.0,
            batch_size=params["batch_size"],
            learning_rate_init=params["learning_rate"],
            random_state=seed,
        )
        for _ in range(self.epochs):
            with config_context(assume_finite=True, skip_parameter_validation=True):
                network.partial_fit(self.train.X, self.train.labels, classes=np.arange(10))
                right = network.predict(self.val.X) == self.val.labels
            yield float(right.mean())


@dataclass(frozen=True)
class Eager:
    """PyTorch as most write it, without its DataLoader, which is slower."""

    train: Examples
    val: Examples
    epochs: int

    def __call__(self, params: Values, seed: int) -> Iterator[float]:
        """Train, scoring after each epoch."""
        import torch

        torch.set_num_threads(1)
        torch.manual_seed(seed)
        (X, labels), (val_X, val_labels) = map(_tensors, (self.train, self.val))
        network, loss = _network(params), torch.nn.CrossEntropyLoss()
        optimizer = _optimizer(params, network)
        for _ in range(self.epochs):
            for batch in torch.randperm(len(X)).split(params["batch_size"]):
                optimizer.zero_grad()
                loss(network(X[batch]), labels[batch]).backward()
                optimizer.step()
            with torch.no_grad():
                right = network(val_X).argmax(1) == val_labels
            yield right.float().mean().item()


Peer: TypeAlias = Callable[[Examples, Examples, int], Objective]
"""Makes the objective of a trainer from training images, validation images and epochs."""


def available() -> dict[str, Peer]:
    """The trainers that can be timed here, by name: PyTorch may be missing."""
    trainers: dict[str, Peer] = {"ours": ours, "sklearn": Scikit, "eager": Eager}
    if importlib.util.find_spec("torch") is None:
        del trainers["eager"]
    return trainers


def _tensors(examples: Examples) -> tuple[Any, Any]:
    import torch

    X, labels = np.array(examples.X), np.array(examples.labels, dtype=np.int64)
    return torch.from_numpy(X), torch.from_numpy(labels)


def _network(params: Values) -> Any:
    from torch.nn import Linear, ReLU, Sequential

    hidden = params["hidden_size"]
    return Sequential(Linear(784, hidden), ReLU(), Linear(hidden, 10))


def _optimizer(params: Values, network: Any) -> Any:
    from torch.optim import SGD, Adam

    theta, lr = network.parameters(), params["learning_rate"]
    if params["optimizer"] == "adam":
        return Adam(theta, lr=lr)
    return SGD(theta, lr=lr, momentum=MOMENTUM[params["optimizer"]])
