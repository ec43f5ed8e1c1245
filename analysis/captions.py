"""What each picture of the report shows, in words computed from the results."""

from collections.abc import Callable
from typing import NamedTuple

import pandas as pd
from pandas import DataFrame, Series

from analysis import figures, findings, summary, words
from analysis.load import Study
from analysis.results import Results


class Caption(NamedTuple):
    """The line below a picture, and what a person who cannot see it should know."""

    text: str
    describe: Callable[[Results, str], str]


def caption(stem: str) -> str:
    """The line below the picture `stem`.png."""
    kind, suffix = split(stem)
    if not kind:
        return words.name(stem).capitalize()
    return (
        f"{CAPTIONS[kind].text}: {SUFFIXES.get(suffix, suffix)}" if suffix else CAPTIONS[kind].text
    )


def alternative(stem: str, found: Results) -> str:
    """What a person who cannot see the picture should know."""
    kind, suffix = split(stem)
    return CAPTIONS[kind].describe(found, suffix) if kind else caption(stem)


def split(stem: str) -> tuple[str, str]:
    """The kind of picture, and which study it is of, where there are several.

    >>> split("learning_curves_search")
    ('learning_curves', 'search')
    """
    kinds = [kind for kind in CAPTIONS if stem == kind or stem.startswith(f"{kind}_")]
    kind = max(kinds, key=len, default="")
    return kind, stem.removeprefix(kind).strip("_") if kind else ""


def order(stem: str) -> tuple[int, str]:
    """Where a picture stands on the page: as listed below, unknown ones last."""
    kind, suffix = split(stem)
    return (list(CAPTIONS).index(kind) if kind else len(CAPTIONS)), suffix or stem


def progress(found: Results, _: str) -> str:
    """Each search's best and what it took."""
    searches = [study for study in found.studies.values() if study.space]
    parts = [
        f"{study.key} reaches {top(study.trials)} in {study.about['epochs']:,} epochs"
        for study in searches
        if study.about["sampler"] != "grid"
    ]
    return f"Best validation accuracy so far: {summary.listed(parts)}."


def grid_cells(found: Results, suffix: str) -> str:
    """The grid's best point."""
    study = of_sampler(found, "grid", suffix)
    number = summary.best(study) if study else None
    if study is None or number is None:
        return "Heat map of validation accuracy."
    point = words.parameters(study.trials.loc[number].to_dict(), study.space)
    return f"Heat map of validation accuracy: the best cell has {top(study.trials)}, at {point}."


def hidden_sizes(found: Results, suffix: str) -> str:
    """The best accuracy of each hidden size in the grid."""
    study = of_sampler(found, "grid", suffix)
    if study is None:
        return "Validation accuracy by hidden size."
    best = study.trials.groupby("hidden_size")["val_accuracy"].max()
    return f"Best validation accuracy by hidden size: {pairs(best, ' units')}."


def pairwise(found: Results, key: str) -> str:
    """What the panels are."""
    study = found.studies.get(key, found.search)
    names = summary.listed([words.name(name) for name in study.space])
    n = len(study.trials)
    return f"Best and mean validation accuracy in {n} trials for each pair of {names}."


def importances(found: Results, _: str) -> str:
    """Which parameter leads, by each method."""
    path = found.reports / "tables" / "importance.csv"
    none = DataFrame(columns=["method", "parameter", "importance"])
    frame = pd.read_csv(path) if path.is_file() else none
    known = frame.dropna(subset="importance")
    leaders = [
        f"{words.name(str(rows['parameter'].iloc[0]))} by {method}, "
        f"{words.percent(rows['importance'].iloc[0], 0)}"
        for method, rows in known.groupby("method", sort=False)
    ]
    return f"Most important parameter: {summary.listed(leaders) or 'too few trials to say'}."


def curves(found: Results, key: str) -> str:
    """How many curves, and where the best one ends."""
    study = found.studies.get(key, found.search)
    pruned = study.about["pruned"]
    return (
        f"Validation accuracy by epoch for {len(study.trials)} trials, {pruned} of them pruned; "
        f"the best ends at {top(study.trials)}."
    )


def iterations(found: Results, suffix: str) -> str:
    """Every variant's mean accuracy."""
    study = of_sampler(found, "variants", suffix)
    if study is None:
        return "Validation accuracy by iteration."
    means = study.trials.groupby("variant", sort=False)["val_accuracy"].mean()
    means.index = means.index.str.replace("_", " ")
    return f"Mean validation accuracy by iteration: {pairs(means)}."


