"""Made-up trials of the default search: its space, curves of 20 epochs, a third of them pruned."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.pruners import NopPruner

from pipeline import params
from studies import proposals, space
from studies.objective import HISTORY
from studies.proposals import Sampled
from studies.training import train_trial
from studies.trials import Proposal, Report, Trial, Values

EPOCHS = 20
WARM_UP = 3  # epochs of a pruned trial
PRUNED = 1 / 3
IMAGES = 1000  # whose bits a trial keeps
SEED = 1


def dimensions() -> dict[str, BaseDistribution]:
    """The space of the study `search` in params.yaml."""
    return space.distributions(params.load().study("search").space)


def made_up(n: int) -> list[Trial]:
    """The first n of one endless history: random points, each with a curve."""
    drawn = Sampled(proposals.random, dimensions(), SEED).propose(range(n), [])
    return [finished(proposal) for proposal in drawn]


def finished(proposal: Proposal) -> Trial:
    """A trial that took no time."""
    trial = train_trial(curve, proposal, NopPruner(), [], "maximize")
    if np.random.default_rng(proposal.seed).random() > PRUNED:
        return trial
    return replace(
        trial,
        state="PRUNED",
        stop_reason="pruned",
        kept=WARM_UP,
        scores=trial.scores[:WARM_UP],
        metrics={name: values[:WARM_UP] for name, values in trial.metrics.items()},
    )


def curve(values: Values, seed: int) -> Iterator[Report]:
    """A curve that rises to some level, the better the nearer the learning rate is to 0.03."""
    rng = np.random.default_rng(seed)
    level = 0.95 - 0.1 * abs(np.log10(values["learning_rate"] / 0.03))
    bits = rng.bytes(IMAGES // 8)
    for epoch in range(1, EPOCHS + 1):
        score = level - 0.5**epoch + 0.01 * rng.random()
        metrics = dict(zip(HISTORY, rng.random(len(HISTORY)).tolist(), strict=True))
        yield Report(float(score), metrics, {"parameters": 101770}, bits)
