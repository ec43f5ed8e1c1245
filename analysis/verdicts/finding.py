"""What a rule finds, and what the rules share."""

from typing import Any, NamedTuple

from pandas import DataFrame, Series

from analysis import confirmation, summary
from analysis.load import Study
from analysis.results import Results

FIRED, CLEAR, NOT_APPLICABLE = "fired", "clear", "not applicable"


class Finding(NamedTuple):
    """What a rule says of results to which it applies; the command is for when it has fired."""

    fired: bool
    number: float | None
    words: str
    command: str


class Verdict(NamedTuple):
    """A rule's finding as it is published. `study` is a study's key, or "" for the project."""

    rule: str
    study: str
    status: str
    number: float | None
    words: str
    command: str


class NotApplicable(Exception):
    """Why a rule cannot say anything of these results, in words for people."""


def finished(study: Study) -> DataFrame:
    """The trials that were trained to their end. Raises: NotApplicable if there is none."""
    complete = summary.finished(study)
    if complete.empty:
        raise NotApplicable(summary.none_finished(study))
    return complete


def best(study: Study) -> int:
    """The number of the best finished trial. Raises: NotApplicable if there is none."""
    number = summary.best(study)
    if number is None:
        raise NotApplicable(summary.none_finished(study))
    return number


def draws(found: Results) -> Study:
    """The study whose trials are independent draws. Raises: NotApplicable without one."""
    independent = found.search if found.search.about["sampler"] == "random" else found.random
    if independent is None:
        raise NotApplicable(
            "This takes independent draws, but there is no random search in the same space."
        )
    return independent


def confirmed(found: Results) -> tuple[Study, DataFrame]:
    """What was trained again, and the table of it: a row a configuration, the best mean first.

    Raises: NotApplicable without two seeds that all configurations share, or if all diverged.
    """
    again, remedy = found.confirm, "run `python -m studies confirm`"
    if again is None:
        raise NotApplicable(f"No configuration was trained again over fresh seeds: {remedy}.")
    names = [each["variant"] for each in confirmation.candidates(again)]
    seeds = {tuple(again.trials.loc[again.trials["variant"] == name, "seed"]) for name in names}
    if len(seeds) != 1:
        raise NotApplicable(f"The configurations trained again share no seeds: {remedy}.")
    if len(next(iter(seeds))) < 2:
        raise NotApplicable("One seed says nothing about seeds: add some to `confirm.seeds`.")
    if not again.trials["feasible"].any():
        raise NotApplicable("Every network that was trained again diverged.")
    return again, confirmation.table(again)


def of_trial(row: "Series[Any]") -> str:
    """A row's trial, as people are told of it."""
    return f"trial {row['number']} of {row['study']}"
