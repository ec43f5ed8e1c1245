"""What was drawn, read back from a panel."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D


def line(ax: Axes, label: str) -> Line2D:
    """The line whose label begins like this."""
    return next(each for each in ax.lines if str(each.get_label()).startswith(label))


def heights(drawn: Line2D) -> np.ndarray:
    """The y values of a line."""
    return np.asarray(drawn.get_ydata(), dtype=float)


def title(ax: Axes) -> str:
    """The title, which stands at the left."""
    return ax.get_title(loc="left")
