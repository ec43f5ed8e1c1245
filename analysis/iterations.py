"""The iteration history: each step from a broken network to a good one, and what was wrong."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from pandas import DataFrame, Series

from analysis import words
from analysis.diagnosis import Evidence, issue, rise
from analysis.load import Study
from analysis.statistics import Interval, Scores, mean_accuracy, mean_difference

# The write-up these steps replay: accuracies as published, most likely on its test images.
PUBLISHED = {
    "gradient_fixed": 0.881,
    "units_256": 0.889,
    "units_512": 0.892,
    "rate_too_high": 0.10,
    "units_1024": 0.9425,
}
FAILED = {"wrong_gradient": "NaN loss"}  # published without an accuracy
NOTES = (
    "Validation accuracy, mean over the seeds. Brackets are 95 % intervals that count both the "
    "seeds and the finite set of validation images (two crossed random factors, Cornfield and "
    "Tukey 1956); the change is paired by seed and image.",
    "Training accuracy is the mean over the last epoch's batches, while the weights move; the gap "
    "is training minus validation accuracy.",
    "Published: as a write-up reports them, of MNIST, on other images and other splits.",
    "For comparison, of MNIST: a random guess gets 10 %. From the literature, on all 60,000 "
    "training images: logistic regression about 92 %, fully connected networks 96 to 98 %, "
    "convolutional networks above 99 %.",
)


def table(study: Study) -> DataFrame:
    """One row a variant, in order, with intervals, changes, diagnosis and what was published."""
    rows: list[dict[str, Any]] = []
    before: Scores | None = None
    for iteration, variant in enumerate(study.variants, start=1):
        trials = study.trials[study.trials["variant"] == variant]
        if trials.empty:
            continue
        after = scores(study, trials)
        rows.append({"iteration": iteration} | _row(study, variant, trials, (before, after)))
        before = after
    frame = DataFrame(rows, columns=COLUMNS).assign(study=study.key, split="val")
    frame.attrs["chance"] = study.chance
    return frame.astype(dict.fromkeys(NUMBERS, "float64"))


COLUMNS = [
    *("study", "iteration", "variant", "configuration", "split", "val_accuracy", "low", "high"),
    *("seeds", "change", "change_low", "change_high", "train_accuracy", "gap"),
    *("gradient_error", "gradient_passed", "issue", "published_accuracy"),
]
NUMBERS = (  # that may be missing from every row
    *("low", "high", "change", "change_low", "change_high"),
    *("gradient_error", "published_accuracy"),
)


def scores(study: Study, trials: DataFrame) -> Scores:
    """What each trial scores on each validation image: 1, 0, or chance if it diverged.

    Chance is assigned, not measured: where every trial diverged there is no interval to give.
    """
    right = study.correct[trials.index.to_numpy()]
    diverged = trials["feasible"].to_numpy() == 0
    return np.where(diverged[:, None], study.chance, right)


def markdown(frame: DataFrame) -> str:
    """The table as people read it."""
    shown = DataFrame(
        {
            "#": frame["iteration"],
            "configuration": frame["configuration"],
            "validation accuracy": words.results(frame),
            "change (points)": [_change(row) for row in frame.to_dict("records")],
            "training accuracy": frame["train_accuracy"].map(words.percent),
            "gap (points)": frame["gap"].map(words.points),
            "gradient error": [f"{error:.1e}" for error in frame["gradient_error"]],
            "issue": frame["issue"],
            "published": [_published(row) for row in frame.to_dict("records")],
        }
    )
    return words.markdown(shown, *NOTES)


def _change(row: Mapping[Hashable, Any]) -> str:
    change, low, high = (words.points(row[k]) for k in ("change", "change_low", "change_high"))
    return f"{change} ({low} to {high})" if low else change


def _published(row: Mapping[Hashable, Any]) -> str:
    return FAILED.get(row["variant"]) or words.exact_percent(row["published_accuracy"])


def _row(
    study: Study, variant: str, trials: DataFrame, steps: tuple[Scores | None, Scores]
) -> dict[str, Any]:
    before, after = steps
    interval = _change_between(after, before)
    evidence = _evidence(study, trials, variant, interval)
    check = study.about.get("gradient_check", {}).get(variant, {})
    low, high = mean_accuracy(after) if measured(after) else (None, None)
    change_low, change_high = interval or (None, None)
    return {
        "variant": variant,
        "configuration": words.configuration(study.about["settings"], study.variants[variant]),
        "val_accuracy": evidence.val_accuracy,
        "low": low,
        "high": high,
        "seeds": evidence.seeds,
        "change": None if before is None else float(after.mean() - before.mean()),
        "change_low": change_low,
        "change_high": change_high,
        "train_accuracy": evidence.train_accuracy,
        "gap": evidence.train_accuracy - evidence.val_accuracy,
        "gradient_error": check.get("error"),
        "gradient_passed": check.get("passed"),
        "issue": issue(evidence),
        "published_accuracy": PUBLISHED.get(variant),
    }


def _evidence(study: Study, trials: DataFrame, variant: str, change: Interval | None) -> Evidence:
    history = study.history[study.history["number"].isin(trials["number"])]
    curve: Series[float] = history.groupby("epoch")["val_accuracy"].mean()
    check = study.about.get("gradient_check", {}).get(variant, {})
    return Evidence(
        val_accuracy=float(trials["val_accuracy"].mean()),
        train_accuracy=float(history.groupby("number")["train_accuracy"].last().mean()),
        seeds=len(trials),
        chance=study.chance,
        diverged=int((trials["feasible"] == 0).sum()),
        gradient_passed=bool(check.get("passed", True)),
        rise=rise(curve.tolist()),
        change=change,
    )


def _change_between(after: Scores, before: Scores | None) -> Interval | None:
    """The paired change; none for the first variant, after divergence, or if a seed is missing."""
    if before is None or after.shape != before.shape:
        return None
    return mean_difference(after, before) if measured(before) and measured(after) else None


def measured(scores: Scores) -> bool:
    """Whether any network did not diverge: a chance that is assigned has no interval."""
    return bool(np.isin(scores, (0, 1)).any())
