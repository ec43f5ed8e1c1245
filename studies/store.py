"""The Optuna storage behind a study: one writer, an ordinary Optuna study for everyone else."""

import base64
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
from filelock import FileLock
from optuna.exceptions import ExperimentalWarning
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState, create_trial
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from pipeline.errors import UserError
from pipeline.files import make_folder
from studies.trials import Direction, Proposal, Trial

LIVE = Path("studies/live")
RECORD = "handtuned"  # the system attribute that holds what Optuna has no place for


@contextmanager
def sqlite(folder: Path = LIVE) -> Iterator[RDBStorage]:
    """Open the SQLite storage in `folder`, made if it is not there.

    Readers do not block its writer. Raises: UserError if it cannot be opened.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    make_folder(folder)
    try:
        with FileLock(folder / "handtuned.db.lock"):  # two at once would both make the tables
            storage = RDBStorage(url(folder), engine_kwargs={"connect_args": {"timeout": 60}})
    except SQLAlchemyError as error:
        raise UserError(
            f"{folder}/handtuned.db must be an Optuna store that can be opened, but "
            f"{error.args[0]}; stop what else uses it, or move it away if it is none"
        ) from None

    @event.listens_for(storage.engine, "connect")
    def _configure(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")

    storage.engine.dispose()  # so that every connection from here on is configured
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def url(folder: Path = LIVE) -> str:
    """The SQLAlchemy URL of the storage in `folder`."""
    return f"sqlite:///{folder / 'handtuned.db'}"


class LiveStudy:
    """One study in a storage, as the engine's `Store`.

    A trial is opened by one insert, with its parameters, and closed by setting its state last:
    whatever is killed in between leaves it running, to be trained again under the same number.
    """

    def __init__(
        self, storage: RDBStorage, name: str, *, metric: str, direction: Direction
    ) -> None:
        """Open the study called `name`, or start it."""
        self._storage = storage
        self._study = optuna.create_study(
            storage=storage, study_name=name, direction=direction, load_if_exists=True
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)  # the dashboard reads the name
            self._study.set_metric_names([metric])
        self._ids: dict[int, int] = {}
        self._finished: dict[int, Trial] = {}
        for trial in self._study.get_trials(deepcopy=False):
            self._ids[trial.number] = trial._trial_id
            if trial.state.is_finished():
                self._finished[trial.number] = _from_store(trial)

    def finished(self) -> dict[int, Trial]:
        """The finished trials, by number."""
        return dict(self._finished)

    def open(self, proposals: Sequence[Proposal]) -> None:
        """Note the trials of a round as running, in order of number."""
        for proposal in proposals:
            if proposal.number not in self._ids:
                self._study.add_trial(
                    create_trial(
                        state=TrialState.RUNNING,
                        params=dict(proposal.params),
                        distributions=dict(proposal.distributions),
                        user_attrs={"seed": proposal.seed},
                    )
                )
        for trial in self._study.get_trials(deepcopy=False):
            self._ids[trial.number] = trial._trial_id

    def finish(self, trial: Trial) -> None:
        """Keep a finished trial: its curve and attributes first, its state last."""
        at = self._ids[trial.number]
        for step, score in enumerate(trial.scores, 1):
            self._storage.set_trial_intermediate_value(at, step, score)
        for name, value in _attributes(trial).items():
            self._storage.set_trial_user_attr(at, name, value)
        self._storage.set_trial_system_attr(at, RECORD, _record(trial))
        self._storage.set_trial_state_values(at, TrialState[trial.state], [trial.value])
        self._finished[trial.number] = trial


def _attributes(trial: Trial) -> dict[str, Any]:
    """What a dashboard shows as columns."""
    return {
        **trial.attributes,
        "epochs": len(trial.scores),
        "seconds": round(trial.seconds, 3),
        "stop_reason": trial.stop_reason,
        "feasible": int(trial.feasible),
    }


def _record(trial: Trial) -> dict[str, Any]:
    """What it takes to give the trial back exactly as it was trained."""
    return {
        "metrics": {name: list(values) for name, values in trial.metrics.items()},
        "attributes": dict(trial.attributes),
        "kept": trial.kept,
        "detail": base64.b64encode(trial.detail).decode(),
        "seconds": trial.seconds,
    }


def _from_store(trial: FrozenTrial) -> Trial:
    try:
        record, about = trial.system_attrs[RECORD], trial.user_attrs
        return Trial(
            number=trial.number,
            params={name: trial.params[name] for name in trial.distributions},
            distributions=trial.distributions,
            seed=about["seed"],
            state="PRUNED" if trial.state == TrialState.PRUNED else "COMPLETE",
            stop_reason=about["stop_reason"],
            feasible=bool(about["feasible"]),
            kept=record["kept"],
            scores=tuple(trial.intermediate_values[step] for step in _steps(trial)),
            metrics={name: tuple(values) for name, values in record["metrics"].items()},
            attributes=record["attributes"],
            detail=base64.b64decode(record["detail"]),
            seconds=record["seconds"],
        )
    except KeyError as missing:
        raise UserError(
            f"trial {trial.number} in the store must be this program's, but lacks {missing}; "
            "something else wrote to this study: delete it in the dashboard and run again"
        ) from None


def _steps(trial: FrozenTrial) -> list[int]:
    return sorted(trial.intermediate_values)
