"""A person's own handwriting -> an image as MNIST has them.

MNIST's images are size-normalized: the digit, light on dark, fits a box of 20 by 20 pixels with
its aspect kept, and its center of mass is the center of 28 by 28 (LeCun et al., 1998,
Gradient-Based Learning Applied to Document Recognition, section III-A).
"""

import struct
import warnings
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from scipy import ndimage

from pipeline.errors import UserError

SIDE, BOX = 28, 20  # pixels: of the image, and of the digit's longest side
LARGEST = 2000  # pixels: larger pictures are shrunk to this
WORKING_SIDE = 400  # pixels: what is looked at is shrunk to this, which averages noise away
LEAST_STROKE = 2.0  # pixels of the box: nineteen in twenty of MNIST's strokes are wider
LEAST_CONTRAST = 8  # gray levels of 255 between ink and paper
FAINT, DARK = 0.4, 0.6  # of full ink: a stroke is darker, the one throughout, the other somewhere
LEAST_SHARE = 0.1  # of the largest blob's longest side: what is smaller is a speck

Gray = NDArray[np.float64]  # (height, width)

# what Pillow's decoders raise for a file that is damaged or no picture
UNREADABLE = (
    ArithmeticError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
)


def prepare(path: Path) -> NDArray[np.uint8]:
    """The digit in a picture as an MNIST image (28, 28): ink 255, paper 0.

    Looks twice: where the digit is, and then at the digit from near by.
    Raises: UserError if the file is no picture, or shows no ink.
    """
    picture = read(path)
    digit = look(picture[around(look(picture), picture.shape)])
    if not digit.any():
        raise UserError(
            f"{path} must show a digit that is darker or lighter than its background, but shows "
            "none; write it larger or with a darker pen"
        )
    return place(shrink(thicken(digit[inked(digit)])))


def read(path: Path) -> Gray:
    """The picture upright and in shades of gray, 0..255, its longest side 2,000 pixels at most.

    Raises: UserError if there is no such picture.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # oddities of a file that can be read all the same
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                return _gray(ImageOps.exif_transpose(image))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        most = (Image.MAX_IMAGE_PIXELS or 0) // 10**6
        raise UserError(f"{path} must have {most} million pixels or fewer; shrink it") from None
    except UNREADABLE as error:
        if isinstance(error, OSError) and error.strerror:  # the system's, not Pillow's
            raise UserError(f"{path} cannot be read: {error.strerror}; name a picture") from None
        raise UserError(
            f"{path} must be a picture that Pillow reads, but is damaged or of another kind; "
            "save it as PNG or JPEG"
        ) from None


def look(picture: Gray) -> Gray:
    """The ink of the digit, 0..1, its longest side 400 pixels at most."""
    image = Image.fromarray(picture.astype(np.float32))
    image.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.BOX)
    return keep_the_digit(find_ink(np.asarray(image, np.float64)))


def around(digit: Gray, shape: tuple[int, ...]) -> tuple[slice, ...]:
    """The part of a picture of `shape` that shows the digit and half as much on each side."""
    scale, part = max(shape) / max(digit.shape), inked(digit)
    margin = max(along.stop - along.start for along in part) / 2
    return tuple(
        slice(max(0, int(scale * (along.start - margin))), ceil(scale * (along.stop + margin)))
        for along in part
    )


def inked(ink: Gray) -> tuple[slice, ...]:
    """The smallest rectangle that holds all ink but its soft edges; where there is none, all."""
    found = ink > FAINT
    rows, columns = np.nonzero(found if found.any() else ~found)
    return tuple(slice(int(at.min()), int(at.max()) + 1) for at in (rows, columns))


def find_ink(gray: Gray) -> Gray:
    """How much ink there is in each place, 0..1, whichever of ink and paper is darker.

    The border shows paper, and strokes are narrower than the paper around them: a place that is
    far lighter than its wider neighborhood is light ink, and far darker, dark ink.
    """
    side = max(gray.shape)
    smooth = ndimage.gaussian_filter(gray, side / 300)
    noise = 1.4826 * np.median(np.abs(gray - smooth))  # the deviation of what was smoothed away
    gray = smooth - np.median(_border(smooth))  # beyond the border there is paper: 0
    local = ndimage.uniform_filter(gray, 1 + side // 2, mode="constant")
    light = gray * np.sign(((gray - local) ** 3).sum())
    contrast = light - _paper(light)
    edges = contrast - ndimage.uniform_filter(contrast, 3 + side // 20)
    if edges.max() < max(LEAST_CONTRAST, 1.6 * noise):  # light that varies has no edges
        return np.zeros_like(gray)
    middle, peak = np.median(contrast[contrast <= contrast.mean()]), contrast.max()
    full = np.percentile(contrast[contrast > (middle + peak) / 2], 75) - middle
    least = min(max(noise, 0.05 * full), 0.4 * full)
    ink: Gray = np.clip((contrast - middle - least) / (full - least), 0, 1)
    return ink


def keep_the_digit(ink: Gray) -> Gray:
    """The ink (height, width) without specks, and without what runs along the border."""
    labels, count = ndimage.label(ink > FAINT, structure=np.ones((3, 3)))
    border = _border(labels)
    touching = np.bincount(border, minlength=count + 1) / len(border)
    sizes = np.array([0, *(max(ink[part].shape) for part in ndimage.find_objects(labels))])
    sizes[ndimage.maximum(ink, labels, range(count + 1)) < DARK] = 0
    inside = sizes[touching == 0].max(initial=0)
    if inside > LEAST_SHARE / 2 * max(ink.shape):
        sizes[(touching > 0.1) | (touching > 0) & (sizes < inside)] = 0
    kept = (sizes > LEAST_SHARE * sizes.max())[labels]
    kept = ndimage.binary_dilation(kept, iterations=1 + max(ink.shape) // 100)  # soft edges too
    digit: Gray = np.where(kept, ink, 0.0)
    return digit


def thicken(ink: Gray) -> Gray:
    """Widen strokes that would fade away in the small image; (height, width) may grow."""
    inside = ndimage.distance_transform_edt(np.pad(ink > 0.5, 1))
    width = 4 * (inside[inside > 0].mean() - 0.5)  # pixels; half a pixel of each is outside
    radius = (LEAST_STROKE * max(ink.shape) / BOX - width) / 2
    if radius <= 0:
        return ink
    ink = np.pad(ink, int(radius) + 1)
    away = ndimage.distance_transform_edt(ink <= 0.5)
    thick: Gray = np.maximum(ink, np.clip(radius + 1 - away, 0, 1))
    return thick


def shrink(ink: Gray) -> Gray:
    """Scale the longest side to 20 pixels, averaging."""
    scale = BOX / max(ink.shape)
    height, width = (max(1, round(side * scale)) for side in ink.shape)
    image = Image.fromarray(ink.astype(np.float32))
    small = np.asarray(image.resize((width, height), Image.Resampling.HAMMING), np.float64)
    shrunk: Gray = np.clip(small / small.max(), 0, 1)
    return shrunk


def place(digit: Gray) -> NDArray[np.uint8]:
    """An image (28, 28) of 0..255 with the digit's center of mass at pixel (14, 14)."""
    image = np.zeros((SIDE, SIDE), np.uint8)
    corner = [
        min(max(round(SIDE / 2 - middle), 0), SIDE - side)
        for middle, side in zip(ndimage.center_of_mass(digit), digit.shape, strict=True)
    ]
    part = tuple(slice(at, at + side) for at, side in zip(corner, digit.shape, strict=True))
    image[part] = np.rint(255 * digit)
    return image


