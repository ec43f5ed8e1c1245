"""How long trials took, and how busy the workers were."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from studies.trials import Trial

COLUMNS = (
    *("number", "round", "worker", "workers", "asked", "began", "seconds", "told"),
    "busy_share",
)


def rows(trials: Sequence[Trial], round_size: int) -> Iterator[list[Any]]:
    """One row a trial, its times in seconds since the study's first round was asked for.

    `busy_share` is that of the trials which were asked for together.
    """
    start = min(trial.timing.asked for trial in trials)
    shares = {asked: busy_share(together) for asked, together in _together(trials).items()}
    for trial in trials:
        t = trial.timing
        times = (t.asked - start, t.began - start, t.seconds, t.told - start)
        yield [
            trial.number,
            trial.number // round_size,
            t.worker,
            t.workers,
            *(f"{seconds:.3f}" for seconds in times),
            f"{shares[t.asked]:.4f}",
        ]


def busy_share(trials: Sequence[Trial]) -> float:
    """Seconds of training over what the workers had: wall time, from asking to telling, each."""
    available = sum(
        max((t.timing.told - asked) * t.timing.workers for t in together)
        for asked, together in _together(trials).items()
    )
    return sum(trial.timing.seconds for trial in trials) / available


def _together(trials: Sequence[Trial]) -> dict[float, list[Trial]]:
    """The trials by the moment at which they were asked for: by round, and run of the program."""
    together: dict[float, list[Trial]] = defaultdict(list)
    for trial in trials:
        together[trial.timing.asked].append(trial)
    return together
