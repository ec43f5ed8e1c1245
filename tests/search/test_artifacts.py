"""Artifacts: the best trials' curves and tables, ordinary ones to Optuna, attached once."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import optuna
import pytest
from matplotlib.figure import Figure
from optuna.artifacts import FileSystemArtifactStore, download_artifact, get_all_artifact_meta
from optuna.storages import RDBStorage
from PIL import Image

from studies import artifacts
from studies.storage import opened, sqlite_url
from studies.store import LiveStudy
from studies.trials import Timing, Trial
from tests.search.toys import SPACE, curve, facts


def trained(number: int) -> Trial:
    """A trial of the toy curve, trained to its end."""
    params = {"x": (7 * number % 12 + 1) / 13, "n": 8, "kind": "a"}
    reports = list(curve(params, seed=number))
    return Trial(
        number=number,
        params=params,
        distributions=SPACE,
        seed=number,
        state="COMPLETE",
        stop_reason="finished",
        feasible=True,
        kept=len(reports),
        scores=tuple(report.score for report in reports),
        metrics={"loss": tuple(report.metrics["loss"] for report in reports)},
        attributes=reports[-1].attributes,
        detail=reports[-1].detail,
        marks={},
        timing=Timing(1.0, 0.0, "here", {}),
    )


@pytest.fixture(scope="module")
def trials() -> list[Trial]:
    """Twelve finished trials."""
    return [trained(number) for number in range(12)]


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[RDBStorage]:
    """A store on disk."""
    with opened(sqlite_url(tmp_path)) as storage:
        yield storage


def keep(storage: RDBStorage, trials: list[Trial], name: str = "toy") -> LiveStudy:
    """Keep finished trials under a study's name, a score to be maximized."""
    store = LiveStudy(storage, name, metric="score", direction="maximize")
    new = [trial for trial in trials if trial.number not in store.finished()]
    store.open(new)
    for trial in new:
        store.finish(trial)
    return store


def names(storage: RDBStorage) -> dict[int, list[str]]:
    """The file names of each trial's artifacts, as Optuna lists them."""
    study = optuna.load_study(study_name="toy", storage=storage)
    found = {t.number: get_all_artifact_meta(t, storage=storage) for t in study.trials}
    return {number: sorted(m.filename for m in metas) for number, metas in found.items() if metas}


def leaders(trials: list[Trial]) -> list[int]:
    """The numbers of the ten highest values."""
    return sorted(sorted(range(len(trials)), key=lambda number: -trials[number].value)[:10])


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    """When each file was written, and what is in it."""
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}


def test_the_best_ten_have_a_curve_and_a_table(
    storage: RDBStorage, trials: list[Trial], tmp_path: Path
) -> None:
    """Optuna itself lists both files of the ten highest values, and of no other trial."""
    keep(storage, trials)
    artifacts.attach(storage, "toy", trials, tmp_path / "files")
    assert names(storage) == {
        number: [f"trial_{number}_curve.png", f"trial_{number}_epochs.csv"]
        for number in leaders(trials)
    }


def test_optuna_downloads_them(storage: RDBStorage, trials: list[Trial], tmp_path: Path) -> None:
    """The picture is a PNG of 480 x 320 pixels; the table holds every score and metric."""
    number, trials = 0, trials[:1]
    keep(storage, trials)
    artifacts.attach(storage, "toy", trials, tmp_path / "files")
    study = optuna.load_study(study_name="toy", storage=storage)
    for meta in get_all_artifact_meta(study.trials[number], storage=storage):
        download_artifact(
            artifact_store=FileSystemArtifactStore(tmp_path / "files"),
            artifact_id=meta.artifact_id,
            file_path=str(tmp_path / meta.filename),
        )
    with Image.open(tmp_path / f"trial_{number}_curve.png") as image:
        assert (image.format, image.size) == ("PNG", (480, 320))
    with (tmp_path / f"trial_{number}_epochs.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4", "5", "6"]
    assert [float(row["score"]) for row in rows] == pytest.approx(trials[number].scores)
    assert [float(row["loss"]) for row in rows] == pytest.approx(trials[number].metrics["loss"])


def test_again_nothing_is_added(storage: RDBStorage, trials: list[Trial], tmp_path: Path) -> None:
    """A second call writes no file and no row, and trials come back as they were trained."""
    trials = trials[:2]
    store = keep(storage, trials)
    artifacts.attach(storage, "toy", trials, tmp_path / "files")
    listed, before = names(storage), state(tmp_path / "files")
    artifacts.attach(storage, "toy", trials, tmp_path / "files")
    assert names(storage) == listed
    assert state(tmp_path / "files") == before
    again = keep(storage, trials)
    assert again is not store
    assert facts(list(again.finished().values())) == facts(trials)


