"""The figures stage: reads reports/studies, train, final and tables; writes figures/*.png."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import typer
from matplotlib.figure import Figure
from pandas import DataFrame

from analysis import leaderboard, load
from analysis.load import REPORTS, Final, Study, Train
from analysis.plots import (
    confusion_matrix,
    cost,
    heatmap,
    heatmaps,
    hidden_size,
    importance,
    iteration_curves,
    iteration_history,
    learning_curves,
    optimization_history,
    per_digit,
    sample_predictions,
    style,
    training_curves,
)
from pipeline.errors import UserError


class Picture(NamedTuple):
    """A file name without ending, and how to draw it."""

    name: str
    make: Callable[[], Figure]


def main(reports: Path = REPORTS) -> None:
    """Draw every picture whose data are there, and say why another is left out."""
    studies = load.studies(reports)
    untuned, network = load.networks(reports)
    if not (studies or untuned or network):
        raise UserError(f"{reports} must hold results, but holds none; run make repro")
    folder = reports / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    style.use()
    drawn = {
        picture.name
        for picture in pictures(studies, untuned, network, load.importances(reports))
        if _drew(picture, folder)
    }
    for stale in folder.glob("*.png"):
        if stale.stem not in drawn:
            stale.unlink()


def pictures(
    studies: Mapping[str, Study],
    untuned: Train | None,
    network: Final | None,
    importances: DataFrame,
) -> Iterator[Picture]:
    """Every picture of these results; the first study of a kind gives its pictures no suffix."""
    replays = [study for study in studies.values() if study.variants]
    grids = [study for study in studies.values() if study.about["sampler"] == "grid"]
    draws = list(importances["study"].unique())
    for study in replays:
        yield from _of_replay(study, "" if study is replays[0] else f"_{study.key}")
    for study in grids:
        yield from _of_grid(study, "" if study is grids[0] else f"_{study.key}")
    yield from _of_searches(leaderboard.searches(studies))
    for key in draws:
        suffix = "" if key == draws[0] else f"_{key}"
        yield Picture(f"importance{suffix}", partial(_importance, importances, key))
    if untuned:
        yield Picture("training_curves_train", lambda: _training(untuned.history))
    if network:
        yield from _of_final(network)


def _of_replay(study: Study, suffix: str) -> Iterator[Picture]:
    yield Picture(
        f"iteration_history{suffix}", lambda: _one(iteration_history, study, size=(9, 5))
    )
    yield Picture(f"iteration_curves{suffix}", lambda: _one(iteration_curves, study))


def _of_grid(study: Study, suffix: str) -> Iterator[Picture]:
    names = sorted(
        study.space, key=_GRID_ORDER.index if set(study.space) <= set(_GRID_ORDER) else str
    )
    if len(names) < 2:
        return
    x, y, *others = names
    yield Picture(f"heatmap{suffix}", lambda: _one(heatmap, study, x, y))
    yield Picture(
        f"cost_seconds{suffix}", lambda: _one(cost, study, y, others[0] if others else x)
    )
    if others:
        panel = others[0]
        yield Picture(f"heatmap_by_{panel}{suffix}", lambda: heatmaps.by_value(study, x, y, panel))
    if "hidden_size" in names:
        yield Picture(f"hidden_size{suffix}", lambda: _one(hidden_size, study))


def _of_searches(searches: Mapping[str, Study]) -> Iterator[Picture]:
    if searches:
        yield Picture("optimization_history", lambda: _optimization(searches))
    for key, study in searches.items():
        yield Picture(f"heatmaps_{key}", partial(heatmaps.pairs, study))
        yield Picture(f"learning_curves_{key}", partial(_one, learning_curves, study))


def _of_final(network: Final) -> Iterator[Picture]:
    predictions = network.predictions
    yield Picture("training_curves_final", lambda: _training(network.history))
    yield Picture("confusion_matrix", lambda: _one(confusion_matrix, predictions, size=(7, 6)))
    yield Picture("per_digit", lambda: _one(per_digit, predictions))
    yield Picture("sample_predictions", lambda: _samples(network))


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


def _one(plot: ModuleType, *arguments: Any, size: tuple[float, float] = (7.5, 4.8)) -> Figure:
    """Draw the picture of one module into a figure of its own."""
    figure, ax = style.single(*size)
    plot.draw(plot.table(*arguments), ax)
    return figure


def _importance(importances: DataFrame, key: str) -> Figure:
    return _one(importance, importances, key, size=(7.5, 4))


def _samples(network: Final) -> Figure:
    frame = sample_predictions.table(network)
    figure, ax = style.single(9, 0.95 * sample_predictions.rows(frame) + 0.4)
    sample_predictions.draw(frame, ax)
    return figure


def _optimization(searches: Mapping[str, Study]) -> Figure:
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
