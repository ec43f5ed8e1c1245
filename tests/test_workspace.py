"""A workspace is the project again, with an overlay on its parameters."""

import shutil
from pathlib import Path

import pytest

from pipeline import params, workspace
from pipeline.errors import UserError

ROOT = Path(__file__).parents[1]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of empty files around the real parameters, as the working folder."""
    for name in ("pipeline", "studies/live", "analysis/__pycache__", "workspaces"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("pipeline/old.py", "studies/live/mine.db", "analysis/__pycache__/x.pyc"):
        (tmp_path / name).touch()
    for name in ("dvc.yaml", ".dvcignore"):
        (tmp_path / name).touch()
    for name in ("params.yaml", "params.schema.json", "workspaces/quick.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder: Path) -> set[str]:
    """Every file below a folder, by its path from there."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_overlay_changes_what_it_names(project: Path) -> None:
    """The overlay's values hold in the workspace; all others are those of params.yaml."""
    quick, full = params.load(workspace.make("quick") / "params.yaml"), params.load()
    assert quick.data.sizes.train < full.data.sizes.train
    assert quick.train == full.train
    assert list(quick.studies) == list(full.studies)


@pytest.mark.parametrize(
    ("path", "there"), [("mine.npz", "../../mine.npz"), ("/data/mine.npz", "/data/mine.npz")]
)
def test_data_are_found_where_they_lie(project: Path, path: str, there: str) -> None:
    """A path that params.yaml gives leads to the same file from the workspace's folder."""
    text = Path("params.yaml").read_text()
    Path("params.yaml").write_text(text.replace("path: null", f"path: {path}"))
    data = params.load(workspace.make("quick") / "params.yaml").data
    assert data.path == there


@pytest.mark.parametrize("name", [path.stem for path in (ROOT / "workspaces").glob("*.yaml")])
def test_each_overlay_of_the_project_is_valid(project: Path, name: str) -> None:
    """It fits params.yaml as that is today, and confirms a study that it has."""
    shutil.copy(ROOT / f"workspaces/{name}.yaml", f"workspaces/{name}.yaml")
    found = params.load(workspace.make(name) / "params.yaml")
    assert found.confirm.study in found.studies


def test_null_takes_a_study_away(project: Path) -> None:
    """A workspace need not have every study; a value that may be null becomes null."""
    Path("workspaces/one.yaml").write_text(
        "{studies: {grid: null}, confirm: {baseline: null}, report: {notebooks: [04_winner]}}"
    )
    found = params.load(workspace.make("one") / "params.yaml")
    assert [*found.studies] == ["search", "random", "iterations"]
    assert found.confirm.baseline is None


def test_merge_leaves_shared_mappings_alone(project: Path) -> None:
    """Changing one study's space leaves another that shares it by a YAML anchor as it was."""
    Path("workspaces/one.yaml").write_text(
        "studies: {search: {space: {batch_size: {choices: [8]}}}}"
    )
    studies = params.load(workspace.make("one") / "params.yaml").studies
    assert studies["search"].space["batch_size"].choices == (8,)
    assert studies["random"].space == params.load().studies["random"].space


def test_sources_are_copied_without_caches_or_trials(project: Path) -> None:
    """The workspace holds sources and settings, not the project's trials."""
    assert files(workspace.make("quick")) == {
        *("dvc.yaml", ".dvcignore", ".dvc/config"),
        *("params.yaml", "params.schema.json", "pipeline/old.py"),
    }


def test_second_run_refreshes_sources_and_keeps_results(project: Path) -> None:
    """Sources follow the project, also when a file is gone; trials and reports stay."""
    folder = workspace.make("quick")
    kept = {"studies/live/handtuned.db", "reports/metrics.json", "dvc.lock", "data/raw/x.npy"}
    for name in kept:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    (project / "pipeline/old.py").rename(project / "pipeline/new.py")
    found = files(workspace.make("quick"))
    assert kept <= found
    assert "pipeline/new.py" in found
    assert "pipeline/old.py" not in found


def test_unknown_overlay_names_those_that_exist(project: Path) -> None:
    """A name without an overlay, or one that leaves the folder, is refused."""
    for name in ("slow", "../params"):
        with pytest.raises(UserError, match=r"is not there; overlays: quick$"):
            workspace.make(name)


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ("studies: {search: {trails: 3}}", r"^workspaces/bad.yaml: .*did you mean trials\?$"),
        ("studies: [", r'in "workspaces/bad.yaml", line 1.*; mend the YAML there$'),
        ("", r"^workspaces/bad.yaml must be a mapping"),
    ],
)
def test_bad_overlay_writes_nothing(project: Path, overlay: str, message: str) -> None:
    """A mistake in an overlay is named in one line and leaves no workspace behind."""
    Path("workspaces/bad.yaml").write_text(overlay)
    with pytest.raises(UserError, match=message):
        workspace.make("bad")
    assert not Path("workspaces/bad").exists()
