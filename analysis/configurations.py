"""An experiment's configurations, each over its seeds: how good, and which are tied."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

from analysis import words
from analysis.iterations import measured, scores
from analysis.load import Study
from analysis.statistics import (
    LEVEL,
    Interval,
    Scores,
    crossed_margin,
    mean_accuracy,
    mean_difference,
)

NUMBERS = (
    *("val_accuracy", "low", "high", "train_accuracy", "train_low", "train_high"),
    *("gap", "gap_low", "gap_high", "epochs", "seeds", "diverged", "tied"),
)
NOTES = (
    "Means over the seeds; brackets are 95 % intervals. Those of validation accuracy count both "
    "the seeds and the finite set of images, those of training accuracy and of the gap the seeds.",
    "Tied: what may be as good as the best, paired by seed and image; the comparisons hold "
    "together at 95 % (Bonferroni).",
    "Training accuracy is that of the epoch whose weights are kept, as a rule the last, while "
    "they move; the gap is training minus validation accuracy.",
)


def table(study: Study) -> DataFrame:
    """One row a configuration, in the order trained: its parameters, then NUMBERS.

    Diverged networks count as guessing. There is no interval of validation accuracy where every
    seed diverged, and none over seeds where there is one seed.
    """
    names, parts = parameters(study), list(_parts(study))
    reached = [scores(study, trials) for _, trials in parts]
    best = max(reached, key=lambda right: float(right.mean()))
    level = 1 - (1 - LEVEL) / max(len(parts) - 1, 1)
    rows = [
        {**point, **_row(study, trials, right), "tied": _tied(best, right, level)}
        for (point, trials), right in zip(parts, reached, strict=True)
    ]
    frame = DataFrame(rows, columns=[*names, *NUMBERS])
    frame.attrs.update(study=study.key, images=study.images, chance=study.chance)
    return frame.astype(dict.fromkeys(NUMBERS[:9], "float64"))


def parameters(study: Study) -> list[str]:
    """The columns that tell configurations apart."""
    return sorted(study.space) or ["variant"]


def settings(study: Study, variant: str) -> dict[str, Any]:
    """All settings of a variant: those of the study, and the ones that it changes."""
    return {**study.about["settings"], **study.variants[variant]}


def markdown(frame: DataFrame) -> str:
    """The table as people read it."""
    names = [name for name in frame.columns if name not in NUMBERS]
    rows = frame.to_dict("records")
    shown = DataFrame({words.name(name): frame[name].map(_text) for name in names})
    shown["validation accuracy"] = words.results(frame)
    shown["training accuracy"] = [
        words.with_interval(r["train_accuracy"], r["train_low"], r["train_high"]) for r in rows
    ]
    shown["gap (points)"] = frame["gap"].map(words.points)
    shown["epochs"] = frame["epochs"].map("{:.4g}".format)
    shown["tied"] = ["yes" if tied else "" for tied in frame["tied"]]
    return words.markdown(shown, *NOTES)


def over_seeds(values: NDArray[np.float64]) -> Interval | tuple[None, None]:
    """The 95 % interval of a mean share over seeds (Student's t); none of one seed."""
    if len(values) < 2:
        return None, None
    margin = crossed_margin(np.asarray(values, np.float64)[:, None])
    return Interval(float(values.mean()) - margin, min(float(values.mean()) + margin, 1.0))


def _parts(study: Study) -> Iterator[tuple[dict[str, Any], DataFrame]]:
    """Each configuration's parameters and trials, in the order trained."""
    names = parameters(study)
    for point, trials in study.trials.groupby(names, sort=False, dropna=False):
        yield dict(zip(names, point, strict=True)), trials


def _row(study: Study, trials: DataFrame, right: Scores) -> dict[str, Any]:
    epochs = study.history[study.history["number"].isin(trials["number"])]
    kept = epochs.merge(trials[["number", "epoch_kept"]], on="number")
    last = kept[kept["epoch"] == kept["epoch_kept"]].sort_values("number")
    return {
        **accuracies(right, last["train_accuracy"].to_numpy(np.float64)),
        "epochs": float(trials["epochs_trained"].mean()),
        "seeds": len(trials),
        "diverged": int((trials["feasible"] == 0).sum()),
    }


def accuracies(right: Scores, train: NDArray[np.float64]) -> dict[str, Any]:
    """The first nine of NUMBERS, of seeds' scores (seeds, images) and training accuracies."""
    val = right.mean(axis=1)
    low, high = mean_accuracy(right) if measured(right) else (None, None)
    train_low, train_high = over_seeds(train)
    gap_low, gap_high = over_seeds(train - val)
    return {
        "val_accuracy": float(val.mean()),
        "low": low,
        "high": high,
        "train_accuracy": float(train.mean()),
        "train_low": train_low,
        "train_high": train_high,
        "gap": float((train - val).mean()),
        "gap_low": gap_low,
        "gap_high": gap_high,
    }


def _tied(best: Scores, right: Scores, level: float) -> bool:
    """Whether a configuration may be as good as the best."""
    if right is best or right.mean() == best.mean():
        return True
    if not (measured(best) and measured(right)) or best.shape != right.shape:
        return False
    return mean_difference(best, right, level).low <= 0


def _text(value: Any) -> str:
    return str(value).replace("_", " ") if isinstance(value, str) else words.value(value)
