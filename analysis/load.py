"""Read the files of finished stages; the only module here that knows where they lie."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

from analysis import files
from pipeline.errors import UserError

REPORTS = Path("reports")
TRIAL_COLUMNS = (
    *("number", "round", "state", "val_accuracy", "feasible", "stop_reason"),
    *("epochs_trained", "epoch_kept", "seed", "parameters"),
)
CURVE_COLUMNS = ("epoch", *files.METRICS)
TIMING_COLUMNS = ("number", "worker", "workers", "asked", "began", "seconds", "told")
ABOUT_KEYS = (
    *("key", "sampler", "settings", "trials", "complete", "pruned", "diverged"),
    *("epochs", "validation_images", "classes"),
)
NETWORK_COLUMNS = (
    *("configuration", "kind", "seed", "split", "test_accuracy", "images", "correct"),
    *("train_images", "epochs", "parameters", "note"),
)
NETWORK_DTYPES = dict.fromkeys(("seed", "epochs", "parameters"), "Int64")  # not of all models
METRICS_KEYS = (
    *("test_accuracy", "images", "correct", "seeds", "settings"),
    *("classes", "image_shape"),
)
PREDICTION_COLUMNS = ("split", "index", "label", "predicted", "probability")


def importances(reports: Path = REPORTS) -> DataFrame:
    """The importances that the tables stage has computed; no rows where there are none."""
    path = reports / "tables" / "importance.csv"
    if not path.is_file():
        return DataFrame({"study": [], "importance": []})
    return files.csv(path, ("study", "importance"), "run python -m analysis tables")


@dataclass(frozen=True, eq=False)
class Study:
    """One finished study: all its accuracies are validation accuracies."""

    key: str
    about: dict[str, Any]
    trials: DataFrame
    history: DataFrame
    timing: DataFrame
    packed: NDArray[np.uint8]  # (trials, ceil(images / 8))

    @cached_property
    def correct(self) -> NDArray[np.bool_]:
        """Which validation images each trial got right, (trials, images)."""
        return np.unpackbits(self.packed, axis=1, count=self.images).astype(bool)

    @property
    def images(self) -> int:
        """Number of validation images behind every accuracy."""
        return int(self.about["validation_images"])

    @property
    def chance(self) -> float:
        """The accuracy of a guess."""
        return 1 / int(self.about["classes"])

    @property
    def space(self) -> dict[str, dict[str, Any]]:
        """The searched parameters and their ranges; empty for fixed variants."""
        return self.about.get("space") or {}

    @property
    def variants(self) -> dict[str, dict[str, Any]]:
        """The fixed variants and the settings that each changes; empty for a search."""
        return self.about.get("variants") or {}


@dataclass(frozen=True, eq=False)
class Train:
    """The untuned network: its curve and its predictions on the validation split."""

    history: DataFrame
    predictions: DataFrame


@dataclass(frozen=True, eq=False)
class Final:
    """What was tested: the only results on the test split.

    `networks` has a row a network, `packed` its right answers. Predictions and samples are those
    of one: the tuned configuration with its first seed.
    """

    metrics: dict[str, Any]
    networks: DataFrame
    history: DataFrame
    predictions: DataFrame
    samples: dict[str, NDArray[Any]]
    first_layer: NDArray[Any]  # weights (height, width, hidden units)
    packed: NDArray[np.uint8]  # (networks, ceil(images / 8))

    @cached_property
    def correct(self) -> NDArray[np.bool_]:
        """Which test images each network got right, (networks, images)."""
        images = int(self.metrics["images"])
        return np.unpackbits(self.packed, axis=1, count=images).astype(bool)

    def right(self, configuration: str = "tuned") -> NDArray[np.bool_]:
        """Which test images the networks of a configuration got right, (seeds, images)."""
        return self.correct[(self.networks["configuration"] == configuration).to_numpy()]


def study(key: str, reports: Path = REPORTS) -> Study:
    """Read one study. Raises: UserError naming the file and the command that makes it."""
    return _study(key, reports / "studies" / key, f"run python -m studies run {key}")


def confirm(reports: Path = REPORTS) -> Study | None:
    """Read the configurations that were trained again; None if that stage has not run."""
    folder = reports / "confirm"
    if not folder.is_dir():
        return None
    return _study("confirm", folder, "run python -m studies confirm", ("candidates", "winner"))


def _study(key: str, folder: Path, remedy: str, more: Sequence[str] = ()) -> Study:
    about = files.json_object(folder / "study.json", (*ABOUT_KEYS, *more), remedy)
    searched = tuple(about.get("space") or {}) or ("variant",)
    texts = {name: "str" for name in searched if _is_text(about, name)}
    packed = files.array(folder / "correct.npy", remedy)
    trials = files.csv(folder / "trials.csv", (*TRIAL_COLUMNS, *searched), remedy, texts)
    _name_nulls(trials, about.get("space") or {})
    if trials.empty:
        raise UserError(f"{folder / 'trials.csv'} must hold a trial, but holds none; {remedy}")
    if packed.shape != (len(trials), -(-int(about["validation_images"]) // 8)):
        raise UserError(
            f"{folder / 'correct.npy'} must hold one row a trial, but it has shape "
            f"{packed.shape} for {len(trials)} trials; {remedy}"
        )
    return Study(
        key=key,
        about=about,
        trials=trials,
        history=files.csv(folder / "history.csv", ("number", *CURVE_COLUMNS), remedy),
        timing=files.csv(folder / "timing.csv", TIMING_COLUMNS, remedy),
        packed=packed,
    )


def studies(reports: Path = REPORTS) -> dict[str, Study]:
    """Read every study that the project's `params.yaml` names and that was run, in that order."""
    present = sorted(path.parent.name for path in reports.glob("studies/*/study.json"))
    return {key: study(key, reports) for key in _configured(reports) or present if key in present}


