"""The tables stage: from reports/{studies,train,confirm,final} to tables, metrics, verdicts."""

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import typer
from pandas import DataFrame

from analysis import confirmation, digits, history, iterations, leaderboard, results, tested
from analysis.load import REPORTS, Study
from analysis.plots import calibration as calibration_plot
from analysis.plots import pareto as pareto_plot
from analysis.plots.style import NothingToDrawError
from analysis.results import Results
from analysis.statistics import mean_accuracy
from analysis.verdicts import judge
from pipeline.files import write_text


def main(reports: Path = REPORTS) -> None:
    """Write every table whose inputs are there, and say which are not.

    Raises: UserError if there is no study at all.
    """
    found = results.read(reports)
    folder = reports / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    _write_overviews(folder, found.studies)
    _write_trials(folder, found)
    _write_importances(folder, found.studies)
    _write_confirmed(folder, found)
    _write_tested(folder, found)
    write_text(reports / "metrics.json", json.dumps(metrics(found), indent=2) + "\n")
    judge.write(reports)


def cost(studies: Mapping[str, Study]) -> DataFrame:
    """What every trial cost, in network size, epochs and wall seconds, and what it brought."""
    size = ["parameters", "epochs_trained"]
    columns = ["study", "number", "split", *size, "seconds", "val_accuracy"]
    parts = [
        study.trials.merge(study.timing, on="number").assign(study=key, split="val")[columns]
        for key, study in studies.items()
    ]
    return pd.concat(parts, ignore_index=True)


def pareto(studies: Mapping[str, Study]) -> DataFrame:
    """The finished trials of every space by size, and which of them none as small beats."""
    columns = ["study", "number", "split", "parameters", "epochs_trained", "val_accuracy", "front"]
    spaces = {key: study for key, study in studies.items() if study.space}
    return pareto_plot.table(spaces).assign(split="val")[columns]


def calibration(predictions: DataFrame) -> DataFrame:
    """How often the network is right where it is this sure, a row a bin of as many images."""
    columns = ["bin", "split", "probability", "accuracy", "low", "high", "images"]
    frame = calibration_plot.table(predictions)
    return frame.assign(bin=frame.index + 1, split=frame.attrs["split"])[columns]


def metrics(found: Results) -> dict[str, float]:
    """The few numbers that `dvc metrics show` lists."""
    numbers: dict[str, float] = {}
    studies, untuned = found.studies, found.untuned
    if found.tuned:
        bits = found.tuned.right()
        limits = map(_rounded, (float(bits.mean()), *mean_accuracy(bits)))
        numbers = dict(zip(("test_accuracy", "test_low", "test_high"), limits, strict=True))
    if found.confirm:
        leader = confirmation.table(found.confirm).iloc[0]
        numbers["val_accuracy_confirm"] = _rounded(leader["val_accuracy"])
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


def _write_overviews(folder: Path, studies: Mapping[str, Study]) -> None:
    """What came of each study, the best of all, and the iteration history."""
    overview = leaderboard.overview(studies)
    _write_csv(overview, folder / "studies.csv")
    write_text(folder / "studies.md", leaderboard.overview_markdown(overview))
    best = leaderboard.table(studies)
    _write_csv(best, folder / "leaderboard.csv")
    write_text(folder / "leaderboard.md", leaderboard.markdown(best))
    replays = [iterations.table(study) for study in studies.values() if study.variants]
    if replays:
        steps = pd.concat(replays, ignore_index=True)
        _write_csv(steps, folder / "iteration_history.csv")
        write_text(folder / "iteration_history.md", iterations.markdown(steps))


def _write_trials(folder: Path, found: Results) -> None:
    """Every trial: its epochs, its cost, and whether one as small is better."""
    confirm = [found.confirm] if found.confirm else []
    _write_csv(history.table([*found.studies.values(), *confirm]), folder / "history.csv")
    _write_csv(cost(found.studies), folder / "cost.csv")
    try:
        front = pareto(found.studies)
        _write_csv(front, folder / "pareto.csv")
        write_text(folder / "pareto.md", pareto_plot.markdown(front))
    except NothingToDrawError as reason:
        typer.echo(f"pareto left out: {reason}", err=True)


def _write_importances(folder: Path, studies: Mapping[str, Study]) -> None:
    draws = [study for study in studies.values() if study.about["sampler"] == "random"]
    if draws:
        from analysis import importance  # imports Optuna

        found = pd.concat([importance.table(study) for study in draws], ignore_index=True)
        _write_csv(found, folder / "importance.csv")
        write_text(folder / "importance.md", importance.markdown(found))


def _write_confirmed(folder: Path, found: Results) -> None:
    if found.confirm is None:
        typer.echo("confirm left out: not trained again; run python -m studies confirm", err=True)
        return
    frame = confirmation.table(found.confirm)
    _write_csv(frame, folder / "confirm.csv")
    write_text(folder / "confirm.md", confirmation.markdown(frame, found.confirm))


def _write_tested(folder: Path, found: Results) -> None:
    if found.tuned is None:
        typer.echo("per_digit left out: nothing tested; run python -m studies final", err=True)
        return
    digit = digits.table(found.tuned.predictions)
    _write_csv(digit, folder / "per_digit.csv")
    write_text(folder / "per_digit.md", digits.markdown(digit))
    _write_csv(calibration(found.tuned.predictions), folder / "calibration.csv")
    frame = tested.table(found.tuned)
    _write_csv(frame, folder / "final.csv")
    write_text(folder / "final.md", tested.markdown(frame))


def _rounded(value: float) -> float:
    return float(f"{value:.9g}")


def _write_csv(frame: DataFrame, path: Path) -> None:
    write_text(path, frame.to_csv(index=False, float_format="%.9g", lineterminator="\n"))
