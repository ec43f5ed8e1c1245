"""Stage `train`: one network from `params.yaml: train`.

Reads data/prepared/{train,val}/, writes reports/train/: model.npz, history.csv, predictions.csv.
"""

from pathlib import Path

from pipeline import dataset, training
from pipeline.errors import UserError
from pipeline.files import make_folder
from pipeline.nn.state import Diverged
from pipeline.outputs import write_history, write_model, write_predictions
from pipeline.progress import shown
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
    write_history(REPORT / "history.csv", history)
    write_predictions(
        REPORT / "predictions.csv", "val", val.labels, mlp.outputs(state.theta, val.X)
    )
    write_model(REPORT / "model.npz", mlp, state.theta, trainer)
    kept = state.best.epoch if state.best else len(history)
    early = f", those of epoch {kept} kept" if state.best else ""
    return (
        f"train: validation accuracy {history[kept - 1].val_accuracy:.2%} "
        f"after {len(history)} epochs{early}; see {REPORT}"
    )
