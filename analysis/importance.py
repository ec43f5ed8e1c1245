"""How much each searched parameter matters, and how far resamples scatter, from draws only."""

import json
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.importance import (
    BaseImportanceEvaluator,
    FanovaImportanceEvaluator,
    PedAnovaImportanceEvaluator,
    get_param_importances,
)
from pandas import DataFrame, concat

from analysis import words
from analysis.load import Study
from analysis.statistics import bootstrap

SOMETIMES = "asked for in some trials only"
ENOUGH = 50  # complete trials; with fewer, pure noise can look important
RESAMPLES = 200
FORESTS = 20  # resamples of fANOVA, which is slow: each grows a forest
TREES = 64  # of the estimate
TREES_RESAMPLED = 8  # of each resample: their scatter widens the range a little


def _ped_anova(_: int) -> BaseImportanceEvaluator:
    return PedAnovaImportanceEvaluator()  # what leads into the best tenth


def _fanova(trees: int) -> BaseImportanceEvaluator:
    return FanovaImportanceEvaluator(n_trees=trees, seed=0)  # variance over the whole space


METHODS: dict[str, Callable[[int], BaseImportanceEvaluator]] = {
    "PED-ANOVA": _ped_anova,
    "fANOVA": _fanova,
}
COLUMNS = ["study", "method", "parameter", "importance", "low", "high", "trials", "note"]
NOTES = (
    "Shares in the validation accuracy, which sum to 100 %. PED-ANOVA asks what leads into the "
    "best tenth of the trials, fANOVA what explains the variance over the whole space.",
    f"Brackets hold the middle 95 % of bootstrap resamples of the trials: {RESAMPLES} for "
    f"PED-ANOVA; {FORESTS} for fANOVA, each with {TREES_RESAMPLED} trees where the share itself "
    f"is of {TREES}. They show how far the shares scatter and are no 95 % intervals: a resample "
    "repeats trials, which shifts the shares, so that one may lie outside its own brackets.",
)


def table(study: Study) -> DataFrame:
    """Importances of a study of independent draws, largest first, with ranges of resamples."""
    complete = study.trials[study.trials["state"] == "COMPLETE"]
    parts = [_one(study, complete, method) for method in METHODS]
    return concat(parts, ignore_index=True).assign(study=study.key)[COLUMNS]


def markdown(frame: DataFrame) -> str:
    """The table as people read it; a line stands for all parameters where none was estimated."""
    rows = frame.assign(note=frame["note"].fillna(""))
    unknown = rows["importance"].isna() & (rows["note"] != SOMETIMES)
    rows = rows.assign(parameter=rows["parameter"].mask(unknown, "all"))
    rows = rows.drop_duplicates(["study", "method", "parameter"])
    shown = DataFrame(
        {
            "study": rows["study"],
            "method": rows["method"],
            "parameter": rows["parameter"].map(words.name),
            "importance": [_share(row) for row in rows.to_dict("records")],
            "trials": rows["trials"],
            "note": rows["note"],
        }
    )
    return words.markdown(shown, *NOTES)


def _share(row: Mapping[Any, Any]) -> str:
    """A share with its range, as 72 % (12 to 79 %)."""
    if row["importance"] != row["importance"] or row["importance"] is None:
        return "not estimated"
    share, high = words.percent(row["importance"], 0), words.percent(row["high"], 0)
    return f"{share} ({100 * row['low']:.0f} to {high})"


def _one(study: Study, complete: DataFrame, method: str) -> DataFrame:
    always = {name: range_ for name, range_ in study.space.items() if not range_.get("when")}
    frame = DataFrame({"parameter": list(study.space)}).assign(method=method, trials=len(complete))
    problem = _problem(study, complete)
    if problem:
        return frame.assign(importance=None, low=None, high=None, note=problem)
    estimate = partial(importances, space=always, method=method)
    quick = partial(estimate, trees=TREES_RESAMPLED)
    resamples = min(RESAMPLES, FORESTS) if method == "fANOVA" else RESAMPLES
    ranges = bootstrap(complete, quick, resamples=resamples, seed=0)
    frame = frame.assign(importance=frame["parameter"].map(estimate(complete)))
    frame["note"] = ["" if name in always else SOMETIMES for name in frame["parameter"]]
    frame = frame.join(ranges, on="parameter")
    return frame.sort_values(["importance", "parameter"], ascending=[False, True])


def _problem(study: Study, complete: DataFrame) -> str:
    if study.about["sampler"] != "random":
        return f"draws of {study.about['sampler']} are not independent"
    if len(complete) < ENOUGH:
        return f"not enough trials ({len(complete)} complete, {ENOUGH} needed)"
    return "" if complete["val_accuracy"].nunique() > 1 else "all trials score the same"


def importances(
    trials: DataFrame,
    *,
    space: Mapping[str, Mapping[str, Any]],
    method: str,
    trees: int = TREES,
) -> dict[str, float]:
    """Each parameter's share in the accuracy, summing to one, by Optuna's evaluator `method`."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    ranges = {name: _distribution(space[name]) for name in space}
    study = optuna.create_study(direction="maximize")
    study.add_trials(
        [
            optuna.trial.create_trial(
                params={name: _value(row[name], ranges[name]) for name in ranges},
                distributions=ranges,
                value=row["val_accuracy"],
            )
            for row in trials.to_dict("records")
        ]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        found = get_param_importances(study, evaluator=METHODS[method](trees))
    return {name: float(found.get(name, 0.0)) for name in ranges}


def _distribution(range_: Mapping[str, Any]) -> BaseDistribution:
    kind = {"int": IntDistribution, "float": FloatDistribution}.get(range_["type"])
    if kind is None:
        return CategoricalDistribution([label(choice) for choice in range_["choices"]])
    log = bool(range_.get("log"))
    return kind(range_["low"], range_["high"], log=log)


def _value(value: Any, range_: BaseDistribution) -> Any:
    if isinstance(range_, CategoricalDistribution):
        return label(_parsed(value))
    return int(value) if isinstance(range_, IntDistribution) else float(value)


def _parsed(cell: Any) -> Any:
    """A cell of trials.csv as the choice it was: text that is JSON stands for a number or list."""
    try:
        return json.loads(cell) if isinstance(cell, str) else cell
    except ValueError:
        return cell


def label(choice: Any) -> str:
    """A choice as text, whether it comes from study.json or from trials.csv."""
    if choice is None or choice != choice:  # an empty cell reads as NaN
        return "none"
    if isinstance(choice, int | float) and not isinstance(choice, bool):
        return repr(float(choice))
    return json.dumps(choice) if isinstance(choice, list) else str(choice)
