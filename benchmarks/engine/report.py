"""What was measured of the engine, as tables for the terminal; which aims are reached."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.table import Table

from benchmarks import tables
from benchmarks.engine.asks import ROUND, Ask
from benchmarks.engine.runs import Run
from benchmarks.engine.sharing import Sharing
from benchmarks.engine.stores import Kept

NO_POSTGRES = (
    "PostgreSQL is left out: it is not installed here; name a database with --postgres "
    "postgresql+psycopg://user@host/database"
)


class Aim(NamedTuple):
    """A bound on what was measured."""

    words: str
    bound: float
    measured: float
    at_most: bool = False

    @property
    def reached(self) -> bool:
        """Whether the measured value is within the bound."""
        return self.measured <= self.bound if self.at_most else self.measured >= self.bound


def asks(measured: Sequence[Ask]) -> Table:
    """A row a number of told trials: milliseconds to ask for one more."""
    columns = ["told", "ours", "ours, resumed", "Optuna", "Optuna, SQLite", "ours ÷ Optuna"]
    table = tables.empty(f"Milliseconds to ask for a trial, rounds of {ROUND}, TPE", columns)
    for ask in measured:
        numbers = (ask.ours, ask.resumed, ask.stock, ask.sqlite)
        table.add_row(str(ask.told), *map(_milliseconds, numbers), f"{ask.ratio:.2f}")
    return table


def stores(measured: Sequence[Kept]) -> Table:
    """A row a store and number of trials in it: milliseconds to keep one more."""
    columns = ["store", "trials in it", "ours", "Optuna's calls", "Optuna ÷ ours"]
    table = tables.empty("Milliseconds to keep a trial of 20 epochs", columns)
    for kept in measured:
        times = (_milliseconds(kept.ours), _milliseconds(kept.stock))
        table.add_row(kept.store, str(kept.held), *times, f"{kept.stock / kept.ours:.1f}")
    return table


def missing(measured: Sequence[Kept]) -> str:
    """What to say of the store that is not there."""
    return "" if any(kept.store == "PostgreSQL" for kept in measured) else NO_POSTGRES


def runs(measured: Sequence[Run]) -> Table:
    """A row a run of a study: where its seconds went."""
    columns = ["study", "trials", "workers", "busy share", "as simulated", "wall", "before"]
    columns += ["between", "after", "CPU"]
    table = tables.empty("Runs of studies; seconds; CPU: the coordinator's", columns)
    for run in measured:
        shares = (f"{run.busy:.3f}", f"{run.replayed:.3f}")
        parts = (run.wall, run.starting, run.between, run.ending, run.coordinator)
        seconds = (f"{value:.1f}" for value in parts)
        table.add_row(run.key, str(run.trials), str(run.workers), *shares, *seconds)
    return table


def sharing(measured: Sequence[Sharing]) -> Table:
    """A row a study on many images: what its processes take."""
    columns = ["data", "workers", "coordinator (MB)", "a worker (MB)", "copies of files"]
    first = measured[0]
    title = f"Memory (PSS): {first.images:,} images, {first.data_bytes / 1e6:.0f} MB of arrays"
    table = tables.empty(title, columns)
    for s in measured:
        sizes = (f"{s.coordinator / 1e6:.0f}", f"{s.each_worker / 1e6:.0f}")
        table.add_row(s.way, str(s.workers), *sizes, f"{s.copies:.2f}")
    return table


def verdicts(aims: Sequence[Aim]) -> Table:
    """A row an aim: what was measured, the bound, and whether it was reached."""
    table = tables.empty("Aims", ["aim", "bound", "measured", "verdict"])
    for aim in aims:
        bound = f"{'≤' if aim.at_most else '≥'} {aim.bound:g}"
        verdict = "reached" if aim.reached else "missed"
        table.add_row(aim.words, bound, f"{aim.measured:.3f}", verdict)
    return table


def aims_of_asks(measured: Sequence[Ask]) -> Iterator[Aim]:
    """What an ask may cost, at the worst of the numbers of told trials."""
    yield Aim("ask, ours ÷ Optuna, worst", 1.3, max(a.ratio for a in measured), at_most=True)


def aims_of_runs(measured: Sequence[Run]) -> Iterator[Aim]:
    """What the longest search may cost beside its training; how busy two workers are, how fast."""
    by = {(run.key, run.trials, run.workers): run for run in measured}
    for (key, trials, workers), run in by.items():
        of = f"{key}, {trials} trials, {workers} workers"
        if key == "search" and workers == 2 and trials >= 128:
            yield Aim(f"{of}: coordinator ÷ wall", 0.03, run.coordinator / run.wall, at_most=True)
            yield Aim(f"{of}: between rounds ÷ wall", 0.03, run.between / run.wall, at_most=True)
        elif workers == 2:
            yield Aim(f"{of}: busy share", 0.93, run.busy)
            if alone := by.get((key, trials, 1)):
                yield Aim(f"{of}: times as fast as 1", 1.8, alone.wall / run.wall)


def neighbors(measured: Sequence[Run]) -> str:
    """How much trainings slow each other down: what no engine can mend."""
    by = {(run.key, run.trials, run.workers): run.trained for run in measured}
    found = [two / by[k, n, 1] for (k, n, w), two in by.items() if w == 2 and (k, n, 1) in by]
    if not found:
        return ""
    return (
        f"Beside each other, two trainings take {min(found):.2f} to {max(found):.2f} times as "
        "long as one alone: the processor's share of what two workers lose."
    )


def _milliseconds(seconds: float) -> str:
    return f"{1e3 * seconds:.1f}"
