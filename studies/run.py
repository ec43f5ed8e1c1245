"""Stage `study`: one study, live store -> reports/studies/<key>/.

Reads data/prepared/{train,val}/, keeps its trials in studies/live/ or in a database of one's own,
writes trials.csv, history.csv, study.json, correct.npy, timing.csv and environment.json.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline import params
from pipeline.errors import UserError
from pipeline.files import make_folder
from studies import artifacts
from studies.build import build, deciding
from studies.cluster import Dask
from studies.execution import Execution, settle
from studies.export import REPORTS, export
from studies.interrupts import Interrupts
from studies.lock import only_run
from studies.objective import METRIC
from studies.progress import Progress
from studies.rounds import run_study
from studies.storage import opened
from studies.store import LiveStudy
from studies.timing import busy_share
from studies.workers import Crew, Loky


def run(key: str) -> str:
    """Run study `key` to its last trial and export it; returns one line on what came of it.

    Raises: UserError; Interrupted after Ctrl-C, with all that finished kept for the next run.
    """
    loaded = params.load()
    study, execution = build(loaded, key), settle(loaded.execution)

    def unchanged() -> None:
        if deciding(params.load(), key) != study.parts:
            raise UserError(
                f"study {key}: its code, settings or data changed while it ran; run it again: "
                "what was trained before the change is kept under the old fingerprint"
            )

    make_folder(REPORTS / key)
    cost = study.objective.cost
    jobs = min(execution.jobs, study.plan.round_size)
    with (
        opened(execution.storage) as storage,
        only_run(key, study.name, storage),
        crew(execution, jobs) as workers,
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
        export(study, trials, REPORTS / key)
        artifacts.attach(storage, study.name, trials)
    best = max(trial.value for trial in trials if trial.state == "COMPLETE")
    return (
        f"{key}: {len(trials)} trials, best validation accuracy {best:.2%}, workers "
        f"{busy_share(trials):.0%} busy; see {REPORTS / key}"
    )


@contextmanager
def crew(execution: Execution, jobs: int) -> Iterator[Crew]:
    """Who trains: `jobs` processes of this machine, or a cluster."""
    if execution.backend == "dask" and execution.dask:
        with Dask(execution.dask) as workers:
            yield workers
    else:
        yield Loky(jobs)
