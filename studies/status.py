"""How far the studies of `params.yaml` are, by what the store holds."""

from collections.abc import Mapping, Sequence

from pipeline import params
from pipeline.errors import UserError
from studies import confirm, exported
from studies.execution import settle
from studies.export import folder_of
from studies.shelf import NOTHING, Shelved, current, shelf
from studies.store import stored
from studies.terminal import duration, percent, say, show
from studies.trials import Trial

COLUMNS = (
    *("study", "trials", "pruned", "running", "left", "best", "trained", "time left"),
    "export",
)


def status(key: str | None = None) -> None:
    """Show how far each study of params.yaml is, or study `key` alone.

    Raises: UserError if there is no such study, or the prepared data are not there.
    """
    loaded = confirm.beside(params.load())
    keys = [key] if key else list(loaded.studies)
    planned = {each: loaded.study(each).trials for each in keys}
    found = shelf(settle(loaded.execution).storage)
    if not found:
        say(NOTHING)
        return
    names, by_name = current(loaded), {each.name: each for each in found}
    show(
        COLUMNS,
        [
            (each, *_progress(by_name.get(names[each]), trials), _exported(each, names, trials))
            for each, trials in planned.items()
        ],
    )


def _progress(study: Shelved | None, planned: int) -> tuple[str, ...]:
    """The cells of a study's status, from its trials in the store."""
    if study is None:
        return (f"0/{planned}", "0", "0", str(planned), "-", "-", "-")
    finished = [stored(trial) for trial in study.finished(planned)]
    begun, left = study.begun(), planned - len(finished)
    running = begun if study.holder else 0
    return (
        f"{len(finished)}/{planned}",
        str(sum(trial.state == "PRUNED" for trial in finished)),
        str(running) if running == begun else f"{begun} interrupted",
        str(left),
        percent(study.best(planned)),
        duration(sum(trial.timing.seconds for trial in finished)),
        duration(_remaining(finished, left, running)) if finished and left else "-",
    )


def _remaining(finished: Sequence[Trial], left: int, running: int) -> float:
    """Seconds to go, if trials stay as long as they were; those that run are half done."""
    mean = sum(trial.timing.seconds for trial in finished) / len(finished)
    workers = max(finished, key=lambda trial: trial.timing.told).timing.workers
    return (left - min(running, workers) / 2) * mean / workers


def _exported(key: str, names: Mapping[str, str], planned: int) -> str:
    """Whether reports/studies/<key>/ holds the study's results."""
    if not (folder_of(key) / "study.json").is_file():
        return "none"
    try:
        about = exported.about(key)
    except UserError:
        return "damaged"
    if about["name"] != names[key]:
        return "old"
    return "current" if about["trials"] == planned else f"of {about['trials']} trials"
