"""What a training run leaves behind: histories, predictions, models, as plain files."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import dataset
from pipeline.files import replacing
from pipeline.nn import checkpoint
from pipeline.nn.arrays import FloatArray, LabelArray
from pipeline.nn.checkpoint import Model
from pipeline.nn.fit import Epoch
from pipeline.nn.mlp import MLP
from pipeline.scaling import Scaling
from pipeline.settings import Trainer


def write_history(path: Path, history: Iterable[Epoch], *, validated: bool = True) -> None:
    """Write one row an epoch; metrics to nine digits."""
    val = ["val_accuracy", "val_loss"] if validated else []
    names = [*val, "train_loss", "train_accuracy", "learning_rate"]
    rows = [[e.index, *(f"{getattr(e, name):.9g}" for name in names)] for e in history]
    write_csv(path, ["epoch", *names], rows)


def write_predictions(
    path: Path, split: str, labels: LabelArray, probabilities: FloatArray, classes: Sequence[str]
) -> None:
    """Write one row an image: its class, the one predicted, and that one's probability."""
    predicted, sure = probabilities.argmax(axis=1), probabilities.max(axis=1)
    rows = [
        [split, i, classes[label], classes[guess], f"{p:.9g}"]
        for i, (label, guess, p) in enumerate(zip(labels, predicted, sure, strict=True))
    ]
    write_csv(path, ["split", "index", "label", "predicted", "probability"], rows)


def write_model(
    path: Path, mlp: MLP, theta: FloatArray, trainer: Trainer, scaled: Scaling
) -> None:
    """Write the network with its class names, and how raw pixels enter it."""
    offset, scale = dataset.array("offset.npy"), dataset.array("scale.npy")
    model = Model(
        mlp,
        theta,
        np.asarray(offset + scale * scaled.offset),  # first prepared, then scaled
        np.asarray(scale * scaled.scale),
        tuple(dataset.meta()["classes"]),
        {"trainer": trainer.model_dump(mode="json")},
    )
    with replacing(path) as temporary:
        checkpoint.save(temporary, model)


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table, whole or not at all."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
