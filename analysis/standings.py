"""The networks worth comparing, each with its accuracy and interval."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from analysis import confirmation, summary, words
from analysis.load import Study
from analysis.results import Results
from analysis.statistics import mean_accuracy, wilson

SEARCHES = summary.NAMES | {"tpe": "TPE search"}


class Entry(NamedTuple):
    """One network's accuracy with its interval, and on which images."""

    name: str
    split: str
    accuracy: float
    low: float
    high: float


def standings(found: Results) -> Iterator[Entry]:
    """The networks worth comparing, from the untuned to the tuned."""
    if found.untuned:
        right = found.untuned.predictions["label"] == found.untuned.predictions["predicted"]
        yield entry("Untuned", "validation", int(right.sum()), len(right))
    again = confirmation.table(found.confirm) if found.confirm else None
    if found.random:
        yield from best_of("Best of random search", found.random)
    if again is not None:
        for row in again[again["role"] == "baseline"].to_dict("records"):
            yield from mean_of(f"The same, {words.seeds(row['seeds'])} that chose nothing", row)
    sampler = str(found.search.about["sampler"])
    yield from best_of(f"Best of {SEARCHES.get(sampler, sampler)}", found.search)
    if again is not None:
        first = again.iloc[0].to_dict()
        yield from mean_of(f"Winner, {words.seeds(first['seeds'])} that chose nothing", first)
    if found.tuned:
        bits = found.tuned.right()
        name = f"Tuned, trained again, {words.seeds(len(bits))}"
        yield Entry(name, "test", float(bits.mean()), *mean_accuracy(bits))


def mean_of(name: str, row: Mapping[Any, Any]) -> Iterator[Entry]:
    """The mean of a configuration that was trained again, unless every seed diverged."""
    if not math.isnan(row["low"]):
        yield Entry(name, "validation", row["val_accuracy"], row["low"], row["high"])


def best_of(name: str, study: Study) -> Iterator[Entry]:
    """The best trial of a study, if one finished."""
    number = summary.best(study)
    if number is not None:
        yield entry(name, "validation", int(study.correct[number].sum()), study.images)


def entry(name: str, split: str, correct: int, images: int) -> Entry:
    """An accuracy with Wilson's interval."""
    return Entry(name, split, correct / images, *wilson(correct, images))
