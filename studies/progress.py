"""What a person sees while a study runs: a bar on a terminal, plain lines elsewhere."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from studies.trials import Trial

SECONDS_BETWEEN_LINES = 5.0


class Progress:
    """Shows which study runs, how far it is, the best so far, how many were pruned, time left."""

    def __init__(self, key: str, trials: int) -> None:
        """Show nothing yet."""
        self._console = Console(highlight=False)
        self._key, self._trials = key, trials
        self._began = self._last_line = time.monotonic()
        self._resumed: int | None = None
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[found]}"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task(key, total=trials, found="")

    def show(self, trials: Sequence[Trial]) -> None:
        """Show where the study stands, given all its finished trials."""
        if self._resumed is None:
            self._resumed = len(trials)
            if trials:
                self._console.print(f"{self._key}: {len(trials)} trials are kept from before")
        self._bar.update(self._task, completed=len(trials), found=found(trials))
        now = time.monotonic()
        due = now - self._last_line >= SECONDS_BETWEEN_LINES
        if not self._console.is_terminal and (due or len(trials) == self._trials):
            self._last_line = now
            left = f"{self._seconds_left(len(trials), now):.0f} s left"
            done = f"{self._key}: {len(trials)}/{self._trials} trials"
            self._console.print(f"{done}, {found(trials)}, {left}")

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

    def _seconds_left(self, finished: int, now: float) -> float:
        done = finished - (self._resumed or 0)
        return (now - self._began) / done * (self._trials - finished) if done else 0.0


def found(trials: Sequence[Trial]) -> str:
    """The best score and the number of pruned trials, in words."""
    complete = [trial.value for trial in trials if trial.state == "COMPLETE"]
    best = f"best {max(complete):.2%}" if complete else "no result"
    return f"{best}, {len(trials) - len(complete)} pruned"
