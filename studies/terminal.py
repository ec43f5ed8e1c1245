"""Tables for people: drawn on a terminal, aligned text elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from rich import box
from rich.console import Console
from rich.table import Table

BAR_WIDTH = 30  # characters
EIGHTHS = " ▏▎▍▌▋▊▉█"


def say(line: str, *, err: bool = False) -> None:
    """Show one line as it is, however long; `err` shows it on standard error."""
    Console(stderr=err, highlight=False, markup=False, soft_wrap=True).print(line)


def show(
    columns: Sequence[str], rows: Iterable[Sequence[str]], left: Sequence[int] = (0,)
) -> None:
    """Show a table, its cells to the right but for those of the columns `left`."""
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.print("\n".join(_aligned([columns, *rows], left)), soft_wrap=True)
        return
    table = Table(box=box.SIMPLE)
    for i, column in enumerate(columns):
        table.add_column(column, justify="left" if i in left else "right")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def pairs(values: Mapping[str, object]) -> None:
    """Show names and values, one a line."""
    lines = [(f"  {name}", str(value)) for name, value in values.items()]
    say("\n".join(_aligned(lines, (0,))))


def bar(share: float) -> str:
    """A bar as long as `share` of the width.

    >>> bar(0.5)
    '███████████████'
    """
    eighths = round(min(max(share, 0.0), 1.0) * BAR_WIDTH * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + EIGHTHS[rest]).rstrip()


def duration(seconds: float) -> str:
    """Seconds as hours, minutes and seconds.

    >>> duration(95.4)
    '0:01:35'
    """
    return str(timedelta(seconds=round(seconds)))


def percent(share: float | None) -> str:
    """A share in per cent; a dash for none.

    >>> percent(0.953)
    '95.30%'
    """
    return "-" if share is None else f"{share:.2%}"


def _aligned(rows: Sequence[Sequence[str]], left: Sequence[int]) -> list[str]:
    """The rows as lines, each column as wide as its longest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if i in left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
