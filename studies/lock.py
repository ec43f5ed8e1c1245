"""One run of a study at a time."""

import hashlib
import os
import platform
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout
from optuna.storages import RDBStorage
from sqlalchemy import Connection, text

from pipeline.errors import UserError
from studies.storage import LIVE


@contextmanager
def only_run(key: str, name: str, storage: RDBStorage, folder: Path = LIVE) -> Iterator[None]:
    """Hold study `key` of this folder, and `name` in a shared database, while inside.

    Both locks free themselves when their holder dies.

    Raises: UserError naming the process that holds it.
    """
    with ExitStack() as held:
        held.enter_context(_in_folder(key, folder))
        if storage.engine.dialect.name == "postgresql":
            held.enter_context(_in_database(key, name, storage))
        yield


def holder(key: str, name: str, storage: RDBStorage, folder: Path = LIVE) -> str | None:
    """Who runs study `key` in this folder, or `name` in a shared database; None if nobody does."""
    lock = FileLock(folder / f"{key}.lock", timeout=0)
    try:
        if Path(lock.lock_file).exists():
            with lock:
                pass
    except Timeout:
        return _read(folder / f"{key}.holder") or "another process"
    if storage.engine.dialect.name != "postgresql":
        return None
    with storage.engine.connect() as connection:
        return _holder_of(connection, _number(name))


@contextmanager
def _in_folder(key: str, folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{key}.lock", timeout=1)  # one who only looks holds it an instant
    try:
        lock.acquire()
    except Timeout:
        raise _held(key, _read(folder / f"{key}.holder") or "another process") from None
    try:
        (folder / f"{key}.holder").write_text(f"process {os.getpid()}")
        yield
    finally:
        (folder / f"{key}.holder").unlink(missing_ok=True)
        lock.release()


@contextmanager
def _in_database(key: str, name: str, storage: RDBStorage) -> Iterator[None]:
    """Hold an advisory lock: PostgreSQL drops it with the connection."""
    number = _number(name)
    with storage.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        name_me = text("select set_config('application_name', :who, false)")
        connection.execute(name_me, {"who": f"process {os.getpid()} on {platform.node()}"})
        lock = text("select pg_try_advisory_lock(:number)")
        if not connection.execute(lock, {"number": number}).scalar_one():
            raise _held(key, _holder_of(connection, number) or "another process")
        try:
            yield
        finally:
            connection.invalidate()  # the pool must not keep a connection that holds a lock


def _number(name: str) -> int:
    """What PostgreSQL's lock is called, below 2**63."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:7])


def _holder_of(connection: Connection, number: int) -> str | None:
    found = connection.execute(
        text(
            "select application_name from pg_locks join pg_stat_activity using (pid) "
            "where locktype = 'advisory' and granted "
            "and classid::bigint = :high and objid::bigint = :low"
        ),
        {"high": number >> 32, "low": number & 0xFFFFFFFF},
    )
    who: str | None = found.scalar()
    return who


def _held(key: str, who: str) -> UserError:
    return UserError(f"study {key} is being run by {who}; wait for it, or stop it")


def _read(path: Path) -> str:
    with suppress(FileNotFoundError):  # it may end at this moment
        return path.read_text()
    return ""
