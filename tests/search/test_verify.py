"""`python -m studies verify`, `show` and `best`: a published study checked from its export."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from pipeline import params
from pipeline.errors import UserError
from pipeline.workspace import merged
from studies import best, exported, replay, show, verify

pytestmark = pytest.mark.slow
SEARCH = Path("reports/studies/search")
ODD = {
    "trainer": {"patience": 2},
    "studies": {
        "search": {
            "trials": 17,
            "pruner": {"type": "hyperband", "min_epochs": 1, "max_epochs": 4},
            "space": {
                "momentum": {
                    "type": "float",
                    "low": 0.5,
                    "high": 0.99,
                    "when": {"optimizer": ["momentum"]},
                },
                "l2": {"type": "categorical", "choices": [0.0, 1.0e-5, 1.0e-4, 1.0e30]},
                "learning_rate": {"low": 0.01},
                "optimizer": {"choices": ["sgd", "momentum"]},
            },
            "enqueue": [{"l2": 1.0e30, "optimizer": "sgd"}],
        }
    },
}
"""A study with all that makes replaying hard: rung marks, conditions, divergence, patience."""


def command(folder: Path, *arguments: str, package: str = "studies") -> str:
    """Run a command in a project to its end; what it says."""
    done = subprocess.run(
        [sys.executable, "-m", package, *arguments],
        cwd=folder,
        env=os.environ | {"HANDTUNED_JOBS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def overlaid(folder: Path, overlay: dict[str, Any]) -> None:
    """Lay other settings over the project's."""
    yaml = YAML()
    settings = merged(yaml.load(folder / "params.yaml"), overlay)
    yaml.dump(settings, folder / "params.yaml")


@pytest.fixture(scope="module")
def finished(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two finished studies, the search an odd one."""
    folder = Path(shutil.copytree(prepared, tmp_path_factory.mktemp("finished") / "project"))
    overlaid(folder, {"studies": {"search": {"pruner": None}}})
    overlaid(folder, ODD)
    for key in ("search", "iterations"):
        command(folder, "run", key)
    return folder


@pytest.fixture
def published(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that project without its store: the working folder."""
    ignored = shutil.ignore_patterns("live")
    folder = Path(shutil.copytree(finished, tmp_path / "project", ignore=ignored))
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HANDTUNED_JOBS", "1")
    return folder


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[str]]:
    """Gives the lines said so far."""

    def lines() -> list[str]:
        return capsys.readouterr().out.splitlines()

    return lines


def change(path: Path, row: int, column: str, value: str) -> str:
    """Write another value to a cell; returns what stood there."""
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    was, rows[row][header.index(column)] = rows[row][header.index(column)], value
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    return was


SOUND = "search: settings, data, code and environment are those recorded"


@pytest.mark.parametrize("key", ["search", "iterations"])
def test_sound_study_verifies(published: Path, said: Callable[[], list[str]], key: str) -> None:
    """All trials of an odd study, and of variants, trained again from the tables are the same."""
    states = {row["stop_reason"] for row in exported.read("search").rows}
    assert states == {"finished", "pruned", "diverged"}
    assert verify.verify(key, None)
    n = len(exported.read(key).rows)
    assert said() == [
        f"{key}: all came out as recorded; {n} asked and judged again, {n} of them trained again",
        SOUND.replace("search", key),
    ]


def test_settings_of_today_do_not_matter(published: Path) -> None:
    """The study is rebuilt from study.json: params.yaml may have changed, or have lost it."""
    settings = YAML(typ="safe").load(published / "params.yaml")
    settings["trainer"]["epochs"] = 3
    settings["confirm"] = {"study": "iterations"}
    del settings["studies"]["search"]
    YAML().dump(settings, published / "params.yaml")
    assert verify.verify("search", 2)


def test_rung_marks_decide(published: Path) -> None:
    """Without what Hyperband left on earlier trials the verdicts would not come out again."""
    record = exported.read("search")
    recalled = list(replay.recall(replay.rebuild(record), record))
    assert any(told.marks for each in recalled for told in each.snapshot)
    assert not any(each.difference for each in recalled)


@pytest.mark.parametrize("images", [7, 1000, 59999])
def test_accuracies_are_recovered_exactly(images: int) -> None:
    """Nine digits of a number of images right give back the very bits; so do those of chance."""
    scores = [k / images for k in range(images + 1)]
    rows = [{"val_accuracy": f"{score:.9g}"} for score in scores]
    assert [replay.score(row, images, 0.1) for row in rows] == scores
    assert replay.score({"val_accuracy": f"{1 / 3:.9g}"}, images, 1 / 3) == 1 / 3


def test_tampered_epoch_is_named(published: Path, said: Callable[[], list[str]]) -> None:
    """One changed cell of history.csv: its trial, epoch and column, and no excuse."""
    was = change(SEARCH / "history.csv", 6, "train_loss", "0.5")
    with (SEARCH / "history.csv").open(newline="") as file:
        row = list(csv.DictReader(file))[6]
    assert not verify.verify("search", None)
    where = f"trial {row['number']}: history.csv, epoch {row['epoch']}, train_loss"
    assert said() == [
        f"search: {where} was 0.5, is {was}",
        "search: 1 of 17 trials differ; 17 asked and judged again, 17 of them trained again",
        SOUND,
    ]


