"""`python -m benchmarks.search`: what a search finds for its work, beside its peers.

Reads params.yaml and data/prepared/; writes to reports/bench/search/: runs/ (a file for each
search, kept so that a bench goes on where it stopped), curves.csv, speed.csv, search.png. The
held-out images are a test split: they choose nothing here, and no search sees them.
"""

import itertools
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import optuna
import typer
from rich.console import Console

from benchmarks.search import picture, runs, speed, speed_tables, tables
from benchmarks.search.budgets import BASELINE, SEARCH, Setting, at_most
from benchmarks.search.runs import Run
from benchmarks.search.speed import Timing
from benchmarks.search.ways import NAMES, OURS, REFERENCE, WAYS
from pipeline import dataset, params, training
from pipeline.errors import UserError, exit_on_user_error
from pipeline.files import make_folder, replacing, write_json
from studies.interrupts import Interrupted

INTERRUPTED = 130  # what a shell reports for a program that Ctrl-C ended
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    *,
    seeds: Annotated[int, typer.Option(min=0, help="Searches of each way; 0: none.")] = 10,
    trials: Annotated[
        int | None, typer.Option(min=2, help="At most so many trials a search.")
    ] = None,
    repeats: Annotated[int, typer.Option(min=0, help="Timed rounds of searches; 0: none.")] = 3,
    points: Annotated[int, typer.Option(min=1, help="Points of a timed search.")] = 32,
    epochs: Annotated[int, typer.Option(min=1, help="Epochs of each of them.")] = 10,
    jobs: Annotated[int, typer.Option(min=1, help="Workers, or threads.")] = 2,
    held_out: Annotated[
        Path, typer.Option(help="Prepared folder whose test split is held out.")
    ] = dataset.PREPARED,
    out: Annotated[Path, typer.Option(help="Where to write.")] = Path("reports/bench/search"),
) -> None:
    """Compare searches: accuracy against work, then epochs a second."""
    make_folder(out)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    training.one_blas_thread()
    try:
        if seeds:
            loaded = params.load() if trials is None else at_most(params.load(), trials)
            setting = Setting(loaded, dataset.load("test", held_out), jobs)
            _same_settings(out / "settings.json", setting, held_out)
            searches(setting, seeds, out)
        if repeats:
            speeds(speed.measure(points, epochs, repeats, jobs), out)
    except (Interrupted, KeyboardInterrupt):
        typer.echo("interrupted; finished searches are kept, the next run goes on", err=True)
        raise typer.Exit(INTERRUPTED) from None


def searches(setting: Setting, seeds: int, out: Path) -> None:
    """Run every way with every seed, but for those whose file is there; show what came of it."""
    made = []
    for number, (seed, way) in enumerate(in_order(seeds), 1):
        place = runs.place(out / "runs", way, seed)
        if not place.exists():
            runs.write(place, search(way, seed, setting))
            said = f"{number} of {seeds * len(WAYS)}: {NAMES[way]}, seed {seed}"
            typer.echo(f"{said}: {runs.read(place).wall_seconds:.0f} s", err=True)
        made.append(runs.read(place))
    by_way = tables.drawn(made)
    tables.write_curves(out / "curves.csv", by_way)
    with replacing(out / "search.png") as temporary:
        picture.figure(by_way).savefig(temporary, format="png", metadata={"Software": None})
    shown = tables.ends(by_way, made), tables.soon(by_way), tables.aim(by_way)
    Console().print(*shown, f"\n{tables.NOTES}", sep="\n")


def speeds(measured: Iterable[Timing], out: Path) -> None:
    """Show how fast whole searches are, and write it."""
    timings = []
    for timing in measured:
        timings.append(timing)
        said = f"timed {timing.repeat}: {timing.driver} over {timing.trainer}"
        typer.echo(f"{said}: {timing.seconds:.0f} s", err=True)
    speed_tables.write(out / "speed.csv", timings)
    shown = speed_tables.rates(timings), speed_tables.aims(timings)
    Console().print(*shown, f"\n{speed_tables.NOTE}", sep="\n")


def in_order(seeds: int) -> list[tuple[int, str]]:
    """Every seed and way: first the two ways that the aim compares."""
    pairs = itertools.product(range(1, seeds + 1), WAYS)
    return sorted(pairs, key=lambda pair: pair[1] not in {OURS, REFERENCE})


def search(way: str, seed: int, setting: Setting) -> Run:
    """One search, and how long it took by the clock on the wall."""
    began = time.perf_counter()
    steps = WAYS[way](setting, seed)
    return Run(way, seed, time.perf_counter() - began, steps)


def _same_settings(path: Path, setting: Setting, held_out: Path) -> None:
    """Confirm that searches kept in this folder are of today's settings and images."""
    settings: dict[str, Any] = {
        "jobs": setting.jobs,
        "trainer": setting.params.trainer.model_dump(mode="json", exclude_unset=True),
        "studies": {
            key: setting.params.study(key).model_dump(mode="json", exclude_unset=True)
            for key in (SEARCH, BASELINE)
        },
        "data": dataset.meta()["files"],
        "held_out": dataset.meta(held_out)["files"]["test/images.npy"],
    }
    if not path.exists():
        write_json(path, settings)
    if json.loads(path.read_text(encoding="utf-8")) != settings:
        raise UserError(
            f"{path} must be of today's settings and images, but differs; name another folder "
            f"with --out, or remove {path.parent}"
        )


if __name__ == "__main__":
    exit_on_user_error(app)
