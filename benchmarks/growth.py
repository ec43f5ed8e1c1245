"""`python -m benchmarks.growth`: what more images cost, in time and memory.

Prepares the digits of this project again and again, as many as asked for, and trains on them; each
number of images in a process of its own. Prints a table; writes growth.csv to reports/bench/.
"""

import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, NamedTuple

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.engine.sharing import prepare_many
from pipeline import dataset, training
from pipeline.errors import exit_on_user_error
from pipeline.files import make_folder
from pipeline.outputs import write_csv
from pipeline.settings import Trainer

IMAGES = (5_000, 20_000, 70_000)
EPOCHS = 3
SETTINGS = Trainer(hidden_size=(256,), optimizer="adam", batch_size=64)

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class Growth(NamedTuple):
    """What so many images take: seconds, and peak bytes of the process."""

    images: int
    train_images: int
    prepare_seconds: float
    prepare_bytes: int
    epoch_seconds: float
    train_bytes: int


@app.command()
def main(
    images: Annotated[list[int] | None, typer.Option(min=600, help="Repeatable.")] = None,
    out: Annotated[Path, typer.Option(help="Where to write.")] = Path("reports/bench"),
) -> None:
    """Measure preparing and training on more and more images."""
    make_folder(out)
    found = [_apart(each) for each in images or IMAGES]
    write_csv(out / "growth.csv", Growth._fields, found)
    table = Table("images", "trained on", "prepare", "its peak", "an epoch", "training's peak")
    for each in found:
        table.add_row(
            f"{each.images:,}",
            f"{each.train_images:,}",
            f"{each.prepare_seconds:.2f} s",
            f"{each.prepare_bytes / 1e6:.0f} MB",
            f"{each.epoch_seconds:.3f} s",
            f"{each.train_bytes / 1e6:.0f} MB",
        )
    Console().print(table)


def _apart(images: int) -> Growth:
    """Measure in fresh processes, whose peaks are their own."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        said = [_said(part, images, folder) for part in ("prepare", "train")]
        n = dataset.meta(folder)["sizes"]["train"]
    (seconds, peak), (epoch, train_peak) = said
    return Growth(images, n, seconds, int(peak), epoch, int(train_peak))


def _said(part: str, images: int, folder: Path) -> tuple[float, float]:
    command = [sys.executable, "-m", "benchmarks.growth", part, str(images), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, peak = map(float, done.stdout.split())
    return seconds, peak


def _part(part: str, images: int, folder: Path) -> None:
    """Do one part; print its seconds, and the peak bytes of this process."""
    clock = time.perf_counter()
    if part == "prepare":
        prepare_many(images, folder)
        seconds = time.perf_counter() - clock
    else:
        train, val = (dataset.load(split, folder) for split in ("train", "val"))
        *_, epochs = training.begin(SETTINGS, train, val, 1)
        every = [next(epochs).seconds for _ in range(EPOCHS)]
        seconds = min(every)
    print(seconds, 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    if sys.argv[1:2] in (["prepare"], ["train"]):
        _part(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
    else:
        exit_on_user_error(app)
