"""Files of models and of trainings, damaged or foreign: refused in one line, nothing unpickled."""

import io
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest

from pipeline.nn import checkpoint
from pipeline.nn.checkpoint import Model, ModelFileError
from pipeline.nn.mlp import MLP
from pipeline.nn.optimizers import Momentum
from pipeline.nn.state import Best, start
from tests.nn.toys import same


@dataclass
class Written:
    """A file, what reads it, and what its kind is called."""

    path: Path
    load: Callable[[Path], Any]
    kind: str

    @property
    def refusal(self) -> str:
        """What the error says where nothing can be made of the file."""
        return f"{self.path} is damaged or is no {self.kind}; train it again"

    def assert_refused(self) -> None:
        """Demand that the file is refused as damaged."""
        with pytest.raises(ModelFileError) as caught:
            self.load(self.path)
        assert str(caught.value) == self.refusal


def write_model(path: Path, mlp: MLP) -> Written:
    """Save a model."""
    theta, pixels = mlp.initial(np.random.default_rng(0)), np.ones(mlp.widths[0], np.float32)
    checkpoint.save(path, Model(mlp, theta, pixels, pixels, ("a", "b"), {"by": "é"}))
    return Written(path, checkpoint.load, "handtuned model")


def write_training(path: Path, mlp: MLP) -> Written:
    """Save a training that knows its best epoch."""
    state = start(mlp, Momentum(), 0)
    state.memory[...] = 0.5
    state.best = Best(1, 0.5, 1.0, state.theta.copy())
    checkpoint.save_training(path, mlp, state)
    return Written(path, checkpoint.load_training, "handtuned training")


KINDS = {"model": write_model, "training": write_training}


@pytest.fixture(params=KINDS)
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Written:
    """A small file of either kind."""
    return KINDS[request.param](tmp_path / "file.npz", MLP((4, 3, 2)))


def equal(a: Any, b: Any) -> bool:
    """Whether two models, or two trainings, agree in every bit."""
    if isinstance(a, tuple):
        return a[0] == b[0] and same(a[1], b[1])
    arrays = ((a.theta, b.theta), (a.offset, b.offset), (a.scale, b.scale))
    return (a.mlp, a.classes, a.about) == (b.mlp, b.classes, b.about) and all(
        x.dtype == y.dtype and np.array_equal(x, y) for x, y in arrays
    )


def refused(written: Written, flips: list[tuple[int, int]]) -> int:
    """How many flips of one bit are refused, in one line; the others must do no harm."""
    whole, expected, errors = written.path.read_bytes(), written.load(written.path), []
    for i, bit in flips:
        damaged = bytearray(whole)
        damaged[i] ^= 1 << bit
        written.path.write_bytes(damaged)
        try:
            assert equal(written.load(written.path), expected)
        except ModelFileError as error:
            errors.append(str(error))
    assert not any("\n" in error for error in errors)
    return len(errors)


def test_truncated_file_is_refused(written: Written) -> None:
    """Cut anywhere, the file is refused, and in one line."""
    whole = written.path.read_bytes()
    for length in [*range(0, len(whole), 13), *range(len(whole) - 100, len(whole))]:
        written.path.write_bytes(whole[:length])
        written.assert_refused()


@pytest.mark.parametrize(
    ("every", "bits"), [(5, 2), pytest.param(1, 8, marks=pytest.mark.slow)], ids=["some", "all"]
)
def test_flipped_bit_is_refused_or_harmless(written: Written, every: int, bits: int) -> None:
    """One bit flipped in a byte, several in one of the directory: refused, or nothing changes."""
    whole = written.path.read_bytes()
    directory = whole.index(b"PK\x01\x02")
    flips = [(i, i % 8) for i in range(0, directory, every)]
    flips += [(i, (i + 3 * k) % 8) for i in range(directory, len(whole)) for k in range(bits)]
    assert refused(written, flips) > len(flips) / 3


@pytest.mark.parametrize("write", KINDS.values(), ids=KINDS)
def test_flipped_bit_before_a_large_array_is_refused_or_harmless(
    tmp_path: Path, write: Callable[[Path, MLP], Written]
) -> None:
    """Where an array is read in parts, what stands before it is checked all the same."""
    written = write(tmp_path / "file.npz", MLP((40, 100, 2)))
    whole = written.path.read_bytes()
    name = whole.index(b"theta.npy")  # then NumPy's mark, the header's length, and the header
    flips = [(i, bit) for i in range(name, name + 24) for bit in range(8)]
    flips += [(i, i % 8) for i in range(name + 24, name + 150)]
    assert refused(written, flips) > len(flips) / 2


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


