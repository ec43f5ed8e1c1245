"""The parts of the report's page: tables, pictures and links to files that are there."""

import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jinja2

TEMPLATES = Path(__file__).parent / "templates"

WIDE = 1500  # pixels


def filled(
    name: str, contents: Mapping[str, Any], filters: Mapping[str, Callable[..., Any]]
) -> str:
    """The template `name` with its contents, which are escaped where it is of a page in HTML."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=jinja2.select_autoescape(("html.j2",)),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= filters
    return environment.get_template(name).render(contents).rstrip("\n") + "\n"


class Table(NamedTuple):
    """A Markdown table, taken apart."""

    name: str
    title: str
    columns: list[str]
    numeric: list[bool]
    rows: list[list[str]]
    notes: list[str]
    left_out: int  # rows that only the CSV file has


class Picture(NamedTuple):
    """A PNG file with its size in pixels."""

    href: str
    alt: str
    caption: str
    width: int
    height: int

    @property
    def wide(self) -> bool:
        """Whether it has several panels, too small to read in half a page."""
        return self.width >= WIDE


class Link(NamedTuple):
    """A file beside the page."""

    href: str
    text: str


def table(path: Path, title: str, *, at_most: int = 12) -> Table:
    """Read the Markdown table in `path`, its first rows and the notes below it."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    columns, sides, *rows = [cells(line) for line in lines if line.startswith("|")]
    return Table(
        name=path.stem,
        title=title,
        columns=columns,
        numeric=[side.endswith(":") for side in sides],
        rows=rows[:at_most],
        notes=[line for line in lines if not line.startswith("|")],
        left_out=max(len(rows) - at_most, 0),
    )


def cells(line: str) -> list[str]:
    """The cells of one line of a Markdown table.

    >>> cells("| 1 | adam |  |")
    ['1', 'adam', '']
    """
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]


def picture(path: Path, reports: Path, *, alt: str, caption: str) -> Picture:
    """The PNG file `path` as the page shows it."""
    width, height = png_size(path.read_bytes())
    return Picture(path.relative_to(reports).as_posix(), alt, caption, width, height)


def png_size(content: bytes) -> tuple[int, int]:
    """Width and height of a PNG image in pixels, from its IHDR chunk."""
    width, height = struct.unpack(">II", content[16:24])
    return int(width), int(height)


def links(reports: Path, patterns: Sequence[str], text: Callable[[Path], str]) -> list[Link]:
    """Links to the files below `reports` that match, in order of pattern, then of path."""
    paths = [path for pattern in patterns for path in sorted(reports.glob(pattern))]
    return [Link(path.relative_to(reports).as_posix(), text(path)) for path in paths]
