"""Every rule on every project: reports/verdicts.json, and what it says."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from analysis import results, summary
from analysis.load import REPORTS
from analysis.results import Results
from analysis.verdicts import curves, data, evidence, space
from analysis.verdicts.finding import CLEAR, FIRED, NOT_APPLICABLE, Finding, NotApplicable, Verdict
from pipeline.files import write_json

SEARCH: tuple[Callable[[Results], Finding], ...] = (
    space.best_at_edge,
    space.divergence_wall,
    space.diverged_trials,
    space.batch_size_confounded,
    evidence.too_few_trials,
    evidence.no_better_than_random,
    evidence.tied_leaders,
    evidence.below_resolution,
    evidence.unstable_optimum,
    curves.still_rising,
    curves.overfitting,
    curves.pruned_a_leader,
)
DATA: tuple[Callable[[Path], Finding], ...] = (data.duplicated_images, data.class_imbalance)
PROJECT: tuple[Callable[[Results], Finding], ...] = (data.environment_changed,)
RULES = tuple(rule.__name__ for rule in (*SEARCH, *DATA, *PROJECT))


def judge(found: Results, meta: Path = data.META) -> list[Verdict]:
    """What every rule says of the results, in the order of `RULES`."""
    return [
        *(_verdict(rule.__name__, found.search.key, _ask(rule, found, meta)) for rule in SEARCH),
        *(_verdict(rule.__name__, "", partial(rule, meta)) for rule in DATA),
        *(_verdict(rule.__name__, "", partial(rule, found)) for rule in PROJECT),
    ]


def write(reports: Path = REPORTS, meta: Path = data.META) -> list[Verdict]:
    """Judge what is in `reports` and write verdicts.json there; returns the verdicts.

    Raises: UserError if there is no study at all.
    """
    found = results.read(reports)
    verdicts = judge(found, meta)
    content = {
        "headline": summary.headline(found.search, found.tuned),
        "verdicts": [verdict._asdict() for verdict in verdicts],
    }
    write_json(reports / "verdicts.json", content)
    return verdicts


def read(reports: Path = REPORTS) -> dict[str, list[Verdict]]:
    """The written verdicts by status, each in the order of the rules; empty lists without any."""
    path = reports / "verdicts.json"
    found: dict[str, list[Verdict]] = {FIRED: [], CLEAR: [], NOT_APPLICABLE: []}
    if path.is_file():
        for verdict in json.loads(path.read_text(encoding="utf-8"))["verdicts"]:
            found[verdict["status"]].append(Verdict(**verdict))
    return found


def _ask(rule: Callable[[Results], Finding], found: Results, meta: Path) -> Callable[[], Finding]:
    """The rule, bound to the results, and to the images where it asks how many there are."""
    if rule is evidence.below_resolution:
        return partial(evidence.below_resolution, found, meta)
    return partial(rule, found)


def _verdict(rule: str, study: str, ask: Callable[[], Finding]) -> Verdict:
    try:
        said = ask()
    except NotApplicable as reason:
        return Verdict(rule, study, NOT_APPLICABLE, None, str(reason), "")
    number = None if said.number is None else float(f"{said.number:.9g}")
    status, command = (FIRED, said.command) if said.fired else (CLEAR, "")
    return Verdict(rule, study, status, number, said.words, command)
