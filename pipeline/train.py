"""Stage `train`: one network from `params.yaml: train`.

Reads data/prepared/{train,val}/, writes reports/train/: model.npz, history.csv, predictions.csv.
"""

import errno
import os
import tempfile
from pathlib import Path

from pipeline import dataset, training
from pipeline.errors import UserError
from pipeline.files import make_folder
from pipeline.nn.fit import Epoch
from pipeline.nn.state import Diverged, State
from pipeline.outputs import write_history, write_model, write_predictions
from pipeline.progress import watched
from pipeline.settings import Trainer

REPORT = Path("reports/train")
HISTORY, PREDICTIONS, MODEL = "history.csv", "predictions.csv", "model.npz"


def run(trainer: Trainer, seed: int) -> str:
    """Train, write the report; returns one line on what was done.

    Raises: UserError if the loss is no longer finite; the old report stays then.
    """
    train, val = dataset.load("train"), dataset.load("val")
    _make_room()
    mlp, state, epochs = training.begin(trainer, train, val, seed)
    try:
        history = list(watched(epochs, trainer.epochs))
    except Diverged as diverged:
        raise UserError(f"params.yaml: train: {diverged}") from None
    outputs = mlp.outputs(state.theta, val.X.astype(state.theta.dtype, copy=False))
    with tempfile.TemporaryDirectory(dir=REPORT, prefix=".") as name:
        folder = Path(name)
        write_history(folder / HISTORY, history)
        write_predictions(folder / PREDICTIONS, "val", val.labels, outputs)
        write_model(folder / MODEL, mlp, state.theta, trainer)
        for path in folder.iterdir():  # only now: all of them are written
            path.replace(REPORT / path.name)
    return f"train: {_summary(history, state, trainer.epochs)}"


def _make_room() -> None:
    """Confirm that the report can be written, before work is spent on it. Raises: OSError."""
    make_folder(REPORT)
    for name in (HISTORY, PREDICTIONS, MODEL):
        if (path := REPORT / name).is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))


def _summary(history: list[Epoch], state: State, asked: int) -> str:
    """The accuracy of the weights that were kept, and where they are from."""
    trained = len(history)
    if not state.best:
        return f"validation accuracy {history[-1].val_accuracy:.2%} after {trained} epochs"
    kept = f"validation accuracy {state.best.val_accuracy:.2%}, that of epoch {state.best.epoch}"
    if trained == asked:
        return f"{kept}, the best of {trained}"
    return f"{kept}, kept; stopped early, after {trained} of {asked} epochs"
