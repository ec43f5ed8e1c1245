"""A trained network as one `.npz` file that any NumPy can read; never a pickle."""

import json
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.nn.arrays import FloatArray
from pipeline.nn.mlp import MLP

FORMAT = "handtuned model"
VERSION = 1


# what NumPy and zipfile raise for files of every other kind; RuntimeError: of an encrypted one
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


class ModelFileError(ValueError):
    """The file is not a model of this program, or is damaged."""


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

    def probabilities(self, raw: FloatArray) -> FloatArray:
        """The class probabilities (n, classes) of raw pixels (n, d_0)."""
        return self.mlp.probabilities(self.theta, (raw - self.offset) / self.scale)


def save(path: Path, model: Model) -> None:
    """Write `model` to `path`; the same model gives the same bytes."""
    description = {
        "format": FORMAT,
        "version": VERSION,
        "widths": list(model.mlp.widths),
        "activation": model.mlp.activation,
        "classes": list(model.classes),
        "about": model.about,
    }
    with path.open("wb") as file:
        np.savez(
            file,
            description=np.array(json.dumps(description, sort_keys=True)),
            theta=model.theta,
            offset=model.offset,
            scale=model.scale,
        )


def load(path: Path) -> Model:
    """Read a model.

    Raises: ModelFileError if the file is damaged or was not written by `save`;
    FileNotFoundError if it is not there.
    """
    try:
        # opened here: np.load leaves a file that is no archive open
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            description = json.loads(str(archive["description"]))
            theta, offset, scale = (archive[name] for name in ("theta", "offset", "scale"))
        if (description["format"], description["version"]) != (FORMAT, VERSION):
            raise ModelFileError(f"{path} must be a {FORMAT} of version {VERSION}; train it again")
        mlp = MLP(tuple(description["widths"]), description["activation"])
        classes, about = tuple(description["classes"]), description["about"]
    except DAMAGE as error:
        if isinstance(error, FileNotFoundError | PermissionError | ModelFileError):
            raise
        raise ModelFileError(f"{path} is damaged or is no {FORMAT}; train it again") from None
    if offset.shape != mlp.widths[:1] or scale.shape != mlp.widths[:1]:
        raise ModelFileError(f"{path} must scale {mlp.widths[0]} pixels; train it again")
    if theta.shape != (mlp.size,):
        raise ModelFileError(
            f"{path} must hold {mlp.size} parameters, but holds {theta.size}; train it again"
        )
    return Model(mlp, theta, offset, scale, classes, about)
