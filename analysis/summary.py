"""What the results say, in sentences that are computed from them."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from pandas import DataFrame

from analysis import words
from analysis.diagnosis import near_chance
from analysis.load import Final, Study, Train
from analysis.statistics import Bits, Interval, best_so_far, mean_accuracy, mean_difference

PUBLISHED_CHANCE = 0.1  # of MNIST's ten digits
NAMES = {
    "tpe": "TPE",
    "random": "random search",
    "grid": "the grid",
    "variants": "the variants",
}


class Comparison(NamedTuple):
    """Two networks on the same images."""

    before: float  # accuracy
    after: float
    change: Interval | None  # of `after - before`; None where the images differ

    @property
    def verdict(self) -> str:
        """What the interval of the change allows to say."""
        if self.change is None:
            return "on different images, so no interval"
        low, high = map(signed, self.change)
        interval = f"95 % interval {low} to {high}"
        if self.change.low > 0:
            return f"better: {interval}"
        return f"worse: {interval}" if self.change.high < 0 else f"no clear difference: {interval}"


def headline(search: Study, tuned: Final | None) -> str:
    """What came out, in one line: on test images if there are any, else on those of validation."""
    if tuned is not None:
        accuracy, split = float(tuned.metrics["test_accuracy"]), "test"
        images = int(tuned.metrics["images"])
    elif (number := best(search)) is not None:
        accuracy, split = float(search.trials["val_accuracy"].loc[number]), "validation"
        images = search.images
    elif search.about["complete"]:
        return "Every trial that finished has diverged"
    else:
        return "No trial has finished yet"
    return f"{words.percent(accuracy)} of {images:,} {split} images read correctly"


def signed(difference: float) -> str:
    """A difference of accuracies in percentage points.

    >>> signed(-0.015)
    '−1.5'
    """
    return words.points(difference)


def listed(items: list[str]) -> str:
    """Items as people list them: a, b and c.

    >>> listed(["8", "12", "16"])
    '8, 12 and 16'
    """
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def on_test_images(tuned: Final | None) -> str:
    """What the tuned network does on the test images; nothing if it has not been tested."""
    if tuned is None:
        return ""
    right = tuned.right()
    share = words.with_interval(float(right.mean()), *mean_accuracy(right))
    return (
        f"It reads {share} of {right.shape[1]:,} test images, mean of {words.seeds(len(right))}."
    )


def finished(study: Study) -> DataFrame:
    """The trials that were trained to their end; one that diverged was not."""
    return study.trials[(study.trials["state"] == "COMPLETE") & (study.trials["feasible"] == 1)]


def none_finished(study: Study) -> str:
    """Why a study has no finished trial."""
    if study.about["complete"]:
        return f"Every trial of {study.key} that was not pruned diverged."
    return f"No trial of {study.key} finished."


def best(study: Study) -> int | None:
    """The number of the best finished trial; None if nothing finished."""
    complete = finished(study)
    if complete.empty:
        return None
    return int(complete["number"].iloc[complete["val_accuracy"].argmax()])


def against_untuned(study: Study, untuned: Train) -> Comparison | None:
    """The best trial beside the network that was trained before any search."""
    number = best(study)
    if number is None:
        return None
    guesses = untuned.predictions.sort_values("index")
    right = (guesses["label"] == guesses["predicted"]).to_numpy()
    return compare(study.correct[number], right)


def against_random(study: Study, random: Study) -> Comparison | None:
    """The best trial of `study` beside the best of a random search."""
    number, other = best(study), best(random)
    if number is None or other is None:
        return None
    return compare(study.correct[number], random.correct[other])


def compare(after: Bits, before: Bits) -> Comparison:
    """Two networks' right answers, image by image."""
    change = mean_difference(after[None], before[None]) if after.shape == before.shape else None
    return Comparison(float(before.mean()), float(after.mean()), change)


def reached(study: Study, epochs: int) -> float:
    """The best accuracy of the trials that fit into a budget of `epochs`; NaN if none does."""
    spent = best_so_far(study.trials)
    within = spent.loc[spent["spent"] <= epochs, "best"]
    return float(within.iloc[-1]) if len(within) else math.nan


def budgets(study: Study, random: Study) -> str:
    """What two searches spent, and what the random one had when it had spent as much."""
    ours, theirs = int(study.about["epochs"]), int(random.about["epochs"])
    told = f"{ours:,} epochs of training against {theirs:,} for random search"
    at = reached(random, ours)
    if theirs <= ours or math.isnan(at):
        return told
    return f"{told}, which had reached {words.percent(at)} after the same {ours:,}"


def step(row: Mapping[Any, Any]) -> str:
    """One step of an iteration history: what it changed the accuracy by, and how surely."""
    change = Interval(row["change_low"], row["change_high"])
    name = str(row["variant"]).replace("_", " ")
    if math.isnan(row["change"]):
        return f"{name} starts at {words.percent(row['val_accuracy'])}"
    clear = "" if change.low > 0 or change.high < 0 else ", which may be nothing"
    low, high = map(signed, change)
    if math.isnan(change.low):
        return f"{name} {signed(row['change'])} points"
    return f"{name} {signed(row['change'])} points ({low} to {high}){clear}"


def beside_published(steps: DataFrame) -> list[str]:
    """Each step of an iteration history beside its published accuracy, in words."""
    return [_beside_published(row) for row in steps.to_dict("records")]


def _beside_published(row: Mapping[Any, Any]) -> str:
    name = str(row["variant"]).replace("_", " ")
    ours = words.with_interval(row["val_accuracy"], row["low"], row["high"])
    published = row["published_accuracy"]
    if math.isnan(published):
        return f"{name}: {ours} here; no accuracy was published."
    if row["low"] <= published <= row["high"]:
        return f"{name}: {ours} here, {words.exact_percent(published)} published: they agree."
    off = signed(row["val_accuracy"] - published)
    failed = published <= near_chance(PUBLISHED_CHANCE) < row["val_accuracy"]
    told = "; what failed there does not fail here" if failed else ""
    return f"{name}: {ours} here, {words.exact_percent(published)} published: {off} points{told}."
