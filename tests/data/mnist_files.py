"""A small stand-in for the four published files of MNIST, and a server that has them."""

import gzip
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from pipeline.sources import idx
from pipeline.sources.idx import FILES, Idx
from pipeline.sources.openml import as_idx

TRAIN, TEST = 40, 20  # images


def publish(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Have the program expect other files than MNIST's; returns their bytes."""
    rng = np.random.default_rng(0)
    arrays = [
        array
        for n in (TRAIN, TEST)
        for array in (
            rng.integers(256, size=(n, 28, 28), dtype=np.uint8),
            (np.arange(n) % 10).astype(np.uint8),
        )
    ]
    content = {name: as_idx(array) for name, array in zip(FILES, arrays, strict=True)}
    for name, array in zip(FILES, arrays, strict=True):
        digest = hashlib.sha256(content[name]).hexdigest()
        monkeypatch.setitem(idx.FILES, name, Idx(array.shape, digest))  # type: ignore[arg-type]
    return content


def lay_out(folder: Path, content: dict[str, bytes], *, zipped: bool = True) -> None:
    """Write the files to a folder, gzipped or not."""
    folder.mkdir(exist_ok=True)
    for name, data in content.items():
        if zipped:
            (folder / f"{name}.gz").write_bytes(gzip.compress(data))
        else:
            (folder / name).write_bytes(data)


Answer = Callable[[BaseHTTPRequestHandler, bytes], None]
"""What a server does about a request for a file of these bytes."""


class Server:
    """A mirror on this machine: it has files, counts requests, and may misbehave by file name."""

    def __init__(self, files: dict[str, bytes]) -> None:
        """Have `files` and no quirks."""
        self.files, self.asked = files, list[str]()
        self.quirks: dict[str, list[Answer]] = {}
        self.left = 0  # answers that a client did not wait for
        self.url = ""

    @contextmanager
    def running(self) -> Iterator["Server"]:
        """Serve on a free port of this machine."""
        owner = self

        class Handler(BaseHTTPRequestHandler):
            """Answers for the owner."""

            def do_GET(self) -> None:
                """Give the file, in the way that is next for it."""
                name = self.path.rpartition("/")[2]
                owner.asked.append(name)
                answers = owner.quirks.get(name, [])
                answer = answers.pop(0) if answers else whole
                try:
                    answer(self, owner.files.get(name, b""))
                except OSError:
                    owner.left += 1

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}/mnist/"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()


def send(
    request: BaseHTTPRequestHandler, status: int, body: bytes, length: int | None = None
) -> None:
    """Answer with a status and a body, promising `length` bytes if it is given."""
    request.send_response(status)
    request.send_header("Content-Length", str(len(body) if length is None else length))
    request.end_headers()
    request.wfile.write(body)


def whole(request: BaseHTTPRequestHandler, body: bytes) -> None:
    """The file as it is, or 404."""
    send(request, 200 if body else 404, body)


def fails(request: BaseHTTPRequestHandler, body: bytes) -> None:
    """An error of the server's own."""
    send(request, 500, b"sorry")


def missing(request: BaseHTTPRequestHandler, body: bytes) -> None:
    """No such file."""
    send(request, 404, b"no such file")


def dies(request: BaseHTTPRequestHandler, body: bytes) -> None:
    """Half of what was promised, then the connection ends."""
    send(request, 200, body[: len(body) // 2], len(body))
    request.close_connection = True


def truncates(request: BaseHTTPRequestHandler, body: bytes) -> None:
    """Half of the file, as if that were all."""
    send(request, 200, body[: len(body) // 2])


def lies(request: BaseHTTPRequestHandler, body: bytes) -> None:
    """Other bytes."""
    send(request, 200, gzip.compress(b"something else"))


def floods(request: BaseHTTPRequestHandler, body: bytes) -> None:
    """Many more bytes than the file has."""
    send(request, 200, bytes(20_000_000))


def stalls(request: BaseHTTPRequestHandler, body: bytes) -> None:
    """A few bytes, then nothing for longer than a client waits."""
    send(request, 200, body[:10], len(body))
    time.sleep(1.5)


def drips(request: BaseHTTPRequestHandler, body: bytes) -> None:
    """Bytes without end, each in time."""
    send(request, 200, b"", len(body))
    for byte in body[:400]:
        request.wfile.write(bytes([byte]))
        request.wfile.flush()
        time.sleep(0.01)


def redirects(request: BaseHTTPRequestHandler, body: bytes) -> None:
    """The file is elsewhere on the same server."""
    request.send_response(302)
    request.send_header("Location", request.path.replace("/mnist/", "/moved/"))
    request.send_header("Content-Length", "0")
    request.end_headers()