def encrypted(file: BinaryIO) -> None:
    """Write an archive whose first member claims to be encrypted."""
    np.savez(buffer := io.BytesIO(), description=np.array("text"))
    content = bytearray(buffer.getvalue())
    content[6] |= 1  # in the member's header
    content[content.index(b"PK\x01\x02") + 8] |= 1  # in the directory
    file.write(content)


@pytest.mark.parametrize(
    "write",
    [
        lambda file: file.write(b""),
        lambda file: file.write(b"not a model"),
        lambda file: pickle.dump({"theta": [1.0]}, file),
        zeros,
        squashed,
        encrypted,
        lambda file: np.savez(file, theta=np.zeros(3)),
        lambda file: np.savez(file, description=np.zeros(3), theta=np.zeros(3)),
        lambda file: np.savez_compressed(file, description=np.array("no JSON"), theta=np.zeros(3)),
        lambda file: np.savez(file, description=np.array("[" * 100_000), theta=np.zeros(3)),
    ],
    ids=[
        "empty",
        "text",
        "pickle",
        "npy",
        "squashed",
        "encrypted",
        "npz",
        "npz with numbers",
        "npz with text",
        "npz with deep JSON",
    ],
)
def test_foreign_file_is_refused(written: Written, write: Callable[[BinaryIO], object]) -> None:
    """A file of another kind is named as such, in one line."""
    with written.path.open("wb") as file:
        write(file)
    written.assert_refused()


START = "{'descr': '<f4', 'fortran_order': False, 'shape': "
HEADERS = {
    "unclosed": f"{START}(23,), ",
    "huge": f"{START}({10**15},), }}",
    "beyond counting": f"{START}({10**30},), }}",
    "negative": f"{START}(-1,), }}",
    "no words": "\0" * 20,
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_array_that_begins_with_nonsense_is_refused(written: Written, header: str) -> None:
    """A sound archive is damaged too where theta says it is what no array can be."""
    with zipfile.ZipFile(written.path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    text = header.encode() + b"\n"
    parts["theta.npy"] = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text
    with zipfile.ZipFile(written.path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    written.assert_refused()


class Trap:
    """Creates a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        """Remember which file."""
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        """Have the unpickler touch it."""
        return (open, (str(self.marker), "w"))


@pytest.mark.parametrize("wrap", ["pickle", "npy", "every part", "description", "theta"])
def test_nothing_is_ever_unpickled(written: Written, tmp_path: Path, wrap: str) -> None:
    """Code hidden in a pickle, alone or inside an array, is refused and not run."""
    trap, marker = np.array([Trap(tmp_path / "sprung")], object), tmp_path / "sprung"
    if wrap == "pickle":
        written.path.write_bytes(pickle.dumps(trap))
    elif wrap == "npy":
        with written.path.open("wb") as file:
            np.save(file, trap, allow_pickle=True)
    else:
        with np.load(written.path) as archive:
            parts = dict(archive)
        trapped = parts if wrap == "every part" else [wrap]
        np.savez(written.path, allow_pickle=True, **(parts | dict.fromkeys(trapped, trap)))
    written.assert_refused()
    assert not marker.exists()


def test_missing_file_is_a_missing_file(written: Written) -> None:
    """A file that is not there is no damage: the caller knows what to say."""
    written.path.unlink()
    with pytest.raises(FileNotFoundError):
        written.load(written.path)


def test_file_of_the_other_kind_is_refused_by_name(tmp_path: Path) -> None:
    """A model is no training and a training no model: each is told what it should have been."""
    for write, other in ((write_model, write_training), (write_training, write_model)):
        written = write(tmp_path / "one.npz", MLP((4, 3, 2)))
        other(tmp_path / "one.npz", MLP((4, 3, 2)))
        with pytest.raises(ModelFileError) as caught:
            written.load(written.path)
        rule = f"must be a {written.kind} of version 2; train it again"
        assert str(caught.value) == f"{written.path} {rule}"
