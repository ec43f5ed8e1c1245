"""Read the files of finished stages; the only module here that knows where they lie."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame

from pipeline.errors import UserError

REPORTS = Path("reports")
TRIAL_COLUMNS = (
    *("number", "round", "state", "val_accuracy", "feasible", "stop_reason"),
    *("epochs_trained", "epoch_kept", "seed", "parameters"),
)
CURVE_COLUMNS = (
    *("epoch", "val_accuracy", "val_loss", "train_loss", "train_accuracy"),
    "learning_rate",
)
ABOUT_KEYS = (
    *("key", "sampler", "settings", "trials", "complete", "pruned", "diverged"),
    *("epochs", "validation_images"),
)
WHOLE = (
    "number",
    "round",
    "feasible",
    "epochs_trained",
    "epoch_kept",
    "epoch",
    "parameters",
    "index",
    "label",
    "predicted",
)
DTYPES = dict.fromkeys(CURVE_COLUMNS[1:], "float64") | dict.fromkeys(WHOLE, "int64")
PREDICTION_COLUMNS = ("split", "index", "label", "predicted", "probability")


def importances(reports: Path = REPORTS) -> DataFrame:
    """The importances that the tables stage has computed; no rows where there are none."""
    path = reports / "tables" / "importance.csv"
    return pd.read_csv(path) if path.is_file() else DataFrame({"study": [], "importance": []})


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
    """The tuned network: the only results on the test split."""

    metrics: dict[str, Any]
    history: DataFrame
    predictions: DataFrame
    samples: dict[str, NDArray[Any]]


def study(key: str, reports: Path = REPORTS) -> Study:
    """Read one study. Raises: UserError naming the file and the command that makes it."""
    folder, remedy = reports / "studies" / key, f"run python -m studies run {key}"
    about = _json(folder / "study.json", ABOUT_KEYS, remedy)
    searched = tuple(about.get("space") or {}) or ("variant",)
    texts = [name for name in searched if _is_text(about, name)]
    packed = _array(folder / "correct.npy", remedy)
    trials = _csv(folder / "trials.csv", (*TRIAL_COLUMNS, *searched), remedy, texts=texts)
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
        history=_csv(folder / "history.csv", ("number", *CURVE_COLUMNS), remedy),
        timing=_csv(folder / "timing.csv", ("number", "seconds"), remedy),
        packed=packed,
    )


def studies(reports: Path = REPORTS) -> dict[str, Study]:
    """Read every study that `params.yaml` names and that has been run, in that order."""
    present = sorted(path.parent.name for path in reports.glob("studies/*/study.json"))
    return {key: study(key, reports) for key in _configured() or present if key in present}


def train(reports: Path = REPORTS) -> Train:
    """Read the untuned network's results. Raises: UserError if they are not there."""
    folder, remedy = reports / "train", "run python -m pipeline train"
    return Train(
        history=_csv(folder / "history.csv", CURVE_COLUMNS, remedy),
        predictions=_csv(folder / "predictions.csv", PREDICTION_COLUMNS, remedy),
    )


def final(reports: Path = REPORTS) -> Final:
    """Read the tuned network's results. Raises: UserError if they are not there."""
    folder, remedy = reports / "final", "run python -m studies final"
    curve = ("epoch", "train_loss", "train_accuracy", "learning_rate")
    return Final(
        metrics=_json(folder / "metrics.json", ("test_accuracy", "images", "correct"), remedy),
        history=_csv(folder / "history.csv", curve, remedy),
        predictions=_csv(folder / "predictions.csv", PREDICTION_COLUMNS, remedy),
        samples=_arrays(folder / "samples.npz", ("images", *PREDICTION_COLUMNS[1:]), remedy),
    )


def networks(reports: Path = REPORTS) -> tuple[Train | None, Final | None]:
    """The untuned and the tuned network; None for each whose stage has not run."""
    return (
        train(reports) if (reports / "train").is_dir() else None,
        final(reports) if (reports / "final").is_dir() else None,
    )


def _configured() -> list[str]:
    """The studies of `params.yaml` in their order; none where there is no such file."""
    from pipeline import params

    return list(params.load().studies) if params.PARAMS.is_file() else []


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


def _csv(
    path: Path, columns: Sequence[str], remedy: str, *, texts: Sequence[str] = ()
) -> DataFrame:
    """Read one table; only an empty cell is a missing value."""
    try:
        dtypes = DTYPES | dict.fromkeys(texts, "str")
        frame = pd.read_csv(path, keep_default_na=False, na_values=[""], dtype=dtypes)
    except FileNotFoundError:
        raise _absent(path, remedy) from None
    except ValueError as error:
        raise _broken(path, error, remedy) from None
    if missing := [name for name in columns if name not in frame.columns]:
        raise UserError(f"{path} must have the column {missing[0]}, but has not; {remedy}")
    return frame


def _json(path: Path, keys: Sequence[str], remedy: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _absent(path, remedy) from None
    except ValueError as error:
        raise _broken(path, error, remedy) from None
    if not isinstance(content, dict) or not set(keys) <= content.keys():
        lacking = next((k for k in keys if k not in content), "")
        raise UserError(f"{path} must be an object with the key {lacking!r}; {remedy}")
    return content


def _array(path: Path, remedy: str) -> NDArray[np.uint8]:
    try:
        with path.open("rb") as file:
            return np.asarray(np.load(file, allow_pickle=False), dtype=np.uint8)
    except FileNotFoundError:
        raise _absent(path, remedy) from None
    except (ValueError, EOFError) as error:
        raise _broken(path, error, remedy) from None


def _arrays(path: Path, names: Sequence[str], remedy: str) -> dict[str, NDArray[Any]]:
    from zipfile import BadZipFile

    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in names}
    except FileNotFoundError:
        raise _absent(path, remedy) from None
    except (ValueError, EOFError, KeyError, BadZipFile) as error:
        raise _broken(path, error, remedy) from None


def _absent(path: Path, remedy: str) -> UserError:
    return UserError(f"{path} is not there; {remedy}")


def _broken(path: Path, error: Exception, remedy: str) -> UserError:
    return UserError(f"{path} cannot be read ({str(error).splitlines()[0]}); {remedy}")
