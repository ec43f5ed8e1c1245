"""Deleting from the store the studies that no settings of today stand for."""

from contextlib import suppress
from pathlib import Path

from optuna.artifacts import FileSystemArtifactStore
from optuna.artifacts.exceptions import ArtifactNotFound
from optuna.storages import RDBStorage

from pipeline import params
from pipeline.errors import UserError
from studies import confirm, shelf
from studies.artifacts import ARTIFACTS
from studies.execution import settle
from studies.lock import only_run
from studies.shelf import Shelved
from studies.storage import opened
from studies.terminal import say


def prune(*, delete: bool = False) -> None:
    """Show the studies of old fingerprints, or of keys that are gone; `delete` them if asked.

    With a study go its artifacts. One that is being run stays, and so do today's and those that
    this program did not make.

    Raises: UserError if the store cannot be written.
    """
    loaded = params.load()
    url = settle(loaded.execution).storage
    names = set(shelf.current(confirm.beside(loaded)).values())
    old = [each for each in shelf.shelf(url) if each.key and each.name not in names]
    if not old:
        say("nothing to prune: every study is of today's settings")
    elif delete:
        with opened(url) as storage:
            for study in old:
                say(_delete(storage, study))
    else:
        for study in old:
            say(_would(study))
        say("nothing was deleted; to delete them: python -m studies prune --yes")


def remove(storage: RDBStorage, study: Shelved, artifacts: Path = ARTIFACTS) -> None:
    """Delete a study and its artifacts, these first: without the study none would find them."""
    files = FileSystemArtifactStore(artifacts)
    for identity in study.artifacts():
        with suppress(ArtifactNotFound):  # it may lie on another machine
            files.remove(identity)
    storage.delete_study(study.number)


def _delete(storage: RDBStorage, study: Shelved) -> str:
    """Delete one study unless it is being run; returns what to say of it."""
    try:
        with only_run(study.key, study.name, storage):
            remove(storage, study)
    except UserError as held:
        return f"{study.name}: stays; {held}"
    return f"{study.name}: deleted, {len(study.trials)} trials"


def _would(study: Shelved) -> str:
    if study.holder:
        return f"{study.name}: stays; study {study.key} is being run by {study.holder}"
    return f"{study.name}: {len(study.trials)} trials, last worked on {study.last()}"
