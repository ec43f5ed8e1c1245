"""Which digits a person's own pictures show, in the judgment of a trained network."""

import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE
from rich.color import Color
from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

from pipeline import handwriting
from pipeline.errors import UserError
from pipeline.nn import checkpoint
from pipeline.nn.arrays import FloatArray
from pipeline.nn.checkpoint import Model, ModelFileError

PIXELS = handwriting.SIDE**2
LIT = 96  # of 255: what counts as ink where a terminal shows no shades
BAR = 12  # characters of a probability of 1


def run(pictures: Sequence[Path], model_path: Path) -> None:
    """Print what each picture shows: a table on a terminal, elsewhere CSV, a line a picture.

    Raises: UserError if the model or a picture cannot be used; nothing is printed then.
    """
    model = load(model_path)
    images = np.stack([handwriting.prepare(picture) for picture in pictures])
    outputs = model.outputs(images.reshape(-1, PIXELS).astype(np.float32))
    # names that are not UTF-8 cannot be printed
    names = [str(picture).encode(errors="replace").decode() for picture in pictures]
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(table(names, images, outputs, model, shades=bool(console.color_system)))
    else:
        write_csv(names, outputs, model)


def load(path: Path) -> Model:
    """Read a model of 28 by 28 pixels. Raises: UserError if it is missing or another."""
    try:
        model = checkpoint.load(path)
    except FileNotFoundError:
        raise UserError(f"{path} is missing; run `make repro`, or give --model FILE") from None
    except ModelFileError as error:
        raise UserError(str(error)) from None
    inputs, outputs = model.mlp.widths[0], model.mlp.widths[-1]
    if inputs != PIXELS:
        raise UserError(
            f"{path} must take {PIXELS} pixels, but takes {inputs}; give another --model FILE"
        )
    if outputs != len(model.classes):
        raise UserError(
            f"{path} must name {outputs} classes, but names {len(model.classes)}; train it again"
        )
    return model


def write_csv(names: Sequence[str], outputs: FloatArray, model: Model) -> None:
    """Write to stdout picture, class, that class's output, and the outputs of all classes."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["picture", "digit", what_outputs_are(model), *model.classes])
    for name, row in zip(names, outputs, strict=True):
        best = int(row.argmax())
        writer.writerow([name, model.classes[best], *(f"{p:.4f}" for p in (row[best], *row))])


def table(
    names: Sequence[str],
    images: NDArray[np.uint8],
    outputs: FloatArray,
    model: Model,
    *,
    shades: bool,
) -> Table:
    """The same with a drawing of each image (28, 28) and a bar for each class."""
    shown = Table(box=SIMPLE, show_lines=True)
    shown.add_column("picture", overflow="fold")
    for title in ("what the network sees", "digit", what_outputs_are(model)):
        shown.add_column(title, vertical="middle", no_wrap=True)
    for name, image, row in zip(names, images, outputs, strict=True):
        digit = Text(model.classes[int(row.argmax())], style="bold")
        shown.add_row(Text(name), drawing(image, shades=shades), digit, bars(row, model.classes))
    return shown


def drawing(image: NDArray[np.uint8], *, shades: bool) -> Text:
    """An image (28, 28) as 14 lines of text, two pixels to a character."""
    text = Text()
    for above, below in zip(image[::2].tolist(), image[1::2].tolist(), strict=True):
        for top, bottom in zip(above, below, strict=True):
            if shades:
                colors = (Color.from_rgb(shade, shade, shade) for shade in (top, bottom))
                text.append("▀", Style.from_color(*colors))
            else:
                text.append(" ▀▄█"[(top > LIT) + 2 * (bottom > LIT)])
        text.append("\n")
    text.right_crop()
    return text


def bars(row: FloatArray, classes: Sequence[str]) -> Text:
    """One line a class: its name, a bar, its output; the largest in bold."""
    width, best, text = max(map(len, classes)), int(row.argmax()), Text()
    for i, (name, p) in enumerate(zip(classes, row.tolist(), strict=True)):
        bar = "━" * round(BAR * min(max(p, 0), 1))
        text.append(f"{name:>{width}} {bar:<{BAR}} {p:.3f}", "bold" if i == best else "")
        text.append("\n" if i < len(classes) - 1 else "")
    return text


def what_outputs_are(model: Model) -> str:
    """In one word."""
    return "probability" if model.mlp.output in ("softmax", "sigmoid") else "output"
