"""Everything that the report speaks about, read once."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis import load
from analysis.load import REPORTS, Final, Study, Train
from pipeline.errors import UserError

LAST = {"random": 1, "grid": 2, "variants": 3}  # samplers that are there to compare with


@dataclass(frozen=True, eq=False)
class Results:
    """The studies, what was confirmed, the untuned network and the tuned one, where they are."""

    reports: Path
    studies: Mapping[str, Study]
    confirm: Study | None
    untuned: Train | None
    tuned: Final | None

    @property
    def search(self) -> Study:
        """The study whose best were trained again, or the one most likely to be."""
        again = self.confirm.about["candidates"] if self.confirm else []
        named = next((each["study"] for each in again if each["role"] == "search"), None)
        likely = min(self.studies.values(), key=lambda s: LAST.get(s.about["sampler"], 0))
        return self.studies.get(str(named), likely)

    @property
    def random(self) -> Study | None:
        """The random search in the same space, if `search` is not one itself."""
        if self.search.about["sampler"] == "random":
            return None
        return next(
            (
                study
                for study in self.studies.values()
                if study.about["sampler"] == "random" and study.space == self.search.space
            ),
            None,
        )

    @property
    def settings(self) -> dict[str, Any]:
        """All settings of the configuration that won."""
        if self.tuned:
            return dict(self.tuned.metrics["settings"])
        won = self.search.about.get("best") or {}
        params = {name: choice(value) for name, value in won.get("params", {}).items()}
        return {**self.search.about["settings"], **params}


def choice(value: Any) -> Any:
    """A parameter's value; a list is kept as text, since the search takes no lists.

    >>> choice("[8, 12]"), choice("adam")
    ([8, 12], 'adam')
    """
    return json.loads(value) if isinstance(value, str) and value.startswith("[") else value


def read(reports: Path = REPORTS) -> Results:
    """Read what is there. Raises: UserError if there is no study at all."""
    studies = load.studies(reports)
    if not studies:
        raise UserError(f"{reports / 'studies'} must hold a study, but holds none; run make repro")
    untuned, tuned = load.networks(reports)
    return Results(reports, studies, load.confirm(reports), untuned, tuned)


def from_notebook() -> Results:
    """Go to the folder that holds reports/, wherever the notebook was opened, and read them."""
    here = Path.cwd()
    os.chdir(next((f for f in (here, *here.parents) if (f / REPORTS).is_dir()), here))
    return read()