def test_missing_epoch_is_named(published: Path, said: Callable[[], list[str]]) -> None:
    """A trial whose last epoch was cut off differs at that epoch, and so in its row."""
    record = exported.read("search")
    number = next(n for n, epochs in enumerate(record.epochs) if len(epochs) == 4)
    lines = (SEARCH / "history.csv").read_text().splitlines(keepends=True)
    lines = [line for line in lines if not line.startswith(f"{number},4,")]
    (SEARCH / "history.csv").write_text("".join(lines))
    change(SEARCH / "trials.csv", number, "epoch_kept", "1")
    assert not verify.verify("search", 1)
    assert f"search: trial {number}: trials.csv, " in "\n".join(said())


@pytest.mark.parametrize("column", ["learning_rate", "state", "val_accuracy", "seed"])
def test_tampered_row_is_named_without_training(
    published: Path, said: Callable[[], list[str]], column: str
) -> None:
    """A parameter, verdict or value that does not follow from the tables is named at once."""
    was = change(SEARCH / "trials.csv", 5, column, "0.25")
    assert not verify.verify("search", 1)
    assert said()[0] == f"search: trial 5: trials.csv, {column} was 0.25, is {was}"


def test_tampered_bit_is_named(published: Path, said: Callable[[], list[str]]) -> None:
    """A validation image that correct.npy has wrongly right is named."""
    bits = np.load(SEARCH / "correct.npy")
    bits[3, 2] ^= 0b00010000  # the fourth bit from the left: image 8 * 2 + 3
    np.save(SEARCH / "correct.npy", bits)
    assert not verify.verify("search", None)
    assert re.match(
        r"search: trial 3: correct.npy, validation image 19, was (right|wrong), is (?!\1)",
        said()[0],
    )


def test_changed_data_are_named(published: Path, said: Callable[[], list[str]]) -> None:
    """Other images: trials differ, and the arrays are named as the reason."""
    overlaid(published, {"data": {"seed": 2}})
    command(published, "prepare", package="pipeline")
    assert not verify.verify("search", 2)
    lines = said()
    assert lines[0].startswith("search: trial ")
    (reason,) = [line for line in lines if "other than recorded" in line]
    assert reason.startswith("search: other than recorded: data: train/images.npy, train/labels")


def test_changed_code_is_named(published: Path) -> None:
    """An edit of the trainer: trials differ, exit code 1, and the code is named."""
    path = published / "pipeline/nn/losses.py"
    text = path.read_text()
    assert "*= scale / n" in text
    path.write_text(text.replace("*= scale / n", "*= scale / n / 2"))
    with pytest.raises(subprocess.CalledProcessError) as failed:
        command(published, "verify", "search", "--trials", "1")
    assert failed.value.returncode == 1
    lines = failed.value.stdout.splitlines()
    assert lines[-1] == "search: other than recorded: code: edited, or another version"
    assert re.match(r"search: trial \d+: history.csv, epoch 1, ", lines[0])


def test_other_environment_is_named(published: Path, said: Callable[[], list[str]]) -> None:
    """Made with another BLAS: said even if all trials agree, and that is no failure."""
    path = SEARCH / "environment.json"
    there = json.loads(path.read_text())
    path.write_text(json.dumps(there | {"blas_kernels": "Z80"}))
    assert verify.verify("search", 1)
    here = there["blas_kernels"]
    assert said()[1:] == [
        f"search: other than recorded: environment: blas_kernels Z80 instead of {here}"
    ]


def test_sample_has_every_kind(published: Path) -> None:
    """A sample always has the best trial, a pruned one and a diverged one, and is fixed."""
    record = exported.read("search")
    chosen = verify.sample(record, 4)
    rows = [record.rows[number] for number in chosen]
    assert record.about["best"]["number"] in chosen
    assert {"PRUNED", "COMPLETE"} == {row["state"] for row in rows}
    assert "0" in {row["feasible"] for row in rows}
    assert chosen == sorted(set(chosen)) == verify.sample(record, 4)
    assert verify.sample(record, 1) == [record.about["best"]["number"]]
    assert verify.sample(record, None) == list(range(17))


@pytest.mark.parametrize(
    "name", ["study.json", "trials.csv", "history.csv", "correct.npy", "environment.json"]
)
@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_damaged_export_gives_one_line(published: Path, name: str, damage: str) -> None:
    """A file that is gone or cut short is named with the remedy."""
    path = SEARCH / name
    content = path.read_bytes()
    path.unlink()
    if damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    remedy = "is missing or damaged; run `python -m studies run search`"
    with pytest.raises(UserError, match=f"^{path} {remedy}$"):
        verify.verify("search")


def test_altered_settings_are_refused(published: Path) -> None:
    """A study.json whose fingerprint is not that of its own settings is damaged."""
    text = (SEARCH / "study.json").read_text()
    (SEARCH / "study.json").write_text(text.replace('"round_size": 4', '"round_size": 5'))
    with pytest.raises(UserError, match=r"study\.json is missing or damaged"):
        verify.verify("search")


