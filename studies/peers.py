"""What the tuned network is beside: scikit-learn's models on the same images."""

import time
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline import training
from pipeline.nn.arrays import FloatArray
from pipeline.nn.examples import Examples
from pipeline.settings import Trainer

NEIGHBORS = 3  # as in LeCun, Bottou, Bengio and Haffner, 1998
ACTIVATIONS = {"sigmoid": "logistic", "tanh": "tanh", "relu": "relu", "identity": "identity"}
MOMENTUM = ("momentum", "nesterov")


class Classifier(Protocol):
    """What scikit-learn's classifiers share."""

    def fit(self, X: FloatArray, y: NDArray[Any]) -> Any:
        """Learn from images X (n, d) of classes y (n,)."""

    def predict(self, X: FloatArray) -> NDArray[Any]:
        """The classes of images X (n, d)."""


class Peer(NamedTuple):
    """A model's answers to the test images, and what it took."""

    name: str
    predicted: NDArray[Any]
    seconds: float
    note: str


def peers(tuned: Trainer, train: Examples, test: Examples, seed: int) -> Iterator[Peer]:
    """Every model, trained on `train` on one thread, with its answers to the images of `test`.

    A network that diverges answers the first class to everything, and its note says so.
    """
    training.one_blas_thread()
    for name, (model, note) in models(tuned, len(train.X), seed).items():
        began = time.perf_counter()
        predicted = _answers(model, train, test)
        seconds = time.perf_counter() - began
        if predicted is None:
            yield Peer(name, np.zeros_like(test.labels), seconds, f"diverged; {note}")
        else:
            yield Peer(name, predicted, seconds, note)


def _answers(model: Classifier, train: Examples, test: Examples) -> NDArray[Any] | None:
    """What a model says of the test images; None if its weights became infinite."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that so many steps are not to convergence
        try:
            model.fit(np.asarray(train.X), np.asarray(train.labels))
            return model.predict(np.asarray(test.X))
        except ValueError:
            return None


def models(tuned: Trainer, images: int, seed: int) -> dict[str, tuple[Classifier, str]]:
    """The models by name, each with what is to be said of it."""
    from sklearn.linear_model import LogisticRegression  # a second
    from sklearn.neighbors import KNeighborsClassifier

    logistic = LogisticRegression(max_iter=200, random_state=seed)
    return {
        "logistic regression": (logistic, "at most 200 steps of L-BFGS, L2 penalty 1"),
        "k nearest neighbors": (KNeighborsClassifier(NEIGHBORS), f"k = {NEIGHBORS}"),
        "scikit-learn MLPClassifier": network(tuned, images, seed),
    }


def network(tuned: Trainer, images: int, seed: int) -> tuple[Classifier, str]:
    """scikit-learn's network with the tuned settings, and which of them it does not have."""
    from sklearn.neural_network import MLPClassifier

    batch = images if tuned.batch_size == "full" else min(tuned.batch_size, images)
    plain = tuned.optimizer in ("sgd", *MOMENTUM)
    model = MLPClassifier(
        tuned.hidden_size,
        activation=ACTIVATIONS.get(tuned.activation, "relu"),
        solver="sgd" if plain else "adam",
        momentum=tuned.momentum if tuned.optimizer in MOMENTUM else 0.0,
        nesterovs_momentum=tuned.optimizer == "nesterov",
        alpha=tuned.l2 * batch,  # it divides the penalty by the batch
        batch_size=batch,
        learning_rate_init=tuned.learning_rate,
        max_iter=tuned.epochs,
        n_iter_no_change=tuned.epochs,
        tol=0.0,
        random_state=seed,
    )
    return model, ", ".join(lacking(tuned)) or "the winner's settings"


def lacking(tuned: Trainer) -> Iterator[str]:
    """What scikit-learn's network does otherwise than `tuned` says."""
    if tuned.initializer != "glorot":
        yield "other initial weights"
    if (tuned.output, tuned.loss) != ("softmax", "cross_entropy"):
        yield "softmax and cross-entropy"
    if not tuned.biases:
        yield "with biases"
    if tuned.activation not in ACTIVATIONS:
        yield f"ReLU for {tuned.activation}"
    if tuned.optimizer not in ("sgd", *MOMENTUM, "adam"):
        yield f"Adam for {tuned.optimizer}"
    if (tuned.schedule != "constant" and (tuned.schedule != "drops" or tuned.decay_epochs)) or (
        tuned.warm_up_epochs
    ):
        yield "the rate constant"
    for name in ("dropout", "input_dropout", "label_smoothing", "weight_decay"):
        if getattr(tuned, name):
            yield f"no {name.replace('_', ' ')}"
    if tuned.clip or tuned.clip_norm:
        yield "gradients not clipped"
    yield from _other_images(tuned)


def _other_images(tuned: Trainer) -> Iterator[str]:
    """What scikit-learn's network is shown that the tuned one is not."""
    if tuned.pixels != "prepared":
        yield "pixels as prepared"
    if tuned.train_images:
        yield "all training images"
