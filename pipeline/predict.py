"""A saved network on a person's own handwriting.

Reads pictures and a model, as a rule reports/final/model.npz, and prints what the network says.
"""

import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.columns import Columns
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline import handwriting
from pipeline.errors import UserError
from pipeline.nn import checkpoint
from pipeline.nn.arrays import FloatArray
from pipeline.nn.checkpoint import Model, ModelFileError

TUNED = Path("reports/final/model.npz")
BAR = 20  # characters for a probability of 1
SHADES = " ░▒▓█"


class Prediction(NamedTuple):
    """What a network says of a picture, and the image (28, 28) it was shown."""

    picture: str
    image: NDArray[np.uint8]
    probabilities: FloatArray


def run(pictures: Sequence[Path], model: Path = TUNED) -> None:
    """Print the digits in the pictures: drawings on a terminal, CSV elsewhere.

    Raises: UserError if a picture or the model cannot be read, or do not go together; nothing is
    printed then.
    """
    network = load(model)
    found = [predict(network, picture) for picture in pictures]
    console = Console(highlight=False)
    if console.is_terminal:
        for each in found:
            console.print(drawn(each, network.classes))
        return
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["picture", "predicted", "probability", *network.classes])
    table.writerows(row(each, network.classes) for each in found)


def load(path: Path) -> Model:
    """The model in a file. Raises: UserError if there is none that reads 28 by 28 pixels."""
    try:
        model = checkpoint.load(path)
    except FileNotFoundError:
        remedy = "run `make repro`, or name another with --model" if path == TUNED else "check it"
        raise UserError(f"{path} is not there; {remedy}") from None
    except ModelFileError as error:
        raise UserError(str(error)) from None
    if len(model.offset) != handwriting.SIDE**2:
        raise UserError(
            f"{path} must read {handwriting.SIDE**2} pixels, but reads {len(model.offset)}; "
            "name a model of digits"
        )
    if model.mlp.output != "softmax" or len(model.classes) != model.mlp.widths[-1]:
        raise UserError(
            f"{path} must give a probability for each class it names, but its output is "
            f"{model.mlp.output} for {len(model.classes)} classes; name another model"
        )
    return model


def predict(model: Model, picture: Path) -> Prediction:
    """What `model` says of the digit in `picture`. Raises: UserError if there is no digit."""
    image = handwriting.prepare(picture)
    raw = image.reshape(1, -1).astype(np.float32)
    name = str(picture).encode(errors="replace").decode()  # a name may be no text
    return Prediction(name, image, model.outputs(raw)[0])


def row(found: Prediction, classes: Sequence[str]) -> list[str]:
    """The picture, the most probable class, its probability, and those of all classes."""
    best = int(found.probabilities.argmax())
    shares = [f"{p:.6f}" for p in found.probabilities]
    return [found.picture, classes[best], shares[best], *shares]


def drawn(found: Prediction, classes: Sequence[str]) -> Columns:
    """What the network saw beside the probability of each class."""
    best = int(found.probabilities.argmax())
    table = Table.grid(padding=(0, 1))
    table.add_row("", Text(found.picture))
    for k, (name, p) in enumerate(zip(classes, found.probabilities, strict=True)):
        style = "bold green" if k == best else ""
        table.add_row(name, f"{'█' * round(BAR * p):<{BAR}} {p:6.1%}", style=style)
    return Columns([shaded(found.image), table], padding=(0, 3))


def shaded(image: NDArray[np.uint8]) -> str:
    """An image as text, two pixels, one above the other, a character."""
    pairs = image.reshape(len(image) // 2, 2, -1).mean(axis=1)
    return "\n".join("".join(SHADES[round(p / 255 * 4)] for p in line) for line in pairs)
