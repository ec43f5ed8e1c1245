"""Results to draw: a made-up project, and studies in which something went wrong."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from matplotlib.axes import Axes
from pandas import DataFrame

from analysis import importance, load
from analysis.load import Study
from analysis.plots import isolation, style

from . import made_up


@pytest.fixture(scope="session", autouse=True)
def _few_resamples() -> Iterator[None]:
    """Intervals from a few resamples: their width is not what is tested here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importance, "RESAMPLES", 3)
        patch.setattr(isolation, "RESAMPLES", 20)
        yield


@pytest.fixture(scope="session", autouse=True)
def _our_style() -> None:
    """The project's style, whichever test comes first."""
    style.use()


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made-up reports of a whole project; to be read only."""
    return made_up.write_all(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def studies(reports: Path) -> dict[str, Study]:
    """The made-up studies by key."""
    return {key: load.study(key, reports) for key in ("search", "random", "grid", "iterations")}


@pytest.fixture(scope="session")
def importances(studies: dict[str, Study]) -> DataFrame:
    """Importances of the made-up random study, as the tables stage computes them."""
    return importance.table(studies["random"])


@pytest.fixture
def odd_study(tmp_path: Path) -> Callable[..., Study]:
    """Make a study of three parameters, all its trials pruned or diverged if asked to be."""
    space = {name: made_up.SPACE[name] for name in ("hidden_size", "learning_rate", "batch_size")}

    def make(trials: int = 64, **how: Any) -> Study:
        points = [{name: point[name] for name in space} for point in made_up.draws(1, trials)]
        made_up.write_study(
            tmp_path / "reports", "odd", points, space=space, **({"sampler": "tpe"} | how)
        )
        return load.study("odd", tmp_path / "reports")

    return make


@pytest.fixture
def ax() -> Axes:
    """An empty panel in the project's style."""
    style.use()
    return style.single()[1]
