"""`python -m studies` in a small project, as a user of a cluster runs it."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

TABLES = ("trials.csv", "history.csv", "study.json", "correct.npy")
SECONDS = 120  # for any one command


class Project:
    """A project's folder, and the commands that run in it with `variables` set."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "studies", *arguments],
            cwd=self.folder,
            env=environment(variables),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def begin(self, key: str, **variables: str) -> "Begun":
        """Start a study in a session of its own."""
        return Begun(self.folder, key, environment(variables))

    def finish(self, key: str, **variables: str) -> dict[str, bytes]:
        """Run a study to its end; its tables."""
        result = self.run("run", key, **variables)
        assert result.returncode == 0, result.stderr
        return self.tables(key)

    def tables(self, key: str) -> dict[str, bytes]:
        """The canonical files of a study."""
        return {name: (self.reports(key) / name).read_bytes() for name in TABLES}

    def reports(self, key: str) -> Path:
        """The folder of a study's results."""
        return self.folder / "reports/studies" / key

    def edit(self, name: str, before: str, after: str) -> None:
        """Replace what must stand in a file."""
        path = self.folder / name
        text = path.read_text()
        assert before in text
        path.write_text(text.replace(before, after))

    def written(self) -> bytes:
        """Every byte that commands wrote."""
        folders = (self.folder / "reports", self.folder / "studies/live")
        files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
        return b"".join(path.read_bytes() for path in files)

    def copy(self, folder: Path) -> "Project":
        """The same project in another folder, as on another machine."""
        return Project(Path(shutil.copytree(self.folder, folder)))


class Begun:
    """A study that runs in the background; what it says goes to a file."""

    def __init__(self, folder: Path, key: str, variables: dict[str, str]) -> None:
        self._said = folder / "said.txt"
        with self._said.open("w") as file:  # a pipe would stay open in orphaned workers
            self._process = subprocess.Popen(
                [sys.executable, "-m", "studies", "run", key],
                cwd=folder,
                env=variables,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self._process.pid

    def signal(self, number: int) -> None:
        """Send a signal to it and to the workers it started; it must still run."""
        assert self._process.poll() is None, self._said.read_text()
        os.killpg(self.pid, number)

    def wait(self) -> int:
        """Its exit code."""
        return self._process.wait(SECONDS)

    def errors(self) -> list[str]:
        """The lines it wrote, but for those that say where the study stands."""
        lines = self._said.read_text().splitlines()
        return [line for line in lines if not line.startswith("search: ")]

    def said(self) -> str:
        """All that it wrote."""
        return self._said.read_text()

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds, while it runs."""
        for _ in range(600):
            assert self._process.poll() is None, self._said.read_text()
            if holds():
                return
            time.sleep(0.05)
        pytest.fail("it did not come to that within 30 s")


def environment(variables: dict[str, str]) -> dict[str, str]:
    """This process's environment, with those of our own variables alone that are given."""
    kept = {name: v for name, v in os.environ.items() if not name.startswith("HANDTUNED_")}
    return kept | {"HANDTUNED_JOBS": "1"} | variables
