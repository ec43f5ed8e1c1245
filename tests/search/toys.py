"""A toy study: a learning curve known from its parameters, and a store in memory."""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.pruners import MedianPruner

from studies import proposals
from studies.proposals import Proposer
from studies.rounds import Plan
from studies.trials import Proposal, Report, Timing, Trial

SPACE = {
    "x": FloatDistribution(1e-3, 1.0, log=True),
    "n": IntDistribution(1, 64, log=True),
    "kind": CategoricalDistribution(["a", "b", "[1, 2]"]),
}


class Kept:
    """A store in memory that remembers the order in which trials were opened and finished."""

    def __init__(self, trials: Sequence[Trial] = ()) -> None:
        self.trials = {trial.number: trial for trial in trials}
        self.proposals: list[Proposal] = []
        self.order: list[int] = []

    def finished(self) -> dict[int, Trial]:
        return dict(self.trials)

    def open(self, proposals: Sequence[Proposal]) -> None:
        self.proposals += proposals

    def finish(self, trial: Trial) -> None:
        self.order.append(trial.number)
        self.trials[trial.number] = trial


def curve(params: Mapping[str, Any], seed: int) -> Iterator[Report]:
    """A learning curve of six steps, the better the smaller x is."""
    rng = random.Random(f"{params} {seed}")
    for step in range(1, 7):
        score = (1 - 0.5**step) * (1 - params["x"]) * 0.9 + 0.1 * rng.random()
        yield Report(score, {"loss": 1 - score}, {"size": params["n"]}, bytes([step]))


def dawdling_curve(params: Mapping[str, Any], seed: int) -> Iterator[Report]:
    """The same curve, in a time that differs from run to run."""
    time.sleep(random.random() * 0.05)
    yield from curve(params, seed)


def plan(trials: int = 20, round_size: int = 6, sampler: Any = proposals.tpe) -> Plan:
    """A study of the curve, searched by TPE and pruned by the median."""
    return Plan(
        proposals.Sampled(sampler, SPACE, seed=7),
        trials,
        round_size,
        lambda: MedianPruner(n_startup_trials=3, n_warmup_steps=2),
    )


def facts(trials: Sequence[Trial]) -> list[Any]:
    """All that a trial is but its seconds."""
    return [
        (
            *(t.number, dict(t.params), t.seed, t.state, t.stop_reason),
            *(t.kept, t.scores, t.metrics, t.detail, t.feasible),
            *(dict(t.attributes), dict(t.marks)),
        )
        for t in trials
    ]


def trained(proposal: Proposal) -> Trial:
    """What comes of a proposal: scores drawn by its seed; each third trial is pruned."""
    rng = random.Random(proposal.seed)
    scores = tuple(rng.random() for _ in range(rng.randint(2, 5)))
    pruned = proposal.number % 3 == 2
    return Trial(
        number=proposal.number,
        params=proposal.params,
        distributions=proposal.distributions,
        seed=proposal.seed,
        state="PRUNED" if pruned else "COMPLETE",
        stop_reason="pruned" if pruned else "finished",
        feasible=True,
        kept=rng.randint(1, len(scores)),
        scores=scores,
        metrics={},
        attributes={},
        detail=b"",
        marks={},
        timing=Timing(0.0, 0.0, "", {}),
    )


def ran(proposer: Proposer, trials: int, told: Sequence[Trial] = ()) -> list[Trial]:
    """The study in rounds of eight, from what was told already."""
    done = list(told)
    for first in range(len(done) // 8 * 8, trials, 8):
        asked = proposer.propose(range(first, min(first + 8, trials)), done[:first])
        done += [trained(each) for each in asked if each.number >= len(done)]
    return done
