"""A network, or a training to be continued, as one `.npz` file that any NumPy can read.

Never a pickle: arrays, and a description of them in JSON.
"""

import json
import tokenize
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.nn.arrays import FloatArray, aligned
from pipeline.nn.mlp import MLP
from pipeline.nn.state import Best, State

MODEL, TRAINING = "handtuned model", "handtuned training"
VERSION = 2

# what NumPy and zipfile raise for files of every other kind. RuntimeError: of an encrypted one;
# MemoryError, OverflowError and the last two: of arrays that begin with nonsense
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    OverflowError,
    RuntimeError,
    TypeError,
    ValueError,
    SyntaxError,
    tokenize.TokenError,
)


class ModelFileError(ValueError):
    """The file was not written by this program, or is damaged."""


@dataclass(frozen=True)
class Model:
    """A network with what it takes to use it on raw pixels.

    A raw pixel x (0..255) enters the network as (x - offset) / scale, offset and scale (d_0,).
    `classes` names the outputs; `about` says how the network was trained.
    """

    mlp: MLP
    theta: FloatArray
    offset: FloatArray
    scale: FloatArray
    classes: tuple[str, ...]
    about: dict[str, Any] = field(default_factory=dict)

    def outputs(self, raw: FloatArray) -> FloatArray:
        """The network's outputs (n, classes), as a rule probabilities, for raw pixels (n, d_0)."""
        X = (raw - self.offset) / self.scale
        return self.mlp.outputs(self.theta, X.astype(self.theta.dtype, copy=False))


def save(path: Path, model: Model) -> None:
    """Write `model` to `path`; the same model gives the same bytes."""
    description = {
        "network": asdict(model.mlp),
        "classes": list(model.classes),
        "about": model.about,
    }
    arrays = {"theta": model.theta, "offset": model.offset, "scale": model.scale}
    _write(path, MODEL, description, arrays)


def load(path: Path) -> Model:
    """Read a model.

    Raises: ModelFileError if the file is damaged or was not written by `save`;
    FileNotFoundError if it is not there.
    """
    try:
        description, arrays = _read(path, MODEL, ("theta", "offset", "scale"))
        mlp = _network(description)
        classes, about = tuple(description["classes"]), description["about"]
        theta, offset, scale = arrays
        if offset.shape != mlp.widths[:1] or scale.shape != mlp.widths[:1]:
            raise ModelFileError(f"{path} must scale {mlp.widths[0]} pixels; train it again")
        if not (all(np.isfinite(array).all() for array in arrays) and scale.all()):
            raise ModelFileError(f"{path} must hold finite numbers, scales not 0; train it again")
        _check_size(path, mlp, theta)
    except DAMAGE as error:
        raise _damaged(path, MODEL, error) from None
    return Model(mlp, theta, offset, scale, classes, about)


def save_training(path: Path, mlp: MLP, state: State) -> None:
    """Write what it takes to continue a training as though it had never stopped."""
    best = state.best
    description = {
        "network": asdict(mlp),
        "step": state.step,
        "epoch": state.epoch,
        "shuffle": state.shuffle.bit_generator.state,
        "dropout": state.dropout.bit_generator.state,
        "best": [best.epoch, best.val_accuracy, best.val_loss] if best else None,
    }
    kept = best.theta if best else state.theta[:0]
    arrays = {"theta": state.theta, "memory": state.memory, "best_theta": kept}
    _write(path, TRAINING, description, arrays)


def load_training(path: Path) -> tuple[MLP, State]:
    """Read a network and the state of its training.

    Raises: ModelFileError if the file is damaged or was not written by `save_training`;
    FileNotFoundError if it is not there.
    """
    try:
        description, arrays = _read(path, TRAINING, ("theta", "memory", "best_theta"))
        mlp = _network(description)
        theta, memory, best_theta = arrays
        best = description["best"]
        state = State(
            _aligned(theta[np.newaxis])[0],
            _aligned(memory),
            shuffle=_generator(description["shuffle"]),
            dropout=_generator(description["dropout"]),
            step=int(description["step"]),
            epoch=int(description["epoch"]),
            best=Best(best[0], best[1], best[2], best_theta) if best else None,
        )
        _check_size(path, mlp, theta)
        _check_size(path, mlp, memory[0] if len(memory) else theta)
        _check_size(path, mlp, best_theta if best else theta)
    except DAMAGE as error:
        raise _damaged(path, TRAINING, error) from None
    return mlp, state


def _write(
    path: Path, kind: str, description: Mapping[str, Any], arrays: Mapping[str, FloatArray]
) -> None:
    text = json.dumps({"format": kind, "version": VERSION, **description}, sort_keys=True)
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, description=np.array(text), **arrays)


def _read(path: Path, kind: str, names: Sequence[str]) -> tuple[dict[str, Any], list[FloatArray]]:
    """The description and the named arrays of a file. Raises: ModelFileError, or DAMAGE."""
    # opened here: np.load leaves a file that is no archive open
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        if archive.zip.testzip():  # NumPy may stop reading before the end, where zip checks
            raise zipfile.BadZipFile("checksum")
        description: dict[str, Any] = json.loads(str(archive["description"]))
        arrays = [archive[name] for name in names if name in archive]
    if (description["format"], description["version"]) != (kind, VERSION):
        raise ModelFileError(f"{path} must be a {kind} of version {VERSION}; train it again")
    if len(arrays) < len(names):
        raise KeyError("array")
    if any(array.dtype.kind != "f" for array in arrays):
        raise TypeError("numbers")
    return description, arrays


def _network(description: Mapping[str, Any]) -> MLP:
    fields = dict(description["network"])
    return MLP(**fields | {"widths": tuple(fields["widths"])})


def _aligned(rows: FloatArray) -> FloatArray:
    """A copy of rows (n, d) that start on cache lines, as a training's own do."""
    copy = aligned(len(rows), rows.shape[1], rows.dtype.type)
    copy[...] = rows
    return copy


def _generator(state: Mapping[str, Any]) -> np.random.Generator:
    bits = np.random.PCG64()
    bits.state = state  # type: ignore[assignment] # read back from JSON; PCG64 checks it
    return np.random.Generator(bits)


def _damaged(path: Path, kind: str, error: Exception) -> Exception:
    """The error to raise for a file that cannot be read."""
    if isinstance(error, FileNotFoundError | PermissionError | ModelFileError):
        return error
    return ModelFileError(f"{path} is damaged or is no {kind}; train it again")


def _check_size(path: Path, mlp: MLP, theta: FloatArray) -> None:
    if theta.shape != (mlp.size,):
        raise ModelFileError(
            f"{path} must hold {mlp.size} parameters, but holds {theta.size}; train it again"
        )
