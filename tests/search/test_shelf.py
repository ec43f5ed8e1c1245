"""`python -m studies status`, `list` and `prune`: what the store holds, and what may go."""

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest
from filelock import FileLock
from optuna.storages import RDBStorage
from rich.console import Console
from ruamel.yaml import YAML

from pipeline import params
from pipeline.errors import UserError
from pipeline.workspace import merged
from studies import artifacts, prune, shelf, status, terminal
from studies.objective import METRIC
from studies.rounds import run_study
from studies.storage import opened, sqlite_url
from studies.store import LiveStudy
from studies.trials import Trial
from tests.search.toys import curve, plan

ROOT = Path(__file__).parents[2]
FILES = {"classes": [], "image_shape": [], "files": {"train/images.npy": "1"}}
OLD = "search-0123456789ab"
Said = Callable[[], list[str]]


@pytest.fixture(scope="module")
def trials() -> list[Trial]:
    """A finished study of two rounds; each trial took two seconds of one of two workers."""
    return [
        replace(trial, timing=replace(trial.timing, seconds=2.0, workers=2))
        for trial in run_study(plan(12), curve)
    ]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings and what is known of the data, and no store: the working folder."""
    yaml = YAML()
    settings = yaml.load(ROOT / "params.yaml")
    yaml.dump(merged(settings, {"studies": {"search": {"trials": 16}}}), tmp_path / "params.yaml")
    (tmp_path / "data/prepared").mkdir(parents=True)
    (tmp_path / "data/prepared/meta.json").write_text(json.dumps(FILES))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(artifacts, "picture", lambda *_: b"takes too long to draw")
    monkeypatch.delenv("HANDTUNED_STORAGE", raising=False)
    return tmp_path


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """Gives the lines said so far."""

    def lines() -> list[str]:
        return capsys.readouterr().out.splitlines()

    return lines


def store() -> AbstractContextManager[RDBStorage]:
    """The store of the working folder."""
    return opened(sqlite_url())


def keep(name: str, trials: list[Trial], *, begun: int = 0, metric: str = METRIC) -> None:
    """Keep a study in the store, its last `begun` trials not finished, its best with artifacts."""
    with store() as storage:
        study = LiveStudy(storage, name, metric=metric, direction="maximize")
        study.open(trials)
        for trial in trials[: len(trials) - begun]:
            study.finish(trial)
        if not begun:
            artifacts.attach(storage, name, trials)


def names() -> list[str]:
    """The studies in the store."""
    with store() as storage:
        return sorted(optuna.get_all_study_names(storage))


def files() -> set[str]:
    """The artifacts that are there."""
    return {path.name for path in artifacts.ARTIFACTS.iterdir()}


def today(key: str = "search") -> str:
    """The name of a study of today's settings."""
    return shelf.current(params.load())[key]


def cells(line: str) -> list[str]:
    """The cells of a row."""
    return re.split(r"\s{2,}", line.strip())


@pytest.mark.parametrize("command", [status.status, shelf.list_])
def test_nothing_has_run(folder: Path, said: Said, command: Callable[[], None]) -> None:
    """Without a store that is said, and none is made."""
    command()
    assert said() == ["nothing has run yet: python -m studies run KEY"]
    assert not (folder / "studies").exists()


def test_status_of_an_interrupted_study(folder: Path, said: Said, trials: list[Trial]) -> None:
    """Done of planned, pruned, begun by nobody who is left, best, seconds, and the time left."""
    keep(today(), trials, begun=2)
    done = trials[:10]
    pruned = sum(trial.state == "PRUNED" for trial in done)
    best = max(trial.value for trial in done if trial.state == "COMPLETE")
    status.status()
    header, row, other, *_ = map(cells, said())
    assert dict(zip(header, row, strict=True)) == {
        "study": "search",
        "trials": "10/16",
        "pruned": str(pruned),
        "running": "2 interrupted",
        "left": "6",
        "best": f"{best:.2%}",
        "trained": "0:00:20",
        "time left": "0:00:06",  # six of two seconds, by two workers
        "export": "none",
    }
    assert other[:3] == ["random", "0/128", "0"]


def test_status_of_a_running_study(folder: Path, said: Said, trials: list[Trial]) -> None:
    """While its lock is held the trials begun are running, and half done."""
    keep(today(), trials, begun=2)
    with FileLock(folder / "studies/live/search.lock"):
        status.status("search")
    header, row = map(cells, said())
    shown = dict(zip(header, row, strict=True))
    assert (shown["running"], shown["time left"]) == ("2", "0:00:05")


