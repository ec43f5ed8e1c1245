"""Stage `train`: one network from `params.yaml: train`.

Reads data/prepared/{train,val}/, writes reports/train/: model.npz, history.csv, predictions.csv.
"""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import dataset, training
from pipeline.errors import UserError
from pipeline.files import replacing
from pipeline.nn import checkpoint
from pipeline.nn.arrays import FloatArray, LabelArray
from pipeline.nn.checkpoint import Model
from pipeline.nn.fit import Diverged, Epoch
from pipeline.nn.mlp import MLP
from pipeline.settings import Trainer

REPORT = Path("reports/train")


def run(trainer: Trainer, seed: int) -> str:
    """Train, write the report; returns one line on what was done."""
    train, val = dataset.load("train"), dataset.load("val")
    mlp, state, epochs = training.begin(trainer, train, val, seed)
    try:
        history = list(epochs)
    except Diverged as diverged:
        raise UserError(f"params.yaml: train: {diverged}") from None
    write_history(REPORT / "history.csv", history)
    write_predictions(
        REPORT / "predictions.csv", "val", val.labels, mlp.probabilities(state.theta, val.X)
    )
    write_model(REPORT / "model.npz", mlp, state.theta, trainer)
    return f"train: validation accuracy {history[-1].val_accuracy:.2%} after {len(history)} epochs"


def write_history(path: Path, history: Iterable[Epoch], *, validated: bool = True) -> None:
    """Write one row an epoch; metrics to nine digits."""
    val = ["val_accuracy", "val_loss"] if validated else []
    names = [*val, "train_loss", "train_accuracy", "learning_rate"]
    rows = [[e.index, *(f"{getattr(e, name):.9g}" for name in names)] for e in history]
    write_csv(path, ["epoch", *names], rows)


def write_predictions(
    path: Path, split: str, labels: LabelArray, probabilities: FloatArray
) -> None:
    """Write one row an image: its label, the class predicted, and that class's probability."""
    predicted, sure = probabilities.argmax(axis=1), probabilities.max(axis=1)
    rows = [
        [split, i, int(label), int(guess), f"{p:.9g}"]
        for i, (label, guess, p) in enumerate(zip(labels, predicted, sure, strict=True))
    ]
    write_csv(path, ["split", "index", "label", "predicted", "probability"], rows)


def write_model(path: Path, mlp: MLP, theta: FloatArray, trainer: Trainer) -> None:
    """Write the network with the normalization and class names of the prepared data."""
    model = Model(
        mlp,
        theta,
        np.asarray(dataset.array("offset.npy")),
        np.asarray(dataset.array("scale.npy")),
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
