"""One study in the store: one writer, an ordinary Optuna study for everyone else."""

import base64
import json
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import optuna
from optuna.distributions import distribution_to_json
from optuna.exceptions import ExperimentalWarning
from optuna.storages import RDBStorage
from optuna.storages._rdb import models  # not public: see LiveStudy
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.orm import Session

from pipeline.errors import UserError
from studies.trials import Direction, Proposal, Timing, Trial

RECORD = "handtuned"  # the system attribute that holds what Optuna has no place for


class LiveStudy:
    """One study in a storage, as the engine's `Store`.

    A round is opened in one transaction, and a trial is finished in one: whatever is killed,
    there are whole rounds, and trials that are finished or running. Optuna's own functions make
    a transaction of every number, 30 to 50 ms a trial; these write Optuna's tables, by its own
    models, in 3.
    """

    def __init__(
        self, storage: RDBStorage, name: str, *, metric: str, direction: Direction
    ) -> None:
        """Open the study called `name`, or start it."""
        self._storage = storage
        study = optuna.create_study(
            storage=storage, study_name=name, direction=direction, load_if_exists=True
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)  # the dashboard reads the name
            study.set_metric_names([metric])
        self._id = storage.get_study_id_from_name(name)
        trials = storage.get_all_trials(self._id, deepcopy=False)
        self._ids = {trial.number: trial._trial_id for trial in trials}
        self._finished = {t.number: stored(t) for t in trials if t.state.is_finished()}
        self._begun = {t.number: t for t in trials if not t.state.is_finished()}

    def finished(self) -> dict[int, Trial]:
        """The finished trials, by number."""
        return dict(self._finished)

    def open(self, proposals: Sequence[Proposal]) -> None:
        """Note the trials of a round as running, in order of number.

        Raises: UserError if one that is there is not of this program.
        """
        for proposal in proposals:
            begun = self._begun.get(proposal.number)
            if begun and begun.user_attrs.get("seed") != proposal.seed:
                raise _foreign(proposal.number, "its seed")
        now = _local(time.time())
        with Session(self._storage.engine) as session, session.begin():
            new = {
                proposal.number: models.TrialModel(
                    study_id=self._id,
                    number=proposal.number,
                    state=TrialState.RUNNING,
                    datetime_start=now,
                )
                for proposal in proposals
                if proposal.number not in self._ids
            }
            session.add_all(new.values())
            session.flush()
            ids = {number: int(row.trial_id) for number, row in new.items()}
            for proposal in proposals:
                if proposal.number in ids:
                    session.add_all(_opening(ids[proposal.number], proposal))
        self._ids |= ids

    def finish(self, trial: Trial) -> None:
        """Keep a finished trial: its curve, its attributes, its value and its state."""
        at = self._ids[trial.number]
        with Session(self._storage.engine) as session, session.begin():
            session.add_all(_result(at, trial))
            row = session.get_one(models.TrialModel, at)
            row.state = TrialState[trial.state]
            row.datetime_start = _local(trial.timing.began)
            row.datetime_complete = _local(trial.timing.told)
        self._finished[trial.number] = trial


def stored(trial: FrozenTrial) -> Trial:
    """A finished trial of the store, exactly as it was trained.

    Raises: UserError if it is not one of this program's.
    """
    try:
        record, about = trial.system_attrs[RECORD], trial.user_attrs
        return Trial(
            number=trial.number,
            params={name: trial.params[name] for name in sorted(trial.distributions)},
            distributions={name: trial.distributions[name] for name in sorted(trial.params)},
            seed=about["seed"],
            state="PRUNED" if trial.state == TrialState.PRUNED else "COMPLETE",
            stop_reason=about["stop_reason"],
            feasible=bool(about["feasible"]),
            kept=record["kept"],
            scores=tuple(value for _, value in sorted(trial.intermediate_values.items())),
            metrics={name: tuple(values) for name, values in record["metrics"].items()},
            attributes=record["attributes"],
            detail=base64.b64decode(record["detail"]),
            marks=record["marks"],
            timing=Timing(**record["timing"]),
        )
    except (KeyError, TypeError) as missing:
        raise _foreign(trial.number, str(missing)) from None


def _foreign(number: int, missing: str) -> UserError:
    return UserError(
        f"trial {number} in the store must be this program's, but lacks {missing}; something "
        "else wrote to this study: delete it in the dashboard and run again"
    )


def _opening(at: int, proposal: Proposal) -> Iterator[models.BaseModel]:
    """The rows of a trial that begins."""
    for name, value in proposal.params.items():
        distribution = proposal.distributions[name]
        yield models.TrialParamModel(
            trial_id=at,
            param_name=name,
            param_value=distribution.to_internal_repr(value),
            distribution_json=distribution_to_json(distribution),
        )
    yield _attribute(models.TrialUserAttributeModel, at, "seed", proposal.seed)


def _result(at: int, trial: Trial) -> Iterator[models.BaseModel]:
    """The rows of a trial's result."""
    for step, score in enumerate(trial.scores, 1):
        value, kind = models.TrialIntermediateValueModel.intermediate_value_to_stored_repr(score)
        yield models.TrialIntermediateValueModel(
            trial_id=at, step=step, intermediate_value=value, intermediate_value_type=kind
        )
    value, of_type = models.TrialValueModel.value_to_stored_repr(trial.value)
    yield models.TrialValueModel(trial_id=at, objective=0, value=value, value_type=of_type)
    for name, shown in _attributes(trial).items():
        yield _attribute(models.TrialUserAttributeModel, at, name, shown)
    yield _attribute(models.TrialSystemAttributeModel, at, RECORD, _record(trial))


def _attribute(
    model: type[models.TrialUserAttributeModel | models.TrialSystemAttributeModel],
    at: int,
    key: str,
    value: Any,
) -> models.BaseModel:
    return model(trial_id=at, key=key, value_json=json.dumps(value))


def _local(seconds: float) -> datetime:
    """A moment as Optuna's models take it."""
    return datetime.fromtimestamp(seconds).astimezone().replace(tzinfo=None)


def _attributes(trial: Trial) -> Mapping[str, Any]:
    """What a dashboard shows as columns."""
    return {
        **trial.attributes,
        "epochs": len(trial.scores),
        "seconds": round(trial.timing.seconds, 3),
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
        "marks": dict(trial.marks),
        "timing": asdict(trial.timing),
    }