def test_status_knows_the_export(folder: Path, said: Said, trials: list[Trial]) -> None:
    """An export is current, of fewer trials, of older settings, or damaged."""
    keep(today(), trials)
    path = folder / "reports/studies/search/study.json"
    path.parent.mkdir(parents=True)
    # the SHA-256 of {} begins so
    about = {"best": {}, "decided_by": {}, "fingerprint": "44136fa355b3"}
    for name, count, word in (
        (today(), 16, "current"),
        (today(), 12, "of 12 trials"),
        (OLD, 16, "old"),
    ):
        path.write_text(json.dumps(about | {"name": name, "trials": count}))
        status.status("search")
        assert cells(said()[1])[-1] == word
    path.write_text("{")
    status.status("search")
    assert cells(said()[1])[-1] == "damaged"


def test_status_of_an_unknown_study(folder: Path) -> None:
    """A key that is not in params.yaml is named, also before anything ran."""
    with pytest.raises(UserError, match=r"studies\.serach is not there; one of: search, "):
        status.status("serach")


def test_fewer_trials_than_were_made(folder: Path, said: Said, trials: list[Trial]) -> None:
    """Of a study that was shortened, the first trials count."""
    text = (folder / "params.yaml").read_text()
    (folder / "params.yaml").write_text(text.replace("trials: 16", "trials: 5"))
    keep(today(), trials)
    status.status("search")
    assert cells(said()[1])[1:5:3] == ["5/5", "0"]


def test_list_tells_old_from_current(folder: Path, said: Said, trials: list[Trial]) -> None:
    """Every study is listed: of today's settings, of others, of another program."""
    keep(today(), trials)
    keep(OLD, trials[:6])
    keep("gone-0123456789ab", trials[:6])
    keep("wine", trials[:6], metric="score")
    shelf.list_()
    rows = {row[0]: row for row in map(cells, said()[1:])}
    assert {name: row[-1] for name, row in rows.items()} == {
        today(): "current",
        OLD: "old",
        "gone-0123456789ab": "old",
        "wine": "not this program's",
    }
    assert rows[OLD][1:4] == ["search", "0123456789ab", "6"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", rows[OLD][6])


def test_prune_shows_first(folder: Path, said: Said, trials: list[Trial]) -> None:
    """Without --yes what would go is listed, and all stays."""
    keep(today(), trials)
    keep(OLD, trials)
    before = names(), files()
    prune.prune()
    lines = said()
    assert lines[0].startswith(f"{OLD}: 12 trials, last worked on 2")
    assert lines[1:] == ["nothing was deleted; to delete them: python -m studies prune --yes"]
    assert (names(), files()) == before


def test_prune_deletes_the_old_and_nothing_else(
    folder: Path, said: Said, trials: list[Trial]
) -> None:
    """Old studies go, with their artifacts; today's, other programs', and their files stay."""
    keep(today(), trials)
    keep("wine-0123456789ab", trials, metric="score")  # named alike, made by something else
    kept = names(), files()
    keep(OLD, trials)
    keep("gone-0123456789ab", trials)
    (next(path for path in artifacts.ARTIFACTS.iterdir() if path.name not in kept[1])).unlink()
    prune.prune(delete=True)
    assert said() == ["gone-0123456789ab: deleted, 12 trials", f"{OLD}: deleted, 12 trials"]
    assert (names(), files()) == kept
    prune.prune(delete=True)
    assert said() == ["nothing to prune: every study is of today's settings"]


def test_study_with_foreign_trials_stays(folder: Path, said: Said, trials: list[Trial]) -> None:
    """A study in which something else has written is not this program's to delete."""
    keep(OLD, trials)
    with store() as storage:
        study = optuna.load_study(study_name=OLD, storage=storage)
        study.optimize(lambda trial: trial.suggest_float("y", 0, 1), n_trials=1)
    prune.prune(delete=True)
    assert names() == [OLD]


def test_prune_leaves_what_runs(folder: Path, said: Said, trials: list[Trial]) -> None:
    """While a study's lock is held, none of its fingerprints is deleted, and that is said."""
    keep(OLD, trials)
    keep("gone-0123456789ab", trials)
    live = folder / "studies/live"
    (live / "search.holder").write_text("process 4242")
    with FileLock(live / "search.lock"):
        prune.prune()
        assert said()[1] == f"{OLD}: stays; study search is being run by process 4242"
        prune.prune(delete=True)
    assert said()[1].startswith(f"{OLD}: stays; study search is being run by process 4242")
    assert names() == [OLD]


@pytest.mark.parametrize("on_terminal", [False, True])
def test_bars_start_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], on_terminal: bool
) -> None:
    """On a terminal and off it, bars stand to the left, and brackets are no markup."""

    def console(**options: Any) -> Console:
        return Console(force_terminal=on_terminal, width=80, **options)

    monkeypatch.setattr(terminal, "Console", console)
    rows = [(str(share), terminal.bar(share), "[relu]") for share in (0.25, 1.0)]
    terminal.show(("share", "bar", "value"), rows, left=(0, 1))
    lines = [line for line in capsys.readouterr().out.splitlines() if "█" in line]
    assert len({line.index("█") for line in lines}) == 1
    assert [line.count("█") for line in lines] == [7, 30]
    assert all("[relu]" in line for line in lines)
