"""A model file: written and read without loss, refused in one line where it is damaged."""

import io
import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest

from pipeline.nn import checkpoint
from pipeline.nn.checkpoint import Model, ModelFileError
from pipeline.nn.mlp import MLP

DAMAGED = "is damaged or is no handtuned model; train it again"


@pytest.fixture
def model() -> Model:
    """A small network, standardized pixels, an accent in the name of a class."""
    mlp = MLP((4, 3, 2), "sigmoid")
    rng = np.random.default_rng(0)
    offset, scale = rng.random((2, 4)).astype(np.float32) + 1
    return Model(
        mlp,
        mlp.initial(rng),
        offset,
        scale,
        ("zero", "één"),
        {"trainer": {"epochs": 3}, "by": "é"},
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the model goes."""
    return tmp_path / "model.npz"


def equal(a: Model, b: Model) -> bool:
    """Whether two models agree in every bit."""
    arrays = ((a.theta, b.theta), (a.offset, b.offset), (a.scale, b.scale))
    return (a.mlp, a.classes, a.about) == (b.mlp, b.classes, b.about) and all(
        x.dtype == y.dtype and np.array_equal(x, y) for x, y in arrays
    )


def write_npz(path: Path, **changes: Any) -> None:
    """Write a file with the parts of a model, some of them changed or, where None, left out."""
    description = {
        "format": "handtuned model",
        "version": 1,
        "widths": [4, 3, 2],
        "activation": "relu",
        "classes": ["a", "b"],
        "about": {},
    }
    described = description | changes.pop("description", {})
    parts = {
        "description": np.array(json.dumps({k: v for k, v in described.items() if v is not None})),
        "theta": np.zeros(23, np.float32),
        "offset": np.zeros(4, np.float32),
        "scale": np.ones(4, np.float32),
    }
    np.savez(path, **{k: v for k, v in (parts | changes).items() if v is not None})


def test_what_is_saved_is_loaded(model: Model, path: Path) -> None:
    """Network, parameters, normalization, names and notes come back as they were."""
    checkpoint.save(path, model)
    assert equal(checkpoint.load(path), model)


def test_same_model_gives_the_same_bytes(model: Model, path: Path, tmp_path: Path) -> None:
    """Saved again, after loading, or with its notes in another order: the same bytes."""
    checkpoint.save(path, model)
    reordered = replace(model, about=dict(reversed(model.about.items())))
    loaded = checkpoint.load(path)
    for name, again in (("a.npz", model), ("b.npz", loaded), ("c.npz", reordered)):
        checkpoint.save(tmp_path / name, again)
        assert (tmp_path / name).read_bytes() == path.read_bytes()


def test_model_takes_raw_pixels(model: Model, path: Path) -> None:
    """Probabilities of raw pixels are the network's, after offset and scale."""
    checkpoint.save(path, model)
    raw = np.array([[0, 50, 100, 255], [9, 8, 7, 6]], np.uint8)
    expected = model.mlp.probabilities(model.theta, (raw - model.offset) / model.scale)
    found = checkpoint.load(path).probabilities(raw)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.float32


def test_truncated_file_is_refused(model: Model, path: Path) -> None:
    """Cut anywhere, the file is refused, and in one line."""
    checkpoint.save(path, model)
    whole = path.read_bytes()
    for length in range(0, len(whole), 3):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelFileError) as caught:
            checkpoint.load(path)
        assert str(caught.value) == f"{path} {DAMAGED}"


def test_flipped_bit_is_refused_or_harmless(model: Model, path: Path) -> None:
    """One bit flipped in each byte, each bit in the directory: refused, or nothing has changed."""
    checkpoint.save(path, model)
    whole, refused = path.read_bytes(), 0
    directory = whole.index(b"PK\x01\x02")
    flips = [(i, i % 8) for i in range(directory)]
    flips += [(i, bit) for i in range(directory, len(whole)) for bit in range(8)]
    for i, bit in flips:
        damaged = bytearray(whole)
        damaged[i] ^= 1 << bit
        path.write_bytes(damaged)
        try:
            assert equal(checkpoint.load(path), model)
        except ModelFileError:
            refused += 1
    assert refused > len(flips) / 2


