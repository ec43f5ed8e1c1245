"""`python -m benchmarks.simulation`: how busy rounds of some size keep so many workers.

Prints tables; writes simulation.csv and simulation.png to reports/bench/.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, get_args

import numpy as np
import typer
from pandas import DataFrame
from rich.console import Console
from rich.table import Table

from benchmarks import tables
from benchmarks.simulation import picture, replay
from benchmarks.simulation.replay import Agreement
from benchmarks.simulation.rounds import Floats, Order, Trials, Work, busy, busy_without_rounds
from pipeline.errors import exit_on_user_error
from pipeline.files import make_folder, replacing

WORKERS = (1, 2, 4, 8, 16, 32, 64)
SIZES = (4, 8, 16, 32, 64, 128)
COLUMNS = (
    *("workers", "round_size", "order"),
    *("busy", "busy_q1", "busy_q3", "trained", "speed_up"),
)
NO_ROUNDS = "no rounds"

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    *,
    trials: Annotated[int, typer.Option(min=1, help="Trials of a study.")] = 512,
    studies: Annotated[int, typer.Option(min=1, help="Studies drawn at random.")] = 100,
    seconds: Annotated[float, typer.Option(help="A full training, on average.")] = Work.seconds,
    ask: Annotated[float, typer.Option(help="Seconds to ask for a trial.")] = Work.ask,
    pruned: Annotated[float, typer.Option(min=0, max=1, help="Share of trials.")] = Work.pruned,
    error: Annotated[float, typer.Option(help="Of the known cost, as a logarithm.")] = Work.error,
    size: Annotated[list[int] | None, typer.Option(min=1, help="Trials a round.")] = None,
    study: Annotated[
        Path | None, typer.Option(help="Take costs and pruning from this study's export.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where to write.")] = Path("reports/bench"),
) -> None:
    """Simulate rounds of trials of different lengths, some pruned, on some workers."""
    make_folder(out)
    work = Work(seconds=seconds, ask=ask, pruned=pruned, error=error)
    console, agreement = Console(), None
    if study:
        export = replay.load(study)
        work = replay.work_of(export, error)
        agreement = replay.agreement(export, work, studies=studies)
    frame = simulate(work, trials=trials, studies=studies, sizes=size or SIZES)
    frame.to_csv(out / "simulation.csv", index=False, float_format="%.4f", lineterminator="\n")
    words = described(work, trials, studies)
    with replacing(out / "simulation.png") as temporary:
        picture.figure(frame, words).savefig(temporary, format="png")
    console.print(table(frame), speed_ups(frame), f"\n{words}", sep="\n")
    if agreement:
        console.print(agreement_table(agreement))


def simulate(
    work: Work,
    *,
    trials: int,
    studies: int,
    workers: Sequence[int] = WORKERS,
    sizes: Sequence[int] = SIZES,
) -> DataFrame:
    """A row for workers, round size and order: quartiles of the studies' busy shares.

    `trained` is the share of full trainings that is trained: the larger the first round, the less
    can be pruned. `speed_up` compares the time of the study with that of the least work, done by
    one worker that is always busy. Round size 0 stands for no rounds.
    """
    least = work.draw(studies, trials, 0)
    rows = [
        (n, 0, NO_ROUNDS, *_row(busy_without_rounds(least, n, work.ask), n, least, least))
        for n in workers
    ]
    for size in sizes:
        drawn = work.draw(studies, trials, size)
        rows += [
            (n, size, order, *_row(busy(drawn, n, size, work.ask, order), n, drawn, least))
            for n in workers
            for order in get_args(Order)
        ]
    return DataFrame(rows, columns=list(COLUMNS))


def table(frame: DataFrame) -> Table:
    """A row a number of workers: per cent busy, the dearest first / in the order asked for."""
    sizes = sorted(set(frame["round_size"]) - {0})
    columns = ["workers", *(f"{size} a\u00a0round" for size in sizes), NO_ROUNDS]
    shown = tables.empty("Busy share of the workers, %: dearest first / as asked", columns)
    best, other = (_square(frame, order) for order in get_args(Order))
    free = frame[frame["round_size"] == 0].set_index("workers")["busy"]
    for workers in best.index:
        cells = (f"{100 * best[s][workers]:.0f}/{100 * other[s][workers]:.0f}" for s in sizes)
        shown.add_row(str(workers), *cells, f"{100 * free[workers]:.0f}")
    shown.add_section()
    trained = frame.groupby("round_size")["trained"].first()
    shown.add_row("trained", *(f"{100 * trained[s]:.0f}" for s in (*sizes, 0)))
    return shown


def speed_ups(frame: DataFrame) -> Table:
    """A row a number of workers: how many times as fast as the least work on one of them."""
    best = _square(frame, "longest first", "speed_up")
    columns = ["workers", *(f"{size} a\u00a0round" for size in best.columns)]
    shown = tables.empty("Times as fast as one worker, always busy, on the least work", columns)
    for workers, row in best.iterrows():
        shown.add_row(str(workers), *(f"{value:.1f}" for value in row))
    return shown


def described(work: Work, trials: int, studies: int) -> str:
    """What was simulated, in words."""
    return (
        f"Medians of {studies} studies of {trials} trials. In full they train "
        f"{work.seconds:.3g} s on average,\nthe dearest {work.spread:.0f} times as long as the "
        f"cheapest; {work.pruned:.0%} are pruned\n(of the first round none). To ask for one takes "
        f"{1e3 * work.ask:.0f} ms."
    )


def agreement_table(found: Agreement) -> Table:
    """What the study measured, and what the simulation makes of it."""
    columns = ["", "busy share"]
    title = f"{found.trials} trials, rounds of {found.round_size}, {found.workers} workers"
    shown = tables.empty(title, columns)
    shown.add_row("measured", f"{found.measured:.3f}")
    shown.add_row("its own trials, replayed", f"{found.replayed:.3f}")
    shown.add_row("trials like them, drawn at random", f"{found.simulated:.3f}")
    return shown


def _row(shares: Floats, workers: int, drawn: Trials, least: Trials) -> tuple[float, ...]:
    """Busy share and its quartiles, share of full trainings, speed-up."""
    low, middle, high = np.quantile(shares, (0.25, 0.5, 0.75)).tolist()
    more = float(drawn.seconds.sum() / least.seconds.sum())
    trained = float(drawn.seconds.sum() / drawn.full.sum())
    return middle, low, high, trained, middle * workers / more


def _square(frame: DataFrame, order: str, value: str = "busy") -> DataFrame:
    rows = frame[frame["order"] == order]
    return rows.pivot(index="workers", columns="round_size", values=value)


if __name__ == "__main__":
    exit_on_user_error(app)
