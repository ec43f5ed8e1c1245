"""The figures stage: every picture, the same bytes, no traceback on odd results."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from pandas import DataFrame

from analysis import figures, load, results
from analysis.load import Study
from analysis.plots import style
from analysis.results import Results
from pipeline.errors import UserError

EXPECTED = {
    *("confusion_matrix", "cost_seconds", "heatmap", "heatmap_by_hidden_size", "hidden_size"),
    *("heatmaps_random", "heatmaps_search", "importance", "iteration_curves", "iteration_history"),
    *("learning_curves_random", "learning_curves_search", "optimization_history", "per_digit"),
    *("sample_predictions", "training_curves_final", "training_curves_train"),
    *("calibration", "expected_performance", "first_layer_weights", "isolation", "pareto"),
    *("parallel_coordinates_random", "parallel_coordinates_search", "seed_spread"),
    *("slices_random", "slices_search", "timeline_workers_random", "timeline_workers_search"),
    *("worst_mistakes", "tested_models"),
}


@pytest.fixture(scope="module")
def drawn(reports: Path, importances: DataFrame) -> dict[str, Figure]:
    """Every picture of the made-up project, by name."""
    style.use()
    made = figures.pictures(results.read(reports), importances)
    return {picture.name: picture.make() for picture in made}


def test_every_picture_is_made(drawn: dict[str, Figure]) -> None:
    """The names that the report and the README show."""
    assert drawn.keys() == EXPECTED


def test_every_panel_says_what_it_shows(drawn: dict[str, Figure]) -> None:
    """Each picture has a title, and each panel with data has labels or is an image."""
    for name, figure in drawn.items():
        titles = [ax.get_title(loc="left") for ax in figure.axes]
        assert any(titles) or figure.get_suptitle(), name


def test_no_text_leaves_the_picture(drawn: dict[str, Figure]) -> None:
    """Titles fit the width of their figure."""
    for name, figure in drawn.items():
        figure.draw_without_rendering()
        for ax in figure.axes:
            box = ax._left_title.get_window_extent()  # type: ignore[attr-defined]
            assert box.x1 <= figure.bbox.x1 + 1, name


def test_files_repeat_byte_for_byte(reports: Path, importances: DataFrame, tmp_path: Path) -> None:
    """Drawn again from the same results, a picture has the same bytes."""
    style.use()
    chosen = {"heatmap", "iteration_history", "isolation", "parallel_coordinates_search"}
    chosen |= {"sample_predictions"}
    for picture in figures.pictures(results.read(reports), importances):
        if picture.name in chosen:
            style.save(picture.make(), tmp_path / "once.png")
            style.save(picture.make(), tmp_path / "again.png")
            assert (tmp_path / "once.png").read_bytes() == (tmp_path / "again.png").read_bytes()


def test_files_do_not_name_their_maker(drawn: dict[str, Figure], tmp_path: Path) -> None:
    """A Matplotlib version in the file would change its bytes."""
    style.save(drawn["per_digit"], tmp_path / "picture.png")
    assert b"Software" not in (tmp_path / "picture.png").read_bytes()


def test_the_stage_writes_files_and_removes_stale_ones(
    reports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pictures of results that are gone do not stay behind."""
    shutil.copytree(reports / "train", tmp_path / "reports" / "train")
    (tmp_path / "reports" / "figures").mkdir()
    (tmp_path / "reports" / "figures" / "old.png").touch()
    monkeypatch.chdir(tmp_path)
    figures.main(tmp_path / "reports")
    names = [path.name for path in (tmp_path / "reports" / "figures").iterdir()]
    assert names == ["training_curves_train.png"]


def test_a_picture_left_out_is_said(
    reports: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A study without learning curves has no picture of them; one line tells why."""
    write = tmp_path / "reports" / "studies"
    shutil.copytree(reports / "studies" / "iterations", write / "iterations")
    history = write / "iterations" / "history.csv"
    history.write_text(history.read_text().splitlines()[0] + "\n")
    monkeypatch.chdir(tmp_path)
    figures.main(tmp_path / "reports")
    assert "iteration_curves.png left out: no epoch was trained" in capsys.readouterr().err


def test_no_results_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty reports name the command that fills them."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="must hold results, but holds none; run make repro"):
        figures.main(tmp_path / "reports")


@pytest.mark.parametrize("sampler", ["tpe", "random", "grid"])
@pytest.mark.parametrize(
    "how",
    [{"pruned": 1.0, "diverged": 0.0}, {"diverged": 1.0}, {"trials": 1}],
    ids=["all-pruned", "all-diverged", "one-trial"],
)
def test_odd_studies_are_drawn_or_left_out(
    odd_study: Callable[..., Study], sampler: str, how: dict[str, float]
) -> None:
    """Each picture of an odd study can be saved, or has a reason not to be made."""
    study = odd_study(sampler=sampler, **({"trials": 12} | how))
    found = Results(Path("none"), {"odd": study}, None, None, None)
    for picture in figures.pictures(found, load.importances(Path("none"))):
        try:
            figure = picture.make()
        except style.NothingToDrawError:
            continue
        figure.draw_without_rendering()
