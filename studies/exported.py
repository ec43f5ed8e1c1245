"""What a finished study left in reports/studies/<key>/, read back."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from math import isfinite
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution

from pipeline import params
from pipeline.errors import UserError
from pipeline.space_settings import asked, parents_first
from studies import fingerprint
from studies.build import DigitsStudy
from studies.export import COLUMNS, CONFIRM, folder_of
from studies.objective import HISTORY, METRIC
from studies.space import conditions
from studies.trials import Values

Row: TypeAlias = Mapping[str, str]
"""A row of a table as it stands there: text by column."""


@dataclass(frozen=True)
class Export:
    """A study's tables, cell by cell as they stand there, and what study.json says of it.

    `rows` has a row a trial, `epochs` for each trial a row an epoch, `correct` a row of bits a
    trial.
    """

    key: str
    about: Mapping[str, Any]
    rows: Sequence[Row]
    epochs: Sequence[Sequence[Row]]
    correct: NDArray[np.uint8]
    environment: Mapping[str, str]

    @property
    def names(self) -> list[str]:
        """The parameters that have a column."""
        return list(self.rows[0])[len(COLUMNS) :]


def about(key: str) -> dict[str, Any]:
    """What study.json says of study `key`.

    Raises: UserError if it is missing or damaged, or there is no such study.
    """
    if key != CONFIRM and not folder_of(key).is_dir():
        params.load().study(key)
    with _reading(folder_of(key) / "study.json", key) as path:
        found: dict[str, Any] = _json(path)
        for name, kind in (("name", str), ("best", dict), ("decided_by", dict), ("trials", int)):
            if not isinstance(found[name], kind):
                raise TypeError
        if fingerprint.digest(found["decided_by"]) != found["fingerprint"]:
            raise ValueError
        return found


def read(key: str) -> Export:
    """The whole export of study `key`.

    Raises: UserError naming the file that is missing, damaged, or does not hold every trial.
    """
    said, folder = about(key), folder_of(key)
    with _reading(folder / "trials.csv", key) as path:
        rows = _table(path, COLUMNS)
        _demand([row["number"] for row in rows] == [str(n) for n in range(said["trials"])])
    with _reading(folder / "history.csv", key) as path:
        history = _table(path, ("number", "epoch", METRIC, *HISTORY))
        epochs = [list(group) for _, group in groupby(history, lambda row: row["number"])]
        _demand([group[0]["number"] for group in epochs] == [row["number"] for row in rows])
        for row, group in zip(rows, epochs, strict=True):
            _demand([each["epoch"] for each in group] == [str(i + 1) for i in range(len(group))])
            _demand(all(isfinite(float(each[METRIC])) for each in group))
            _demand(1 <= int(row["epoch_kept"]) <= len(group))
    with _reading(folder / "correct.npy", key) as path:
        correct = np.load(path, allow_pickle=False)
        _demand(correct.dtype == np.uint8)
        _demand(correct.shape == (len(rows), (said["validation_images"] + 7) // 8))
    with _reading(folder / "environment.json", key) as path:
        environment = dict(_json(path))
    return Export(key, said, rows, epochs, correct, environment)


def point(study: DigitsStudy, row: Row) -> Values:
    """The parameters of a trial of `study` whose row of trials.csv this is."""
    when = conditions(getattr(study.section, "space", {}))
    found: dict[str, Any] = {}
    for name in parents_first(list(study.space), when):
        if asked(name, found, when):
            found[name] = _value(row[name], study.space[name])
    return found


def command(key: str) -> str:
    """What makes the export of study `key`."""
    return f"python -m studies {key if key == CONFIRM else f'run {key}'}"


@contextmanager
def _reading(path: Path, key: str) -> Iterator[Path]:
    """Turn what goes wrong with a file of the export into one line. Raises: UserError."""
    try:
        yield path
    except (FileNotFoundError, ValueError, KeyError, TypeError, EOFError, csv.Error):
        raise UserError(f"{path} is missing or damaged; run `{command(key)}`") from None


def _value(cell: str, distribution: BaseDistribution) -> Any:
    """What a cell of trials.csv stands for."""
    if isinstance(distribution, CategoricalDistribution):
        written = {
            "" if choice is None else str(choice): choice for choice in distribution.choices
        }
        return written[cell]
    return int(cell) if isinstance(distribution, IntDistribution) else float(cell)


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _table(path: Path, columns: Sequence[str]) -> list[Row]:
    """The rows of a table that begins with `columns`. Raises: ValueError if it is not whole."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, strict=True)
    _demand(tuple(header[: len(columns)]) == tuple(columns))
    return [dict(zip(header, row, strict=True)) for row in rows]


def _demand(whole: bool) -> None:
    if not whole:
        raise ValueError
