"""Artifacts of a study's best trials: the learning curve as a picture, the epochs as a table."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from mimetypes import guess_type
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

import optuna
from optuna.artifacts import ArtifactMeta
from optuna.storages import RDBStorage
from optuna.storages._rdb.models import TrialSystemAttributeModel  # see attach
from sqlalchemy.orm import Session

from pipeline.files import replacing
from studies.storage import LIVE
from studies.trials import Trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ARTIFACTS = LIVE / "artifacts"
BEST = 10
PREFIX = "artifacts:"  # Optuna puts it before an artifact's id
SIZE, DPI = (4.8, 3.2), 100  # 480 x 320 pixels
PANEL = (0.13, 0.14, 0.84, 0.76)  # left, bottom, width, height
# seaborn's look as Matplotlib carries it: importing seaborn takes longer than ten pictures
LOOK: list[str | Path | dict[str, Any]] = [
    *("default", "seaborn-v0_8-ticks", "seaborn-v0_8-paper", "seaborn-v0_8-colorblind"),
    {"axes.spines.top": False, "axes.spines.right": False},
]


def attach(
    storage: RDBStorage, study_name: str, trials: Sequence[Trial], folder: Path = ARTIFACTS
) -> None:
    """Give the best ten of a study's trials a curve (PNG) and a table (CSV), once.

    Optuna's `upload_artifact` refuses finished trials: these are the rows that it would write.
    An id stands for study, trial and file, so what is there already is known by it, and what
    was lost is made again under it.
    """
    study = optuna.load_study(study_name=study_name, storage=storage)
    metric = study.metric_names[0] if study.metric_names else "value"
    rows = []
    for trial in best(trials, maximize=study.direction.name == "MAXIMIZE"):
        at = storage.get_trial_id_from_study_id_trial_number(study._study_id, trial.number)
        noted = storage.get_trial_system_attrs(at)
        for kind, make in (("curve.png", picture), ("epochs.csv", table)):
            meta = _meta(study_name, f"trial_{trial.number}_{kind}")
            key, path = PREFIX + meta.artifact_id, folder / meta.artifact_id
            if not path.is_file():
                with replacing(path) as temporary:
                    temporary.write_bytes(make(trial, metric))
            if key not in noted:
                value = json.dumps(json.dumps(asdict(meta)))  # Optuna keeps JSON in JSON
                rows.append(TrialSystemAttributeModel(trial_id=at, key=key, value_json=value))
    with Session(storage.engine) as session, session.begin():
        session.add_all(rows)


def best(trials: Sequence[Trial], *, maximize: bool) -> list[Trial]:
    """The best ten that are complete and feasible, best first, ties by number."""
    finished = [trial for trial in trials if trial.state == "COMPLETE" and trial.feasible]
    sign = -1 if maximize else 1
    return sorted(finished, key=lambda trial: (sign * trial.value, trial.number))[:BEST]


def table(trial: Trial, metric: str) -> bytes:
    """One row an epoch, score and metrics to nine digits, as CSV."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["epoch", metric, *trial.metrics])
    columns = (trial.scores, *trial.metrics.values())
    for epoch, values in enumerate(zip(*columns, strict=True), 1):
        writer.writerow([epoch, *(f"{value:.9g}" for value in values)])
    return file.getvalue().encode()


def picture(trial: Trial, metric: str) -> bytes:
    """The score and all accuracies by epoch, the kept epoch marked, as PNG."""
    from matplotlib import style
    from matplotlib.figure import Figure

    file = io.BytesIO()
    with style.context(LOOK):  # whatever the user's own settings
        figure = Figure(figsize=SIZE, dpi=DPI)  # a layout engine would draw everything twice
        draw(trial, metric, figure.add_axes(PANEL))
        figure.savefig(file, dpi=DPI, metadata={"Software": None})
    return file.getvalue()


def draw(trial: Trial, metric: str, ax: "Axes") -> None:
    """Draw the curves of a `picture`."""
    from matplotlib.ticker import MaxNLocator

    epochs = range(1, len(trial.scores) + 1)
    for name, values in _curves(trial, metric):
        marker = "." if len(values) == 1 else ""
        ax.plot(epochs, values, marker=marker, label=name.replace("_", " "))
    ax.plot(trial.kept, trial.value, "o", color="0.2", label=f"kept: epoch {trial.kept}")
    accuracy = metric.endswith("accuracy")
    shown = f"{100 * trial.value:.4g} %" if accuracy else f"{trial.value:.6g}"
    ax.set(xlabel="epoch")
    ax.set_title(f"trial {trial.number}: {metric.replace('_', ' ')} {shown}", loc="center")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if accuracy:
        ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.4g} %")
    ax.legend()


def _curves(trial: Trial, metric: str) -> Iterator[tuple[str, Sequence[float]]]:
    yield metric, trial.scores
    for name, values in trial.metrics.items():
        if name.endswith("accuracy"):
            yield name, values


def _meta(study_name: str, filename: str) -> ArtifactMeta:
    identity = str(uuid5(NAMESPACE_URL, f"{study_name}/{filename}"))
    mimetype, encoding = guess_type(filename)
    return ArtifactMeta(identity, filename, mimetype or "application/octet-stream", encoding)
