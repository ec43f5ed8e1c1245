"""The study engine: ask a round, train it in parallel, tell it in order.

Which trials a study makes, and what comes of them, depends on the study alone: not on how many
workers train them, which of them finishes first, or how often the program was killed.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import joblib
from joblib.externals.loky.process_executor import TerminatedWorkerError
from optuna.pruners import BasePruner, NopPruner
from optuna.trial import FrozenTrial

from pipeline.errors import UserError
from pipeline.training import one_blas_thread
from studies.interrupts import Interrupted, Interrupts, ignore_interrupts
from studies.proposals import Proposer
from studies.pruning import Judge
from studies.trials import Direction, Objective, Proposal, Report, Trial, Values


class Store(Protocol):
    """Where trials are kept between runs."""

    def finished(self) -> dict[int, Trial]:
        """The finished trials, by number."""

    def open(self, proposals: Sequence[Proposal]) -> None:
        """Note the trials of a round as running, before any of them is trained."""

    def finish(self, trial: Trial) -> None:
        """Keep a finished trial."""


@dataclass(frozen=True)
class Plan:
    """What a study is, whatever the machine: all that decides its trials but the objective."""

    proposer: Proposer
    trials: int
    round_size: int
    pruner: Callable[[], BasePruner] = NopPruner
    direction: Direction = "maximize"

    def round_of(self, number: int) -> range:
        """The numbers of the round that starts at trial `number`."""
        return range(number, min(number + self.round_size, self.trials))


def run_study(
    plan: Plan,
    objective: Objective,
    store: Store,
    *,
    jobs: int = 1,
    cost: Callable[[Values], float] = lambda _: 1.0,
    watch: Callable[[Sequence[Trial], Sequence[Proposal]], None] = lambda _, __: None,
    unchanged: Callable[[], None] = lambda: None,
    interrupts: Interrupts | None = None,
) -> list[Trial]:
    """Run `plan` to its last trial, from wherever `store` stands; return its trials in order.

    `cost` orders a round's trials, the dearest first, so that workers finish together. `watch`
    sees all finished trials, and those of the round that are not, after each one. `unchanged` is
    called before anything is written and raises if the study is no longer what it was.
    `interrupts` listens for Ctrl-C.

    Raises: Interrupted after Ctrl-C; UserError if the store holds other trials than the plan's,
    or a worker dies.
    """
    finished = {n: t for n, t in store.finished().items() if n < plan.trials}
    watch(list(finished.values()), [])
    with interrupts or Interrupts() as stop:
        for first in range(0, plan.trials, plan.round_size):
            numbers = plan.round_of(first)
            if all(number in finished for number in numbers):
                continue
            told = [finished[number] for number in range(first)]
            proposals = plan.proposer.propose(numbers, told)
            _confirm(proposals, finished)
            unchanged()
            store.open(proposals)
            waiting = [proposal for proposal in proposals if proposal.number not in finished]
            waiting.sort(key=lambda proposal: -cost(proposal.params))
            for trial in _train(plan, objective, waiting, told, jobs=jobs, stop=stop):
                unchanged()
                store.finish(trial)
                finished[trial.number] = trial
                watch(list(finished.values()), [p for p in waiting if p.number not in finished])
            if not all(number in finished for number in numbers):
                raise Interrupted
    return [finished[number] for number in range(plan.trials)]


def train_trial(
    objective: Objective,
    proposal: Proposal,
    pruner: BasePruner,
    snapshot: Sequence[FrozenTrial],
    direction: Direction,
) -> Trial:
    """Train one trial to its end, or until it is pruned: a pure function, run in a worker."""
    one_blas_thread()
    judge = Judge(pruner, snapshot, proposal.number, direction)
    began = time.perf_counter()
    reports: list[Report] = []
    reason = "finished"
    for said in objective(proposal.params, proposal.seed):
        report = said if isinstance(said, Report) else Report(float(said))
        if not math.isfinite(report.score):
            raise UserError(f"trial {proposal.number}: scores must be finite, not {report.score}")
        reports.append(report)
        if report.stop is not None:
            reason = report.stop
            break
        if judge.prunes(len(reports), report.score):
            reason = "pruned"
            break
    if not reports:
        raise UserError(f"trial {proposal.number}: an objective must report at least one score")
    return _trial(proposal, reports, reason, time.perf_counter() - began)


def _train(
    plan: Plan,
    objective: Objective,
    waiting: Sequence[Proposal],
    told: Sequence[Trial],
    *,
    jobs: int,
    stop: Interrupts,
) -> Iterator[Trial]:
    """Train the trials in parallel, yielding each as it finishes; after Ctrl-C start no more."""
    snapshot = [trial.frozen() for trial in told]
    tasks = (
        joblib.delayed(train_trial)(objective, proposal, plan.pruner(), snapshot, plan.direction)
        for proposal in stop.until_requested(waiting)
    )
    with joblib.parallel_config(backend="loky", initializer=ignore_interrupts):
        parallel = joblib.Parallel(
            n_jobs=jobs, return_as="generator_unordered", pre_dispatch="n_jobs", batch_size=1
        )
        try:
            yield from parallel(tasks)
        except TerminatedWorkerError:
            raise UserError(
                "a worker process died, perhaps for want of memory; what finished is kept: run "
                "it again, with fewer workers in HANDTUNED_JOBS"
            ) from None


def _trial(proposal: Proposal, reports: Sequence[Report], reason: str, seconds: float) -> Trial:
    last = reports[-1]
    return Trial(
        number=proposal.number,
        params=proposal.params,
        distributions=proposal.distributions,
        seed=proposal.seed,
        state="PRUNED" if reason == "pruned" else "COMPLETE",
        stop_reason=reason,
        feasible=last.feasible,
        kept=last.kept or len(reports),
        scores=tuple(report.score + 0.0 for report in reports),  # a store turns -0.0 into 0.0
        metrics={
            name: tuple(float(report.metrics[name]) for report in reports) for name in last.metrics
        },
        attributes=last.attributes,
        detail=last.detail,
        seconds=seconds,
    )


def _confirm(proposals: Sequence[Proposal], finished: dict[int, Trial]) -> None:
    """Check that the round's finished trials are the ones that the plan proposes."""
    for proposal in proposals:
        trial = finished.get(proposal.number)
        if trial and (trial.params, trial.seed) != (proposal.params, proposal.seed):
            raise UserError(
                f"trial {proposal.number} in the store must have {proposal.params}, but has "
                f"{trial.params}; something else wrote to this study: delete it and run again"
            )