def train(reports: Path = REPORTS) -> Train:
    """Read the untuned network's results. Raises: UserError if they are not there."""
    folder, remedy = reports / "train", "run python -m pipeline train"
    return Train(
        history=files.csv(folder / "history.csv", CURVE_COLUMNS, remedy),
        predictions=_predictions(folder / "predictions.csv", remedy),
    )


def final(reports: Path = REPORTS) -> Final:
    """Read the tuned network's results. Raises: UserError if they are not there."""
    folder, remedy = reports / "final", "run python -m studies final"
    curve = ("configuration", "seed", "epoch", "train_loss", "train_accuracy", "learning_rate")
    metrics = files.json_object(folder / "metrics.json", METRICS_KEYS, remedy)
    return Final(
        metrics=metrics,
        networks=files.csv(folder / "networks.csv", NETWORK_COLUMNS, remedy, NETWORK_DTYPES),
        packed=files.array(folder / "correct.npy", remedy),
        history=files.csv(folder / "history.csv", curve, remedy),
        predictions=_predictions(folder / "predictions.csv", remedy),
        samples=files.arrays(folder / "samples.npz", ("images", *PREDICTION_COLUMNS[1:]), remedy),
        first_layer=first_layer(folder / "model.npz").reshape(*metrics["image_shape"], -1),
    )


def _predictions(path: Path, remedy: str) -> DataFrame:
    """What a network says of images; classes as numbers where every one is a number."""
    names = ["label", "predicted"]
    frame = files.csv(path, PREDICTION_COLUMNS, remedy, dict.fromkeys(names, "str"))
    classes = {*frame["label"], *frame["predicted"]}
    numbered = all(re.fullmatch(r"0|[1-9]\d{0,8}", str(name)) for name in classes)
    return frame.astype(dict.fromkeys(names, "int64")) if numbered else frame


def first_layer(path: Path) -> NDArray[Any]:
    """The weights (pixels, units) into the first hidden layer of a saved network; none without."""
    arrays = files.arrays(path, ("theta", "description"), "run python -m studies final")
    pixels, *hidden, _ = json.loads(str(arrays["description"]))["network"]["widths"]
    units = hidden[0] if hidden else 0
    weights: NDArray[Any] = arrays["theta"][: pixels * units].reshape(pixels, units)
    return weights


def networks(reports: Path = REPORTS) -> tuple[Train | None, Final | None]:
    """The untuned and the tuned network; None for each whose stage has not run."""
    return (
        train(reports) if (reports / "train").is_dir() else None,
        final(reports) if (reports / "final").is_dir() else None,
    )


def _configured(reports: Path) -> list[str]:
    """The studies of `params.yaml` beside `reports`, in their order; none without such a file."""
    from pipeline import params

    path = reports.parent / params.PARAMS
    return list(params.load(path).studies) if path.is_file() else []


def _is_text(about: dict[str, Any], name: str) -> bool:
    """Whether a column must be kept as written: a choice such as "10" or [10, 15] is a label."""
    choices = (about.get("space") or {}).get(name, {}).get("choices", ())
    return any(not isinstance(choice, int | float) for choice in choices)


def _name_nulls(trials: DataFrame, space: Mapping[str, Mapping[str, Any]]) -> None:
    """Write None where null was chosen: trials.csv leaves it empty, as what is not asked for."""
    left = {name: range_.get("when") or {} for name, range_ in space.items()}
    while left:  # parents first: whether null was chosen there decides below
        name = next(name for name, when in left.items() if left.keys().isdisjoint(when))
        asked = trials["number"].notna()
        for parent, values in left.pop(name).items():
            cells = trials[parent]
            asked &= cells.isin([*map(str, values)] if cells.dtype == "str" else values)
        if None in space[name].get("choices", ()):
            trials.loc[asked & trials[name].isna(), name] = str(None)
