"""Where points come from: samplers, Sobol points, grids, variants, points to try first."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler, TPESampler

from pipeline.errors import UserError
from pipeline.space_settings import Choices, FloatRange, IntRange
from studies import space
from studies.proposals import Listed, Proposer, Sampled, Sobol, random, seeds, tpe
from studies.trials import Proposal, Trial
from tests.search.toys import SPACE, ran, trained

DIMENSIONS = {
    "lr": FloatRange(type="float", low=1e-4, high=1.0, log=True),
    "units": IntRange(type="int", low=16, high=512, log=True),
    "decay": Choices(type="categorical", choices=((), (10,), (10, 15))),
}
CONDITIONAL: dict[str, BaseDistribution] = {
    "lr": FloatDistribution(1e-4, 1.0, log=True),
    "momentum": FloatDistribution(0.5, 0.99),
    "optimizer": CategoricalDistribution(["sgd", "momentum", "adam"]),
    "warm": IntDistribution(0, 5),
}
WHEN = {"momentum": {"optimizer": ["momentum"]}, "warm": {"optimizer": ["momentum", "adam"]}}
FIRST = ({"lr": 0.5, "optimizer": "momentum"}, {"optimizer": "sgd"}, {})
PROPOSERS: dict[str, Callable[[], Proposer]] = {
    "tpe": lambda: Sampled(tpe, SPACE, 7),
    "random": lambda: Sampled(random, SPACE, 7),
    "qmc": lambda: Sobol(SPACE, 7),
    "tpe_when": lambda: Sampled(tpe, CONDITIONAL, 7, when=WHEN),
    "random_when": lambda: Sampled(random, CONDITIONAL, 7, when=WHEN),
    "qmc_when": lambda: Sobol(CONDITIONAL, 7, WHEN),
    "tpe_first": lambda: Sampled(tpe, CONDITIONAL, 7, when=WHEN, enqueue=FIRST),
    "random_first": lambda: Sampled(random, CONDITIONAL, 7, when=WHEN, enqueue=FIRST),
    "qmc_first": lambda: Sobol(CONDITIONAL, 7, WHEN, FIRST),
}
every_proposer = pytest.mark.parametrize("make", PROPOSERS.values(), ids=PROPOSERS)


def points(trials: Sequence[Trial | Proposal]) -> list[dict[str, Any]]:
    """The parameters alone."""
    return [dict(trial.params) for trial in trials]


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


@every_proposer
def test_proposals_are_pure(make: Callable[[], Proposer]) -> None:
    """The same study, numbers and told trials give the same points, again and again."""
    proposer, told = make(), ran(make(), 16)
    once = proposer.propose(range(16, 22), told)
    assert proposer.propose(range(16, 22), told) == once
    assert proposer.propose(range(16, 19), told) == once[:3]
    assert make().propose(range(16, 22), list(told)) == once


@every_proposer
def test_a_kept_mirror_decides_nothing(make: Callable[[], Proposer]) -> None:
    """One proposer for a whole study, or a new one for each round: the same trials."""
    anew: list[Trial] = []
    for end in range(8, 33, 8):
        anew = ran(make(), end, anew)
    assert points(ran(make(), 32)) == points(anew)


@every_proposer
def test_split_runs_make_the_same_points(make: Callable[[], Proposer]) -> None:
    """Twenty-five trials and then fifteen are the forty, with the old proposer or a new one."""
    once = ran(make(), 40)
    kept = make()
    first = ran(kept, 25)
    assert ran(kept, 40, first) == once
    assert ran(make(), 40, first) == once


@pytest.mark.parametrize("single", [False, True])
def test_tpe_is_optunas(single: bool) -> None:
    """Proposals are bit for bit those of stock TPE, which looks for the shared parameters."""
    flat: dict[str, BaseDistribution] = dict(SPACE) | {"turned": FloatDistribution(0, 1)}
    if single:
        flat["one"] = IntDistribution(3, 3)
    expected = ran(Sampled(partial(stock, group=False), flat, 7), 32)
    assert ran(Sampled(tpe, flat, 7), 32) == expected


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_tpe_with_conditions_is_optunas_grouped() -> None:
    """With conditions proposals are those of stock TPE with a model for each group."""
    expected = ran(Sampled(partial(stock, group=True), CONDITIONAL, 7, when=WHEN), 32)
    assert ran(Sampled(tpe, CONDITIONAL, 7, when=WHEN), 32) == expected


def stock(seed: int, group: bool) -> BaseSampler:
    """Optuna's own TPE with the arguments of ours."""
    return TPESampler(
        n_startup_trials=10,
        n_ei_candidates=24,
        multivariate=True,
        group=group,
        constant_liar=True,
        seed=seed,
    )