def test_an_extension_adds_the_new_leaders(
    storage: RDBStorage, trials: list[Trial], tmp_path: Path
) -> None:
    """More trials: those that come into the best ten get theirs, what was there stays."""
    keep(storage, trials[:1])
    artifacts.attach(storage, "toy", trials[:1], tmp_path / "files")
    before = state(tmp_path / "files")
    keep(storage, trials[:3])
    artifacts.attach(storage, "toy", trials[:3], tmp_path / "files")
    assert list(names(storage)) == [0, 1, 2]
    after = state(tmp_path / "files")
    assert len(after) == 6
    assert {name: after[name] for name in before} == before


def test_a_lost_file_is_made_again(
    storage: RDBStorage, trials: list[Trial], tmp_path: Path
) -> None:
    """What was deleted from the folder comes back, the same bytes under the same name."""
    trials = trials[:2]
    keep(storage, trials)
    artifacts.attach(storage, "toy", trials, tmp_path / "files")
    before = {name: content for name, (_, content) in state(tmp_path / "files").items()}
    for name in before:
        (tmp_path / "files" / name).unlink()
    artifacts.attach(storage, "toy", trials, tmp_path / "files")
    assert {n: content for n, (_, content) in state(tmp_path / "files").items()} == before
    assert all(len(files) == 2 for files in names(storage).values())


def test_studies_do_not_share_artifacts(
    storage: RDBStorage, trials: list[Trial], tmp_path: Path
) -> None:
    """The same trials in a study of another name have files of their own."""
    for name in ("toy", "other"):
        keep(storage, trials[:1], name)
        artifacts.attach(storage, name, trials[:1], tmp_path / "files")
    assert len(state(tmp_path / "files")) == 4


def test_the_best_are_complete_and_feasible(trials: list[Trial]) -> None:
    """Pruned and infeasible trials are left out; a study that minimizes has its own best."""
    odd = [
        replace(trials[0], state="PRUNED", scores=(9.0,), kept=1),
        replace(trials[1], feasible=False, scores=(9.0,), kept=1),
        *trials[2:5],
    ]
    by_value = sorted(trials[2:5], key=lambda trial: trial.value)
    assert artifacts.best(odd, maximize=False) == by_value
    assert artifacts.best(odd, maximize=True) == by_value[::-1]


def test_scores_and_accuracies_are_drawn(trials: list[Trial]) -> None:
    """One line for the score and one an accuracy; the kept epoch is marked at the value."""
    metrics = {"train_accuracy": (0.5, 0.7, 0.8), "loss": (3.0, 2.0, 1.0)}
    trial = replace(trials[0], scores=(0.4, 0.625, 0.6), kept=2, metrics=metrics)
    ax = Figure().subplots()
    artifacts.draw(trial, "val_accuracy", ax)
    drawn = {str(line.get_label()): line.get_xydata() for line in ax.get_lines()}
    assert list(drawn) == ["val accuracy", "train accuracy", "kept: epoch 2"]
    assert drawn["train accuracy"].tolist() == [[1, 0.5], [2, 0.7], [3, 0.8]]
    assert drawn["kept: epoch 2"].tolist() == [[2, 0.625]]
    assert ax.get_title() == "trial 0: val accuracy 62.5 %"


def test_a_picture_depends_on_its_trial_alone(trials: list[Trial]) -> None:
    """The user's own Matplotlib settings change no byte, and are as they were afterwards."""
    first = artifacts.picture(trials[0], "score")
    with mpl.rc_context({"lines.linewidth": 9, "font.size": 30, "savefig.dpi": 30}):
        mine = dict(mpl.rcParams)
        assert artifacts.picture(trials[0], "score") == first
        assert dict(mpl.rcParams) == mine
    assert artifacts.picture(trials[1], "score") != first


def test_missing_numbers_stand_in_the_table(trials: list[Trial]) -> None:
    """A diverged epoch's losses are nan in the table; the picture is drawn all the same."""
    trial = replace(trials[0], scores=(0.1,), kept=1, metrics={"loss": (float("nan"),)})
    assert io.BytesIO(artifacts.table(trial, "score")).readlines()[1] == b"1,0.1,nan\n"
    assert artifacts.picture(trial, "score").startswith(b"\x89PNG")
