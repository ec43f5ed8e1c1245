"""The figures stage: reads reports/studies, train, final and tables; writes figures/*.png."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import typer
from matplotlib.figure import Figure
from pandas import DataFrame

from analysis import leaderboard, load
from analysis.load import REPORTS, Final, Study
from analysis.plots import (
    calibration,
    confusion_matrix,
    cost,
    expected_performance,
    first_layer_weights,
    heatmap,
    heatmaps,
    hidden_size,
    importance,
    isolation,
    iteration_curves,
    iteration_history,
    learning_curves,
    optimization_history,
    parallel_coordinates,
    pareto,
    per_digit,
    sample_predictions,
    seed_spread,
    slices,
    style,
    tested_models,
    timeline_workers,
    training_curves,
    worst_mistakes,
)
from analysis.results import Results
from pipeline.errors import UserError


class Picture(NamedTuple):
    """A file name without ending, and how to draw it."""

    name: str
    make: Callable[[], Figure]


def main(reports: Path = REPORTS) -> None:
    """Draw every picture whose data are there, and say why another is left out."""
    studies, confirm = load.studies(reports), load.confirm(reports)
    found = Results(reports, studies, confirm, *load.networks(reports))
    if not (studies or confirm or found.untuned or found.tuned):
        raise UserError(f"{reports} must hold results, but holds none; run make repro")
    folder = reports / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    style.use()
    made = pictures(found, load.importances(reports))
    drawn = {picture.name for picture in made if _drew(picture, folder)}
    for stale in folder.glob("*.png"):
        if stale.stem not in drawn:
            stale.unlink()


def pictures(found: Results, importances: DataFrame) -> Iterator[Picture]:
    """Every picture of these results; the first study of a kind gives its pictures no suffix."""
    studies = found.studies.values()
    for study, suffix in _suffixed(study for study in studies if study.variants):
        yield from _of_replay(study, suffix)
    for study, suffix in _suffixed(s for s in studies if s.about["sampler"] == "grid"):
        yield from _of_grid(study, suffix)
    if any(study.space for study in studies):
        yield from _of_searches(found)
    for study, suffix in _suffixed(s for s in studies if s.about["sampler"] == "random"):
        yield Picture(f"isolation{suffix}", partial(isolation.figure, study))
    draws = list(importances["study"].unique())
    for key in draws:
        suffix = "" if key == draws[0] else f"_{key}"
        yield Picture(f"importance{suffix}", partial(_importance, importances, key))
    if found.confirm:
        yield Picture("seed_spread", partial(one, seed_spread, found.confirm, size=(8, 4.8)))
    if found.untuned:
        yield Picture("training_curves_train", partial(_training, found.untuned.history))
    if found.tuned:
        yield from _of_final(found.tuned)


def _suffixed(studies: Iterable[Study]) -> Iterator[tuple[Study, str]]:
    """Each study of one kind with what its pictures' names end in."""
    for i, study in enumerate(studies):
        yield study, f"_{study.key}" if i else ""


def _of_replay(study: Study, suffix: str) -> Iterator[Picture]:
    yield Picture(f"iteration_history{suffix}", lambda: one(iteration_history, study, size=(9, 5)))
    yield Picture(f"iteration_curves{suffix}", lambda: one(iteration_curves, study))


def _of_grid(study: Study, suffix: str) -> Iterator[Picture]:
    names = sorted(
        study.space, key=_GRID_ORDER.index if set(study.space) <= set(_GRID_ORDER) else str
    )
    if len(names) < 2:
        return
    x, y, *others = names
    yield Picture(f"heatmap{suffix}", lambda: one(heatmap, study, x, y))
    yield Picture(f"cost_seconds{suffix}", lambda: one(cost, study, y, others[0] if others else x))
    if others:
        panel = others[0]
        yield Picture(f"heatmap_by_{panel}{suffix}", lambda: heatmaps.by_value(study, x, y, panel))
    if "hidden_size" in names:
        yield Picture(f"hidden_size{suffix}", lambda: one(hidden_size, study))


