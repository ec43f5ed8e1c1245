"""Every learning curve of every study as one tidy table."""

from collections.abc import Iterable

from pandas import DataFrame, concat

from analysis.load import Study

SPLITS = ("train", "val")
COLUMNS = ("study", "number", "epoch", "split", "accuracy", "loss", "learning_rate")


def table(studies: Iterable[Study]) -> DataFrame:
    """One row a study, trial, epoch and split, in that order."""
    return concat([_of_study(study) for study in studies], ignore_index=True)


def _of_study(study: Study) -> DataFrame:
    parts = [_of_split(study, split) for split in SPLITS]
    return concat(parts).sort_values(["number", "epoch"], kind="stable")


def _of_split(study: Study, split: str) -> DataFrame:
    curves = study.history.assign(study=study.key, split=split)
    named = {f"{split}_accuracy": "accuracy", f"{split}_loss": "loss"}
    return curves.rename(columns=named)[list(COLUMNS)]
