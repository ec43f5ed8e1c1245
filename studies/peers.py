"""What the tuned network is beside: models of other libraries on the same images."""

import time
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import joblib
import numpy as np
from numpy.typing import NDArray

from pipeline import training
from pipeline.nn.arrays import FloatArray
from pipeline.nn.examples import Examples
from pipeline.scaling import scaling, taken
from pipeline.settings import Trainer
from studies import torch_network
from studies.workers import processes

PYTORCH = "pytorch"  # in final.peers
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
    images: int  # trained on
    seconds: float
    note: str


def peers(
    tuned: Trainer, train: Examples, test: Examples, *, seed: int, names: Sequence[str], jobs: int
) -> Iterator[Peer]:
    """The models of these names, trained on `train` on one thread each, and what they answer.

    A network that diverges answers the first class to everything, and its note says so.
    """
    there = [
        name for name in dict.fromkeys(names) if name != PYTORCH or not left_out(names, tuned)
    ]
    task = joblib.delayed(trained)
    yield from processes(jobs)(task(name, tuned, train, test, seed) for name in there)


def trained(name: str, tuned: Trainer, train: Examples, test: Examples, seed: int) -> Peer:
    """One model, trained, and its answers to the images of `test`."""
    training.one_blas_thread()
    if name == PYTORCH:
        return in_torch(tuned, train, test, seed)
    shown, model, note = of_scikit_learn(name, tuned, len(train.X), seed)
    began = time.perf_counter()
    sound = _fitted(model, train)
    seconds = time.perf_counter() - began
    peer = Peer(shown, np.zeros_like(test.labels), len(train.X), seconds, note)
    return _answering(peer, model.predict(np.asarray(test.X)) if sound else None)


def left_out(names: Sequence[str], tuned: Trainer) -> str | None:
    """Why PyTorch's network is not among the models; None if it is, or was not asked for."""
    if PYTORCH not in names:
        return None
    if not torch_network.installed():
        return "PyTorch is not installed; `make torch` installs it"
    return next(torch_network.lacking(tuned), None)


def _fitted(model: Classifier, train: Examples) -> bool:
    """Fit a model; whether its weights stayed finite."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that so many steps are not to convergence
        try:
            model.fit(np.asarray(train.X), np.asarray(train.labels))
        except ValueError:
            return False
    return True


def _answering(peer: Peer, predicted: NDArray[Any] | None) -> Peer:
    """The model with its answers; one that has none has diverged, and answers the first class."""
    if predicted is None:
        return peer._replace(note=f"diverged; {peer.note}")
    return peer._replace(predicted=predicted)


def of_scikit_learn(
    name: str, tuned: Trainer, images: int, seed: int
) -> tuple[str, Classifier, str]:
    """A model's name for people, the model, and what is to be said of it."""
    from sklearn.linear_model import LogisticRegression  # a second
    from sklearn.neighbors import KNeighborsClassifier

    if name == "logistic_regression":
        logistic = LogisticRegression(max_iter=200, random_state=seed)
        return "logistic regression", logistic, "at most 200 steps of L-BFGS, L2 penalty 1"
    if name == "k_nearest_neighbors":
        return (
            "k nearest neighbors",
            KNeighborsClassifier(NEIGHBORS),
            f"k = {NEIGHBORS}, learns by heart",
        )
    return "scikit-learn MLPClassifier", *network(tuned, images, seed)


def in_torch(tuned: Trainer, train: Examples, test: Examples, seed: int) -> Peer:
    """PyTorch's network with the tuned settings, from the same start, on the same batches."""
    mlp, state, _ = training.begin(tuned, train, None, seed)
    scaled, how = scaling(tuned, train), training.recipe(tuned, len(taken(tuned, train).X))
    images = scaled.examples(taken(tuned, train)).astype(state.theta.dtype.type)
    torch_network.warm_up()
    began = time.perf_counter()
    theta = torch_network.train(mlp, state, images, how, tuned)
    seconds = time.perf_counter() - began
    shown = scaled.of(test.X).astype(theta.dtype, copy=False)
    note = ", ".join(_otherwise(tuned))
    peer = Peer("PyTorch", np.zeros_like(test.labels), len(images.X), seconds, note)
    sound = np.isfinite(theta).all()
    return _answering(peer, torch_network.predicted(mlp, theta, shown, tuned) if sound else None)


def _otherwise(tuned: Trainer) -> Iterator[str]:
    """What PyTorch's network shares with ours, and what it does otherwise."""
    yield "the winner's settings, first weights and order of images"
    if tuned.dropout or tuned.input_dropout:
        yield "other units dropped"
    if tuned.optimizer in MOMENTUM and _rate_moves(tuned):
        yield "past steps scaled with the rate of today"


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
    if _rate_moves(tuned):
        yield "the rate constant"
    for name in ("dropout", "input_dropout", "label_smoothing", "weight_decay"):
        if getattr(tuned, name):
            yield f"no {name.replace('_', ' ')}"
    if tuned.clip or tuned.clip_norm:
        yield "gradients not clipped"
    yield from _other_images(tuned)


def _rate_moves(tuned: Trainer) -> bool:
    """Whether the learning rate is another in some epoch than in the first."""
    still = tuned.schedule == "constant" or (tuned.schedule == "drops" and not tuned.decay_epochs)
    return not still or tuned.warm_up_epochs > 0


def _other_images(tuned: Trainer) -> Iterator[str]:
    """What scikit-learn's network is shown that the tuned one is not."""
    if tuned.pixels != "prepared":
        yield "pixels as prepared"
    if tuned.train_images:
        yield "all training images"
