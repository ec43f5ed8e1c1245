"""Optuna Dashboard on the live store, also while a study runs; to edit only where asked."""

import errno
import logging
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from optuna.artifacts import FileSystemArtifactStore
from optuna.artifacts.exceptions import ArtifactNotFound
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy.exc import SQLAlchemyError

from pipeline.errors import UserError
from studies.artifacts import ARTIFACTS
from studies.storage import opened

HOST = "127.0.0.1"
REFUSED = "This dashboard only shows; to edit, stop it and start it with: make dashboard WRITE=1"
ELSEWHERE = "This file is not in the artifact folder here; it lies where the study was run."
SILENT = "The store does not answer; see to it, then reload this page."
CHUNK = 1 << 16


def serve(url: str, port: int, *, write: bool, tell: Callable[[str], object]) -> None:
    """Serve every study of the store at `url` to this machine until Ctrl-C.

    Raises: UserError if there is no store or the port cannot be had.
    """
    logging.getLogger("optuna_dashboard._bottle_util").addFilter(_first_line)
    with opened(url, read_only=True) as storage:  # makes no store that is not there
        if not write:
            return _serve(application(storage, write=False), port, tell)
    with opened(url) as storage:
        return _serve(application(storage, write=True), port, tell)


def application(storage: RDBStorage, *, write: bool) -> WSGIApplication:
    """Optuna Dashboard as an app that, unless `write`, answers 405 to all but GET and HEAD.

    A database opened for reading only is not enough: the page's delete button removes the
    artifacts first, then asks the database.
    """
    import optuna_dashboard

    app = optuna_dashboard.wsgi(storage, artifact_store=FileSystemArtifactStore(ARTIFACTS))
    app.catchall = False  # what is raised comes here

    def front(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not write and environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            _drain(environ)
            return _say(start_response, "405 Method Not Allowed", REFUSED, ("Allow", "GET, HEAD"))
        try:
            found: Iterable[bytes] = app(environ, start_response)
        except ArtifactNotFound:
            return _say(start_response, "404 Not Found", ELSEWHERE)
        except (SQLAlchemyError, StorageInternalError):
            return _say(start_response, "503 Service Unavailable", SILENT)
        return found

    return front


class _Server(ThreadingMixIn, WSGIServer):
    """A thread for each request: browsers open connections that they do not use yet."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a page that was closed
            super().handle_error(request, client_address)


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing of requests."""


def _serve(app: WSGIApplication, port: int, tell: Callable[[str], object]) -> None:
    try:
        server = make_server(HOST, port, app, _Server, _Quiet)
    except PermissionError:
        raise UserError(f"port {port} is kept for the system; make dashboard PORT=8080") from None
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        other = port + 1 if port < 65535 else 8080
        raise UserError(f"port {port} is taken; make dashboard PORT={other}") from None
    with server, suppress(KeyboardInterrupt):
        tell(f"http://{HOST}:{port}/dashboard shows the studies; Ctrl-C ends it")
        server.serve_forever()


def _drain(environ: WSGIEnvironment) -> None:
    """Read the request to its end: closed before, the browser sees no answer."""
    left = int(environ.get("CONTENT_LENGTH") or 0)
    while left > 0 and (read := environ["wsgi.input"].read(min(left, CHUNK))):
        left -= len(read)


def _say(
    start_response: StartResponse, status: str, sentence: str, *headers: tuple[str, str]
) -> list[bytes]:
    body = f"{sentence}\n".encode()
    text = ("Content-Type", "text/plain; charset=utf-8")
    start_response(status, [text, ("Content-Length", str(len(body))), *headers])
    return [body]


def _first_line(record: logging.LogRecord) -> bool:
    """Cut what the dashboard logs to one line: it adds the traceback to the message."""
    record.msg = str(record.msg).partition("\n")[0]
    return True
