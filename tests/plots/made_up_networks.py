"""Made-up results of single networks: the untuned one, and those of the final stage."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.nn import checkpoint
from pipeline.nn.mlp import MLP
from studies.tested import NETWORKS
from tests.plots.made_up import SETTINGS, curve, record, write_csv

SEEDS = (1, 2, 3)
CURVE = ("epoch", "train_loss", "train_accuracy", "learning_rate")


def write(reports: Path) -> None:
    """Write reports/train (validation split) and reports/final (test split)."""
    rng = np.random.default_rng(9)
    predictions = _write_predictions(reports / "train", "val", 0.925, rng)
    names = ["epoch", "val_accuracy", "val_loss", *CURVE[1:]]
    write_csv(reports / "train" / "history.csv", _history(0.925, names))
    predictions = _write_predictions(reports / "final", "test", 0.945, rng)
    _write_samples(reports / "final" / "samples.npz", predictions, rng)
    _write_model(reports / "final" / "model.npz", rng)
    right = np.array([row["label"] == row["predicted"] for row in predictions])
    _write_tested(reports / "final", right, rng)


def _write_tested(folder: Path, first: np.ndarray, rng: np.random.Generator) -> None:
    """Write what three tuned networks, three published ones and a peer got right."""
    who = [("tuned", "tuned", seed) for seed in SEEDS]
    who += [("write_up", "published", seed) for seed in SEEDS] + [("k nearest", "peer", "")]
    accuracies = [0.945] * 3 + [0.921] * 3 + [0.935]
    correct = [first, *(rng.random((6, len(first))) < np.array(accuracies[1:])[:, None])]
    np.save(folder / "correct.npy", np.packbits(correct, axis=1))
    networks = [
        {"configuration": name, "kind": kind, "seed": seed, "split": "test"}
        | {"test_accuracy": float(bits.mean()), "images": len(bits), "correct": int(bits.sum())}
        | {"train_images": 4000, "epochs": 20 if seed else "", "note": ""}
        | {"parameters": 101770 if seed else ""}
        for (name, kind, seed), bits in zip(who, correct, strict=True)
    ]
    write_csv(folder / "networks.csv", networks, [*NETWORKS])
    curves = [
        {"configuration": name, "seed": seed} | row
        for (name, _, seed), accuracy in zip(who, accuracies, strict=True)
        if seed
        for row in _history(accuracy, CURVE)
    ]
    write_csv(folder / "history.csv", curves)
    tuned = [int(bits.sum()) for bits in correct[:3]]
    metrics = {
        "split": "test",
        "test_accuracy": sum(tuned) / 3 / len(first),
        "images": len(first),
        "classes": list("0123456789"),
        "image_shape": [28, 28],
        "correct": tuned,
        "seeds": SEEDS,
        "epochs": 20,
        "study": "search",
        "number": 3,
        "val_accuracy": 0.94,
        "parameters": 101770,
        "settings": SETTINGS,
    }
    (folder / "metrics.json").write_text(json.dumps(metrics))


def _write_model(path: Path, rng: np.random.Generator) -> None:
    """Write a network of 20 hidden units, of which two see nothing."""
    mlp = MLP((784, 20, 10))
    theta = rng.normal(0, 0.05, mlp.size).astype(np.float32)
    mlp.windows(theta).W[0][:, [4, 11]] = 0.0
    ones = np.ones(784, np.float32)
    checkpoint.save(path, checkpoint.Model(mlp, theta, 0 * ones, 255 * ones, tuple("0123456789")))


def _history(accuracy: float, names: Any) -> list[dict[str, Any]]:
    rows = curve(record(0, {}, accuracy, epochs=20))
    return [{name: row[name] for name in names} for row in rows]


def _write_samples(
    path: Path, predictions: list[dict[str, Any]], rng: np.random.Generator
) -> None:
    wrong = [row["index"] for row in predictions if row["label"] != row["predicted"]]
    shown = [predictions[i] for i in [*range(40), *wrong]]
    columns = {
        name: np.array([row[name] for row in shown])
        for name in ("index", "label", "predicted", "probability")
    }
    images = np.stack([_digit(row["label"], rng) for row in shown])
    np.savez(path, images=images, **columns)  # type: ignore[arg-type]


def _write_predictions(
    folder: Path, split: str, accuracy: float, rng: np.random.Generator
) -> list[dict[str, Any]]:
    folder.mkdir(parents=True)
    rows = []
    for index in range(1000):
        label = index % 10
        right = rng.random() < accuracy
        predicted = label if right else {4: 9, 9: 4, 3: 5}.get(label, int(rng.integers(10)))
        probability = rng.beta(20, 1) if right else rng.uniform(0.3, 0.9)
        rows.append(
            {"split": split, "index": index, "label": label}
            | {"predicted": predicted, "probability": float(probability)}
        )
    write_csv(folder / "predictions.csv", rows)
    return rows


def _digit(label: int, rng: np.random.Generator) -> np.ndarray:
    """A seven-segment digit, 28 x 28 grey values."""
    lit = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgecd", "abc", "abcdefg", "abcdfg")
    rows, columns = {"a": 5, "g": 13, "d": 21}, {"f": (5, 8), "b": (5, 18), "e": (13, 8)}
    columns["c"] = (13, 18)
    image = np.zeros((28, 28))
    for segment in lit[label]:
        if segment in rows:
            image[rows[segment] : rows[segment] + 3, 8:20] = 230
        else:
            top, left = columns[segment]
            image[top : top + 10, left : left + 3] = 230
    return np.clip(image + rng.normal(0, 8, image.shape) * (image > 0), 0, 255).astype(np.uint8)