def squashed(file: BinaryIO) -> None:
    """Write a compressed archive whose first member cannot be decompressed."""
    np.savez_compressed(file, description=np.array("text"))
    end = file.tell()
    file.seek(30 + len("description.npy") + 20)  # past the member's header, name and sizes
    file.write(b"\xff" * 8)
    file.seek(end)


def zeros(file: BinaryIO) -> None:
    """Write a lone array, as numpy.save does."""
    np.save(file, np.zeros(3))


@pytest.mark.parametrize(
    "write",
    [
        lambda file: file.write(b""),
        lambda file: file.write(b"not a model"),
        lambda file: pickle.dump({"theta": [1.0]}, file),
        zeros,
        squashed,
        lambda file: np.savez(file, theta=np.zeros(3)),
        lambda file: np.savez_compressed(file, description=np.array("no JSON"), theta=np.zeros(3)),
    ],
    ids=["empty", "text", "pickle", "npy", "squashed", "npz", "npz with text"],
)
def test_foreign_file_is_refused(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """A file of another kind is named as such, in one line."""
    with path.open("wb") as file:
        write(file)
    with pytest.raises(ModelFileError) as caught:
        checkpoint.load(path)
    assert str(caught.value) == f"{path} {DAMAGED}"


@pytest.mark.parametrize(
    "changes",
    [
        {"theta": None},
        {"scale": None},
        {"description": {"classes": None}},
        {"description": {"widths": [4]}},
        {"description": {"widths": "wide"}},
        {"description": {"widths": 7}},
        {"description": {"activation": "tanh"}},
        {"description": {"activation": []}},
        {"offset": np.array([None])},
    ],
    ids=str,
)
def test_model_with_a_wrong_part_is_refused(path: Path, changes: dict[str, Any]) -> None:
    """A part that is missing or makes no sense spoils the file."""
    write_npz(path, **changes)
    with pytest.raises(ModelFileError) as caught:
        checkpoint.load(path)
    assert str(caught.value) == f"{path} {DAMAGED}"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        (
            {"description": {"version": 2}},
            "must be a handtuned model of version 1; train it again",
        ),
        (
            {"description": {"format": "other"}},
            "must be a handtuned model of version 1; train it again",
        ),
        (
            {"theta": np.zeros(22)},
            "must hold 23 parameters, but holds 22; train it again",
        ),
        ({"scale": np.ones(5)}, "must scale 4 pixels; train it again"),
    ],
)
def test_model_of_another_make_is_refused_by_name(
    path: Path, changes: dict[str, Any], rule: str
) -> None:
    """Another version and too few parameters are told apart from damage."""
    write_npz(path, **changes)
    with pytest.raises(ModelFileError) as caught:
        checkpoint.load(path)
    assert str(caught.value) == f"{path} {rule}"


def test_made_up_file_without_changes_is_accepted(path: Path) -> None:
    """What the two tables above change is the only thing wrong with their files."""
    write_npz(path)
    assert checkpoint.load(path).mlp == MLP((4, 3, 2))


class Trap:
    """Creates a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        """Remember which file."""
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        """Have the unpickler touch it."""
        return (open, (str(self.marker), "w"))


@pytest.mark.parametrize("wrap", ["pickle", "npy", "npz"])
def test_nothing_is_ever_unpickled(path: Path, tmp_path: Path, wrap: str) -> None:
    """Code hidden in a pickle, alone or inside an array, is refused and not run."""
    trap, marker = np.array([Trap(tmp_path / "sprung")], object), tmp_path / "sprung"
    write = {"pickle": pickle.dumps, "npy": npy, "npz": npz}[wrap]
    path.write_bytes(write(trap))
    with pytest.raises(ModelFileError):
        checkpoint.load(path)
    assert not marker.exists()


def npy(array: np.ndarray) -> bytes:
    """The bytes that numpy.save writes."""
    np.save(buffer := io.BytesIO(), array, allow_pickle=True)
    return buffer.getvalue()


def npz(array: np.ndarray) -> bytes:
    """The bytes of an archive in which the array stands for every part of a model."""
    parts = dict.fromkeys(("description", "theta", "offset", "scale"), array)
    np.savez(buffer := io.BytesIO(), **parts)
    return buffer.getvalue()


def test_missing_file_is_a_missing_file(path: Path) -> None:
    """A file that is not there is no damage: the caller knows what to say."""
    with pytest.raises(FileNotFoundError):
        checkpoint.load(path)
