"""Rules on the space fire where the made-up space is wrong, and there alone."""

import numpy as np
import pytest

from analysis.load import Study
from analysis.verdicts import space
from analysis.verdicts.finding import NotApplicable

from .toys import SPACE, points, results, study


def around(rate: float, n: int = 40, **more: object) -> Study:
    """A search whose accuracy peaks at a learning rate, in the middle of all else."""
    fixed = {"batch_size": 64, "optimizer": "sgd"}
    at = [
        {**point, "learning_rate": float(each), **fixed, **more}
        for point, each in zip(points(n), np.geomspace(1e-4, 1.0, n), strict=True)
    ]
    return study([0.95 - 0.02 * abs(np.log10(p["learning_rate"] / rate)) for p in at], at)


@pytest.mark.parametrize(
    ("rate", "end", "remedy"),
    [
        (1.0, "upper", "Raise `studies.search.space.learning_rate.high` above 1"),
        (1e-4, "lower", "Lower `studies.search.space.learning_rate.low` below 0.0001"),
    ],
)
def test_best_at_the_edge_fires(rate: float, end: str, remedy: str) -> None:
    """Accuracy still grows where the range ends: widen that end."""
    found = space.best_at_edge(results(around(rate)))
    assert found.fired
    assert found.number == 0
    assert f"at the {end} end" in found.words
    assert found.command == remedy


@pytest.mark.parametrize(("rate", "away"), [(0.01, 0.5), (0.25, 0.15)])
def test_best_within_its_range_is_clear(rate: float, away: float) -> None:
    """An optimum in the middle is no edge, nor one that is only nearer to an end."""
    found = space.best_at_edge(results(around(rate)))
    assert not found.fired
    assert found.number == pytest.approx(away, abs=0.02)


def test_one_lucky_trial_at_an_edge_is_clear() -> None:
    """The best alone at an end, with all other leaders far away, is chance."""
    search = around(0.01)
    search.trials.loc[0, "val_accuracy"] = 0.99
    assert not space.best_at_edge(results(search)).fired


@pytest.mark.parametrize(("batch_size", "fired"), [(16, True), (256, True), (64, False)])
def test_first_and_last_of_numbers_to_choose_from_are_edges(batch_size: int, fired: bool) -> None:
    """The smallest batch size is an end as well; the remedy is one more choice."""
    found = space.best_at_edge(results(around(0.01, batch_size=batch_size)))
    assert found.fired is fired
    assert ("`studies.search.space.batch_size.choices`" in found.command) is fired


def test_zero_is_no_edge() -> None:
    """No dropout at all is best: there is nothing below it to search."""
    limits = {"dropout": {"type": "float", "low": 0.0, "high": 0.5, "log": False}}
    at = [{"dropout": float(each)} for each in np.linspace(0, 0.5, 20)]
    search = study([0.95 - point["dropout"] for point in at], at, space=limits)
    assert not space.best_at_edge(results(search)).fired


def test_words_have_no_edges() -> None:
    """Unordered choices have no end to widen."""
    search = study([0.9, 0.8], points(2), space={"optimizer": SPACE["optimizer"]})
    with pytest.raises(NotApplicable, match="has an order"):
        space.best_at_edge(results(search))


def broken_from(rate: float, best: float) -> Study:
    """A search that peaks at the rate `best` and diverges from `rate` on."""
    search = around(best)
    lost = search.trials["learning_rate"] >= rate
    search.trials.loc[lost, ["feasible", "val_accuracy"]] = [0, 0.1]
    return search


def test_wall_next_to_the_best_fires() -> None:
    """A little more learning rate than the best's diverges."""
    found = space.divergence_wall(results(broken_from(0.015, best=0.01)))
    assert found.fired
    assert found.number == 0.3
    assert "from 2 times its learning rate on" in found.words
    assert "`confirm.seeds`" in found.command


def test_far_wall_is_clear() -> None:
    """Trials that diverge at other ends of the space are no neighbors."""
    found = space.divergence_wall(results(broken_from(0.5, best=0.003)))
    assert not found.fired
    assert found.number == 0


