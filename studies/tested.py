"""What the final stage leaves behind: tables a row a network, and one network itself."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipeline import dataset
from pipeline.files import replacing
from pipeline.nn.arrays import FloatArray
from pipeline.nn.examples import Examples
from pipeline.outputs import write_csv, write_model, write_predictions
from pipeline.result_settings import TUNED
from pipeline.scaling import scaling
from studies.export import nine_digits
from studies.objective import DigitsObjective
from studies.peers import Peer
from studies.retrained import HISTORY, network
from studies.trials import Trial

Bits: TypeAlias = NDArray[np.bool_]
SAMPLES = 40  # test images shown whether they are right or wrong, before the mistakes
NETWORKS = (
    *("configuration", "kind", "seed", "split", "test_accuracy", "images", "correct"),
    *("train_images", "epochs", "parameters", "note"),
)


class Tested(NamedTuple):
    """A network or another model, and which test images it got right."""

    configuration: str
    kind: str
    seed: int | str
    correct: Bits
    train_images: int
    epochs: int | str
    parameters: int | float | str
    seconds: float
    note: str


def of_trial(trial: Trial, train_images: int, probabilities: FloatArray, test: Examples) -> Tested:
    """A trial's network, given its answers to the test images."""
    name = trial.params["variant"]
    return Tested(
        name,
        TUNED if name == TUNED else "published",
        trial.seed,
        probabilities.argmax(axis=1) == test.labels,
        train_images,
        len(trial.scores),
        trial.attributes["parameters"],
        trial.timing.seconds,
        "" if trial.feasible else "diverged",
    )


def of_peer(peer: Peer, test: Examples) -> Tested:
    """Another library's model."""
    right = peer.predicted == test.labels
    return Tested(peer.name, "peer", "", right, peer.images, "", "", peer.seconds, peer.note)


def write_networks(folder: Path, tested: Sequence[Tested]) -> None:
    """Write networks.csv, correct.npy and timing.csv: a row each."""
    rows = [
        [
            *(t.configuration, t.kind, t.seed, "test", f"{t.correct.mean():.9g}"),
            *(
                len(t.correct),
                int(t.correct.sum()),
                t.train_images,
                t.epochs,
                t.parameters,
                t.note,
            ),
        ]
        for t in tested
    ]
    write_csv(folder / "networks.csv", NETWORKS, rows)
    with replacing(folder / "correct.npy") as temporary, temporary.open("wb") as file:
        np.save(file, np.packbits([t.correct for t in tested], axis=1))
    seconds = [[t.configuration, t.seed, f"{t.seconds:.3f}"] for t in tested]
    write_csv(folder / "timing.csv", ("configuration", "seed", "seconds"), seconds)


def write_history(path: Path, trials: Sequence[Trial]) -> None:
    """Write one row a network and epoch; metrics to nine digits."""
    rows = (
        [trial.params["variant"], trial.seed, epoch + 1, *map(nine_digits, numbers)]
        for trial in trials
        for epoch, numbers in enumerate(zip(*(trial.metrics[n] for n in HISTORY), strict=True))
    )
    write_csv(path, ("configuration", "seed", "epoch", *HISTORY), rows)


def write_network(
    folder: Path,
    digits: DigitsObjective,
    trial: Trial,
    probabilities: FloatArray,
    test: Examples,
) -> None:
    """Write model.npz, and what it makes of the test images."""
    settings = digits.settings(trial.params)
    mlp, theta = network(digits, trial)
    classes = dataset.meta()["classes"]
    write_predictions(folder / "predictions.csv", "test", test.labels, probabilities, classes)
    write_samples(folder / "samples.npz", test, probabilities, classes)
    write_model(folder / "model.npz", mlp, theta, settings, scaling(settings, digits.train))


def write_samples(
    path: Path, test: Examples, probabilities: FloatArray, classes: Sequence[str]
) -> None:
    """Write the first test images and then every mistake, as raw pixels with what was said."""
    predicted = probabilities.argmax(axis=1)
    mistakes = np.flatnonzero(predicted != test.labels)
    index = np.union1d(np.arange(min(SAMPLES, len(test.X))), mistakes)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            images=_raw(test.X[index]),
            index=index,
            label=np.array(classes)[test.labels[index]],
            predicted=np.array(classes)[predicted[index]],
            probability=probabilities.max(axis=1)[index],
        )


def _raw(images: FloatArray) -> NDArray[np.uint8]:
    """Prepared images (n, d) as pixels 0..255 (n, height, width)."""
    pixels: FloatArray = images * dataset.array("scale.npy") + dataset.array("offset.npy")
    shape = dataset.meta()["image_shape"]
    return np.rint(pixels).clip(0, 255).astype(np.uint8).reshape(-1, *shape)
