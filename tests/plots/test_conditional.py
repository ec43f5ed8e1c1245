"""Studies in which some trials lack a parameter: it was not asked for, and its cell is empty."""

from pathlib import Path
from typing import Any

import pytest

from analysis import figures, importance, leaderboard, load, tables, words
from analysis.plots import heatmap
from tests.plots import made_up

SPACE: dict[str, dict[str, Any]] = {
    "hidden_size": made_up.SPACE["hidden_size"] | {"when": {}},
    "learning_rate": made_up.SPACE["learning_rate"] | {"when": {}},
    "optimizer": made_up.SPACE["optimizer"] | {"when": {}},
    "momentum": {"type": "float", "low": 0.5, "high": 0.99, "when": {"optimizer": ["momentum"]}},
    "warm_up_epochs": {"type": "int", "low": 0, "high": 3, "when": {"optimizer": ["momentum"]}},
    "clip": {"type": "categorical", "choices": [None, 5.0], "when": {"optimizer": ["sgd"]}},
    "l2": {"type": "float", "low": 0.0, "high": 0.1, "when": {"clip": [None]}},
}
GRID: dict[str, dict[str, Any]] = {
    "hidden_size": {"type": "categorical", "choices": [16, 1024]},
    "learning_rate": {"type": "categorical", "choices": [0.01, 0.1]},
    "optimizer": {"type": "categorical", "choices": ["sgd", "momentum"]},
    "momentum": {
        "type": "categorical",
        "choices": [0.5, 0.9],
        "when": {"optimizer": ["momentum"]},
    },
}


def points() -> list[dict[str, Any]]:
    """Draws of which some lack momentum, warm-up, clip and l2."""
    drawn = []
    for i, point in enumerate(made_up.draws(3, 80)):
        own = {name: point[name] for name in ("hidden_size", "learning_rate", "optimizer")}
        own |= {name: None for name in SPACE if name not in own}
        if own["optimizer"] == "momentum":
            own |= {"momentum": 0.5 + 0.005 * i, "warm_up_epochs": i % 4}
        if own["optimizer"] == "sgd":
            own |= {"clip": 5.0} if i % 2 else {"l2": 0.001 * i}
        drawn.append(own)
    return drawn


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Reports of a random search and a grid with conditions; the working folder holds them."""
    monkeypatch.chdir(tmp_path)
    made_up.write_study(tmp_path / "reports", "random", points(), space=SPACE, sampler="random")
    grid = [
        {
            "hidden_size": units,
            "learning_rate": rate,
            "optimizer": "momentum",
            "momentum": momentum,
        }
        for units in (16, 1024)
        for rate in (0.01, 0.1)
        for momentum in (0.5, 0.9)
    ]
    grid += [point | {"optimizer": "sgd", "momentum": None} for point in grid[::2]]
    made_up.write_study(tmp_path / "reports", "grid", grid, space=GRID, sampler="grid")
    return tmp_path / "reports"


@pytest.mark.slow
def test_tables_and_figures_are_made(reports: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both stages go through, and no picture is left out."""
    tables.main(reports)
    capsys.readouterr()  # without a final network there is no table of digits
    figures.main(reports)
    assert capsys.readouterr().err == ""
    drawn = {path.stem for path in (reports / "figures").glob("*.png")}
    assert {"heatmap", "heatmaps_random", "importance", "optimization_history"} <= drawn
    assert not [line for line in tables_of(reports) if "nan" in line.lower()]


def tables_of(reports: Path) -> list[str]:
    """Every line of the tables that people read."""
    pages = (reports / "tables").glob("*.md")
    return [line for page in pages for line in page.read_text(encoding="utf-8").splitlines()]


def test_null_is_told_from_what_is_not_asked_for(reports: Path) -> None:
    """Only where clip was asked for does an empty cell mean null, which l2 hangs on."""
    trials = load.study("random", reports).trials
    asked = trials["optimizer"] == "sgd"
    assert set(trials.loc[asked, "clip"]) == {"None", "5.0"}
    assert trials.loc[~asked, "clip"].isna().all()
    assert (trials["l2"].notna() == (trials["clip"] == "None")).all()


def test_importance_is_of_what_all_trials_have(reports: Path) -> None:
    """Parameters that some trials lack have a note in place of an importance."""
    frame = importance.table(load.study("random", reports))
    lacking = frame["parameter"].isin(["momentum", "warm_up_epochs", "clip", "l2"])
    assert frame.loc[lacking, "importance"].isna().all()
    assert set(frame.loc[lacking, "note"]) == {"asked for in some trials only"}
    sums = frame[~lacking].groupby("method")["importance"].sum()
    assert sums.to_numpy() == pytest.approx(1.0)


def test_heat_map_counts_the_trials_that_have_both(reports: Path) -> None:
    """A trial without the parameter is in no cell."""
    study = load.study("random", reports)
    for name in ("momentum", "warm_up_epochs", "clip"):
        frame = heatmap.table(study, "learning_rate", name)
        assert frame["trials"].sum() == study.trials[name].notna().sum() > 0


def test_leaderboard_leaves_cells_empty(reports: Path) -> None:
    """What a trial lacks is nothing, in the table and in the words on the best."""
    frame = leaderboard.table({"random": load.study("random", reports)})
    assert frame["momentum"].isna().any()
    text = leaderboard.markdown(frame)
    assert "nan" not in text.lower()
    row = {"learning_rate": 0.01, "momentum": float("nan"), "hidden_size": 1024.0}
    assert words.parameters(row, row) == "learning rate 0.01, hidden units 1024"
