"""The dashboard: it shows studies live and, unless asked to, changes nothing."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from wsgiref.util import setup_testing_defaults

import pytest

from studies import artifacts, dashboard
from studies.rounds import run_study
from studies.storage import opened, sqlite_url
from studies.store import LiveStudy
from studies.trials import Trial
from tests.search.toys import curve, plan

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
LIVE = Path("studies/live")


class Answer(NamedTuple):
    """What the server said."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, from JSON."""
        return json.loads(self.body)


@pytest.fixture(scope="module")
def trials() -> list[Trial]:
    """A finished study of two rounds."""
    return run_study(plan(12), curve)


def project(folder: Path) -> Path:
    """A folder to start the dashboard in."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "params.yaml", folder)
    return folder


def keep(folder: Path, trials: list[Trial], first: int = 0) -> None:
    """Keep the trials from number `first` in the project's store."""
    with opened(sqlite_url(folder / LIVE)) as storage:
        store = LiveStudy(storage, "toy", metric="score", direction="maximize")
        store.open(trials[first:])
        for trial in trials[first:]:
            store.finish(trial)
        if len(trials) == 12:
            artifacts.attach(storage, "toy", trials, folder / LIVE / "artifacts")


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(*arguments: str) -> list[str]:
    """The dashboard's command line."""
    return [sys.executable, "-m", "studies", "dashboard", *arguments]


def environment(url: str = "") -> dict[str, str]:
    """This environment, with the store at `url` or where it is by default."""
    return os.environ | {"HANDTUNED_STORAGE": url}


def heed_interrupts() -> None:
    """Undo what a shell does to a job in the background: it and all below ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def served(folder: Path, *arguments: str) -> Iterator[int]:
    """Serve the project's store on a port; in the end Ctrl-C must end it quietly, with 0."""
    port = free_port()
    process = subprocess.Popen(
        command("--port", str(port), *arguments),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interrupts,  # noqa: PLW1509 no thread runs here
    )
    try:
        assert process.stdout
        assert process.stdout.readline().startswith(f"http://127.0.0.1:{port}/dashboard")
        yield port
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=20) == ("", "")
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()


def ask(port: int, method: str, path: str, body: bytes | None = None) -> Answer:
    """Ask the server for something."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        headers = {"Content-Type": "application/json"} if body else {}
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return Answer(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()


def contents(folder: Path) -> tuple[list[Any], dict[str, bytes]]:
    """What is in the store and in the artifact folder."""
    with opened(sqlite_url(folder / LIVE), read_only=True) as storage:
        studies = storage.get_all_studies()
        trials = [t for study in studies for t in storage.get_all_trials(study._study_id)]
        kept = [*studies, *trials, *(storage.get_study_system_attrs(s._study_id) for s in studies)]
    return kept, {path.name: path.read_bytes() for path in (folder / LIVE / "artifacts").iterdir()}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, trials: list[Trial]) -> Path:
    """A project with a finished study and its artifacts."""
    folder = project(tmp_path_factory.mktemp("dashboard"))
    keep(folder, trials)
    return folder


@pytest.fixture(scope="module")
def port(place: Path) -> Iterator[int]:
    """A dashboard on that project, read-only."""
    with served(place) as port:
        yield port


@pytest.mark.parametrize("path", ["/dashboard", "/dashboard/studies/1", "/static/bundle.js"])
def test_pages_are_shown(port: int, path: str) -> None:
    """The pages and what they are made of."""
    answer = ask(port, "GET", path)
    assert answer.status == 200
    assert len(answer.body) == int(answer.headers["Content-Length"]) > 0
    assert ask(port, "HEAD", path)[::2] == (200, b"")


def test_trials_are_shown(port: int, trials: list[Trial]) -> None:
    """Every trial with its curve, and each attribute for a column of the table."""
    study = ask(port, "GET", "/api/studies/1").json
    assert study["name"] == "toy"
    assert [trial["number"] for trial in study["trials"]] == list(range(12))
    curves = [[v["value"] for v in trial["intermediate_values"]] for trial in study["trials"]]
    assert curves == [list(trial.scores) for trial in trials]
    columns = {column["key"] for column in study["union_user_attrs"]}
    assert columns == {"size", "epochs", "seconds", "stop_reason", "seed", "feasible"}


def test_artifacts_are_shown(port: int, place: Path) -> None:
    """A trial's picture and table can be fetched."""
    shown = ask(port, "GET", "/api/studies/1").json["trials"]
    files = {a["filename"]: (t, a) for t in shown for a in t["artifacts"]}
    assert files
    for name, (trial, artifact) in files.items():
        path = f"/artifacts/1/{trial['trial_id']}/{artifact['artifact_id']}"
        answer = ask(port, "GET", path)
        assert answer.status == 200
        start = b"\x89PNG" if name.endswith(".png") else b"epoch,score,loss\n1,"
        assert answer.body.startswith(start)