def training(found: Results, which: str) -> str:
    """Where one network's curves end; of those that were tested the one that is drawn."""
    network = found.tuned if which == "final" else found.untuned
    if network is None:
        return "Loss and accuracy by epoch."
    drawn = figures.first_network(network.history) if which == "final" else network.history
    last = drawn.iloc[-1]
    ends = [f"training accuracy {words.percent(last['train_accuracy'])}"]
    if "val_accuracy" in drawn:
        ends.append(f"validation accuracy {words.percent(last['val_accuracy'])}")
    return f"After {int(last['epoch'])} epochs: {summary.listed(ends)}."


def mistakes(found: Results, _: str) -> str:
    """How many test images are wrong, and the most common confusion."""
    wrong = misread(found)
    if wrong.empty:
        return "No test image is misread."
    kinds = wrong.groupby(["label", "predicted"]).size().reset_index(name="times")
    most = kinds.sort_values("times", ascending=False, kind="stable").iloc[0]
    return (
        f"{len(wrong)} test images are misread, most often {most['label']} as "
        f"{most['predicted']}, {most['times']} times."
    )


def by_digit(found: Results, _: str) -> str:
    """The best and the worst class."""
    if found.tuned is None:
        return "Test accuracy by class."
    frame = found.tuned.predictions
    share = frame["label"].eq(frame["predicted"]).groupby(frame["label"]).mean()
    kind, worst, best = words.kind(share.index), share.idxmin(), share.idxmax()
    return (
        f"Test accuracy by {kind}, from {words.percent(share.min())} for {worst} "
        f"to {words.percent(share.max())} for {best}."
    )


def samples(found: Results, _: str) -> str:
    """How many of the shown kind there are."""
    return f"Test images with label and prediction; {len(misread(found))} in all are misread."


def seconds(_: Results, __: str) -> str:
    """No number: seconds differ from run to run, and this page does not."""
    return "Wall seconds of training by network and batch size."


CAPTIONS = {
    "seed_spread": Caption("Trained again over fresh seeds", findings.seeds),
    "tested_models": Caption("The tuned network beside others", findings.models),
    "optimization_history": Caption("How the searches progressed", progress),
    "expected_performance": Caption("What random search leads to", findings.budgets),
    "heatmap": Caption("Learning rate and batch size, best over hidden sizes", grid_cells),
    "hidden_size": Caption("Accuracy against hidden size", hidden_sizes),
    "heatmap_by_hidden_size": Caption("Learning rate, batch size and hidden size", grid_cells),
    "importance": Caption("Which parameters matter", importances),
    "isolation": Caption("If one parameter alone were set", findings.isolated),
    "slices": Caption("Every trial against each parameter", findings.values),
    "parallel_coordinates": Caption("Every trial as one line", findings.paths),
    "pareto": Caption("What a larger network buys", findings.sizes),
    "learning_curves": Caption("Learning curves", curves),
    "iteration_history": Caption("From a broken network to a good one", iterations),
    "iteration_curves": Caption("The iterations, epoch by epoch", iterations),
    "confusion_matrix": Caption("What is taken for what", mistakes),
    "per_digit": Caption("Accuracy of each class", by_digit),
    "calibration": Caption("As sure as it is right?", findings.sureness),
    "sample_predictions": Caption("What it reads", samples),
    "worst_mistakes": Caption("The surest mistakes", findings.surest),
    "first_layer_weights": Caption("What the first layer looks for", findings.weights),
    "cost_seconds": Caption("What training costs", seconds),
    "timeline_workers": Caption("Which worker trained when", findings.workers),
    "training_curves": Caption("Loss and accuracy", training),
    "heatmaps": Caption("Every pair of parameters", pairwise),
}

SUFFIXES = {"train": "untuned", "final": "tuned"}


def of_sampler(found: Results, sampler: str, key: str) -> Study | None:
    """The study `key` if it is of this kind, else the first that is."""
    kind = {k: s for k, s in found.studies.items() if s.about["sampler"] == sampler}
    return kind.get(key) or next(iter(kind.values()), None)


def misread(found: Results) -> DataFrame:
    """The test images that the tuned network gets wrong."""
    if found.tuned is None:
        return DataFrame(columns=["label", "predicted"])
    frame = found.tuned.predictions
    return frame[frame["label"] != frame["predicted"]]


def top(trials: DataFrame) -> str:
    """The best accuracy of the finished trials, in words."""
    best = trials.loc[trials["state"] == "COMPLETE", "val_accuracy"].max()
    return words.percent(best) or "nothing"


def pairs(accuracies: "Series[float]", unit: str = "") -> str:
    """Accuracies by name, in words."""
    return summary.listed([f"{name}{unit} {words.percent(a)}" for name, a in accuracies.items()])
