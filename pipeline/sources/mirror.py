"""Source `mirror`: MNIST's four files from a public mirror, checked, kept in data/downloads."""

import hashlib
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import requests
from requests import RequestException
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from urllib3.exceptions import HTTPError, ReadTimeoutError

from pipeline.errors import UserError
from pipeline.files import replacing
from pipeline.sources import idx
from pipeline.sources.idx import FILES, Idx
from pipeline.sources.raw import Found, Raw

MIRRORS = (  # in this order
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
DOWNLOADS = Path("data/downloads")
TIMEOUT = (10.0, 30.0)  # seconds to connect, and to wait for more bytes
LONGEST = 600.0  # seconds for one file: a server may drip
PAUSES = (1.0, 4.0)  # seconds before the second and the third attempt
CHUNK = 1 << 16  # bytes
SLACK = 1 << 12  # bytes that a gzip wrapper may add
BUSY = 429  # too many requests: worth another attempt, as every error of the server's own


class NotThere(Exception):
    """A mirror does not have the file, or another one: another attempt would change nothing."""


def find() -> Found:
    """The four published files, wherever they come from."""
    return Found({"source": "mirror", "sha256": idx.sums()}, partial(read, DOWNLOADS))


def read(folder: Path) -> Raw:
    """Download what is not in `folder` yet, then read it.

    Raises: UserError if no mirror has a file as it was published.
    """
    paths = {name: folder / f"{name}.gz" for name in FILES}
    with Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    ) as progress:
        for name, published in FILES.items():
            if not _good(paths[name], published):
                download(paths[name], published, progress)
    return idx.read(paths)


def download(path: Path, published: Idx, progress: Progress) -> None:
    """Put the file in its place, from the first mirror that has it whole.

    Raises: UserError naming what went wrong with each mirror.
    """
    failures = []
    for mirror in MIRRORS:
        url = f"{mirror}{path.name}"
        try:
            with replacing(path) as temporary:
                _persist(url, temporary, published, progress)
                if not _good(temporary, published):
                    raise NotThere("other bytes than the published ones")
            return
        except (RequestException, NotThere) as error:
            failures.append(f"{mirror}: {_short(error)}")
    raise UserError(
        f"{path.name} could not be downloaded ({'; '.join(failures)}); try again later, or get "
        "the four files elsewhere and set data.source idx"
    )


def _persist(url: str, path: Path, published: Idx, progress: Progress) -> None:
    """Download to `path`, trying again after a pause where that may help."""
    for pause in (*PAUSES, None):
        try:
            _fetch(url, path, published, progress)
            return
        except RequestException:
            if pause is None:
                raise
            time.sleep(pause)


def _fetch(url: str, path: Path, published: Idx, progress: Progress) -> None:
    """One attempt. Raises: RequestException, NotThere."""
    began = time.monotonic()
    with requests.get(url, stream=True, timeout=TIMEOUT) as response, path.open("wb") as file:
        if 400 <= response.status_code < 500 and response.status_code != BUSY:
            raise NotThere(f"{response.status_code} {response.reason}")
        response.raise_for_status()
        length = response.headers.get("Content-Length", "")
        name = url.rpartition("/")[2]
        task = progress.add_task(name, total=int(length) if length.isdecimal() else None)
        for chunk in _as_it_comes(response):
            file.write(chunk)
            progress.advance(task, len(chunk))
            if file.tell() > published.size + published.size // 1000 + SLACK:
                raise NotThere("more bytes than the file has unpacked")
            if time.monotonic() - began > LONGEST:
                raise requests.Timeout(f"not whole after {LONGEST:g} seconds")


def _as_it_comes(response: requests.Response) -> Iterator[bytes]:
    """The bytes of the body as soon as there are any, so that a drip is noticed in time.

    `iter_content` would wait for a whole chunk, however long that takes. Raises: RequestException.
    """
    try:
        while chunk := response.raw.read1(CHUNK):
            yield chunk
    except ReadTimeoutError as error:
        raise requests.ReadTimeout(str(error)) from None
    except HTTPError as error:
        raise requests.ConnectionError(str(error)) from None


def _good(path: Path, published: Idx) -> bool:
    """Whether the file is there and holds the published bytes."""
    try:
        content = idx.unpacked(path, published.size)
    except (FileNotFoundError, UserError):
        return False
    return hashlib.sha256(content).hexdigest() == published.sha256


def _short(error: Exception) -> str:
    """What went wrong, in a few words."""
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return "no answer in time"
    if isinstance(error, requests.ConnectionError):
        return "no connection, or one that broke"
    return str(error)
