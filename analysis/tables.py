"""The tables stage: reads reports/studies, train, final; writes reports/tables, metrics.json."""

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import typer
from pandas import DataFrame

from analysis import digits, iterations, leaderboard, load
from analysis.load import REPORTS, Final, Study
from analysis.statistics import wilson
from pipeline.errors import UserError
from pipeline.files import write_text


def main(reports: Path = REPORTS) -> None:
    """Write every table whose inputs are there, and say which are not."""
    studies = load.studies(reports)
    if not studies:
        raise UserError(f"{reports / 'studies'} must hold a study, but holds none; run make repro")
    folder = reports / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    _write_study_tables(folder, studies)
    untuned, network = load.networks(reports)
    if network:
        found = digits.table(network.predictions)
        _write_csv(found, folder / "per_digit.csv")
        write_text(folder / "per_digit.md", digits.markdown(found))
    else:
        typer.echo("per_digit left out: no final network; run python -m studies final", err=True)
    numbers = metrics(studies, untuned, network)
    write_text(reports / "metrics.json", json.dumps(numbers, indent=2) + "\n")


def cost(studies: Mapping[str, Study]) -> DataFrame:
    """What every trial cost, in network size, epochs and wall seconds, and what it brought."""
    columns = [
        "study",
        "number",
        "split",
        "parameters",
        "epochs_trained",
        "seconds",
        "val_accuracy",
    ]
    parts = [
        study.trials.merge(study.timing, on="number").assign(study=key, split="val")[columns]
        for key, study in studies.items()
    ]
    return pd.concat(parts, ignore_index=True)


def metrics(
    studies: Mapping[str, Study], untuned: load.Train | None, network: Final | None
) -> dict[str, float]:
    """The few numbers that `dvc metrics show` lists."""
    numbers: dict[str, float] = {}
    if network:
        correct, images = int(network.metrics["correct"]), int(network.metrics["images"])
        numbers["test_accuracy"] = _rounded(network.metrics["test_accuracy"])
        limits = map(_rounded, wilson(correct, images))
        numbers |= dict(zip(("test_low", "test_high"), limits, strict=True))
    if untuned:
        right = untuned.predictions["label"] == untuned.predictions["predicted"]
        numbers["val_accuracy_train"] = _rounded(right.mean())
    for key, study in leaderboard.searches(studies).items():
        complete = study.trials[study.trials["state"] == "COMPLETE"]
        if len(complete):
            numbers[f"val_accuracy_{key}"] = _rounded(complete["val_accuracy"].max())
        numbers[f"epochs_{key}"] = int(study.about["epochs"])
        numbers[f"diverged_{key}"] = int(study.about["diverged"])
    return numbers


def _write_study_tables(folder: Path, studies: Mapping[str, Study]) -> None:
    overview = leaderboard.overview(studies)
    _write_csv(overview, folder / "studies.csv")
    write_text(folder / "studies.md", leaderboard.overview_markdown(overview))
    best = leaderboard.table(studies)
    _write_csv(best, folder / "leaderboard.csv")
    write_text(folder / "leaderboard.md", leaderboard.markdown(best))
    _write_csv(cost(studies), folder / "cost.csv")
    replays = [iterations.table(study) for study in studies.values() if study.variants]
    if replays:
        history = pd.concat(replays, ignore_index=True)
        _write_csv(history, folder / "iteration_history.csv")
        write_text(folder / "iteration_history.md", iterations.markdown(history))
    draws = [study for study in studies.values() if study.about["sampler"] == "random"]
    if draws:
        from analysis import importance  # imports Optuna

        found = pd.concat([importance.table(study) for study in draws], ignore_index=True)
        _write_csv(found, folder / "importance.csv")


def _rounded(value: float) -> float:
    return float(f"{value:.9g}")


def _write_csv(frame: DataFrame, path: Path) -> None:
    write_text(path, frame.to_csv(index=False, float_format="%.9g", lineterminator="\n"))
