"""The test images that the network misreads with the most confidence."""

from matplotlib.axes import Axes
from pandas import DataFrame

from analysis import words
from analysis.load import Final
from analysis.plots import sample_predictions, style

COLUMNS = 6
SHOWN = 18


def table(final: Final, *, shown: int = SHOWN) -> DataFrame:
    """The surest mistakes: `index`, `label`, `predicted`, `probability`, `image`."""
    samples = sample_predictions.samples(final)
    wrong = samples[samples["label"] != samples["predicted"]]
    if wrong.empty:
        raise style.NothingToDrawError("no test image is misread")
    frame = wrong.sort_values("probability", ascending=False, kind="stable").head(shown)
    frame.attrs |= {"wrong": len(wrong)}
    return frame.reset_index(drop=True)


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: under each image what it is, what it was taken for, and how surely."""
    texts = [
        f"{row['label']} read as {row['predicted']}\n"
        f"{_sure(row['probability'])}, test image {row['index']}"
        for row in frame.to_dict("records")
    ]
    sample_predictions.tiles(list(frame["image"]), texts, ax, columns=COLUMNS)
    ax.set(xlim=(-0.1, COLUMNS), ylim=(rows(frame), -0.05), aspect="equal", title=title(frame))
    ax.axis("off")
    return ax


def rows(frame: DataFrame) -> int:
    """Number of rows of images in the picture of a `table`."""
    return -(-len(frame) // COLUMNS)


def title(frame: DataFrame) -> str:
    """How sure the network is of what it gets wrong."""
    n, total, probability = len(frame), frame.attrs["wrong"], frame["probability"]
    some = f"The {n} surest of {total} mistakes" if n < total else f"All {total} mistakes"
    return f"{some} on test images: probability {_sure(probability.min())} or more"


def _sure(probability: float) -> str:
    """A probability in per cent; one that would round to 100 is told as what it exceeds."""
    return "> 99.9 %" if probability >= 0.9995 else words.percent(probability)
