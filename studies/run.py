"""Stage `study`: one study, live store -> reports/studies/<key>/.

Reads data/prepared/{train,val}/, keeps its trials in studies/live/ or in a database of one's own,
writes trials.csv, history.csv, study.json, correct.npy, timing.csv and environment.json.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pipeline import params
from pipeline.errors import UserError
from pipeline.files import make_folder
from pipeline.params import Params
from studies import artifacts
from studies.build import DigitsStudy, build, deciding
from studies.cluster import Dask
from studies.execution import Execution, settle
from studies.export import export, folder_of
from studies.interrupts import Interrupts
from studies.lock import only_run
from studies.objective import METRIC
from studies.progress import Progress
from studies.rounds import run_study
from studies.storage import opened
from studies.store import LiveStudy
from studies.timing import busy_share
from studies.trials import Trial
from studies.workers import Crew, Loky

Also = Callable[[list[Trial]], Mapping[str, Any]]


def run(key: str) -> str:
    """Run study `key` to its last trial and export it; returns one line on what came of it.

    Raises: UserError; Interrupted after Ctrl-C, with all that finished kept for the next run.
    """
    return conduct(key, params.load)


def conduct(key: str, today: Callable[[], Params], also: Also = lambda _: {}) -> str:
    """Run study `key` of the parameters that `today` reads, and does so again to see edits.

    `also` is what study.json says of its trials beside what it says of every study's.
    """
    loaded = today()
    execution = settle(loaded.execution)
    with crew(execution, min(execution.jobs, loaded.study(key).round_size)) as workers:
        study = build(loaded, key)

        def unchanged() -> None:
            if deciding(today(), key) != study.parts:
                raise UserError(
                    f"study {key}: its code, settings or data changed while it ran; run it "
                    "again: what was trained before the change is kept under the old fingerprint"
                )

        return _conducted(study, execution, workers, unchanged, also)


def _conducted(
    study: DigitsStudy,
    execution: Execution,
    workers: Crew,
    unchanged: Callable[[], None],
    also: Also,
) -> str:
    key, cost, folder = study.key, study.objective.cost, folder_of(study.key)
    jobs = min(execution.jobs, study.plan.round_size)
    make_folder(folder)
    with (
        opened(execution.storage) as storage,
        only_run(key, study.name, storage),
        Progress(key, study.plan.trials, jobs=jobs, cost=cost) as progress,
    ):
        trials = run_study(
            study.plan,
            study.objective,
            LiveStudy(storage, study.name, metric=METRIC, direction=study.plan.direction),
            crew=workers,
            cost=cost,
            watch=progress.show,
            unchanged=unchanged,
            interrupts=Interrupts(progress.stopping),
        )
        export(study, trials, also(trials))
        artifacts.attach(storage, study.name, trials)
    best = max(trial.value for trial in trials if trial.state == "COMPLETE")
    return (
        f"{key}: {len(trials)} trials, best validation accuracy {best:.2%}, workers "
        f"{busy_share(trials):.0%} busy; see {folder}"
    )


@contextmanager
def crew(execution: Execution, jobs: int) -> Iterator[Crew]:
    """Who trains: `jobs` processes of this machine, or a cluster."""
    if execution.backend == "dask" and execution.dask:
        with Dask(execution.dask) as workers:
            yield workers
    else:
        yield Loky(jobs)
