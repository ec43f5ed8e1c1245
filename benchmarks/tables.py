"""What was measured as tables, for the terminal and as CSV."""

import statistics
from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table

from benchmarks import timing
from benchmarks.memory import CASE, Memory
from benchmarks.timing import AIMS, LIMIT, Timing
from benchmarks.ways import CASES, NAMES
from pipeline.outputs import write_csv


def times(timings: Sequence[Timing]) -> Table:
    """A row a case: our milliseconds, and how the others compare; then over all cases."""
    ratios = timing.ratios(timings[0])
    epochs = len(timings[0].seconds["ours"])
    columns = ["network, batch, optimizer", "ours (ms)", *(ratio.title for ratio in ratios)]
    table = empty(f"Time of an epoch, median of {epochs}", columns)
    for t in timings:
        compared = (f"{ratio.of(t):.2f}" for ratio in ratios)
        table.add_row(str(t.case), f"{1e3 * t.median('ours'):.1f}", *compared)
    table.add_section()
    values = {ratio: [ratio.of(t) for t in timings] for ratio in ratios}
    for name, row in (
        ("geometric mean", [statistics.geometric_mean(v) for v in values.values()]),
        ("worst", [max(v) if ratio == LIMIT else min(v) for ratio, v in values.items()]),
        ("median", [statistics.median(v) for v in values.values()]),
    ):
        table.add_row(name, "", *(f"{value:.2f}" for value in row))
    return table


def aims(timings: Sequence[Timing]) -> Table:
    """A row an aim: what was measured, the bound, and whether it was reached."""
    over = f"{len(timings)} of {len(CASES)} networks"
    table = empty(f"Aims, over {over}", ["aim", "bound", "measured", "verdict"])
    for aim in AIMS:
        if aim.ratio in timing.ratios(timings[0]):
            value = aim.statistic([aim.ratio.of(t) for t in timings])
            verdict = "reached" if aim.met(value) else "missed"
            table.add_row(f"{aim.ratio.title}, {aim.words}", aim.bound, f"{value:.3f}", verdict)
    return table


def memory(measured: Sequence[Memory]) -> Table:
    """A row a process: what its data take, and what training takes beside them."""
    parameters = f"{measured[0].parameter_bytes / 1e6:.2f} MB of parameters"
    columns = ["way", "images", "data (MB)", "data loaded (copies)", "peak (MB)"]
    columns += ["beside data (MB)", "beside data (÷ parameters)"]
    table = empty(f"Memory of an epoch: {CASE}; {parameters}", columns)
    for m in measured:
        data, peak, beside = (x / 1e6 for x in (m.data_bytes, m.peak_bytes, m.growth_bytes))
        numbers = (f"{data:.1f}", f"{m.loaded:.2f}", f"{peak:.0f}", f"{beside:.1f}")
        table.add_row(NAMES[m.way], f"{m.images:,}", *numbers, f"{m.growth:.1f}")
    return table


def write_times(path: Path, timings: Sequence[Timing], images: int) -> None:
    """Write one row a case: median seconds an epoch; of the rounds' ratios the quartiles."""
    ratios = timing.ratios(timings[0])
    ways = list(timings[0].seconds)
    names = [f"{ratio.over}_per_{ratio.under}" for ratio in ratios]
    header = ["case", "images", "epochs", *(f"{way}_seconds" for way in ways)]
    header += [f"{name}{end}" for name in names for end in ("_q1", "", "_q3")]
    rows = []
    for t in timings:
        numbers = [value for r in ratios for value in r.quartiles(t)]
        row = [str(t.case), images, len(t.seconds["ours"])]
        row += [f"{t.median(way):.6f}" for way in ways]
        rows.append([*row, *(f"{number:.4f}" for number in numbers)])
    write_csv(path, header, rows)


def empty(title: str, columns: Sequence[str]) -> Table:
    """An empty table that fits a terminal of 80 columns: headings break between words."""
    table = Table(
        title=f"\n{title}",
        title_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    table.add_column(columns[0], no_wrap=True)
    for name in columns[1:]:
        table.add_column(name.replace(" ", "\n").replace("÷\n", "÷ "), justify="right")
    return table
