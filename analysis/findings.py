"""What pictures of trials, seeds and the tuned network show, mostly as their own titles say it."""

from types import ModuleType
from typing import Any

from analysis import summary, words
from analysis.load import Study
from analysis.plots import (
    calibration,
    expected_performance,
    first_layer_weights,
    parallel_coordinates,
    pareto,
    seed_spread,
    tested_models,
    worst_mistakes,
)
from analysis.plots.style import NothingToDrawError
from analysis.results import Results


def budgets(found: Results, _: str) -> str:
    """What random search leads to, beside the search."""
    return _title(expected_performance, found.random or found.search, found.search)


def values(found: Results, key: str) -> str:
    """Where the best trial of a study lies."""
    study = found.studies.get(key, found.search)
    shown = f"Validation accuracy of {len(study.trials)} trials against each of {_names(study)}"
    number = summary.best(study)
    if number is None:
        return f"{shown}; none finished."
    best = study.trials.loc[number].to_dict()
    at = words.parameters(best, study.space)
    return f"{shown}: the best has {words.percent(best['val_accuracy'])}, at {at}."


def isolated(found: Results, key: str) -> str:
    """What each panel compares."""
    study = found.studies.get(key) or found.random or found.search
    return (
        f"The best and the median of {len(study.trials)} random trials for each range of "
        f"{_names(study)}, and below each the share that diverged or ended at chance."
    )


def paths(found: Results, key: str) -> str:
    """What the best few trials reach."""
    return _title(parallel_coordinates, found.studies.get(key, found.search))


def sizes(found: Results, _: str) -> str:
    """The smallest network that is nearly as good as the best."""
    return _title(pareto, {key: study for key, study in found.studies.items() if study.space})


def workers(_: Results, __: str) -> str:
    """No number: seconds differ from run to run, and this page does not."""
    return "A bar for each trial from when it began to when it ended, a strip for each worker."


def models(found: Results, _: str) -> str:
    """Where the tuned network stands."""
    return _title(tested_models, found.tuned)


def seeds(found: Results, _: str) -> str:
    """How much the search's scores flattered what it found."""
    return _title(seed_spread, found.confirm)


def sureness(found: Results, _: str) -> str:
    """How far apart probability and accuracy are."""
    return _title(calibration, found.tuned and found.tuned.predictions)


def surest(found: Results, _: str) -> str:
    """How sure the network is of its mistakes."""
    return _title(worst_mistakes, found.tuned)


def weights(found: Results, _: str) -> str:
    """How many units have images, and how many hardly see anything."""
    return _title(first_layer_weights, found.tuned.first_layer if found.tuned else None)


def _title(plot: ModuleType, *data: Any) -> str:
    """The finding that a picture has as its title, on one line."""
    if data[0] is None:
        return "There is no result to draw."
    try:
        return f"{plot.title(plot.table(*data))}.".replace("\n", " ")
    except NothingToDrawError as reason:
        return f"There is nothing to draw: {reason}."


def _names(study: Study) -> str:
    return summary.listed([words.name(name) for name in study.space])
