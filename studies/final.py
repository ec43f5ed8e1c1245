"""Stage `final`: the best configuration re-trained on train + val, and tested once.

The only code that opens the test split. Reads data/prepared/ and reports/studies/<study>/,
writes reports/final/: model.npz, metrics.json, history.csv, predictions.csv, samples.npz.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline import dataset, params, training
from pipeline.errors import UserError
from pipeline.files import make_folder, replacing, write_json
from pipeline.nn.arrays import FloatArray
from pipeline.nn.examples import Examples
from pipeline.nn.state import Diverged
from pipeline.outputs import write_history, write_model, write_predictions
from studies import exported
from studies.build import DigitsStudy, build
from studies.export import REPORTS
from studies.objective import METRIC

REPORT = Path("reports/final")
SAMPLES = 40  # test images shown whether they are right or wrong, before the mistakes


def run() -> str:
    """Re-train, test, write the report; returns one line on what came of it.

    Raises: UserError if the study's results are missing or not those of today's settings.
    """
    loaded = params.load()
    study, seed = build(loaded, loaded.final.study), loaded.final.seed
    best = winner(study)
    settings, kind = study.objective.settings(best["params"]), study.objective.kind(best["params"])
    both = dataset.joined(study.objective.train, study.objective.val)
    test = dataset.load("test")
    make_folder(REPORT)
    # without validation images to stop by, as many epochs as early stopping kept
    instead = {"epochs": best["epoch"], "patience": None} if settings.patience else {}
    mlp, state, epochs = training.begin(settings, both, None, seed, kind, instead=instead)
    try:
        history = list(epochs)
    except Diverged as diverged:
        raise UserError(f"final: {diverged}; or name another study in final.study") from None
    probabilities = mlp.outputs(state.theta, test.X)
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
            "study": study.key,
            **{name: best[name] for name in ("number", METRIC)},
            "parameters": mlp.size,
            "settings": settings.model_dump(mode="json"),
        },
    )
    return f"final: test accuracy {correct / len(test.X):.2%} ({correct} of {len(test.X)} images)"


def winner(study: DigitsStudy) -> dict[str, Any]:
    """The study's best trial, as its study.json has it.

    Raises: UserError if that file is missing, damaged, or of another study than today's.
    """
    about = exported.about(study.key)
    if about["name"] != study.name:
        raise UserError(
            f"{REPORTS / study.key / 'study.json'} must be of {study.name}, but is of "
            f"{about['name']}; run `python -m studies run {study.key}`"
        )
    return dict(about["best"])


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
