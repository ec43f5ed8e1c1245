"""Which class is taken for which: counts, colored by share of each true class."""

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from pandas import DataFrame, crosstab

from analysis import words
from analysis.plots import style


def table(predictions: DataFrame) -> DataFrame:
    """Counts of images, true classes as rows, predicted classes as columns."""
    classes = sorted({*predictions["label"], *predictions["predicted"]})
    counts = crosstab(predictions["label"], predictions["predicted"])
    frame = counts.reindex(index=classes, columns=classes, fill_value=0)
    frame.attrs["split"] = ", ".join(sorted(predictions["split"].unique()))
    return frame


def draw(frame: DataFrame, ax: Axes) -> Axes:
    """Draw a `table`: counts as text, color by share of the row on a root scale."""
    totals, kind = frame.sum(axis=1), words.kind(frame.index)
    long = any(len(str(name)) > SHORT for name in frame.index)
    every = [style.plain(str(name)) for name in frame.index]
    names = every if len(frame) <= READABLE else "auto"
    shares = frame.div(totals.where(totals > 0, 1), axis=0)
    sns.heatmap(
        shares**0.5,  # a root, so that single mistakes show beside the diagonal
        annot=len(frame) <= READABLE and frame.map(lambda count: f"{count}" if count else ""),
        fmt="",
        cmap="Blues",
        vmin=0,
        vmax=1,
        square=True,
        xticklabels=names,
        yticklabels=names,
        linewidths=0.5,
        cbar_kws={"label": f"share of the true {kind} (root scale)"},
        ax=ax,
    )
    bar = ax.collections[0].colorbar
    if bar:
        bar.set_ticks(
            [share**0.5 for share in SHARES], labels=[words.percent(s, 0) for s in SHARES]
        )
    ax.set(xlabel=f"predicted {kind}", ylabel=f"true {kind}")
    ax.set_title(style.plain(title(frame)))
    ax.tick_params(rotation=0, length=0)
    ax.tick_params("x", rotation=90 if long else 0)
    return ax


READABLE = 30  # classes: counts of more would not be read
SHORT = 3  # letters that fit above a cell
SHARES = (0.0, 0.01, 0.05, 0.2, 0.5, 1.0)


def title(frame: DataFrame) -> str:
    """The most frequent mistake."""
    counts = frame.to_numpy()
    n, right = counts.sum(), counts.trace()
    split = frame.attrs.get("split", "")
    start = f"{right} of {n} {split} images right ({words.percent(right / max(n, 1))})"
    mistakes = counts - np.diag(counts.diagonal())
    if not mistakes.any():
        return f"{start}; no mistake"
    row, column = divmod(int(mistakes.argmax()), len(frame))
    true, taken, times = frame.index[row], frame.columns[column], mistakes.max()
    between = "; " if len(f"{true}{taken}") <= SHORT else "\n"
    return f"{start}{between}most often {true} taken for {taken} ({times} times)"
