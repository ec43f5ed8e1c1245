"""The test images that the network misreads with the most confidence."""

from matplotlib.axes import Axes
from pandas import DataFrame

from analysis import words
from analysis.load import Final
from analysis.plots import sample_predictions, style

COLUMNS = 6
WIDE = 4  # columns where names need the room
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
    across = columns(frame)
    sample_predictions.tiles(list(frame["image"]), texts, ax, columns=across)
    limits = {"xlim": (-0.1, across), "ylim": (-(-len(frame) // across), -0.05)}
    ax.set(**limits, aspect="equal", title=title(frame))
    ax.axis("off")
    return ax


def rows(frame: DataFrame) -> float:
    """Height of the picture of a `table`, in rows of six images."""
    across = columns(frame)
    return -(-len(frame) // across) * COLUMNS / across


def columns(frame: DataFrame) -> int:
    """How many images stand side by side: fewer where the classes have long names."""
    narrow = sample_predictions.columns(frame) == sample_predictions.COLUMNS
    return COLUMNS if narrow else WIDE


def title(frame: DataFrame) -> str:
    """How sure the network is of what it gets wrong."""
    n, total, probability = len(frame), frame.attrs["wrong"], frame["probability"]
    some = f"The {n} surest of {total} mistakes" if n < total else f"All {total} mistakes"
    return f"{some} on test images: probability {_sure(probability.min())} or more"


def _sure(probability: float) -> str:
    """A probability in per cent; one that would round to 100 is told as what it exceeds."""
    return "> 99.9 %" if probability >= 0.9995 else words.percent(probability)
