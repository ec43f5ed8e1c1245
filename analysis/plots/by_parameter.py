"""A panel a searched parameter: the figure around `slices` and `isolation`."""

from collections.abc import Callable

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.load import Study
from analysis.plots import style

COLUMNS = 3


def figure(study: Study, draw: Callable[[str, Axes], Axes], title: str) -> Figure:
    """One panel for each parameter by `draw(name, ax)`, all on one accuracy axis, one legend."""
    names = list(study.space)
    if not names:
        raise style.NothingToDrawError("no parameter was searched")
    columns = min(COLUMNS, len(names))
    rows = -(-len(names) // columns)
    made, axes = style.panels(columns, rows, width=4.6 * columns + 0.6, height=3.6 * rows + 0.8)
    for i, (ax, name) in enumerate(zip(axes, names, strict=False)):
        draw(name, ax)
        style.accuracy_axis(ax, list(study.trials["val_accuracy"]))
        ax.set(ylabel="" if i % columns else ax.get_ylabel())
    for ax in axes[len(names) :]:
        ax.set_axis_off()
    known: dict[str, Artist] = {}
    for ax in axes:
        handles, labels = ax.get_legend_handles_labels()
        known |= dict(zip(labels, handles, strict=True))
    made.legend(list(known.values()), list(known), loc="outside lower center", ncols=len(known))
    made.suptitle(title)
    return made
