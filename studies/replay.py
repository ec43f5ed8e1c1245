"""A finished study from its export: asked again, and compared with what is recorded."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import ValidationError

from pipeline.errors import UserError
from pipeline.params import Params
from pipeline.settings import frozen
from studies import export, pruning
from studies.build import DigitsStudy, build
from studies.export import COLUMNS, folder_of
from studies.exported import Export, Row, command
from studies.objective import METRIC
from studies.pruning import Told
from studies.training import train_trial
from studies.trials import Objective, Proposal, Report, Trial


@dataclass(frozen=True)
class Difference:
    """Where a trial first differs from its record: the column, what was there, what is now."""

    number: int
    where: str
    was: str
    now: str

    def __str__(self) -> str:
        """One line."""
        return f"trial {self.number}: {self.where} was {self.was or '-'}, is {self.now or '-'}"


@dataclass(frozen=True)
class Recalled:
    """A recorded trial with what it takes to train it again.

    `proposal` is asked anew of the trials recorded before its round; `trial` has the recorded
    scores, and the verdict of the pruner on them. `difference` is None if that is the record.
    """

    proposal: Proposal
    trial: Trial
    snapshot: Sequence[Told]
    difference: Difference | None


def settings(about: Mapping[str, Any]) -> Params:
    """The parameters that the export's study was made with.

    Raises: UserError if study.json does not hold them.
    """
    key, sampler = about["key"], about["sampler"]
    try:
        names = about["decided_by"]["settings"]["study"]
        section = {name: about[name] for name in names}
        if sampler not in ("grid", "variants"):
            section["trials"] = about["trials"]
        raw = {"trainer": about["settings"], "studies": {key: section}, "confirm": {"study": key}}
        return Params.model_validate(frozen(raw), strict=True)
    except (ValidationError, KeyError, TypeError):
        path = folder_of(key) / "study.json"
        raise UserError(
            f"{path} is damaged, or made by another version of this program; run `{command(key)}`"
        ) from None


def rebuild(record: Export) -> DigitsStudy:
    """The study as it was, on today's data and code.

    Raises: UserError if the data are not there, or the validation images are fewer or more.
    """
    study = build(settings(record.about), record.key)
    then, now = record.about["validation_images"], len(study.objective.val.X)
    if then != now:
        raise UserError(
            f"{folder_of(record.key)} must be checked on its {then} validation images, but "
            f"data/prepared has {now}; prepare the data that it was made on"
        )
    return study


def recall(study: DigitsStudy, record: Export) -> Iterator[Recalled]:
    """Every trial of the record in order, asked for again, its scores judged again."""
    plan, told = study.plan, list[Trial]()
    for first in range(0, plan.trials, plan.round_size):
        snapshot = [pruning.told(trial) for trial in told]
        for proposal in plan.proposer.propose(plan.round_of(first), list(told)):
            objective = _recorded(record, proposal.number, 1 / study.objective.train.Y.shape[1])
            trial = train_trial(objective, proposal, plan.pruner(), snapshot, plan.direction)
            told.append(trial)
            yield Recalled(proposal, trial, snapshot, _in_row(study, record, trial))


def difference(study: DigitsStudy, record: Export, trial: Trial) -> Difference | None:
    """Where `trial`, trained again, first differs from the record: epochs, row, bits."""
    number = trial.number
    now = _texts(export.history([trial]))
    for epoch in range(max(len(now), len(record.epochs[number]))):
        was = record.epochs[number][epoch : epoch + 1]
        for i, column in enumerate(record.epochs[number][0]):
            cells = [row[column] for row in was], [row[i] for row in now[epoch : epoch + 1]]
            if cells[0] != cells[1]:
                where = f"history.csv, epoch {epoch + 1}, {column}"
                return Difference(number, where, *map("".join, cells))
    bits = np.unpackbits(record.correct[number] ^ np.frombuffer(trial.detail, np.uint8))
    if bits.any():
        image = int(bits.argmax())
        was_right = bool(np.unpackbits(record.correct[number])[image])
        words = ("right", "wrong") if was_right else ("wrong", "right")
        return Difference(number, f"correct.npy, validation image {image},", *words)
    return _in_row(study, record, trial)


def score(epoch: Row, images: int, chance: float) -> float:
    """The accuracy that stands there in nine digits: exactly so many of `images`, or chance."""
    text = epoch[METRIC]
    stands = float(text)
    candidates = (round(stands * images) / images, chance)
    return next((each for each in candidates if f"{each:.9g}" == text), stands)


def _recorded(record: Export, number: int, chance: float) -> Objective:
    """An objective that tells the recorded scores of trial `number` instead of training."""
    row, images = record.rows[number], record.about["validation_images"]
    scores = [score(epoch, images, chance) for epoch in record.epochs[number]]
    stopped = row["stop_reason"] not in ("finished", "pruned")

    def objective(_: Mapping[str, Any], __: int) -> Iterator[Report]:
        for step, accuracy in enumerate(scores, 1):
            last = step == len(scores)
            yield Report(
                accuracy,
                attributes={"parameters": row["parameters"]},
                detail=record.correct[number].tobytes(),
                kept=min(step, int(row["epoch_kept"])),
                stop=row["stop_reason"] if last and stopped else None,
                feasible=row["feasible"] == "1",
            )

    return objective


def _in_row(study: DigitsStudy, record: Export, trial: Trial) -> Difference | None:
    """Where a trial's row in trials.csv differs."""
    was = record.rows[trial.number]
    (now,) = _texts([export.row(trial, study.plan.round_size, record.names)])
    for column, cell in zip((*COLUMNS, *record.names), now, strict=True):
        if was[column] != cell:
            return Difference(trial.number, f"trials.csv, {column}", was[column], cell)
    return None


def _texts(rows: Iterable[Sequence[Any]]) -> list[list[str]]:
    """The rows as they read in a table."""
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return list(csv.reader(io.StringIO(file.getvalue())))
