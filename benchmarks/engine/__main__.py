"""`python -m benchmarks.engine`: what the study engine costs beside the training.

Reads params.yaml and data/prepared/; prints tables; writes asks.csv, stores.csv, runs.csv and
sharing.csv to reports/bench/. Wants a quiet machine and takes a quarter of an hour.
"""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from benchmarks.engine import asks, report, runs, sharing, stores
from benchmarks.engine.report import Aim
from pipeline import params
from pipeline.errors import exit_on_user_error
from pipeline.files import make_folder
from pipeline.outputs import write_csv

TOLD = (100, 200, 500, 1000, 2000)
IMAGES = 60_000
LONG = 128  # trials of the search whose overhead is measured
DATA = Path("data")

T = TypeVar("T", bound=Any)  # a NamedTuple

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class Part(StrEnum):
    """What can be measured by itself."""

    ASKS = "asks"
    STORES = "stores"
    RUNS = "runs"
    SHARING = "sharing"


@app.command()
def main(
    *,
    part: Annotated[list[Part] | None, typer.Option(help="Only this; repeatable.")] = None,
    told: Annotated[
        list[int] | None, typer.Option(min=1, help="Trials told or kept before; repeatable.")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Of each round of asks.")] = 5,
    postgres: Annotated[str | None, typer.Option(help="The URL of an empty database.")] = None,
    study: Annotated[list[str] | None, typer.Option(help="Run only this one; repeatable.")] = None,
    long: Annotated[int, typer.Option(min=0, help="Trials of a long search; 0: none.")] = LONG,
    workers: Annotated[
        list[int] | None, typer.Option(min=1, help="That share images; repeatable.")
    ] = None,
    images: Annotated[int, typer.Option(min=600, help="That workers share.")] = IMAGES,
    out: Annotated[Path, typer.Option(help="Where to write.")] = Path("reports/bench"),
) -> None:
    """Measure asks, stores, runs of studies and shared memory."""
    make_folder(out)
    console, parts, counts = Console(), part or list(Part), told or TOLD
    aims: list[Aim] = []
    if Part.ASKS in parts:
        asked = _kept(out / "asks.csv", asks.measure(counts, repeats=repeats))
        console.print(report.asks(asked))
        aims += report.aims_of_asks(asked)
    if Part.STORES in parts:
        kept = _kept(out / "stores.csv", stores.measure(counts, postgres_url=postgres))
        console.print(report.stores(kept), report.missing(kept), sep="\n")
    if Part.RUNS in parts:
        ran = _kept(out / "runs.csv", _runs(study or list(params.load().studies), long))
        console.print(report.runs(ran), report.neighbors(ran), sep="\n")
        aims += report.aims_of_runs(ran)
    if Part.SHARING in parts:
        shared = _kept(out / "sharing.csv", sharing.measure(workers or (2, 4), images))
        console.print(report.sharing(shared))
    if aims:
        console.print(report.verdicts(aims))


def _runs(keys: Sequence[str], long: int) -> list[runs.Run]:
    """The studies with one worker and with two, then the search with more trials."""
    found = runs.measure(keys, (1, 2), data=DATA)
    if long and "search" in keys:
        found += runs.measure(["search"], [2], data=DATA, trials=long)
    return found


def _kept(path: Path, rows: list[T]) -> list[T]:
    """The rows, written too."""
    write_csv(path, rows[0]._fields, rows)
    return rows


if __name__ == "__main__":
    exit_on_user_error(app)
