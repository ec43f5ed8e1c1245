"""Downloads from a real server of this machine, which behaves and which does not."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import sources
from pipeline.errors import UserError
from pipeline.settings import Data
from pipeline.sources import idx, mirror
from tests.data.mnist_files import (
    Answer,
    Server,
    dies,
    drips,
    fails,
    floods,
    lies,
    missing,
    publish,
    redirects,
    stalls,
    truncates,
)

FIRST, *OTHERS = (f"{name}.gz" for name in idx.FILES)
MIRROR = Data(source="mirror")


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, bytes]:
    """What a mirror has; the working folder is empty, and nobody waits long."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(mirror, "PAUSES", (0.0, 0.0))
    monkeypatch.setattr(mirror, "TIMEOUT", (1.0, 0.5))
    monkeypatch.setattr(mirror, "LONGEST", 1.0)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return {f"{name}.gz": gzip.compress(data) for name, data in publish(monkeypatch).items()}


@pytest.fixture
def servers(
    files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Server, Server]]:
    """The first mirror and the second, both whole."""
    with Server(files).running() as first, Server(files).running() as second:
        monkeypatch.setattr(mirror, "MIRRORS", (first.url, second.url))
        yield first, second


def test_files_are_downloaded_once(servers: tuple[Server, Server]) -> None:
    """Each from the first mirror; a run after that asks nobody, even with data/raw gone."""
    first, second = servers
    assert sources.run(MIRROR) == "source: 60 images from mirror"
    assert first.asked == [FIRST, *OTHERS]
    assert sources.run(MIRROR) == "source: 60 images from mirror, unchanged"
    Path("data/raw/images.npy").unlink()
    assert sources.run(MIRROR) == "source: 60 images from mirror"
    assert (len(first.asked), second.asked) == (4, [])
    assert sources.read()[1]["sha256"] == idx.sums()


@pytest.mark.parametrize(
    ("quirks", "attempts"),
    [
        ([fails], 2),
        ([fails, fails], 3),
        ([dies], 2),
        ([stalls], 2),
        ([redirects], 2),
    ],
    ids=["500", "500 twice", "dies in mid-file", "stalls", "redirects"],
)
def test_passing_trouble_is_waited_out(
    servers: tuple[Server, Server], quirks: list[Answer], attempts: int
) -> None:
    """The same mirror is asked again, and its file is whole in the end."""
    first, second = servers
    first.quirks[FIRST] = list(quirks)
    assert sources.run(MIRROR) == "source: 60 images from mirror"
    assert first.asked.count(FIRST) == attempts
    assert second.asked == []


@pytest.mark.parametrize(
    "quirk",
    [fails, missing, dies, truncates, lies, floods, stalls, drips],
    ids=lambda quirk: quirk.__name__,
)
def test_second_mirror_stands_in(servers: tuple[Server, Server], quirk: Answer) -> None:
    """What the first cannot give whole and right comes from the second, and no more."""
    first, second = servers
    first.quirks[FIRST] = [quirk] * 3
    assert sources.run(MIRROR) == "source: 60 images from mirror"
    assert second.asked == [FIRST]
    assert first.asked.count(FIRST) == (1 if quirk in (missing, truncates, lies, floods) else 3)


@pytest.mark.parametrize(
    ("quirk", "words"),
    [
        (missing, "404 Not Found"),
        (lies, "other bytes than the published ones"),
        (fails, "500 Server Error"),
        (stalls, "no answer in time"),
        (drips, "no answer in time"),
        (dies, "no connection, or one that broke"),
        (floods, "more bytes than"),
    ],
    ids=["404", "lies", "500", "stalls", "drips", "dies", "floods"],
)
def test_no_mirror_gets_one_line_and_leaves_nothing(
    servers: tuple[Server, Server], quirk: Answer, words: str
) -> None:
    """What went wrong with each, and what to do; no file, whole or half."""
    for server in servers:
        server.quirks[FIRST] = [quirk] * 3
    with pytest.raises(UserError, match=words) as caught:
        sources.run(MIRROR)
    assert "\n" not in str(caught.value)
    assert all(server.url in str(caught.value) for server in servers)
    assert "set data.source idx" in str(caught.value)
    assert [path for path in Path("data").rglob("*") if path.is_file()] == []


def test_a_drip_is_not_waited_for(servers: tuple[Server, Server]) -> None:
    """Each attempt ends when its time is over, not when what the server gives is."""
    for server in servers:
        server.quirks[FIRST] = [drips] * 3
    with pytest.raises(UserError, match="no answer in time"):
        sources.run(MIRROR)
    # the last attempt's server may not have noticed yet
    assert all(server.left >= 2 for server in servers)


def test_nobody_there_gets_one_line(
    files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A port where nothing listens."""
    with Server(files).running() as gone:
        url = gone.url
    monkeypatch.setattr(mirror, "MIRRORS", (url,))
    with pytest.raises(UserError, match="no connection"):
        sources.run(MIRROR)


def test_damaged_download_is_fetched_again(servers: tuple[Server, Server]) -> None:
    """What lies in data/downloads is checked before it is used."""
    sources.run(MIRROR)
    (mirror.DOWNLOADS / OTHERS[0]).write_bytes(b"")
    Path("data/raw/labels.npy").unlink()
    assert sources.run(MIRROR) == "source: 60 images from mirror"
    assert servers[0].asked == [FIRST, *OTHERS, OTHERS[0]]
