"""Stage `train`: one network from `params.yaml: train`.

Reads data/prepared/{train,val}/, writes reports/train/: model.npz, history.csv, predictions.csv.
"""

import tempfile
from pathlib import Path

from pipeline import dataset, training
from pipeline.errors import UserError
from pipeline.files import make_folder
from pipeline.nn.state import Diverged
from pipeline.outputs import write_history, write_model, write_predictions
from pipeline.progress import shown
from pipeline.scaling import scaling
from pipeline.settings import Trainer

REPORT = Path("reports/train")


def run(trainer: Trainer, seed: int) -> str:
    """Train, write the report; returns one line on what was done."""
    train, val = dataset.load("train"), dataset.load("val")
    make_folder(REPORT)
    mlp, state, epochs = training.begin(trainer, train, val, seed)
    try:
        history = list(shown(epochs, trainer.epochs))
    except Diverged as diverged:
        raise UserError(f"params.yaml: train: {diverged}") from None
    scaled = scaling(trainer, train)
    images = scaled.of(val.X).astype(state.theta.dtype, copy=False)
    with tempfile.TemporaryDirectory(dir=REPORT, prefix=".") as name:
        folder = Path(name)
        write_history(folder / "history.csv", history)
        outputs = mlp.outputs(state.theta, images)
        classes = dataset.meta()["classes"]
        write_predictions(folder / "predictions.csv", "val", val.labels, outputs, classes)
        write_model(folder / "model.npz", mlp, state.theta, trainer, scaled)
        for path in folder.iterdir():  # only now: all of them are written
            path.replace(REPORT / path.name)
    if state.best:
        return (
            f"train: validation accuracy {state.best.val_accuracy:.2%} with the weights of epoch "
            f"{state.best.epoch}, the best of {len(history)}; see {REPORT}"
        )
    accuracy = history[-1].val_accuracy
    return f"train: validation accuracy {accuracy:.2%} after epoch {len(history)}; see {REPORT}"
