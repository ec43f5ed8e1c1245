"""Whether a published study comes out the same here: its trials trained again from its export.

Reads reports/studies/<key>/ and data/prepared/{train,val}/, writes nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import numpy as np
from rich.console import Console
from rich.progress import track

from pipeline import params
from studies import environment, replay
from studies.build import DigitsStudy
from studies.execution import settle
from studies.exported import Export, read
from studies.interrupts import Interrupted, Interrupts
from studies.replay import Difference, Recalled
from studies.run import crew
from studies.terminal import say
from studies.trials import Proposal, Trial
from studies.workers import Task, train

T = TypeVar("T")
SAMPLE = 5
SAMPLE_SEED = 0  # everyone checks the same trials


def verify(key: str, count: int | None = SAMPLE) -> bool:
    """Check study `key` against its export, say what differs and why; return whether nothing does.

    Every trial is asked for again and judged again, from the tables; `count` of them, or all, are
    trained again.

    Raises: UserError if export or data are missing, damaged, or do not go together; Interrupted
    after Ctrl-C.
    """
    record = read(key)
    study = replay.rebuild(record)
    chosen = sample(record, count)
    recalled = dict(enumerate(_bar("asking", replay.recall(study, record), len(record.rows))))
    differing = {n: each.difference for n, each in recalled.items() if each.difference}
    waiting = [recalled[number].proposal for number in chosen if number not in differing]
    for trial in _bar("training", _trained(study, recalled, waiting), len(waiting)):
        different = replay.difference(study, record, trial)
        if different:
            differing[trial.number] = different
    for _, found in sorted(differing.items()):
        say(f"{key}: {found}")
    say(
        f"{key}: {_verdict(differing, len(record.rows))}; {len(record.rows)} asked and judged "
        f"again, {len(waiting)} of them trained again"
    )
    tell(record, study)
    return not differing


def sample(record: Export, count: int | None) -> list[int]:
    """The numbers of the trials to train again: the best, one pruned, one diverged, others."""
    numbers: list[int] = np.random.default_rng(SAMPLE_SEED).permutation(len(record.rows)).tolist()
    rows = [(number, record.rows[number]) for number in numbers]
    first = [
        record.about["best"]["number"],
        *[number for number, row in rows if row["state"] == "PRUNED"][:1],
        *[number for number, row in rows if row["feasible"] == "0"][:1],
    ]
    return sorted(list(dict.fromkeys([*first, *numbers]))[:count])


def tell(record: Export, study: DigitsStudy) -> None:
    """Say what of all that decides results is other than recorded."""
    found = reasons(record, study)
    for reason in found:
        say(f"{record.key}: other than recorded: {reason}")
    if not found:
        say(f"{record.key}: settings, data, code and environment are those recorded")


def reasons(record: Export, study: DigitsStudy) -> list[str]:
    """What of all that decides results is other than recorded, in words."""
    then, now = record.about["decided_by"], study.parts
    data = [
        name
        for name in sorted(then["data"].keys() | now["data"].keys())
        if then["data"].get(name) != now["data"].get(name)
    ]
    versions = [
        f"{name} {then.get(name, 'unknown')} instead of {version}"
        for name, version in now.items()
        if name not in ("settings", "data", "code") and then.get(name) != version
    ]
    there = dict(record.environment) | {"handtuned": environment.here()["handtuned"]}
    return [
        *(["settings: not those of the fingerprint"] * (then["settings"] != now["settings"])),
        *([f"data: {', '.join(data)}"] if data else []),
        *(["code: edited, or another version"] * (then["code"] != now["code"])),
        *dict.fromkeys(
            f"environment: {each}"
            for each in (*versions, *environment.differences(there, environment.here()))
        ),
    ]


def _trained(
    study: DigitsStudy, recalled: Mapping[int, Recalled], waiting: list[Proposal]
) -> Iterator[Trial]:
    """The trials trained again, in parallel, as they finish."""
    execution = settle(params.load().execution)
    here, plan = environment.here(), study.plan
    waiting = sorted(waiting, key=lambda proposal: -study.objective.cost(proposal.params))

    def task(proposal: Proposal) -> Task:
        snapshot = recalled[proposal.number].snapshot
        return Task(proposal, plan.pruner(), snapshot, plan.direction, here)

    jobs = min(execution.jobs, len(waiting))

    def stopping() -> None:
        say("finishing what runs; Ctrl-C again stops at once")

    with Interrupts(stopping) as stop, crew(execution, jobs) as workers:
        yield from train(workers, study.objective, waiting, task, stop)
    if stop.requested:
        raise Interrupted


def _bar(what: str, items: Iterable[T], total: int) -> Iterable[T]:
    """The items, counted on a terminal as they come."""
    console = Console()
    return track(
        items, what, total, console=console, transient=True, disable=not console.is_terminal
    )


def _verdict(differing: Mapping[int, Difference], trials: int) -> str:
    if not differing:
        return "all came out as recorded"
    return f"{len(differing)} of {trials} trials differ"