def test_wall_of_the_other_optimizer_is_clear() -> None:
    """The same learning rate with another optimizer is not next to the best."""
    search = around(0.01)
    search.trials["optimizer"] = ["sgd", "adam"] * 20
    other = search.trials["optimizer"] != search.trials["optimizer"][space.best(search)]
    search.trials.loc[other, ["feasible", "val_accuracy"]] = [0, 0.1]
    assert not space.divergence_wall(results(search)).fired


def test_few_neighbors_say_nothing_of_a_wall() -> None:
    """Ten trials have nine neighbors."""
    with pytest.raises(NotApplicable, match="Fewer than 10"):
        space.divergence_wall(results(study([0.9] * 10)))


def test_many_diverged_fire_and_say_where() -> None:
    """A quarter of the range diverges: the words and the remedy name its bound."""
    found = space.diverged_trials(results(broken_from(0.1, best=0.003)))
    assert found.fired
    assert found.number == 0.25
    assert "10 of 40" in found.words
    assert "learning rate is 0.119 or more, 10 of the 10 trials did" in found.words
    assert found.command == "Stay below 0.119 in `studies.search.space.learning_rate.high`"


def test_guessing_counts_as_diverged() -> None:
    """A network that collapsed with a finite loss is as lost as one that did not."""
    search = broken_from(0.1, best=0.003)
    search.trials["feasible"] = 1
    assert space.diverged_trials(results(search)).number == 0.25


def test_bound_on_an_unordered_choice() -> None:
    """One optimizer diverges everywhere: drop it."""
    names = ["sgd", "adam"] * 10
    at = [{**point, "optimizer": name} for point, name in zip(points(20), names, strict=True)]
    search = study([0.1 if p["optimizer"] == "sgd" else 0.9 for p in at], at)
    found = space.diverged_trials(results(search))
    assert found.command == "Drop sgd from `studies.search.space.optimizer`"


def test_best_among_the_diverged_keeps_the_range() -> None:
    """Where the best lies too, cutting the range would lose it."""
    search = broken_from(0.1, best=0.003)
    search.trials.loc[39, ["feasible", "val_accuracy"]] = [1, 0.99]
    assert space.diverged_trials(results(search)).command.startswith("Keep the range")


@pytest.mark.parametrize("lost", [0, 4])
def test_few_diverged_are_clear(lost: int) -> None:
    """A tenth of the trials may diverge."""
    found = space.diverged_trials(results(study([0.1] * lost + [0.9] * (40 - lost))))
    assert not found.fired
    assert found.number == lost / 40


def drawn(slope: float) -> Study:
    """A random study in which the best rate grows with the batch size to this power."""
    at = points(128)
    best = [slope * np.log10(p["batch_size"] / 64) - 2 for p in at]
    off = [np.log10(p["learning_rate"]) - b for p, b in zip(at, best, strict=True)]
    return study([0.95 - 0.02 * abs(o) for o in off], at, key="random")


@pytest.mark.parametrize("slope", [1.0, -1.0])
def test_rate_that_goes_with_the_batch_size_fires(slope: float) -> None:
    """The ridge of good trials is slanted: batch sizes cannot be compared at one rate."""
    found = space.batch_size_confounded(results(study([0.9]), drawn(slope)))
    assert found.fired
    assert found.number is not None
    assert found.number * slope > 0.5
    assert "cross `batch_size` with `learning_rate`" in found.command


def test_rate_that_stays_is_clear() -> None:
    """The same rate is best at every batch size."""
    found = space.batch_size_confounded(results(study([0.9]), drawn(0.0)))
    assert not found.fired
    assert "no trend is clear" in found.words


@pytest.mark.parametrize(
    ("studies", "why"),
    [
        ([study([0.9])], "no random search"),
        ([study([0.9] * 16, key="random")], "must be 8 trials"),
        (
            [study([0.9] * 40, [{**p, "batch_size": 64} for p in points(40)], key="random")],
            "differ in batch size",
        ),
        ([study([0.9], key="random", space={})], "does not search batch sizes"),
    ],
    ids=["no-draws", "few", "one-batch-size", "not-searched"],
)
def test_without_draws_nothing_is_said_of_confounding(studies: list[Study], why: str) -> None:
    """The rule takes enough independent draws of both."""
    with pytest.raises(NotApplicable, match=why):
        space.batch_size_confounded(results(*studies))