@every_proposer
def test_only_what_is_asked_for_is_proposed(make: Callable[[], Proposer]) -> None:
    """A parameter stands in a trial exactly when its conditions hold, with its distribution."""
    trials = ran(make(), 48)
    for trial in trials:
        assert list(trial.params) == list(trial.distributions)
        if "optimizer" in trial.params:
            assert ("momentum" in trial.params) == (trial.params["optimizer"] == "momentum")
            assert ("warm" in trial.params) == (trial.params["optimizer"] != "sgd")
    if "optimizer" in trials[0].params:
        assert {trial.params["optimizer"] for trial in trials} == {"sgd", "momentum", "adam"}


def test_tpe_learns_a_conditional_parameter() -> None:
    """A parameter that only some trials have is drawn where it did well."""

    def well(trial: Trial) -> Trial:
        good = 1 - abs(trial.params.get("momentum", 0.5) - 0.9)
        return Trial(**{**vars(trial), "scores": (good,), "kept": 1, "state": "COMPLETE"})

    proposer, told = Sampled(tpe, CONDITIONAL, 7, when=WHEN), list[Trial]()
    for first in range(0, 64, 8):
        told += [well(trained(p)) for p in proposer.propose(range(first, first + 8), told)]
    late = [trial.params["momentum"] for trial in told[32:] if "momentum" in trial.params]
    assert len(late) > 16
    assert float(np.median(np.abs(np.array(late) - 0.9))) < 0.06


@pytest.mark.parametrize("name", ["tpe_first", "random_first", "qmc_first"])
def test_points_to_try_first_come_first(name: str) -> None:
    """Enqueued values hold, what a point leaves out is sampled, later trials are free."""
    told = ran(PROPOSERS[name](), 24)
    assert told[0].params.keys() == {"lr", "optimizer", "momentum", "warm"}
    assert (told[0].params["lr"], told[0].params["optimizer"]) == (0.5, "momentum")
    assert told[1].params.keys() == {"lr", "optimizer"}
    assert told[1].params["optimizer"] == "sgd"
    free = ran(PROPOSERS[name.replace("first", "when")](), 24)
    assert points(told)[2:8] == points(free)[2:8]
    assert [trial.seed for trial in told] == [trial.seed for trial in free]


def test_sobol_points_are_one_sequence() -> None:
    """Of 64 points each 64th of a range holds one: no two sequences mixed, none begun anew."""
    flat: Mapping[str, BaseDistribution] = {
        name: FloatDistribution(0, 1) for name in ("a", "b", "c")
    }
    drawn = ran(Sobol(flat, 3), 64)
    for name in flat:
        cells = [int(trial.params[name] * 64) for trial in drawn]
        assert sorted(cells) == list(range(64))
    assert points(ran(Sobol(flat, 4), 8)) != points(drawn[:8])


def test_sobol_points_are_known_by_their_index() -> None:
    """Trial k has point k, whatever was asked for before, and in whatever order."""
    drawn = points(Sobol(SPACE, 7).propose(range(40), []))
    assert points(Sobol(SPACE, 7).propose(range(25, 40), [])) == drawn[25:]
    assert points(Sobol(dict(reversed(SPACE.items())), 7).propose(range(3), [])) == drawn[:3]


def test_listed_points_keep_their_seeds() -> None:
    """Variants carry the seeds they were given, so that differences are paired."""
    listed = Listed([({"n": 1}, 5), ({"n": 2}, 5), ({"n": 1}, 6)], {"n": SPACE["n"]})
    assert [(p.params["n"], p.seed) for p in listed.propose(range(3), [])] == [
        (1, 5),
        (2, 5),
        (1, 6),
    ]


def test_listed_points_may_leave_parameters_out() -> None:
    """A point of a grid with conditions has its own parameters and no others."""
    listed = Listed([({"n": 1}, 5), ({"n": 2, "x": 0.5}, 5)], SPACE)
    assert [list(p.distributions) for p in listed.propose(range(2), [])] == [["n"], ["x", "n"]]


@pytest.mark.parametrize("make", [Sampled, Sobol])
def test_what_does_not_go_with_the_space_is_refused(make: Any) -> None:
    """Conditions and points to try first are checked before anything is asked for."""
    arguments = (tpe,) if make is Sampled else ()
    with pytest.raises(UserError, match=r"^enqueue\.0\.m is not a parameter of the space"):
        make(*arguments, SPACE, 7, enqueue=[{"m": 1}])
    with pytest.raises(UserError, match=r"^when: m is not a parameter of the space"):
        make(*arguments, SPACE, 7, when={"n": {"m": [1]}})


@pytest.mark.parametrize("number", [0, 1, 1000])
def test_seeds_depend_on_study_and_number(number: int) -> None:
    """Another study, another trial, another purpose: another seed."""
    ask, train = seeds(1, number)
    assert ask != train
    assert {ask, train}.isdisjoint(seeds(1, number + 1))
    assert {ask, train}.isdisjoint(seeds(2, number))