def _of_searches(found: Results) -> Iterator[Picture]:
    searches = leaderboard.searches(found.studies)
    spaces = {key: study for key, study in found.studies.items() if study.space}
    if searches:
        yield Picture("optimization_history", partial(optimization, searches))
    random = found.random or found.search
    if random.about["sampler"] == "random":
        expected = partial(one, expected_performance, random, found.search)
        yield Picture("expected_performance", expected)
    yield Picture("pareto", partial(one, pareto, spaces))
    for key, study in searches.items():
        width = 1.6 * len(study.space) + 3
        lines = partial(one, parallel_coordinates, study, size=(width, 5.2))
        yield Picture(f"parallel_coordinates_{key}", lines)
        yield Picture(f"slices_{key}", partial(slices.figure, study))
        yield Picture(f"heatmaps_{key}", partial(heatmaps.pairs, study))
        yield Picture(f"learning_curves_{key}", partial(one, learning_curves, study))
        strips = partial(one, timeline_workers, study, size=(9, 3.6))
        yield Picture(f"timeline_workers_{key}", strips)


def _of_final(network: Final) -> Iterator[Picture]:
    predictions, grid = network.predictions, partial(rows, width=9.0)
    heights = 0.45 * network.networks["configuration"].nunique() + 1.4
    models = partial(one, tested_models, network, size=(8, heights))
    yield Picture("tested_models", models)
    yield Picture("training_curves_final", partial(_training, first_network(network.history)))
    n = len(network.metrics["classes"])
    side, wide = (min(max(least, n / 4), WIDEST) for least in (7.0, 7.5))
    counts = partial(one, confusion_matrix, predictions, size=(side, side - 1))
    yield Picture("confusion_matrix", counts)
    by_class = partial(one, per_digit, predictions, size=(wide, 4.8))
    yield Picture("per_digit", by_class)
    yield Picture("calibration", partial(one, calibration, predictions, size=(6.5, 6)))
    yield Picture("sample_predictions", partial(grid, sample_predictions, network, row=0.95))
    yield Picture("worst_mistakes", partial(grid, worst_mistakes, network, row=1.45))
    weights = partial(grid, first_layer_weights, network.first_layer, row=0.52)
    yield Picture("first_layer_weights", weights)


WIDEST = 14.0  # inches that a picture of many classes may take
_GRID_ORDER = ["learning_rate", "batch_size", "hidden_size"]


def _drew(picture: Picture, folder: Path) -> bool:
    path = folder / f"{picture.name}.png"
    try:
        figure = picture.make()
    except style.NothingToDrawError as reason:
        typer.echo(f"{path} left out: {reason}", err=True)
        return False
    style.save(figure, path)
    return True


def one(plot: ModuleType, *arguments: Any, size: tuple[float, float] = (7.5, 4.8)) -> Figure:
    """Draw the picture of one module into a figure of its own."""
    figure, ax = style.single(*size)
    plot.draw(plot.table(*arguments), ax)
    return figure


def _importance(importances: DataFrame, key: str) -> Figure:
    return one(importance, importances, key, size=(7.5, 4))


def rows(plot: ModuleType, data: Any, *, width: float, row: float) -> Figure:
    """Draw a picture of images in rows, each so many inches high."""
    frame = plot.table(data)
    figure, ax = style.single(width, row * plot.rows(frame) + 0.4)
    plot.draw(frame, ax)
    return figure


def first_network(history: DataFrame) -> DataFrame:
    """The epochs of the first network: the tuned configuration with its first seed."""
    network = history[["configuration", "seed"]]
    return history[(network == network.iloc[0]).all(axis=1)]


def optimization(searches: Mapping[str, Study]) -> Figure:
    """Draw how searches progressed, against trials and against epochs."""
    figure, (left, right) = style.panels(2, width=12, height=5)
    frame = optimization_history.table(searches)
    optimization_history.draw(frame, left, x="trial")
    optimization_history.draw(frame, right, x="spent")
    figure.suptitle(optimization_history.title(frame))
    left.set(title="against trials")
    right.set(title="against epochs trained")
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _training(history: DataFrame) -> Figure:
    figure, (left, right) = style.panels(2, width=10, height=4)
    frame = training_curves.table(history)
    training_curves.draw(frame, left, what="loss")
    training_curves.draw(frame, right, what="accuracy")
    return figure
