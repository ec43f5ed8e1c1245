"""Stage `final`: the best configuration re-trained on train + val, and tested once.

The only code that opens the test split. Reads data/prepared/ and reports/studies/<study>/,
writes reports/final/: model.npz, metrics.json, history.csv, predictions.csv, samples.npz.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline import dataset, params, training
from pipeline.errors import UserError
from pipeline.files import replacing, write_json
from pipeline.nn.arrays import FloatArray
from pipeline.nn.fit import Diverged, Examples
from pipeline.settings import Trainer
from pipeline.study_settings import VariantsStudy
from pipeline.train import write_history, write_model, write_predictions
from studies.export import REPORTS
from studies.objective import METRIC
from studies.space import decode

REPORT = Path("reports/final")
SAMPLES = 40  # test images shown whether they are right or wrong, before the mistakes


def run() -> str:
    """Re-train, test, write the report; returns one line on what came of it."""
    loaded = params.load()
    key, seed = loaded.final.study, loaded.final.seed
    about = _study(key)
    settings = winner(loaded, key, about)
    both = dataset.joined(dataset.load("train"), dataset.load("val"))
    test = dataset.load("test")
    mlp, state, epochs = training.begin(settings, both, None, seed)
    try:
        history = list(epochs)
    except Diverged as diverged:
        raise UserError(f"final: {diverged}; or name another study in final.study") from None
    probabilities = mlp.probabilities(state.theta, test.X)
    correct = int(np.count_nonzero(probabilities.argmax(axis=1) == test.labels))
    write_history(REPORT / "history.csv", history, validated=False)
    write_predictions(REPORT / "predictions.csv", "test", test.labels, probabilities)
    write_samples(REPORT / "samples.npz", test, probabilities)
    write_model(REPORT / "model.npz", mlp, state.theta, settings)
    write_json(
        REPORT / "metrics.json",
        {
            "split": "test",
            "test_accuracy": correct / len(test.X),
            "images": len(test.X),
            "correct": correct,
            "train_images": len(both.X),
            "epochs": len(history),
            "seed": seed,
            "study": key,
            "number": about["best"]["number"],
            METRIC: about["best"][METRIC],
            "parameters": mlp.size,
            "settings": settings.model_dump(mode="json"),
        },
    )
    return f"final: test accuracy {correct / len(test.X):.2%} ({correct} of {len(test.X)} images)"


def winner(loaded: params.Params, key: str, about: dict[str, Any]) -> Trainer:
    """The trainer settings of the study's best trial."""
    section, base = loaded.study(key), loaded.base_of(key)
    best = about["best"]["params"]
    if isinstance(section, VariantsStudy):
        return base.updated(section.variants[best["variant"]])
    return base.with_values(decode(best))


def write_samples(path: Path, test: Examples, probabilities: FloatArray) -> None:
    """Write the first test images and then every mistake, as raw pixels with what was said."""
    predicted = probabilities.argmax(axis=1)
    mistakes = np.flatnonzero(predicted != test.labels)
    index = np.union1d(np.arange(min(SAMPLES, len(test.X))), mistakes)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            images=_raw(test.X[index]),
            index=index,
            label=test.labels[index],
            predicted=predicted[index].astype(np.uint8),
            probability=probabilities.max(axis=1)[index],
        )


def _raw(images: FloatArray) -> NDArray[np.uint8]:
    """Prepared images (n, d) as pixels 0..255 (n, height, width)."""
    pixels: FloatArray = images * dataset.array("scale.npy") + dataset.array("offset.npy")
    shape = dataset.meta()["image_shape"]
    return np.rint(pixels).clip(0, 255).astype(np.uint8).reshape(-1, *shape)


def _study(key: str) -> dict[str, Any]:
    path = REPORTS / key / "study.json"
    try:
        about: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        raise UserError(
            f"{path} is missing or damaged; run `python -m studies run {key}`"
        ) from None
    return about
