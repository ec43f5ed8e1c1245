"""Several heat maps on one color scale: a panel a value, or a panel a pair of parameters."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import FuncNorm
from matplotlib.figure import Figure

from analysis import words
from analysis.load import Study
from analysis.plots import bins, heatmap, style

LETTERS = 6  # longer tick labels are turned
CELL = (0.48, 0.46)  # inches, room for three short lines


def by_value(study: Study, x: str, y: str, panel: str) -> Figure:
    """x against y, one panel for each value of `panel`, all on one color scale."""
    values = sorted(study.trials[panel].dropna().unique())
    figure, axes = style.panels(len(values), width=4.2 * len(values) + 1, height=4.5)
    norm = style.accuracy_norm(study.trials["val_accuracy"])
    for ax, value in zip(axes, values, strict=True):
        frame = heatmap.table(study, x, y, fixed={panel: value})
        heatmap.draw(frame, ax, norm=norm, bar=False)
        best = words.percent(frame["val_accuracy"].max())
        ax.set(title=f"{words.value(value)} {words.name(panel)}: best {best}")
        ax.label_outer()
    _bar(figure, norm, axes)
    figure.suptitle(f"Study {study.key}: validation accuracy (%), n = {len(study.trials)} trials")
    return figure


def pairs(study: Study) -> Figure:
    """Every pair of searched parameters, the lower triangle of panels, all cells of one size."""
    names = list(study.space)
    size = len(names) - 1
    if size < 1:
        raise style.NothingToDrawError("fewer than two searched parameters")
    cells = [_cells(study, name) for name in names]
    across, down = cells[:-1], cells[1:]
    width, height = CELL[0] * sum(across) + 2.5, CELL[1] * sum(down) + 2
    figure, grid = style.panels(
        size, size, width=width, height=height, widths=across, heights=down
    )
    norm = style.accuracy_norm(study.trials["val_accuracy"])
    for i, ax in enumerate(grid):
        row, column = divmod(i, size)
        if column > row:
            ax.set_axis_off()
        else:
            frame = heatmap.table(study, names[column], names[row + 1])
            heatmap.draw(frame, ax, norm=norm, bar=False)
            _outer_labels(ax, left=column == 0, bottom=row == size - 1)
    _bar(figure, norm, grid, inside=grid[size - 1] if size > 1 else None)
    n, key = len(study.trials), study.key
    figure.suptitle(f"Study {key}: best (and mean) validation accuracy in %, n = {n} trials")
    return figure


def _cells(study: Study, name: str) -> int:
    """How many cells a parameter has in a heat map; a single one is as wide as two."""
    cells = bins.cells(study.trials[name], study.space[name])
    return max(len(cells.cat.categories), 2)


def _outer_labels(ax: Axes, *, left: bool, bottom: bool) -> None:
    ax.set(title="")
    if not left:
        ax.set(ylabel="", yticklabels=[])
    if not bottom:
        ax.set(xlabel="", xticklabels=[])
    elif max(len(label.get_text()) for label in ax.get_xticklabels()) > LETTERS:
        ax.tick_params(axis="x", rotation=90)


def _bar(figure: Figure, norm: FuncNorm, axes: list[Axes], *, inside: Axes | None = None) -> None:
    """One color bar for all panels, beside them or inside an empty one."""
    place: dict[str, Any] = {"ax": axes, "fraction": 0.03, "pad": 0.01}
    if inside is not None:
        place = {"cax": inside.inset_axes((0.2, 0.0, 0.1, 1.0))}
    figure.colorbar(
        ScalarMappable(norm, style.MAP),
        label="best validation accuracy in the cell",
        ticks=style.ticks(float(norm.vmin or 0), float(norm.vmax or 1)),
        format=style.percent(),
        **place,
    )
