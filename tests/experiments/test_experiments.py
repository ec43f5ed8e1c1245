"""The experiments as a whole: they are all there, they run, and their pages can be made."""

import csv
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from ruamel.yaml import YAML

from analysis import notebook
from pipeline import params

pytestmark = pytest.mark.slow  # trains them all, and starts a kernel for each page
ROOT = Path(__file__).parents[2]
IDS = [
    "A1",
    "A2",
    "A3",
    "A4",
    "A5",
    "B",
    "C1",
    "C2",
    "C3",
    "C4",
    "C5",
    "C6",
    "C6c",
    "C6d",
    "C6e",
    "C7",
    "C7c",
    "D",
    "E",
]
STAGES = YAML(typ="safe").load(ROOT / "experiments/dvc.yaml")["stages"]
ON_STUDIES = STAGES["notebook"]["foreach"]
LESSONS = STAGES["lesson"]["foreach"]


@pytest.fixture(autouse=True)
def _there(experiments: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(experiments)


def test_every_study_has_its_results() -> None:
    """Each study of params.yaml is exported whole."""
    for key, study in params.load().studies.items():
        with (Path("reports/studies") / key / "trials.csv").open() as file:
            assert len(list(csv.DictReader(file))) == study.trials, key


def test_every_experiment_has_a_line() -> None:
    """published.csv speaks of every experiment; ours is there for each but what needs PyTorch."""
    with Path("reports/tables/published.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(dict.fromkeys(row["id"] for row in rows)) == IDS
    torch = [row for row in rows if not row["ours"]]
    assert all("torch" in row["cause"].lower() for row in torch), torch


@pytest.mark.parametrize("name", ON_STUDIES)
def test_notebook_on_studies_runs(experiments: Path, name: str) -> None:
    """Each page can be made, with an answer at its end and pictures that say what they show."""
    notebook.execute(name)
    cells = nbformat.read(experiments / f"reports/notebooks/{name}.ipynb", as_version=4).cells
    said = [output for cell in cells for output in cell.get("outputs", [])]
    assert all(output.output_type != "stream" for output in said)
    pictures = [output for output in said if "image/png" in output.get("data", {})]
    assert all(output.metadata["image/png"]["alt"] for output in pictures)
    assert "text/markdown" in cells[-1].outputs[-1].data


@pytest.mark.parametrize("name", ON_STUDIES)
def test_notebook_without_studies_says_so(
    name: str, experiments: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no study was run yet, a page says which command to run, and does not stop."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(experiments / "data/prepared", tmp_path / "data/prepared")
    shutil.copy(ROOT / "experiments/params.yaml", tmp_path)
    (tmp_path / "reports").mkdir()
    notebook.execute(name)
    text = (tmp_path / f"reports/notebooks/{name}.ipynb").read_text(encoding="utf-8")
    assert re.search(r"python -m (studies|analysis|pipeline) ", text)


def test_every_notebook_has_a_stage() -> None:
    """What lies in experiments/notebooks is executed by `make experiments`, once."""
    sources = sorted(path.stem for path in notebook.TEACHING.glob("*.py"))
    assert sorted([*ON_STUDIES, *LESSONS]) == sources


def test_bare_repro_leaves_the_experiments_alone(tmp_path: Path) -> None:
    """`dvc repro` plans the pipeline's stages; the experiments are asked for by name."""
    for name in ("dvc.yaml", "params.yaml", "experiments"):
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tmp_path / name)
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc/config").write_text("[core]\n    no_scm = true\n    analytics = false\n")
    command = [sys.executable, "-m", "dvc", "stage", "list", "--name-only"]

    def listed(*target: str) -> list[str]:
        asked = subprocess.run(
            [*command, *target], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return asked.stdout.split()

    assert "study@a1" not in listed()
    ours = listed("experiments/dvc.yaml")
    for key in params.load(ROOT / "experiments/params.yaml").studies:
        assert any(stage.endswith(f"study@{key}") for stage in ours), key
