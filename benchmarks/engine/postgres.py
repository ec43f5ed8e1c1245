"""A PostgreSQL server of the bench's own, as installed and for this machine alone."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

USER = "postgres"  # it refuses to run as root
SECONDS_TO_START = 30


@contextmanager
def server() -> Iterator[str | None]:
    """The URL of an empty database, gone afterwards; None where PostgreSQL is not installed."""
    binaries = _programs()
    if binaries is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="handtuned-bench-") as name:
        folder, port = Path(name), _free_port()
        if os.geteuid() == 0:
            shutil.chown(folder, USER)
        _begin(binaries / "initdb", folder, "-U", USER, "--auth=trust").wait()
        where = ("-h", "127.0.0.1", "-p", str(port), "-k", str(folder))
        process = _begin(binaries / "postgres", folder, *where)
        try:
            _wait_for(port, process)
            yield f"postgresql+psycopg://{USER}@127.0.0.1:{port}/postgres"
        finally:
            process.send_signal(signal.SIGINT)  # its "fast" way to stop
            process.wait()


def _programs() -> Path | None:
    """The folder of PostgreSQL's programs; Debian keeps them off the path."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    return next((path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")), None)


def _begin(program: Path, folder: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    user: dict[str, Any] = {"user": USER, "group": USER, "extra_groups": []}
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [program, "-D", folder / "data", *arguments],
            cwd=folder,
            stdout=log,
            stderr=log,
            **(user if os.geteuid() == 0 else {}),
        )


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    import psycopg

    for _ in range(10 * SECONDS_TO_START):
        try:
            psycopg.connect(host="127.0.0.1", port=port, user=USER, dbname=USER).close()
        except psycopg.OperationalError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("PostgreSQL did not start")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