def test_other_number_of_images_is_refused(published: Path) -> None:
    """Validation images that are fewer or more cannot be those: one line says so."""
    overlaid(published, {"data": {"sizes": {"val": 90}}})
    command(published, "prepare", package="pipeline")
    with pytest.raises(UserError, match="its 100 validation images, but data/prepared has 90"):
        verify.verify("search")


def test_unknown_study_is_refused(published: Path) -> None:
    """A key that neither params.yaml nor the reports know is named with those there are."""
    with pytest.raises(UserError, match=r"studies\.serach is not there; one of: search, random"):
        verify.verify("serach")


def test_show_draws_the_curve(published: Path, said: Callable[[], list[str]]) -> None:
    """A trial's parameters and epochs as they are recorded, the longest bar at the best score."""
    record = exported.read("search")
    number = record.about["best"]["number"]
    assert show.replayed("search", number)
    lines = said()
    assert lines[0].startswith(f"search: trial {number} finished, val_accuracy 0.")
    row = record.rows[number]
    cells = dict(line.split(maxsplit=1) for line in lines if len(line.split()) == 2)
    assert {name: cells[name] for name in ("seed", "learning_rate")} == {
        name: row[name] for name in ("seed", "learning_rate")
    }
    curve = [line for line in lines if re.match(r"\d+( kept)? +\d\.\d{4} ", line)]
    scores = [float(epoch["val_accuracy"]) for epoch in record.epochs[number]]
    lengths = [line.count("█") for line in curve]
    assert len(curve) == len(scores)
    assert lengths[int(np.argmax(scores))] == max(lengths) == 30
    assert [line.split()[0] for line in curve if " kept" in line] == [row["epoch_kept"]]
    assert lines[-2:] == [f"search: trial {number} came out as recorded", SOUND]


def test_show_names_a_difference(published: Path, said: Callable[[], list[str]]) -> None:
    """A trial that does not come out the same says where."""
    was = change(SEARCH / "history.csv", 0, "learning_rate", "9.5")
    assert not show.replayed("search", 0)
    line = f"search: trial 0: history.csv, epoch 1, learning_rate was 9.5, is {was}"
    assert line in said()


@pytest.mark.parametrize(
    ("arguments", "first"),
    [
        (("status",), "study "),
        (("status", "iterations"), "study "),
        (("list",), "study "),
        (("verify", "iterations", "--trials", "1"), "iterations: all came out as recorded"),
        (("show", "iterations", "0"), "iterations: trial 0 finished"),
        (("best", "iterations"), "iterations: trial "),
        (("best", "iterations", "--yaml"), "  # iterations-"),
        (("prune",), "nothing to prune"),
    ],
)
def test_commands(finished: Path, arguments: tuple[str, ...], first: str) -> None:
    """Each command ends with 0 and says something in a project with finished studies."""
    assert command(finished, *arguments).startswith(first)


def test_show_refuses_a_number_that_is_not_there(published: Path) -> None:
    """One line says which trials there are."""
    with pytest.raises(UserError, match="must hold trial 17, but holds 0 to 16; name one"):
        show.replayed("search", 17)


@pytest.mark.parametrize("key", ["search", "iterations"])
def test_best_can_be_pasted(published: Path, key: str) -> None:
    """The lines, put under `trainer`, load there, and make it the best trial's settings."""
    about, today = exported.about(key), params.load()
    text = "\n".join(best.lines(about, today))
    yaml = YAML()
    settings = yaml.load(published / "params.yaml")
    pasted = yaml.load(f"trainer:\n{text}\n")
    yaml.dump(merged(settings, pasted), published / "params.yaml")
    study = replay.rebuild(exported.read(key))
    assert params.load().trainer == study.objective.settings(about["best"]["params"])
    assert params.load().trainer != today.trainer
    assert f"# early stopping kept epoch {about['best']['epoch']}" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e-05, "1.0e-05"),
        (0.001, "0.001"),
        (1e30, "1.0e+30"),
        (1.5e-07, "1.5e-07"),
        ([128, 64], "[128, 64]"),
        ([2], "[2]"),
        ([], "[]"),
        (None, "null"),
        (True, "true"),
        ("he", "he"),
    ],
)
def test_values_read_back(value: Any, text: str) -> None:
    """A value is written as YAML 1.1 and 1.2 both read it."""
    assert best.text(value) == text
    for version in ("1.1", "1.2"):
        yaml = YAML(typ="safe", pure=True)
        yaml.version = version
        read = yaml.load(f"%YAML {version}\n---\nx: {text}")["x"]
        assert read == value


def test_best_says_that_settings_changed(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An export of older settings is shown, with a line that says so beside it."""
    best.best("search")
    assert capsys.readouterr().err == ""
    overlaid(published, {"trainer": {"l2": 0.5}})
    best.best("search", yaml=True)
    out, err = capsys.readouterr()
    assert all(line.startswith("  ") for line in out.splitlines())
    assert "is of other settings, data or code than today's search-" in err
