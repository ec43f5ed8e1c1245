"""Where points come from: samplers, grids, variants."""

import json

import pytest

from pipeline.study_settings import Choices, FloatRange, IntRange
from studies import space
from studies.proposals import Listed, Sampled, random, seeds, tpe
from studies.rounds import run_study
from tests.search.toys import SPACE, Kept, curve, plan

DIMENSIONS = {
    "lr": FloatRange(type="float", low=1e-4, high=1.0, log=True),
    "units": IntRange(type="int", low=16, high=512, log=True),
    "decay": Choices(type="categorical", choices=((), (10,), (10, 15))),
}


def test_points_lie_in_the_space() -> None:
    """Drawn parameters respect bounds, and whole numbers stay whole."""
    drawn = Sampled(random, space.distributions(DIMENSIONS), 1).propose(range(50), [])
    for proposal in drawn:
        assert 1e-4 <= proposal.params["lr"] <= 1.0
        assert 16 <= proposal.params["units"] <= 512
        assert type(proposal.params["units"]) is int
        assert proposal.params["decay"] in ("[]", "[10]", "[10, 15]")


def test_log_scale_draws_as_often_from_each_decade() -> None:
    """On a log scale about a quarter of draws falls into each of four decades."""
    drawn = Sampled(random, space.distributions(DIMENSIONS), 1).propose(range(400), [])
    low = sum(proposal.params["lr"] < 1e-3 for proposal in drawn)
    assert 70 < low < 130


def test_proposals_are_pure() -> None:
    """The same study, numbers and told trials give the same points, again and again."""
    told = run_study(plan(12), curve, Kept())
    sampled = Sampled(tpe, SPACE, 7)
    assert sampled.propose(range(12, 18), told) == sampled.propose(range(12, 18), told)
    assert sampled.propose(range(12, 15), told) == sampled.propose(range(12, 18), told)[:3]


def test_lists_survive_the_store() -> None:
    """A list is text in the store and a list again for the trainer; other values are untouched."""
    for choice in ((), (10,), (8, 12, 16), "adam", 16, 0.5, None, True):
        encoded = space.encode(choice)
        decoded = space.decode({"p": encoded})["p"]
        assert (tuple(decoded) if isinstance(choice, tuple) else decoded) == choice
        assert json.loads(json.dumps(encoded)) == encoded


def test_grid_is_every_combination_once() -> None:
    """Every combination, the last parameter turning fastest."""
    points = space.grid(
        {
            "a": Choices(type="categorical", choices=(1, 2)),
            "b": Choices(type="categorical", choices=("x", "y", "z")),
        }
    )
    assert points == [{"a": a, "b": b} for a in (1, 2) for b in "xyz"]


def test_listed_points_keep_their_seeds() -> None:
    """Variants carry the seeds they were given, so that differences are paired."""
    listed = Listed([({"n": 1}, 5), ({"n": 2}, 5), ({"n": 1}, 6)], {"n": SPACE["n"]})
    assert [(p.params["n"], p.seed) for p in listed.propose(range(3), [])] == [
        (1, 5),
        (2, 5),
        (1, 6),
    ]


@pytest.mark.parametrize("number", [0, 1, 1000])
def test_seeds_depend_on_study_and_number(number: int) -> None:
    """Another study, another trial, another purpose: another seed."""
    ask, train = seeds(1, number)
    assert ask != train
    assert {ask, train}.isdisjoint(seeds(1, number + 1))
    assert {ask, train}.isdisjoint(seeds(2, number))
