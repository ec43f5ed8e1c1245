"""`python -m benchmarks.trainer`: our trainer beside its limit and its peers.

Reads FOLDER/train/; prints tables; writes trainer.csv and trainer.png (seconds an epoch) and
memory.csv (peak memory) to reports/bench/.
"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import memory, picture, tables, timing, ways
from benchmarks.ways import CASES
from pipeline import dataset, training
from pipeline.errors import exit_on_user_error
from pipeline.files import make_folder, replacing

NO_TORCH = "PyTorch is not installed, so its columns are left out; `make torch` installs it."
NO_PROC = "Memory is left out: it is read from Linux's /proc."

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    epochs: Annotated[int, typer.Option(min=1, help="Epochs measured.")] = 7,
    warm_up: Annotated[int, typer.Option(min=0, help="Epochs trained before.")] = 5,
    data: Annotated[Path, typer.Option(help="Prepared images.")] = dataset.PREPARED,
    case: Annotated[
        list[int] | None,
        typer.Option(min=1, max=len(CASES), help="Only this one, counted from 1; repeatable."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Where to write.")] = Path("reports/bench"),
) -> None:
    """Time an epoch of our trainer, of its peers, and of the matrix products alone."""
    make_folder(out)
    train, available = ways.images(data), ways.available()
    console, images = Console(), len(train.X)
    if "eager" not in available:
        console.print(NO_TORCH)
    training.one_blas_thread()
    chosen = [CASES[number - 1] for number in case] if case else CASES
    timings = []
    for number, each in enumerate(chosen, 1):
        typer.echo(f"{number} of {len(chosen)}: {each}", err=True)  # a bar would take turns too
        timings.append(timing.measure(each, train, available, warm_up=warm_up, epochs=epochs))
    tables.write_times(out / "trainer.csv", timings, images)
    drawn = picture.figure(timings, images)
    with replacing(out / "trainer.png") as temporary:
        drawn.savefig(temporary, format="png")
    console.print(tables.times(timings), f"\n{picture.DARK}", tables.aims(timings), sep="\n")
    if not memory.RESET.exists():
        console.print(NO_PROC)
        return
    measured = memory.measure([name for name in available if name != "products"], data)
    memory.write(out / "memory.csv", measured)
    console.print(tables.memory(measured))


if __name__ == "__main__":
    exit_on_user_error(app)