def test_an_artifact_that_is_elsewhere_is_named(port: int, place: Path) -> None:
    """A file that was made on another machine is not found, in one sentence."""
    shown = ask(port, "GET", "/api/studies/1").json["trials"]
    trial = next(trial for trial in shown if trial["artifacts"])
    identity = trial["artifacts"][0]["artifact_id"]
    file = place / LIVE / "artifacts" / identity
    file.rename(place / "away")
    try:
        answer = ask(port, "GET", f"/artifacts/1/{trial['trial_id']}/{identity}")
    finally:
        (place / "away").rename(file)
    assert answer.status == 404
    assert b"lies where the study was run" in answer.body


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/studies", {"study_name": "mine", "directions": ["minimize"]}),
        ("POST", "/api/studies/1/rename", {"study_name": "mine"}),
        ("PUT", "/api/studies/1/note", {"body": "so so", "version": 1}),
        ("PATCH", "/api/studies/1", {}),
        ("DELETE", "/api/studies/1", {"remove_associated_artifacts": True}),
        ("OPTIONS", "/api/studies/1", None),
        ("POST", "/api/artifacts/1", {"file": "data:," + "a" * (1 << 24), "filename": "a.txt"}),
    ],
)
def test_nothing_can_be_changed(
    port: int, place: Path, method: str, path: str, body: dict[str, Any] | None
) -> None:
    """All but reading is answered 405 in one sentence; store and artifacts stay as they are."""
    before = contents(place)
    answer = ask(port, method, path, json.dumps(body).encode() if body is not None else None)
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD"
    assert answer.body.decode().splitlines() == [
        "This dashboard only shows; to edit, stop it and start it with: make dashboard WRITE=1"
    ]
    assert contents(place) == before


def test_edits_are_allowed_where_asked_for(tmp_path: Path, trials: list[Trial]) -> None:
    """With --write a study can be deleted, artifacts and all."""
    keep(project(tmp_path), trials)
    with served(tmp_path, "--write") as port:
        assert ask(port, "DELETE", "/api/studies/1", b"{}").status == 204
        assert ask(port, "GET", "/api/studies").json == {"study_summaries": []}
    assert contents(tmp_path) == ([], {})


def test_trials_that_come_in_are_seen(tmp_path: Path, trials: list[Trial]) -> None:
    """A study that runs, here after the dashboard was started, is shown as it goes."""
    keep(project(tmp_path), trials[:5])
    with served(tmp_path) as port:
        assert len(ask(port, "GET", "/api/studies/1").json["trials"]) == 5
        keep(tmp_path, trials, first=5)
        assert _becomes(port, 12)


def _becomes(port: int, n: int) -> bool:
    """Whether the page has `n` trials within 20 s: the dashboard looks every two."""
    for _ in range(40):
        if len(ask(port, "GET", "/api/studies/1").json["trials"]) == n:
            return True
        time.sleep(0.5)
    return False


def test_a_store_that_fails_is_one_sentence(tmp_path: Path, trials: list[Trial]) -> None:
    """A database that goes away while its dashboard is open is no traceback."""
    keep(tmp_path, trials[:1])
    said: list[str] = []
    environ: dict[str, Any] = {"PATH_INFO": "/dashboard"}
    setup_testing_defaults(environ)
    with opened(sqlite_url(tmp_path / LIVE), read_only=True) as storage:
        app = dashboard.application(storage, write=False)
        storage.engine.dispose()
        shutil.rmtree(tmp_path / LIVE)
        body = list(app(environ, lambda status, _: said.append(status)))
    assert said == ["503 Service Unavailable"]
    assert body == [b"The store does not answer; see to it, then reload this page.\n"]


def refused(folder: Path, *arguments: str, url: str = "") -> str:
    """The one line with which the dashboard does not start."""
    done = subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(url),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.mark.parametrize("write", [[], ["--write"]])
def test_no_store_is_one_line(tmp_path: Path, write: list[str]) -> None:
    """Before the first study there is nothing to show, and nothing is made."""
    project(tmp_path)
    line = refused(tmp_path, "--port", str(free_port()), *write)
    assert "studies/live/handtuned.db is not there; run a study first" in line
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]


def test_a_wrong_store_is_one_line(tmp_path: Path) -> None:
    """A file that is no database, and an address that is none, are named."""
    (project(tmp_path) / "store.db").write_text("garbage " * 200)
    assert "must be an Optuna store" in refused(tmp_path, url="sqlite:///store.db")
    assert "the storage must be a URL" in refused(tmp_path, url="nonsense")


def test_a_port_that_is_taken_is_one_line(port: int, place: Path) -> None:
    """The remedy is the next port."""
    line = refused(place, "--port", str(port))
    assert line == f"error: port {port} is taken; make dashboard PORT={port + 1}\n"
