"""Stage `report`: reports/index.html, one page that says what won, by how much and how surely.

Reads reports/studies, train, final, tables, figures, notebooks and verdicts.json; links only to
what is there.
"""

import html
import platform
import re
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape
from threadpoolctl import threadpool_info

from analysis import (
    captions,
    confirmation,
    network,
    page,
    results,
    summary,
    tested,
    words,
)
from analysis.load import REPORTS
from analysis.results import Results
from analysis.standings import Entry, standings
from analysis.statistics import mean_difference
from analysis.verdicts import judge
from analysis.verdicts.finding import Verdict
from pipeline.files import write_text

TABLES = {
    "confirm": "The best, trained again over fresh seeds",
    "final": "On the test images",
    "leaderboard": "The best configurations of the searches",
    "iteration_history": "From a broken network to a good one",
    "studies": "The studies",
    "importance": "Which parameters matter",
    "pareto": "What a larger network buys",
    "per_digit": "Class by class",
}
FILES = (
    *("metrics.json", "verdicts.json"),
    *("tables/*.csv", "confirm/*.csv", "final/*.csv", "studies/*/trials.csv"),
    *("studies/*/history.csv", "studies/*/environment.json"),
    *("confirm/environment.json", "final/environment.json"),
)
COMMANDS = {
    "make repro": "everything from the digits to this page; only what changed runs again",
    "make dashboard": "every trial in Optuna Dashboard, live",
    "python -m studies verify confirm": "some trials again: do they come out the same here?",
    "make test": "the tests",
}


def write(reports: Path = REPORTS) -> None:
    """Write `reports`/index.html. Raises: UserError if there is no study to report."""
    filters: Mapping[str, Callable[..., Any]] = {
        "percent": words.percent,
        "points": summary.signed,
        "code": code,
    }
    text = page.filled("report.html.j2", contents(reports), filters)
    write_text(reports / "index.html", text.replace(" %", "\N{NO-BREAK SPACE}%"))


def contents(reports: Path = REPORTS) -> dict[str, Any]:
    """Everything the template shows."""
    found = results.read(reports)
    entries, verdicts = list(standings(found)), judge.read(reports)
    return {
        "results": found,
        "headline": summary.headline(found.search, found.tuned),
        "network": network.described(found.settings),
        "entries": entries,
        "scale": scale(entries),
        "untuned": against_untuned(found),
        "confirmed": found.confirm and confirmation.verdict(confirmation.table(found.confirm)),
        "beside": found.tuned and summary.listed(list(tested.beside(tested.table(found.tuned)))),
        "random": against_random(found),
        "duel": duel(verdicts),
        "budgets": found.random and summary.budgets(found.search, found.random),
        "verdicts": verdicts,
        "notebooks": page.links(reports, ["notebooks/*.html"], page_title),
        "files": page.links(reports, FILES, lambda path: path.relative_to(reports).as_posix()),
        "commands": COMMANDS,
        "tables": [
            page.table(path, title)
            for name, title in TABLES.items()
            if (path := reports / "tables" / f"{name}.md").is_file()
        ],
        "pictures": pictures(found, reports),
        "fingerprinted": {
            **found.studies,
            **({"confirm": found.confirm} if found.confirm else {}),
        },
        "versions": versions(),
    }


def scale(entries: list[Entry]) -> tuple[int, int]:
    """The drawing's range in whole per cent, wide enough for every interval."""
    low = min((100 * item.low for item in entries), default=0.0)
    high = max((100 * item.high for item in entries), default=100.0)
    return int(low), min(int(high) + 1, 100)


def against_untuned(found: Results) -> summary.Comparison | None:
    """The winner's mean over fresh seeds, or else the search's best, beside the untuned."""
    if found.untuned is None:
        return None
    if found.confirm is None:
        return summary.against_untuned(found.search, found.untuned)
    guesses = found.untuned.predictions.sort_values("index")
    right = (guesses["label"] == guesses["predicted"]).to_numpy()[None]
    after = confirmation.scores(found.confirm, found.confirm.about["winner"]["variant"])
    change = mean_difference(after, right) if after.shape[1] == right.shape[1] else None
    return summary.Comparison(float(right.mean()), float(after.mean()), change)


def against_random(found: Results) -> summary.Comparison | None:
    """The search beside random search, where there was one."""
    return summary.against_random(found.search, found.random) if found.random else None


def duel(verdicts: Mapping[str, list[Verdict]]) -> str:
    """The search beside random search over fresh seeds, in the words of the rule about it."""
    said = [v for each in verdicts.values() for v in each if v.rule == "no_better_than_random"]
    return next((v.words for v in said if "fresh seeds" in v.words), "")


def pictures(found: Results, reports: Path) -> list[page.Picture]:
    """Every picture with its caption, and what it shows in words for those who cannot see it."""
    paths = sorted(reports.glob("figures/*.png"), key=lambda path: captions.order(path.stem))
    return [
        page.picture(
            path,
            reports,
            alt=captions.alternative(path.stem, found),
            caption=captions.caption(path.stem),
        )
        for path in paths
    ]


def code(text: str) -> Markup:
    """Text as HTML, what stands in backticks as code.

    >>> code("a < b: raise `trials`")
    Markup('a &lt; b: raise <code>trials</code>')
    """
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 escaped


def page_title(path: Path) -> str:
    """A page's title."""
    _, _, rest = path.read_text(encoding="utf-8").partition("<title>")
    return html.unescape(rest.partition("</title>")[0]) or path.stem


def versions() -> Mapping[str, str]:
    """What this page was made with; results may differ in the last bit elsewhere."""
    blas = {str(pool.get("architecture")) for pool in threadpool_info() if "architecture" in pool}
    names = ("numpy", "optuna", "pandas", "matplotlib")
    return {
        "Python": platform.python_version(),
        **{name: version(name) for name in names},
        "processor": ", ".join([platform.machine(), *sorted(blas)]),
    }
