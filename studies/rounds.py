"""The study engine: ask a round, train it in parallel, tell it in order.

Which trials a study makes, and what comes of them, depends on the study alone: not on how many
workers train them, which of them finishes first, or how often the program was killed.
"""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

from optuna.pruners import BasePruner, NopPruner

from pipeline.errors import UserError
from studies import environment
from studies.interrupts import Interrupted, Interrupts
from studies.proposals import Proposer
from studies.pruning import Told, told
from studies.trials import Direction, Objective, Proposal, Trial, Values
from studies.workers import Crew, Loky, Task, train

Watch: TypeAlias = Callable[[Sequence[Trial], Sequence[Proposal]], None]


class Store(Protocol):
    """Where trials are kept between runs."""

    def finished(self) -> dict[int, Trial]:
        """The finished trials, by number."""

    def open(self, proposals: Sequence[Proposal]) -> None:
        """Note the trials of a round as running, before any of them is trained."""

    def finish(self, trial: Trial) -> None:
        """Keep a finished trial."""


class Nowhere:
    """A store that keeps nothing once the run is over."""

    def finished(self) -> dict[int, Trial]:
        """No trial."""
        return {}

    def open(self, proposals: Sequence[Proposal]) -> None:
        """Note nothing."""

    def finish(self, trial: Trial) -> None:
        """Keep nothing: the run itself has the trial."""


@dataclass(frozen=True)
class Plan:
    """What a study is, whatever the machine: all that decides its trials but the objective."""

    proposer: Proposer
    trials: int
    round_size: int
    pruner: Callable[[], BasePruner] = NopPruner
    direction: Direction = "maximize"

    def __post_init__(self) -> None:
        """Raises: UserError if plan and proposer go in different directions."""
        other = getattr(self.proposer, "direction", self.direction)
        if other != self.direction:
            raise UserError(
                "plan and proposer must go in one direction, but say "
                f"{self.direction} and {other}; say the same to both"
            )

    def round_of(self, number: int) -> range:
        """The numbers of the round that starts at trial `number`."""
        return range(number, min(number + self.round_size, self.trials))


def run_study(
    plan: Plan,
    objective: Objective,
    store: Store | None = None,
    *,
    jobs: int = 1,
    crew: Crew | None = None,
    cost: Callable[[Values], float] = lambda _: 1.0,
    watch: Watch = lambda _, __: None,
    unchanged: Callable[[], None] = lambda: None,
    interrupts: Interrupts | None = None,
) -> list[Trial]:
    """Run `plan` to its last trial, from wherever `store` stands; return its trials in order.

    Without a store nothing is kept between runs. Trials train in `jobs` processes of this
    machine, or by another `crew`. The rest decides no trial: `cost` orders a round's trials, the
    dearest first, so that workers finish together. `watch` sees all finished trials, and those
    of the round that are not, after each one. `unchanged` is called before anything is written
    and raises if the study is no longer what it was. `interrupts` listens for Ctrl-C.

    Raises: Interrupted after Ctrl-C; UserError if the store holds other trials than the plan's,
    or a trial kills its worker three times.
    """
    store = store or Nowhere()
    finished = {n: t for n, t in store.finished().items() if n < plan.trials}
    watch(list(finished.values()), [])
    if len(finished) < plan.trials:
        with interrupts or Interrupts() as stop:
            workers = crew or Loky(jobs)
            run = _Run(plan, objective, store, workers, stop, cost, watch, unchanged)
            for first in range(0, plan.trials, plan.round_size):
                if not all(number in finished for number in plan.round_of(first)):
                    run.complete(first, finished)
    return [finished[number] for number in range(plan.trials)]


@dataclass(frozen=True)
class _Run:
    """One run of a study, from where its store stood."""

    plan: Plan
    objective: Objective
    store: Store
    crew: Crew
    stop: Interrupts
    cost: Callable[[Values], float]
    watch: Watch
    unchanged: Callable[[], None]

    def complete(self, first: int, finished: dict[int, Trial]) -> None:
        """Bring the round that starts at trial `first` into `finished`."""
        asked = time.time()
        earlier = [finished[number] for number in range(first)]
        proposals = self.plan.proposer.propose(self.plan.round_of(first), earlier)
        _confirm(proposals, finished)
        self.unchanged()
        self.store.open(proposals)
        waiting = [proposal for proposal in proposals if proposal.number not in finished]
        waiting.sort(key=lambda proposal: -self.cost(proposal.params))
        workers = self.crew.size
        with closing(self._train(waiting, [told(trial) for trial in earlier])) as trained:
            for trial in self._unless_changed(trained):
                timing = replace(trial.timing, asked=asked, told=time.time(), workers=workers)
                finished[trial.number] = replace(trial, timing=timing)
                self.store.finish(finished[trial.number])
                left = [proposal for proposal in waiting if proposal.number not in finished]
                self.watch(list(finished.values()), left)
        if not all(proposal.number in finished for proposal in proposals):
            raise Interrupted

    def _unless_changed(self, trained: Iterator[Trial]) -> Iterator[Trial]:
        """The trials, as long as the study is what it was: that is said before all else."""
        try:
            for trial in trained:
                self.unchanged()
                yield trial
        except UserError:
            self.unchanged()
            raise

    def _train(
        self, waiting: Sequence[Proposal], snapshot: Sequence[Told]
    ) -> Generator[Trial, None, None]:
        here = environment.here()

        def task(proposal: Proposal) -> Task:
            pruner = self.plan.pruner()
            seen = [] if isinstance(pruner, NopPruner) else snapshot
            return Task(proposal, pruner, seen, self.plan.direction, here)

        return train(self.crew, self.objective, waiting, task, self.stop)


def _confirm(proposals: Sequence[Proposal], finished: dict[int, Trial]) -> None:
    """Check that the round's finished trials are the ones that the plan proposes."""
    for proposal in proposals:
        trial = finished.get(proposal.number)
        if trial and (trial.params, trial.seed) != (proposal.params, proposal.seed):
            raise UserError(
                f"trial {proposal.number} in the store must have {proposal.params}, but has "
                f"{trial.params}; something else wrote to this study: delete it and run again"
            )
