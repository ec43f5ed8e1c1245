"""The experiments' own tables have the columns that their page gives."""

import re
from pathlib import Path

import pytest

from analysis import published
from pipeline.facts import Fact
from studies import pytorch

PAGE = Path(__file__).parents[2] / "experiments/README.md"


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("tables/published.csv", published.COLUMNS),
        ("pytorch/models.csv", pytorch.COLUMNS),
        ("pytorch/timing.csv", pytorch.TIMES),
        ("primer/facts.csv", Fact._fields),
    ],
)
def test_columns_are_on_the_page(table: str, columns: tuple[str, ...]) -> None:
    """All of them, in order."""
    (row,) = re.findall(rf"^\| `{table}` \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.M)
    told = re.sub(r"\(.*?\)", "", row)  # what is said of a column
    assert re.findall(r"`(\w+)`", told) == list(columns)
