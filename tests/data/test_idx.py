"""MNIST's four files: read where they are right, one line each where they are not."""

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline import prepare, sources
from pipeline.errors import UserError
from pipeline.settings import Data, Sizes
from pipeline.sources import idx
from pipeline.sources.openml import as_idx
from tests.data.mnist_files import TEST, TRAIN, lay_out, publish

IMAGES, LABELS, TEST_IMAGES, TEST_LABELS = idx.FILES


@pytest.fixture
def content(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, bytes]:
    """The bytes of four small files; the working folder is empty."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(idx.FOLDER, raising=False)
    return publish(monkeypatch)


@pytest.mark.parametrize("zipped", [True, False], ids=["gzipped", "plain"])
@pytest.mark.parametrize("way", ["data.path", "MNIST_DIR"])
def test_files_are_read_from_the_folder_named(
    content: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, way: str, *, zipped: bool
) -> None:
    """Gzipped or not, by setting or environment: all images, the test set last and known."""
    lay_out(Path("files"), content, zipped=zipped)
    if way == "MNIST_DIR":
        monkeypatch.setenv("MNIST_DIR", "files")
    settings = Data(source="idx", path="files" if way == "data.path" else None)
    assert sources.run(settings) == f"source: {TRAIN + TEST} images from idx"
    raw, about = sources.read()
    assert raw.images.shape == (TRAIN + TEST, 28, 28)
    assert raw.test_images == about["test_images"] == TEST
    assert raw.images.tobytes() == content[IMAGES][16:] + content[TEST_IMAGES][16:]
    assert raw.labels.tobytes() == content[LABELS][8:] + content[TEST_LABELS][8:]
    assert about["source"] == "idx"
    assert about["sha256"] == idx.sums()


def test_setting_wins_over_the_environment(
    content: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """data.path names the folder where both do."""
    lay_out(Path("files"), content)
    monkeypatch.setenv("MNIST_DIR", "elsewhere")
    assert "60 images" in sources.run(Data(source="idx", path="files"))


def test_test_images_are_the_published_ones(content: dict[str, bytes]) -> None:
    """The test split is drawn from the published test set alone, the others from the rest."""
    lay_out(Path("files"), content)
    settings = Data(source="idx", path="files", sizes=Sizes(train=20, val=10, test=10))
    sources.run(settings)
    prepare.run(settings)
    published = {content[TEST_IMAGES][16:][i * 784 : (i + 1) * 784] for i in range(TEST)}
    for name in ("train", "val", "test"):
        images = np.rint(np.load(f"data/prepared/{name}/images.npy") * 255).astype(np.uint8)
        assert {image.tobytes() in published for image in images} == {name == "test"}


def test_too_many_test_images_get_one_line(content: dict[str, bytes]) -> None:
    """Training images do not make up for missing test images."""
    lay_out(Path("files"), content)
    settings = Data(source="idx", path="files", sizes=Sizes(train=20, val=10, test=30))
    sources.run(settings)
    message = r"^data.sizes: test must be at most 20 images, but is 30; lower one$"
    with pytest.raises(UserError, match=message):
        prepare.run(settings)


def test_what_is_unchanged_is_left_alone_and_changed_files_are_noticed(
    content: dict[str, bytes],
) -> None:
    """A second run reads nothing anew; another file behind the same path is read."""
    lay_out(Path("files"), content)
    settings = Data(source="idx", path="files")
    sources.run(settings)
    before = Path("data/raw/images.npy").stat().st_mtime_ns
    assert sources.run(settings) == "source: 60 images from idx, unchanged"
    assert Path("data/raw/images.npy").stat().st_mtime_ns == before
    (Path("files") / f"{LABELS}.gz").write_bytes(gzip.compress(content[LABELS][:-1] + b"\x05"))
    with pytest.raises(UserError, match="SHA-256"):
        sources.run(settings)
    (Path("files") / f"{LABELS}.gz").write_bytes(gzip.compress(content[LABELS], 1))
    assert sources.run(settings) == "source: 60 images from idx"


def changed(content: bytes, at: int, value: int) -> bytes:
    """The same bytes but one."""
    return content[:at] + bytes([value]) + content[at + 1 :]


DAMAGE: dict[str, tuple[str, Callable[[dict[str, bytes]], bytes], str]] = {
    "short": (
        IMAGES,
        lambda c: gzip.compress(c[IMAGES][:-1]),
        r"must hold 31,376 bytes, but holds 31,375",
    ),
    "long": (
        IMAGES,
        lambda c: gzip.compress(c[IMAGES] + b"x"),
        r"must hold 31,376 bytes, but holds more",
    ),
    "corrupt": (
        IMAGES,
        lambda c: gzip.compress(c[IMAGES])[:-9],
        r"is a damaged gzip file \(.+\); get it",
    ),
    "a byte off": (
        IMAGES,
        lambda c: changed(c[IMAGES], 99, c[IMAGES][99] ^ 1),
        "must have SHA-256",
    ),
    "mislabeled": (
        LABELS,
        lambda c: changed(c[LABELS], 8, 7),
        "must have SHA-256 .* npz for digits",
    ),
    "swapped": (
        IMAGES,
        lambda c: gzip.compress(c[LABELS]),
        "must hold IDX images, but holds labels",
    ),
    "other set": (IMAGES, lambda c: gzip.compress(c[TEST_IMAGES]), "must hold 31,376 bytes, but"),
    "wrong magic": (LABELS, lambda c: changed(c[LABELS], 2, 13), "but holds no IDX file of bytes"),
    "empty": (TEST_LABELS, lambda _: b"", "is empty; get it again"),
    "empty gzip": (TEST_LABELS, lambda _: gzip.compress(b""), "is empty; get it again"),
    "bomb": (LABELS, lambda c: gzip.compress(c[LABELS] + bytes(50_000_000)), "but holds more"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_file_gets_one_line_and_leaves_nothing(
    content: dict[str, bytes], damage: str
) -> None:
    """Rule, value, remedy; no data, whole or half."""
    name, damaged, message = DAMAGE[damage]
    lay_out(Path("files"), content)
    (Path("files") / f"{name}.gz").write_bytes(damaged(content))
    with pytest.raises(UserError, match=message) as caught:
        sources.run(Data(source="idx", path="files"))
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)
    assert not Path("data").exists()


def test_damage_leaves_what_was_read_before(content: dict[str, bytes]) -> None:
    """A source that fails does not replace one that did not."""
    lay_out(Path("files"), content)
    sources.run(Data(source="idx", path="files"))
    before = json.loads(Path("data/raw/source.json").read_text())
    (Path("files") / f"{LABELS}.gz").write_bytes(b"")
    with pytest.raises(UserError):
        sources.run(Data(source="idx", path="files"))
    assert sources.read()[1] == before


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (None, "none is named; set data.path or MNIST_DIR, or"),
        ("nowhere", f"nowhere must hold {IMAGES} or {IMAGES}.gz, but holds neither"),
    ],
)
def test_missing_folder_gets_one_line(
    content: dict[str, bytes], path: str | None, message: str
) -> None:
    """No folder named, or one without the files."""
    with pytest.raises(UserError, match=message):
        sources.run(Data(source="idx", path=path))
    assert content


def test_real_files_are_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sums in the program are those of the published files."""
    folder = os.environ.get("MNIST_DIR")
    if not folder:
        pytest.skip("MNIST_DIR is not set; it names the folder of MNIST's four files")
    monkeypatch.chdir(tmp_path)
    assert sources.run(Data(source="idx")) == "source: 70,000 images from idx"
    raw, _ = sources.read()
    assert np.bincount(raw.labels[:60000]).tolist()[:3] == [5923, 6742, 5958]
    assert as_idx(np.asarray(raw.labels[60000:])).startswith(
        b"\x00\x00\x08\x01\x00\x00'\x10\x07\x02"
    )
