"""What to do next, by rules that look at a study's best trial."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from analysis import summary, words
from analysis.diagnosis import RISING, rise
from analysis.load import Study
from analysis.summary import Comparison

AT_THE_EDGE = 0.05  # of a range: nearer to one of its ends than this is at the edge
MANY_DIVERGED = 0.1  # of the trials


class Advice(NamedTuple):
    """Something to do next: what was seen, and what to change, keys in backticks."""

    seen: str
    remedy: str


def advice(study: Study, tied: int, random: Comparison | None) -> list[Advice]:
    """What the best trial and its study suggest to do next, most telling first."""
    number = summary.best(study)
    if number is None:
        return [
            Advice(
                "No trial finished.", f"Lower the learning rates of `studies.{study.key}.space`."
            )
        ]
    found = [*edges(study, number), *rising(study, number), *diverged(study)]
    if random and (random.change is None or random.change.low <= 0):
        seen = "The search is not clearly better than random search."
        found.append(
            Advice(seen, f"Raise `studies.{study.key}.trials`; finished trials are kept.")
        )
    if tied > 0:
        seen = (
            f"At least {tied} others tie with the best configuration on {study.images:,} images."
        )
        remedy = "Take the cheapest of them, or move images from `data.sizes.train` to `.val`."
        found.append(Advice(seen, remedy))
    return found


def edges(study: Study, number: int) -> list[Advice]:
    """Parameters whose best value lies at an end of its range."""
    row: dict[str, Any] = dict(study.trials.loc[number])
    found = []
    for name, limits in study.space.items():
        if limits["type"] == "categorical":
            continue
        place = position(float(row[name]), limits)
        if min(place, 1 - place) < AT_THE_EDGE:
            end = "lower" if place < 0.5 else "upper"
            seen = (
                f"The best {words.name(name)}, {words.value(row[name])}, lies at the {end} end of "
                f"its range, {limits['low']:g} to {limits['high']:g}."
            )
            found.append(Advice(seen, f"Widen `studies.{study.key}.space.{name}`."))
    return found


def position(value: float, limits: Mapping[str, Any]) -> float:
    """Where a value lies in its range, from 0 at the low end to 1, on the range's own scale."""
    ends = np.array([limits["low"], value, limits["high"]], dtype=float)
    low, at, high = np.log(ends) if limits.get("log") else ends
    return float((at - low) / (high - low)) if high > low else 0.5


def rising(study: Study, number: int) -> list[Advice]:
    """The best trial's accuracy was still growing when its training ended."""
    curve = study.history.loc[study.history["number"] == number, "val_accuracy"]
    gained = rise(curve.tolist())
    if gained <= RISING:
        return []
    seen = f"The best curve was still rising, by {words.points(gained)} points at its end."
    return [Advice(seen, f"Raise `studies.{study.key}.settings.epochs`.")]


def diverged(study: Study) -> list[Advice]:
    """Many trials ended in a loss that is not finite."""
    lost, trials = int(study.about["diverged"]), int(study.about["trials"])
    if lost <= MANY_DIVERGED * trials:
        return []
    remedy = f"Lower the top of `studies.{study.key}.space.learning_rate`."
    return [Advice(f"{lost} of {trials} trials diverged.", remedy)]
