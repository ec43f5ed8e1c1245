"""One run of a study at a time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.errors import UserError
from studies.store import LIVE


@contextmanager
def only_run(key: str, folder: Path = LIVE) -> Iterator[None]:
    """Hold study `key` while inside; the lock frees itself when its holder dies.

    Raises: UserError naming the process that holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    holder = folder / f"{key}.holder"
    lock = FileLock(folder / f"{key}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        who = _read(holder) or "another process"
        raise UserError(f"study {key} is being run by {who}; wait for it, or stop it") from None
    try:
        holder.write_text(f"process {os.getpid()}")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _read(holder: Path) -> str:
    with suppress(FileNotFoundError):  # it may end at this moment
        return holder.read_text()
    return ""
