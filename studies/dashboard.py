"""Optuna Dashboard on the live store, also while a study runs."""

import errno
from contextlib import suppress

import optuna_dashboard

from pipeline.errors import UserError
from studies.store import LIVE, sqlite

HOST = "127.0.0.1"


def serve(port: int) -> None:
    """Serve every study of the live store to this machine until Ctrl-C.

    Raises: UserError if the port is taken.
    """
    try:
        with suppress(KeyboardInterrupt), sqlite(LIVE) as storage:
            optuna_dashboard.run_server(storage, host=HOST, port=port)
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise UserError(f"port {port} is taken; make dashboard PORT={port + 1}") from None
