"""Opening the database behind the studies: SQLite here, or PostgreSQL for many machines."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
from filelock import FileLock
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from pipeline.errors import UserError
from pipeline.files import make_folder

LIVE = Path("studies/live")  # the store, locks and artifacts of this project
SQLITE_TIMEOUT = 60  # seconds that a writer waits for another


@contextmanager
def opened(url: str, *, read_only: bool = False) -> Iterator[RDBStorage]:
    """Open the Optuna storage at `url`, made if it is not there.

    Readers do not block SQLite's writer. Where the database allows it, `read_only` refuses
    writes, and a store that is not there is not made.

    Raises: UserError if it cannot be opened or, inside, if it fails.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    address = _address(url)
    path = _file(address)
    if path and read_only and not path.is_file():
        raise UserError(f"{path} is not there; run a study first: python -m studies run KEY")
    try:
        with one_line(url):
            storage = _open(address, path, read_only)
    except ImportError:
        raise UserError(
            f"{shown(url)} needs a driver that is not installed; pip install 'handtuned[postgres]'"
        ) from None
    except RuntimeError as error:  # made by another version of Optuna
        raise UserError(f"{shown(url)}: {' '.join(str(error).split())}") from None
    try:
        with one_line(url):
            yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def sqlite_url(folder: Path = LIVE) -> str:
    """The URL of the SQLite store in `folder`."""
    return f"sqlite:///{folder / 'handtuned.db'}"


def shown(url: str) -> str:
    """The URL as it may be shown: no password, no query, for either may hold a secret."""
    address = _address(url)
    return URL.create(
        address.drivername,
        address.username,
        host=address.host,
        port=address.port,
        database=address.database,
    ).render_as_string()


@contextmanager
def one_line(url: str) -> Iterator[None]:
    """Turn what goes wrong in the database into one line. Raises: UserError."""
    try:
        yield
    except (SQLAlchemyError, StorageInternalError) as error:
        raise UserError(
            f"{shown(url)} must be an Optuna store that can be opened and written, but "
            f"{_reason(error)}; mend that and run again: what finished is kept"
        ) from None


def _address(url: str) -> URL:
    try:
        address = make_url(url)
        address.get_dialect()
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise UserError(  # the value may hold a password: it is not repeated
            "the storage must be a URL such as postgresql+psycopg://user@host/database; "
            "mend HANDTUNED_STORAGE or execution.storage"
        ) from None
    if "@" in f"{address.host or ''}{address.database or ''}":  # what follows is of a password
        raise UserError(
            "the storage's user and password must be percent-encoded, an @ as %40; mend "
            "HANDTUNED_STORAGE or execution.storage"
        )
    return address


def _file(address: URL) -> Path | None:
    """The SQLite file, or None for another database."""
    return Path(address.database or "") if address.get_backend_name() == "sqlite" else None


def _open(address: URL, path: Path | None, read_only: bool) -> RDBStorage:
    if path is None:
        url = address.render_as_string(hide_password=False)
        for brace in "{}":  # Optuna fills in templates
            url = url.replace(brace, brace * 2)
        if read_only:
            options = {"options": "-c default_transaction_read_only=on"}
            return RDBStorage(
                url,
                engine_kwargs={"pool_pre_ping": True, "connect_args": options},
                skip_table_creation=True,
            )
        with _alone(address):
            # without a ping a restarted server costs an error for each connection it forgot
            return RDBStorage(url, engine_kwargs={"pool_pre_ping": True})
    engine: dict[str, Any] = {"connect_args": {"timeout": SQLITE_TIMEOUT}}
    if read_only:
        # a finished WAL database in a folder that this user cannot write opens only as immutable
        alone = not os.access(path.parent, os.W_OK) and not Path(f"{path}-wal").exists()
        mode = "mode=ro&immutable=1" if alone else "mode=ro"
        return RDBStorage(f"sqlite:///file:{path}?{mode}&uri=true", engine_kwargs=engine)
    make_folder(path.parent)
    with FileLock(f"{path}.lock"):  # two at once would both make the tables
        storage = RDBStorage(f"sqlite:///{path}", engine_kwargs=engine)

    @event.listens_for(storage.engine, "connect")
    def _configure(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")

    storage.engine.dispose()  # so that every connection from here on is configured
    return storage


@contextmanager
def _alone(address: URL) -> Iterator[None]:
    """Keep others out of the database: two at once would both make the tables."""
    engine = create_engine(address, poolclass=NullPool)
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("select pg_advisory_lock(0)"))  # freed with the connection
        yield


def _reason(error: BaseException) -> str:
    """The first line of what the database said, for it may go on with its parameters."""
    cause = error.__cause__ if isinstance(error, StorageInternalError) else error
    said = str(getattr(cause, "orig", None) or cause).strip()
    return said.splitlines()[0] if said else type(cause).__name__
