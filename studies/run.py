"""Stage `study`: one study, live store -> reports/studies/<key>/.

Reads data/prepared/{train,val}/, keeps its trials in studies/live/, writes trials.csv,
history.csv, study.json, correct.npy and timing.csv.
"""

import os

import joblib

from pipeline import params
from pipeline.errors import UserError
from pipeline.files import make_folder
from studies.build import build, deciding
from studies.export import REPORTS, export
from studies.interrupts import Interrupts
from studies.lock import only_run
from studies.objective import METRIC
from studies.progress import Progress
from studies.rounds import run_study
from studies.store import LiveStudy, sqlite


def run(key: str) -> str:
    """Run study `key` to its last trial and export it; returns one line on what came of it.

    Raises: UserError; Interrupted after Ctrl-C, with all that finished kept for the next run.
    """
    loaded = params.load()
    study = build(loaded, key)

    def unchanged() -> None:
        if deciding(params.load(), key) != study.parts:
            raise UserError(
                f"study {key}: its code, settings or data changed while it ran; run it again: "
                "what was trained before the change is kept under the old fingerprint"
            )

    make_folder(REPORTS / key)
    jobs = min(workers(loaded.execution.jobs), study.plan.round_size)
    cost = study.objective.cost
    with (
        only_run(key),
        sqlite() as storage,
        Progress(key, study.plan.trials, jobs=jobs, cost=cost) as progress,
    ):
        trials = run_study(
            study.plan,
            study.objective,
            LiveStudy(storage, study.name, metric=METRIC, direction=study.plan.direction),
            jobs=jobs,
            cost=cost,
            watch=progress.show,
            unchanged=unchanged,
            interrupts=Interrupts(progress.stopping),
        )
        export(study, trials, REPORTS / key)
    best = max(trial.value for trial in trials if trial.state == "COMPLETE")
    return f"{key}: {len(trials)} trials, best validation accuracy {best:.2%}; see {REPORTS / key}"


def workers(jobs: int | str) -> int:
    """How many processes train: HANDTUNED_JOBS, else `execution.jobs`; auto is one per core.

    Raises: UserError if HANDTUNED_JOBS is not a positive number.
    """
    asked = os.environ.get("HANDTUNED_JOBS")
    if not asked:
        return joblib.cpu_count() if jobs == "auto" else int(jobs)
    if not asked.isdecimal() or int(asked) < 1:
        raise UserError(
            f"HANDTUNED_JOBS must be a number from 1, but is {asked!r}; set or unset it"
        )
    return int(asked)
