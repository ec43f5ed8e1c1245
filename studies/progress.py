"""What a person sees while a study runs: a bar on a terminal, plain lines elsewhere."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from time import monotonic
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

from studies.trials import Proposal, Trial, Values

SECONDS_BETWEEN_LINES = 5.0


def found(trials: Sequence[Trial]) -> str:
    """The best score and the number of pruned trials, in words."""
    complete = [trial.value for trial in trials if trial.state == "COMPLETE"]
    best = f"best {max(complete):.2%}" if complete else "no result yet"
    return f"{best}, {len(trials) - len(complete)} pruned"


class Progress:
    """Shows which study runs, how far it is, the best so far, how many were pruned, time left."""

    def __init__(
        self,
        key: str,
        trials: int,
        *,
        jobs: int,
        cost: Callable[[Values], float],
        found: Callable[[Sequence[Trial]], str] = found,
    ) -> None:
        """Show nothing yet. `cost` says how much work a trial is, `found` what came of them."""
        self._found = found
        self._key, self._trials, self._jobs, self._cost = key, trials, jobs, cost
        self._console = Console(highlight=False)
        self._began = self._last_line = monotonic()
        self._kept: set[int] | None = None
        self._works: dict[int, float] = {}
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[words]}"),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task(key, total=trials, words="")

    def show(self, finished: Sequence[Trial], waiting: Sequence[Proposal]) -> None:
        """Show where the study stands, given its finished trials and those now in the round."""
        if self._kept is None:
            self._kept = {trial.number for trial in finished}
            if finished:
                self._console.print(f"{self._key}: {len(finished)} trials are kept from before")
        now = monotonic()
        words = self._found(finished)
        if len(finished) < self._trials:
            words += f", {self._left(finished, waiting, now - self._began)}"
        self._bar.update(self._task, completed=len(finished), words=words)
        due = now - self._last_line >= SECONDS_BETWEEN_LINES or len(finished) == self._trials
        if due and not self._console.is_terminal:
            self._last_line = now
            self._console.print(f"{self._key}: {len(finished)}/{self._trials} trials, {words}")

    def stopping(self) -> None:
        """Say that the study stops once the trials that run are finished."""
        self._console.print(f"{self._key}: finishing what runs; Ctrl-C again stops at once")

    def __enter__(self) -> Self:
        """Start the display."""
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the display, leaving its last state to be read."""
        self._bar.stop()

    def _left(self, finished: Sequence[Trial], waiting: Sequence[Proposal], elapsed: float) -> str:
        """The time left, from the work done so far.

        Trials that run count as half done, trials not yet proposed as average.
        """
        kept = self._kept or set()
        done = [self._work(trial) for trial in finished if trial.number not in kept]
        if not done:
            return "time left unknown"
        known = [self._work(proposal) for proposal in waiting]
        average = (sum(done) + sum(known)) / (len(done) + len(known))
        later = self._trials - len(finished) - len(waiting)
        half = sum(known[: self._jobs]) / 2
        left = elapsed / (sum(done) + half) * (sum(known) - half + later * average)
        return f"{timedelta(seconds=round(left))} left"

    def _work(self, trial: Trial | Proposal) -> float:
        """How much work a trial is, reckoned once."""
        if trial.number not in self._works:
            self._works[trial.number] = self._cost(trial.params)
        return self._works[trial.number]
