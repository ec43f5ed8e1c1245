"""A Dask scheduler and workers, each a process of this machine with nothing but the packages."""

import json
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from distributed import Client
from distributed.versions import VersionMismatchWarning

ROOT = Path(__file__).parents[2]
OPTIONS = ["--nworkers", "1", "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1"]


class Cluster:
    """A scheduler with workers that come and go; all they write is in `folder`.

    Each process imports from the `path` that it is given first, else from the project.
    """

    def __init__(self, folder: Path, *, path: Path = ROOT) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        found = folder / "scheduler.json"
        arguments = ["--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(found)]
        self._scheduler = self._begin("dask_scheduler", *arguments, "--no-dashboard", path=path)
        for _ in range(300):
            with suppress(FileNotFoundError, json.JSONDecodeError):  # it is being written
                self.address = str(json.loads(found.read_text())["address"])
                return
            time.sleep(0.1)
        raise TimeoutError((folder / "log").read_text())

    def add(self, workers: int = 1, *, path: Path = ROOT) -> None:
        """Start workers in an empty folder, and wait until they are there."""
        scratch = ["--local-directory", str(self._folder / "scratch")]
        names = {str(len(self._processes) + number) for number in range(workers)}
        for name in sorted(names, key=int):
            arguments = [self.address, "--name", name, *OPTIONS, *scratch]
            self._begin("dask_worker", *arguments, path=path)
        with self._client() as client:
            for _ in range(300):
                there = client.scheduler_info(n_workers=-1)["workers"].values()
                if names <= {str(worker["name"]) for worker in there}:
                    return
                time.sleep(0.1)
        raise TimeoutError((self._folder / "log").read_text())

    def pids(self) -> list[int]:
        """The processes that train."""
        with self._client() as client:
            return sorted(client.run(os.getpid).values())

    def _client(self) -> Client:
        with warnings.catch_warnings():  # some workers are made to differ
            warnings.simplefilter("ignore", VersionMismatchWarning)
            return Client(self.address, set_as_default=False)

    def kill(self, worker: int, *, whole: bool = True) -> None:
        """Kill a worker, numbered as they were added, and the nanny that starts it again."""
        nanny = self._processes[1 + worker].pid
        if whole:
            os.killpg(nanny, signal.SIGKILL)
        else:
            os.kill(next(pid for pid in self.pids() if os.getpgid(pid) == nanny), signal.SIGKILL)

    def kill_scheduler(self) -> None:
        """Kill the scheduler."""
        os.killpg(self._scheduler.pid, signal.SIGKILL)
        self._scheduler.wait()

    def stop(self) -> None:
        """Kill every process."""
        for process in reversed(self._processes):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _begin(self, program: str, *arguments: str, path: Path) -> "subprocess.Popen[bytes]":
        """Start one of Dask's programs in an empty folder and a session of its own."""
        empty = self._folder / "empty"
        empty.mkdir(exist_ok=True)
        with (self._folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{program}", *arguments],
                cwd=empty,
                env=os.environ | {"PYTHONPATH": f"{path}{os.pathsep}{ROOT}"},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes.append(process)
        return process


@contextmanager
def cluster(folder: Path, workers: int = 2, *, path: Path = ROOT) -> Iterator[Cluster]:
    """A scheduler with so many workers, all gone afterwards."""
    found = Cluster(folder, path=path)
    try:
        if workers:
            found.add(workers)
        yield found
    finally:
        found.stop()
