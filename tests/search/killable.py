"""A study that takes a while, to be killed: python -m tests.search.killable FOLDER JOBS."""

import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studies.rounds import run_study
from studies.storage import opened, sqlite_url
from studies.store import LiveStudy
from studies.trials import Report
from tests.search.toys import curve, plan

TRIALS = 40
SECONDS_A_STEP = 0.06


@dataclass(frozen=True)
class Noted:
    """The curve, slowly; each training leaves a line with its seed in a file."""

    file: Path

    def __call__(self, params: Mapping[str, Any], seed: int) -> Iterator[Report]:
        """Yield the curve."""
        with self.file.open("a") as lines:
            lines.write(f"{seed}\n")
        for report in curve(params, seed):
            time.sleep(SECONDS_A_STEP)
            yield report


if __name__ == "__main__":
    folder, jobs = Path(sys.argv[1]), int(sys.argv[2])
    with opened(sqlite_url(folder)) as storage:
        store = LiveStudy(storage, "killable", metric="score", direction="maximize")
        run_study(plan(TRIALS), Noted(folder / "begun"), store, jobs=jobs)
