"""A finished study as canonical files: the same trials give the same bytes."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from pipeline.files import replacing, write_json
from pipeline.outputs import write_csv
from pipeline.study_settings import VariantsStudy
from studies import environment, faults, fingerprint, timing
from studies.build import DigitsStudy
from studies.objective import HISTORY, METRIC
from studies.trials import Trial

REPORTS = Path("reports/studies")
CONFIRM = "confirm"  # the stage whose study stands beside those of params.yaml
COLUMNS = (
    *("number", "round", "state", METRIC, "feasible", "stop_reason", "epochs_trained"),
    *("epoch_kept", "seed", "parameters"),
)


def folder_of(key: str) -> Path:
    """Where study `key` is exported to."""
    return REPORTS.parent / CONFIRM if key == CONFIRM else REPORTS / key


def export(
    study: DigitsStudy,
    trials: Sequence[Trial],
    also: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Write the canonical files, and timing.csv and environment.json, to the study's folder.

    `also` is what study.json says beside what it says of every study.

    Parameters are printed so that they read back exactly, metrics to nine digits; a parameter
    that a trial does not have is an empty cell. Seconds stand in timing.csv alone.
    """
    section, folder = study.section, folder_of(study.key)
    names = ["variant"] if isinstance(section, VariantsStudy) else sorted(section.space)
    write_csv(
        folder / "trials.csv",
        [*COLUMNS, *names],
        (row(trial, study.plan.round_size, names) for trial in trials),
    )
    write_csv(folder / "history.csv", ["number", "epoch", METRIC, *HISTORY], history(trials))
    write_csv(folder / "timing.csv", timing.COLUMNS, timing.rows(trials, study.plan.round_size))
    write_json(folder / "environment.json", environment.of(trials))
    bits = np.array([np.frombuffer(trial.detail, np.uint8) for trial in trials])
    with replacing(folder / "correct.npy") as temporary, temporary.open("wb") as file:
        np.save(file, bits)
    write_json(folder / "study.json", {**describe(study, trials), **also})


def describe(study: DigitsStudy, trials: Sequence[Trial]) -> dict[str, Any]:
    """What the study was and what came of it, for people and for the analysis."""
    best = max(trials, key=lambda trial: (trial.state == "COMPLETE", trial.feasible, trial.value))
    section = study.section.model_dump(mode="json", exclude={"settings", "trials", "variants"})
    return {
        "key": study.key,
        "name": study.name,
        "fingerprint": fingerprint.digest(study.parts),
        "metric": METRIC,
        **section,
        "settings": study.base.model_dump(mode="json"),
        **_variants(study),
        "trials": len(trials),
        "complete": sum(trial.state == "COMPLETE" for trial in trials),
        "pruned": sum(trial.state == "PRUNED" for trial in trials),
        "diverged": sum(not trial.feasible for trial in trials),
        "epochs": sum(len(trial.scores) for trial in trials),
        "validation_images": len(study.objective.val.X),
        "classes": study.objective.val.Y.shape[1],
        "best": {
            "number": best.number,
            METRIC: best.value,
            "epoch": best.kept,
            "params": dict(best.params),
        },
        "decided_by": dict(study.parts),
    }


def row(trial: Trial, round_size: int, names: Sequence[str]) -> list[Any]:
    """A trial as a row of trials.csv."""
    return [
        trial.number,
        trial.number // round_size,
        trial.state,
        f"{trial.value:.9g}",
        int(trial.feasible),
        trial.stop_reason,
        len(trial.scores),
        trial.kept,
        trial.seed,
        trial.attributes["parameters"],
        *(trial.params.get(name, "") for name in names),
    ]


def history(trials: Sequence[Trial]) -> Iterable[list[Any]]:
    """The trials' epochs as rows of history.csv."""
    for trial in trials:
        for step, score in enumerate(trial.scores):
            metrics = (trial.metrics[name][step] for name in HISTORY)
            yield [trial.number, step + 1, *map(nine_digits, (score, *metrics))]


def nine_digits(number: float) -> str:
    """A metric as text; none is an empty cell."""
    return "" if number != number else f"{number:.9g}"


def _variants(study: DigitsStudy) -> dict[str, Any]:
    if not isinstance(study.section, VariantsStudy):
        return {}
    checks = {
        name: faults.gradient_check(variant) for name, variant in study.objective.variants.items()
    }
    return {
        "variants": {
            name: variant.model_dump(mode="json", exclude_unset=True)
            for name, variant in study.section.variants.items()
        },
        "gradient_check": {
            name: {"error": float(f"{found.error:.3g}"), "passed": found.passed}
            for name, found in checks.items()
        },
    }
