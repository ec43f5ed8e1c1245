"""Memory that training takes beside its data, each way in a process of its own.

`python -m benchmarks.memory WAY FOLDER PARTS` is that process. Read from Linux's /proc: what
getrusage calls a process's peak begins with that of the process which started it.
"""

import gc
import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from benchmarks import ways
from benchmarks.ways import Case
from pipeline import training
from pipeline.outputs import write_csv

CASE = Case((1024,), 64, "adam")
FIRST = Case((64,), 16, "adam")  # loads what a library loads on first use
STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class Memory(NamedTuple):
    """Resident bytes of one process: before the data, with them, and at most during an epoch."""

    way: str
    images: int
    data_bytes: int
    parameter_bytes: int
    before_bytes: int
    with_data_bytes: int
    peak_bytes: int

    @property
    def loaded(self) -> float:
        """What the data take once they are loaded, in copies of them."""
        return (self.with_data_bytes - self.before_bytes) / self.data_bytes

    @property
    def growth_bytes(self) -> int:
        """What training takes beside its data."""
        return self.peak_bytes - self.with_data_bytes

    @property
    def growth(self) -> float:
        """The growth, in copies of the parameters."""
        return self.growth_bytes / self.parameter_bytes


def measure(names: Sequence[str], folder: Path) -> list[Memory]:
    """Each way with half of the images and with all, one process after another."""
    return [_in_a_process(name, folder, parts) for name in names for parts in (2, 1)]


def write(path: Path, measured: Sequence[Memory]) -> None:
    """Write one row a process."""
    header = ["case", *Memory._fields, "growth_bytes"]
    write_csv(path, header, [[str(CASE), *m, m.growth_bytes] for m in measured])


def one_epoch(way: str, folder: Path, parts: int) -> Memory:
    """Train an epoch in this process, which has done nothing else."""
    make, training_data = ways.available()[way], ways.images(folder, 10)
    training.one_blas_thread()
    make(FIRST, training_data)()
    del training_data
    before = _resident()
    train = ways.images(folder, parts)
    with_data = _resident()
    with suppress(OSError):  # where /proc may not be written to, the peak is an upper bound
        RESET.write_text("5")  # the peak begins again, from what is resident now
    make(CASE, train)()
    data = sum(array.nbytes for array in train)
    return Memory(
        way, len(train.X), data, 4 * CASE.parameters, before, with_data, _resident("VmHWM")
    )


def _resident(what: str = "VmRSS") -> int:
    """Bytes of this process that are in memory, or were at the peak (VmHWM)."""
    gc.collect()
    lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
    return 1024 * int(lines[what].split()[0])


def _in_a_process(way: str, folder: Path, parts: int) -> Memory:
    command = [sys.executable, "-m", "benchmarks.memory", way, str(folder), str(parts)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Memory(*json.loads(done.stdout))


if __name__ == "__main__":
    print(json.dumps(one_epoch(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
