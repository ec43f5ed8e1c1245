"""Reading results: what is there comes back whole, what is broken is one line."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from analysis import load
from analysis.load import Study
from pipeline.errors import UserError


@pytest.fixture
def copy(reports: Path, tmp_path: Path) -> Path:
    """Reports that a test may break."""
    return Path(shutil.copytree(reports, tmp_path / "reports"))


def test_correct_bits_agree_with_the_accuracies(studies: dict[str, Study]) -> None:
    """Each trial's share of right validation images is its accuracy."""
    search = studies["search"]
    assert search.correct.shape == (64, 400)
    np.testing.assert_allclose(search.correct.mean(axis=1), search.trials["val_accuracy"])


def test_lists_among_the_choices_stay_text(studies: dict[str, Study]) -> None:
    """A choice such as [] is a label, not a missing value."""
    assert set(studies["search"].trials["decay_epochs"]) == {
        "[]",
        "[10]",
        "[10, 15]",
        "[8, 12, 16]",
    }


def test_a_missing_last_loss_is_nan(studies: dict[str, Study]) -> None:
    """The empty losses of a diverged trial's last epoch are read as missing."""
    history, trials = studies["search"].history, studies["search"].trials
    last = history.groupby("number").tail(1).set_index("number")["val_loss"]
    assert (last.isna().to_numpy() == (trials["feasible"] == 0).to_numpy()).all()


def test_studies_follow_params_yaml(reports: Path, tmp_path: Path) -> None:
    """Studies come in the order of params.yaml beside them; one it does not name is left out."""
    space = "space: {learning_rate: {type: float, low: 0.1, high: 1.0}}"
    study = f"{{sampler: random, seed: 1, trials: 1, round_size: 1, {space}}}"
    (tmp_path / "params.yaml").write_text(f"studies:\n  search: {study}\n  grid: {study}\n")
    shutil.copytree(reports, tmp_path / "reports")
    assert list(load.studies(tmp_path / "reports")) == ["search", "grid"]


def test_studies_without_params_yaml_are_sorted(reports: Path) -> None:
    """The reports folder alone is enough."""
    assert list(load.studies(reports)) == ["grid", "iterations", "random", "search"]


@pytest.mark.parametrize(
    "name", ["trials.csv", "history.csv", "timing.csv", "study.json", "correct.npy"]
)
@pytest.mark.parametrize(
    "content", [None, b"", b"\xff\x00 nonsense"], ids=["absent", "empty", "bytes"]
)
def test_a_bad_study_file_is_one_line(copy: Path, name: str, content: bytes | None) -> None:
    """The message names the file and the command that makes it."""
    path = copy / "studies" / "search" / name
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(UserError, match=rf"{name}.*run python -m studies run search$") as error:
        load.study("search", copy)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["metrics.json", "history.csv", "predictions.csv", "samples.npz"])
def test_a_bad_final_file_is_one_line(copy: Path, name: str) -> None:
    """A file cut short is named together with the command that makes it."""
    path = copy / "final" / name
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(UserError, match=rf"{name}.*run python -m studies final$"):
        load.final(copy)


def test_a_missing_untuned_network_names_its_command(tmp_path: Path) -> None:
    """Without reports/train the remedy is the train stage."""
    with pytest.raises(UserError, match=r"is not there; run python -m pipeline train$"):
        load.train(tmp_path)


def test_a_missing_column_is_named(copy: Path) -> None:
    """A table of another version says which column it lacks."""
    path = copy / "studies" / "grid" / "trials.csv"
    path.write_text(path.read_text().replace("feasible", "possible"))
    with pytest.raises(UserError, match="must have the column feasible"):
        load.study("grid", copy)


def test_a_text_where_a_number_belongs_is_refused(copy: Path) -> None:
    """A word among the accuracies is found on reading, not on drawing."""
    path = copy / "studies" / "grid" / "trials.csv"
    path.write_text(path.read_text().replace("COMPLETE,0.", "COMPLETE,many0.", 1))
    with pytest.raises(UserError, match="cannot be read"):
        load.study("grid", copy)


def test_bits_of_another_study_are_refused(copy: Path) -> None:
    """The bits must have one row a trial."""
    path = copy / "studies" / "grid" / "correct.npy"
    np.save(path, np.load(path)[:-1])
    with pytest.raises(UserError, match="one row a trial"):
        load.study("grid", copy)


def test_a_study_without_trials_is_refused(copy: Path) -> None:
    """A header alone is not a study."""
    path = copy / "studies" / "grid" / "trials.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    with pytest.raises(UserError, match=r"trials.csv must hold a trial, but holds none"):
        load.study("grid", copy)


def test_a_lacking_key_is_named(copy: Path) -> None:
    """study.json without a number of images cannot give intervals, and says so."""
    path = copy / "studies" / "grid" / "study.json"
    about = json.loads(path.read_text())
    del about["validation_images"]
    path.write_text(json.dumps(about))
    with pytest.raises(UserError, match="'validation_images'"):
        load.study("grid", copy)
