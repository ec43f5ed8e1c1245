"""The networks worth comparing, each with its accuracy and interval."""

from collections.abc import Iterator
from typing import NamedTuple

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
    if found.random:
        yield from best_of("Best of random search", found.random)
    sampler = str(found.search.about["sampler"])
    yield from best_of(f"Best of {SEARCHES.get(sampler, sampler)}", found.search)
    if found.confirm:
        first = confirmation.table(found.confirm).iloc[0]
        name = f"Winner, {first['seeds']} fresh seeds"
        yield Entry(name, "validation", first["val_accuracy"], first["low"], first["high"])
    if found.tuned:
        bits = found.tuned.right()
        name = f"Tuned, trained again, {words.seeds(len(bits))}"
        yield Entry(name, "test", float(bits.mean()), *mean_accuracy(bits))


def best_of(name: str, study: Study) -> Iterator[Entry]:
    """The best trial of a study, if one finished."""
    number = summary.best(study)
    if number is not None:
        yield entry(name, "validation", int(study.correct[number].sum()), study.images)


def entry(name: str, split: str, correct: int, images: int) -> Entry:
    """An accuracy with Wilson's interval."""
    return Entry(name, split, correct / images, *wilson(correct, images))
