"""Read single files of finished stages. Each raises UserError naming the file and the remedy."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame

from pipeline.errors import UserError

METRICS = ("val_accuracy", "val_loss", "train_loss", "train_accuracy", "learning_rate")
WHOLE = (
    "number",
    "round",
    "feasible",
    "epochs_trained",
    "epoch_kept",
    "epoch",
    "parameters",
    "index",
)
DTYPES = dict.fromkeys(METRICS, "float64") | dict.fromkeys(WHOLE, "int64")


def csv(
    path: Path,
    columns: Sequence[str],
    remedy: str,
    dtypes: Mapping[str, str] = MappingProxyType({}),
) -> DataFrame:
    """Read one table; only an empty cell is a missing value."""
    try:
        every = {**DTYPES, **dtypes}
        frame = pd.read_csv(path, keep_default_na=False, na_values=[""], dtype=every)
    except FileNotFoundError:
        raise _absent(path, remedy) from None
    except ValueError as error:
        raise _broken(path, error, remedy) from None
    if missing := [name for name in columns if name not in frame.columns]:
        raise UserError(f"{path} must have the column {missing[0]}, but has not; {remedy}")
    return frame


def json_object(path: Path, keys: Sequence[str], remedy: str) -> dict[str, Any]:
    """Read a JSON object that has these keys."""
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


def array(path: Path, remedy: str) -> NDArray[np.uint8]:
    """Read one array of bytes."""
    try:
        with path.open("rb") as file:
            return np.asarray(np.load(file, allow_pickle=False), dtype=np.uint8)
    except FileNotFoundError:
        raise _absent(path, remedy) from None
    except (ValueError, EOFError) as error:
        raise _broken(path, error, remedy) from None


def arrays(path: Path, names: Sequence[str], remedy: str) -> dict[str, NDArray[Any]]:
    """Read the named arrays of an archive."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in names}
    except FileNotFoundError:
        raise _absent(path, remedy) from None
    except (ValueError, EOFError, KeyError, BadZipFile) as error:
        raise _broken(path, error, remedy) from None


def _absent(path: Path, remedy: str) -> UserError:
    return UserError(f"{path} is not there; {remedy}")


def _broken(path: Path, error: Exception, remedy: str) -> UserError:
    return UserError(f"{path} cannot be read ({str(error).splitlines()[0]}); {remedy}")
