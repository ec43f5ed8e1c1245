"""What a study costs beside its training: `python -m benchmarks.engine.runs KEY` runs one.

In the folder of a project, as `python -m studies run KEY` does. Its last line is JSON: seconds of
the wall and of the processor that the coordinator took, imports left out.
"""

import json
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from pandas import DataFrame

from benchmarks.engine import project
from benchmarks.simulation import replay
from pipeline.errors import exit_on_user_error
from studies.storage import opened, sqlite_url
from studies.store import stored


class Run(NamedTuple):
    """One run of a study: where its seconds went.

    Of the wall `starting` went before the first training began, `between` from a round's last
    training to the next one's first, `ending` after the last. `coordinator` are processor
    seconds. `trained` is the sum over all trials, `busy` the share of what the workers had, from
    asking to telling, `replayed` what the simulation makes of the same trials.
    """

    key: str
    trials: int
    workers: int
    wall: float
    starting: float
    between: float
    ending: float
    coordinator: float
    trained: float
    busy: float
    replayed: float


def measure(
    keys: Sequence[str], jobs: Sequence[int], *, data: Path, trials: int | None = None
) -> list[Run]:
    """Run each study from nothing with each number of workers; `trials` replaces the study's."""
    return [run_of(key, n, data, trials) for key in keys for n in jobs]


def run_of(key: str, jobs: int, data: Path, trials: int | None) -> Run:
    """Run one study in a folder that is gone afterwards."""
    overlay = {"studies": {key: {"trials": trials}}} if trials else {}
    with TemporaryDirectory() as name:
        folder = Path(name)
        project.make(folder, data, overlay)
        cost = project.said(project.begin(folder, jobs, __name__, key))
        trials = replay.load(folder / "reports/studies" / key)
    return taken_apart(key, jobs, trials, **cost)


def taken_apart(
    key: str, jobs: int, trials: DataFrame, *, wall: float, cpu: float, before: float
) -> Run:
    """Where the seconds went; `before` passed before the first round was asked for."""
    ends = (trials["began"] + trials["seconds"]).groupby(trials["round"]).max()
    begins = trials.groupby("round")["began"].min()
    found = replay.agreement(trials, replay.work_of(trials), studies=1)
    return Run(
        key,
        len(trials),
        jobs,
        wall,
        starting=before + float(begins.iloc[0]),
        between=float((begins.iloc[1:].to_numpy() - ends.iloc[:-1].to_numpy()).sum()),
        ending=wall - before - float(ends.iloc[-1]),
        coordinator=cpu,
        trained=float(trials["seconds"].sum()),
        busy=found.measured,
        replayed=found.replayed,
    )


def main(key: str) -> None:
    """Run the study of the project that this folder is."""
    import matplotlib.figure  # noqa: F401 imports are no part of the cost

    from studies import run

    began, used = time.time(), _cpu()
    run.run(key)
    wall, cpu = time.time() - began, _cpu() - used
    print(json.dumps({"wall": wall, "cpu": cpu, "before": _first_asked() - began}))


def _first_asked() -> float:
    """When the first round of the store's only study was asked for."""
    with opened(sqlite_url(), read_only=True) as storage:
        (study,) = storage.get_all_studies()
        trials = storage.get_all_trials(study._study_id, deepcopy=False)
        return min(stored(trial).timing.asked for trial in trials)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    exit_on_user_error(lambda: main(sys.argv[1]))
