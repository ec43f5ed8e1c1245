"""The verdicts as a table on the terminal."""

from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis.verdicts.finding import CLEAR, FIRED, NOT_APPLICABLE, Verdict

STYLES = {FIRED: "bold red", CLEAR: "green", NOT_APPLICABLE: "dim"}
WIDTH = 120  # where no terminal has one


def show(verdicts: Iterable[Verdict]) -> None:
    """Show one row a rule: status, rule, what it says and what to do next."""
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    table = Table(box=box.SIMPLE, pad_edge=False)
    for column in ("status", "rule", "what it says", "next"):
        table.add_column(column, no_wrap=column in ("status", "rule"), overflow="fold")
    for verdict in verdicts:
        cells = (verdict.rule, verdict.words, verdict.command.replace("`", ""))
        table.add_row(Text(verdict.status, STYLES[verdict.status]), *map(Text, cells))
    console.print(table)
