"""A PostgreSQL server of the tests' own, for this machine alone."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

USER = "tester"
SECRET = "hush"  # noqa: S105 part of the password: where it is seen, the password leaked
PASSWORD = f"{SECRET}%41/@:{{0}}"  # what a URL and Optuna's templates would take for their own


def programs() -> Path | None:
    """The folder of PostgreSQL's programs; Debian keeps them off the path."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    return next((path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")), None)


@dataclass(frozen=True)
class Database:
    """One database of a server."""

    name: str
    port: int

    def url(self, *, password: str = PASSWORD, name: str = "", port: int = 0) -> str:
        """Its URL, or one that differs in what is given."""
        user = f"{USER}:{quote(password, safe='')}" if password else USER
        return f"postgresql+psycopg://{user}@127.0.0.1:{port or self.port}/{name or self.name}"

    def finished(self) -> int:
        """How many trials are finished in it."""
        query = "select count(*) from trials where state in ('COMPLETE', 'PRUNED')"
        try:
            with closing(connect(self.port, self.name)) as connection:
                row = connection.execute(query).fetchone()
        except psycopg.errors.UndefinedTable:
            return 0
        return row[0] if row else 0


class Server:
    """A server of its own in `folder`, which only its user need be able to enter."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self._folder, self._binaries = folder, binaries
        self._process: subprocess.Popen[bytes] | None = None
        self._names = (f"lab_{number}" for number in count())
        self.port = free_port()
        secret = folder / "password"
        secret.write_text(PASSWORD)
        options = [
            "--auth=scram-sha-256",
            f"--pwfile={secret}",
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C",
        ]
        self._begin("initdb", "-U", USER, *options).wait(60)

    def start(self) -> None:
        """Start it, unless it runs, and wait until it answers."""
        if self._process:
            return
        address = ["-h", "127.0.0.1", "-p", str(self.port), "-k", str(self._folder)]
        self._process = self._begin("postgres", *address, "-F")
        for _ in range(300):
            try:
                connect(self.port, "postgres").close()
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self._folder / "log").read_text()
                time.sleep(0.1)
            else:
                return
        raise TimeoutError((self._folder / "log").read_text())

    def stop(self) -> None:
        """Stop it at once, as a crash would, unless it is stopped."""
        if self._process:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)
            self._process = None

    def database(self) -> Database:
        """A new, empty database."""
        name = next(self._names)
        with closing(connect(self.port, "postgres")) as connection:
            connection.execute(f"create database {name}")  # type: ignore[call-overload]
        return Database(name, self.port)

    def _begin(self, program: str, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start one of its programs on its data, under a user that may run it."""
        # PostgreSQL refuses to run as root
        user: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []}
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                [self._binaries / program, "-D", self._folder / "data", *arguments],
                cwd=self._folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **(user if os.geteuid() == 0 else {}),
            )


@contextmanager
def server(binaries: Path) -> Iterator[Server]:
    """A running server, gone afterwards with all that was in it."""
    # not among pytest's folders: those are closed to the server's user
    with tempfile.TemporaryDirectory(prefix="handtuned-postgres-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        found = Server(folder, binaries)
        try:
            found.start()
            yield found
        finally:
            found.stop()


def connect(port: int, name: str) -> "psycopg.Connection[Any]":
    """A connection that commits each statement."""
    return psycopg.connect(
        host="127.0.0.1", port=port, dbname=name, user=USER, password=PASSWORD, autocommit=True
    )


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
