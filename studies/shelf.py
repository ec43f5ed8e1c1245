"""The studies in the store, of today's settings or old ones. Reads it, and makes none."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from pipeline import params
from pipeline.params import Params
from studies import confirm, fingerprint
from studies.artifacts import PREFIX
from studies.build import deciding
from studies.execution import settle
from studies.lock import holder
from studies.objective import METRIC
from studies.storage import opened
from studies.store import RECORD
from studies.terminal import percent, say, show

NAME = re.compile(r"([a-z0-9][a-z0-9_-]*)-([0-9a-f]{12})")
METRIC_NAMES = "study:metric_names"  # where Optuna keeps them
NOTHING = "nothing has run yet: python -m studies run KEY"
LIST = ("study", "key", "fingerprint", "trials", "pruned", "best", "last worked on", "")


@dataclass(frozen=True)
class Shelved:
    """A study in the store; `key` and `fingerprint` are empty if this program did not make it.

    `holder` is who runs it now.
    """

    number: int
    name: str
    key: str
    fingerprint: str
    direction: StudyDirection
    trials: list[FrozenTrial]
    attributes: Mapping[str, Any]
    holder: str | None

    def finished(self, planned: int | None = None) -> list[FrozenTrial]:
        """The trials that are over, of the first `planned`."""
        return [trial for trial in self.trials[:planned] if trial.state.is_finished()]

    def begun(self) -> int:
        """How many trials were begun and are not over."""
        return sum(trial.state == TrialState.RUNNING for trial in self.trials)

    def best(self, planned: int | None = None) -> float | None:
        """The best value of the first `planned` trials, among those that are complete."""
        values = [
            trial.value
            for trial in self.trials[:planned]
            if trial.state == TrialState.COMPLETE and trial.value is not None
        ]
        better = min if self.direction == StudyDirection.MINIMIZE else max
        return better(values, default=None)

    def last(self) -> str:
        """When a trial last began or ended."""
        times = [
            time
            for trial in self.trials
            for time in (trial.datetime_start, trial.datetime_complete)
            if time
        ]
        return f"{max(times):%Y-%m-%d %H:%M}" if times else "-"

    def artifacts(self) -> Iterator[str]:
        """The ids of the files attached to the study or to its trials."""
        for attributes in (self.attributes, *(trial.system_attrs for trial in self.trials)):
            for name, value in attributes.items():
                about = json.loads(value) if name.startswith(PREFIX) else None
                if about:  # the dashboard leaves null where one was deleted
                    yield about["artifact_id"]


def list_() -> None:
    """Show every study in the store: of today's settings, old, or not this program's."""
    loaded = params.load()
    found = shelf(settle(loaded.execution).storage)
    if not found:
        say(NOTHING)
        return
    names = set(current(confirm.beside(loaded)).values())
    show(LIST, [_listed(each, names) for each in found])


def shelf(url: str) -> list[Shelved]:
    """Every study in the store at `url`, by name; none if the store was not made yet."""
    if not _made(url):
        return []
    with opened(url, read_only=True) as storage:
        return on(storage)


def on(storage: RDBStorage) -> list[Shelved]:
    """Every study in an open storage, by name."""
    found = []
    for study in storage.get_all_studies():
        at = study._study_id
        trials = storage.get_all_trials(at, deepcopy=False)
        match = NAME.fullmatch(study.study_name)
        ours = study.system_attrs.get(METRIC_NAMES) == [METRIC] and all(
            RECORD in trial.system_attrs for trial in trials if trial.state.is_finished()
        )
        key, digits = match.groups() if match and ours else ("", "")
        name, direction, attributes = study.study_name, study.directions[0], study.system_attrs
        who = holder(key, name, storage) if key else None
        found.append(Shelved(at, name, key, digits, direction, trials, attributes, who))
    return sorted(found, key=lambda each: each.name)


def current(loaded: Params) -> dict[str, str]:
    """The name in the store of each study of today's settings, data and code, by key."""
    return {key: f"{key}-{fingerprint.digest(deciding(loaded, key))}" for key in loaded.studies}


def _listed(study: Shelved, names: set[str]) -> tuple[str, ...]:
    whose = "old" if study.key else "not this program's"
    best = study.best()
    return (
        study.name,
        study.key or "-",
        study.fingerprint or "-",
        str(len(study.finished())),
        str(sum(trial.state == TrialState.PRUNED for trial in study.trials)),
        percent(best) if study.key or best is None else f"{best:.6g}",
        study.last(),
        "current" if study.name in names else whose,
    )


def _made(url: str) -> bool:
    """Whether there is a store; one in a database server is taken to be there."""
    with suppress(ArgumentError):
        address = make_url(url)
        return address.get_backend_name() != "sqlite" or Path(address.database or "").is_file()
    return True  # opening it says what is wrong
