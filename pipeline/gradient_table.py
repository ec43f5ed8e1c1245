"""The gradient check of every kind of network, as a table for people."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table

from pipeline.errors import UserError
from pipeline.nn.activations import ACTIVATIONS
from pipeline.nn.gradcheck import TOLERANCE, check
from pipeline.nn.mlp import MLP

WIDTHS = (5, 6, 4, 3)
OUTPUTS = (
    ("softmax", "cross_entropy"),
    ("sigmoid", "cross_entropy"),
    ("sigmoid", "squared_error"),
    ("identity", "squared_error"),
    ("tanh", "mean_squared_error"),
)
REGULARIZERS: dict[str, dict[str, Any]] = {
    "none": {},
    "L2": {"l2": 0.1},
    "dropout": {"dropout": 0.3},
    "smooth": {"label_smoothing": 0.1},
}


class Row(NamedTuple):
    """A kind of network, and the error of its gradient under each regularizer."""

    activation: str
    output: str
    loss: str
    errors: tuple[float, ...]


def run() -> str:
    """Print the table; returns one line on how it went.

    Raises: UserError if a gradient differs from the central differences.
    """
    rows = list(checked())
    console = Console()
    console.print(drawn(rows))
    errors = [error for row in rows for error in row.errors]
    wrong = sum(not error < TOLERANCE for error in errors)
    if wrong:
        raise UserError(
            f"gradcheck: relative errors must be below {TOLERANCE:.0e}, but {wrong} of "
            f"{len(errors)} are not; look at backward of the activations and losses in red"
        )
    return f"gradcheck: all {len(errors)} below {TOLERANCE:.0e}, the largest {max(errors):.1e}"


def checked() -> Iterator[Row]:
    """Check every activation, output and loss, with and without each regularizer."""
    for activation in ACTIVATIONS:
        for output, loss in OUTPUTS:
            mlp = MLP(WIDTHS, activation, output, loss)
            errors = (check(mlp, **settings).error for settings in REGULARIZERS.values())
            yield Row(activation, output, loss, tuple(errors))


def drawn(rows: list[Row]) -> Table:
    """The table, a row for each kind of network."""
    title = "Relative error of the gradient"
    table = Table("hidden", "output, loss", title=title, box=box.SIMPLE_HEAD, pad_edge=False)
    table.columns[1].no_wrap = True
    for name in REGULARIZERS:
        table.add_column(name, justify="right")
    for row in rows:
        cells = (f"{e:.1e}" if e < TOLERANCE else f"[red]{e:.1e}[/red]" for e in row.errors)
        kind = (row.activation, f"{row.output}, {row.loss}")
        last = (row.output, row.loss) == OUTPUTS[-1]
        table.add_row(*(name.replace("_", " ") for name in kind), *cells, end_section=last)
    return table
