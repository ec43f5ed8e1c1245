"""One trial of a finished study, trained again and shown epoch by epoch."""

from pipeline.errors import UserError
from studies import replay, verify
from studies.export import folder_of
from studies.exported import read
from studies.objective import HISTORY, METRIC
from studies.terminal import bar, pairs, say, show
from studies.training import train_trial
from studies.trials import Trial


def replayed(key: str, number: int) -> bool:
    """Train trial `number` of study `key` again and show it; return whether it came out the same.

    Raises: UserError if there is no such trial, or export or data are not in order.
    """
    record = read(key)
    if number not in range(len(record.rows)):
        raise UserError(
            f"{folder_of(key)} must hold trial {number}, but holds 0 to {len(record.rows) - 1}; "
            "name one of these"
        )
    study = replay.rebuild(record)
    recalled = next(
        each for each in replay.recall(study, record) if each.proposal.number == number
    )
    plan = study.plan
    trial = train_trial(
        study.objective, recalled.proposal, plan.pruner(), recalled.snapshot, plan.direction
    )
    _facts(key, trial)
    _curve(trial)
    difference = recalled.difference or replay.difference(study, record, trial)
    say(f"{key}: {difference or f'trial {number} came out as recorded'}")
    verify.tell(record, study)
    return difference is None


def _facts(key: str, trial: Trial) -> None:
    say(
        f"{key}: trial {trial.number} {trial.stop_reason}, {METRIC} {trial.value:.9g} "
        f"at epoch {trial.kept}"
    )
    pairs({"seed": trial.seed, **trial.attributes, **trial.params})


def _curve(trial: Trial) -> None:
    """The epochs as a table, the score drawn from the trial's lowest to its highest."""
    low, high = min(trial.scores), max(trial.scores)
    rows = [
        (
            f"{epoch}{' kept' * (epoch == trial.kept)}",
            f"{score:.4f}",
            bar((score - low) / (high - low) if high > low else 1.0),
            *(f"{trial.metrics[name][epoch - 1]:.4g}" for name in HISTORY),
        )
        for epoch, score in enumerate(trial.scores, 1)
    ]
    columns = ("epoch", METRIC, f"{low:.4f} to {high:.4f}", *HISTORY)
    show(columns, rows, left=(0, 2))
