"""Stage `confirm`: the best configurations trained again over seeds that chose nothing.

A study of variants on the engine. Reads reports/studies/ of the study and of the baseline that
`confirm` names, and data/prepared/{train,val}/; writes reports/confirm/: what a study's folder
holds, and in study.json also the candidates and the winner.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from pipeline import params
from pipeline.errors import UserError
from pipeline.params import Params
from pipeline.settings import Trainer
from pipeline.study_settings import Variant, VariantsStudy
from studies import exported
from studies.build import DigitsStudy, build
from studies.export import CONFIRM, folder_of
from studies.exported import Export, Row
from studies.objective import METRIC
from studies.run import conduct
from studies.trials import Trial, Values

SEARCH, BASELINE, PRUNED = "search", "baseline", "pruned"  # why a configuration is a candidate


class Candidate(NamedTuple):
    """A trial of an earlier study whose configuration is trained again."""

    role: str
    study: str
    number: int
    val_accuracy: float
    params: Values
    variant: Variant

    @property
    def name(self) -> str:
        """What its variant is called."""
        return f"{self.study}-{self.number}"


def run() -> str:
    """Train the candidates again and export them; returns one line on what came of it.

    Raises: UserError; Interrupted after Ctrl-C, with all that finished kept for the next run.
    """
    found = candidates(params.load())

    def also(trials: list[Trial]) -> Mapping[str, Any]:
        described = [_described(candidate) for candidate in found]
        return {"candidates": described, "winner": winner(trials)}

    return conduct(CONFIRM, lambda: with_confirm(params.load()), also)


def with_confirm(loaded: Params) -> Params:
    """The parameters, with this stage's study beside the others.

    Raises: UserError if the studies that it confirms are not there as of today's settings.
    """
    section = VariantsStudy(
        sampler="variants",
        seeds=loaded.confirm.seeds,
        variants={candidate.name: candidate.variant for candidate in candidates(loaded)},
    )
    return loaded.model_copy(update={"studies": {**loaded.studies, CONFIRM: section}})


def beside(loaded: Params) -> Params:
    """The parameters, with this stage's study if its candidates are known."""
    with suppress(UserError):
        return with_confirm(loaded)
    return loaded


def candidates(loaded: Params) -> list[Candidate]:
    """The best of the study, the best of the baseline, and what was pruned highest."""
    settings = loaded.confirm
    study, record = of_today(loaded, settings.study)
    leaders = best(record.rows, "COMPLETE")
    if not leaders:
        raise UserError(
            f"study {settings.study} must hold a trial that finished, but every one was pruned or "
            f"diverged; lower the learning rates of studies.{settings.study}, or name another "
            "study in confirm.study"
        )
    found = [
        *_candidates(SEARCH, study, record, leaders, settings.top),
        *_candidates(PRUNED, study, record, best(record.rows, "PRUNED"), settings.pruned),
    ]
    if settings.baseline and settings.baseline != settings.study:
        other, beside = of_today(loaded, settings.baseline)
        found += _candidates(BASELINE, other, beside, best(beside.rows, "COMPLETE"), 1)
    return found


def _confirm_fresh(loaded: Params, record: Export) -> None:
    """Check that no seed of this stage had a part in choosing. Raises: UserError."""
    used = {int(row["seed"]) for row in record.rows}.intersection(loaded.confirm.seeds)
    if used:
        raise UserError(
            f"confirm.seeds must be fresh, but {min(used)} is a seed of study {record.key}; "
            "name others"
        )


def of_today(loaded: Params, key: str) -> tuple[DigitsStudy, Export]:
    """Study `key` and its export.

    Raises: UserError if they are not of the same settings, or share a seed with this stage.
    """
    study, record = build(loaded, key), exported.read(key)
    if record.about["name"] != study.name:
        raise UserError(
            f"{folder_of(key) / 'study.json'} must be of {study.name}, but is of "
            f"{record.about['name']}; run `{exported.command(key)}`"
        )
    _confirm_fresh(loaded, record)
    return study, record


def best(rows: Iterable[Row], state: str) -> list[Row]:
    """The trials in that state that did not diverge, from the best, or the first of equals."""
    sound = [row for row in rows if row["state"] == state and row["feasible"] == "1"]
    return sorted(sound, key=lambda row: (-float(row[METRIC]), int(row["number"])))


def winner(trials: Sequence[Trial]) -> dict[str, Any]:
    """The configuration with the best mean over the seeds, the first of equals.

    `epoch` is how long its networks were trained, on average: what early stopping kept.
    """
    together: dict[str, list[Trial]] = {}
    for trial in trials:
        together.setdefault(trial.params["variant"], []).append(trial)
    means = {
        name: float(f"{np.mean([trial.value for trial in each]):.9g}")  # equals are equal
        for name, each in together.items()
    }
    name = max(means, key=means.__getitem__)
    epoch = round(float(np.mean([trial.kept for trial in together[name]])))
    return {"variant": name, METRIC: means[name], "epoch": epoch}


def _candidates(
    role: str, study: DigitsStudy, record: Export, rows: Iterable[Row], most: int
) -> Iterator[Candidate]:
    """Up to so many of the rows, each configuration once."""
    seen: list[Variant] = []
    for row in rows:
        point = exported.point(study, row)
        variant = _variant(study, point)
        if variant not in seen and len(seen) < most:
            seen.append(variant)
            yield Candidate(
                role, record.key, int(row["number"]), float(row[METRIC]), point, variant
            )


def _variant(study: DigitsStudy, point: Values) -> Variant:
    """All settings of the point, written out."""
    settings = study.objective.settings(point)
    fault = study.objective.variants[point["variant"]].fault if "variant" in point else None
    return Variant(**{name: getattr(settings, name) for name in Trainer.model_fields}, fault=fault)


def _described(candidate: Candidate) -> dict[str, Any]:
    """A candidate in study.json."""
    return {
        "variant": candidate.name,
        "role": candidate.role,
        "study": candidate.study,
        "number": candidate.number,
        METRIC: candidate.val_accuracy,
        "params": dict(candidate.params),
    }
