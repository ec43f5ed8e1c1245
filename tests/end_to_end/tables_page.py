"""The columns that docs/tables.md promises, and those of the files that are there."""

import csv
import json
import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "tables.md"
REST = "one for each parameter"  # a row that stands for as many columns as were searched
KEY = "<key>"  # a study's: there is such a file, or such a key, for each


def documented(text: str = "") -> dict[str, list[str]]:
    """By file, its columns or keys in the order of the page; `REST` for the searched ones."""
    found: dict[str, list[str]] = {}
    for line in (text or PAGE.read_text(encoding="utf-8")).splitlines():
        if heading := re.fullmatch(r"### `(.+)`", line):
            columns = found.setdefault(heading[1], [])
        elif row := re.match(rf"\| (?:`(.+?)`|({REST})) \|", line):
            columns.append(row[1] or row[2])
    return found


def name_on_the_page(path: Path, reports: Path) -> str:
    """What the page calls a file; that of one study is that of every study."""
    parts = path.relative_to(reports).parts
    if parts[0] == "studies":
        parts = ("studies", KEY, *parts[2:])
    elif parts[0] == "confirm" and path.suffix == ".csv":  # those of a study
        parts = ("studies", KEY, *parts[1:])
    return "/".join(parts)


def differences(reports: Path, promised: dict[str, list[str]]) -> list[str]:
    """Each CSV of `reports` whose columns are not those that are promised, in that order."""
    return [
        f"{path}: {_header(path)}"
        for path in sorted(reports.rglob("*.csv"))
        if not _keeps(_header(path), promised.get(name_on_the_page(path, reports), []))
    ]


def keys(path: Path) -> list[str]:
    """The keys of a JSON file."""
    return list(json.loads(path.read_text(encoding="utf-8")))


def _keeps(header: list[str], promised: list[str]) -> bool:
    if promised and promised[-1] == REST:
        fixed = promised[:-1]
        return header[: len(fixed)] == fixed and len(header) > len(fixed)
    return header == promised


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))