def _gray(image: Image.Image) -> Gray:
    """Shades of gray, made small; what is transparent becomes paper."""
    if image.mode.startswith(("I", "F")):  # more than 256 shades
        shades = np.nan_to_num(np.asarray(image, np.float32))
        image = Image.fromarray(255 * (shades - shades.min()) / max(np.ptp(shades), 1e-9))
    else:
        image = image.convert("RGBA" if image.has_transparency_data else "L")
    image.thumbnail((LARGEST, LARGEST), Image.Resampling.BOX)
    return _opaque(image) if image.mode == "RGBA" else np.asarray(image, np.float64)


def _opaque(image: Image.Image) -> Gray:
    """The picture (mode RGBA) laid on what its border shows or, if that is clear, on a contrast.

    White ink on a clear ground needs black behind it, black ink white.
    """
    gray, alpha = (np.asarray(band, np.float64) for band in image.convert("LA").split())
    border = _border(gray)[_border(alpha) > 127]
    if len(border) > _border(gray).size / 2:
        behind = float(np.median(border))
    else:
        behind = 0.0 if np.average(gray, weights=alpha + 1e-9) > 127 else 255.0
    laid: Gray = behind + (gray - behind) * (alpha / 255)
    return laid


def _paper(light: Gray) -> Gray:
    """The picture without what is lighter than its surroundings and narrower than a third of it.

    A morphological opening, which follows the light on the paper, shadows' edges too; beyond the
    border it finds paper, 0.
    """
    size = (1 + max(light.shape) // 3,) * 2
    lowest = ndimage.grey_erosion(light, size, mode="constant")
    paper: Gray = ndimage.grey_dilation(lowest, size, mode="constant", cval=-np.inf)
    return paper


def _border(values: NDArray[Any]) -> NDArray[Any]:
    """The values along the four sides (n,), of values (height, width)."""
    return np.concatenate([values[0], values[-1], values[1:-1, 0], values[1:-1, -1]])
