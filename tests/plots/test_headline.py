"""What runs on all of MNIST came to: facts from results, a page from facts, sources committed."""

import csv
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pandas import DataFrame

from analysis import headline, load
from pipeline.errors import UserError

ROOT = Path(__file__).parents[2]
SEED_SECONDS = {"tuned": [60.0, 62.0, 64.0], "write_up": [90.0] * 3, "PyTorch": [7.5]}


@pytest.fixture
def project(reports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A committed project in which both workspaces hold the made-up results, as the folder."""
    for run in headline.RUNS:
        shutil.copytree(reports, tmp_path / "workspaces" / run / "reports")
        _complete(tmp_path / "workspaces" / run)
    for source in headline.SOURCES:
        (tmp_path / source).touch()
    (tmp_path / ".gitignore").write_text("workspaces/*/\n")
    monkeypatch.chdir(tmp_path)
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    for arguments in (("init", "-q"), ("add", "-A"), (*who, "commit", "-qm", "all")):
        subprocess.run(["git", *arguments], check=True)
    return tmp_path


def _complete(workspace: Path) -> None:
    """Write what the made-up results lack of a real run's."""
    final = workspace / "reports/final"
    networks = final / "networks.csv"
    networks.write_text(networks.read_text().replace("k nearest", "PyTorch"))
    rows = [(name, i, s) for name, each in SEED_SECONDS.items() for i, s in enumerate(each)]
    with (final / "timing.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("configuration", "seed", "seconds"), *rows])
    (final / "environment.json").write_text('{"numpy": "2.4", "blas_kernels": "SkylakeX"}')
    for path in workspace.glob("reports/**/study.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"fingerprint": "0123abcd"}))
    tables = workspace / "reports/tables"
    tables.mkdir()
    for name in ("cost", "final"):
        (tables / f"{name}.csv").touch()
    figures = workspace / "reports/figures"
    figures.mkdir()
    for name in headline.FIGURES:
        (figures / f"{name}.png").touch()
    (workspace / "data/prepared").mkdir(parents=True)
    sizes = {"train": 50000, "val": 10000, "test": 10000}
    meta = {"sizes": sizes, "source_sha256": {"train-images": "ab"}}
    (workspace / "data/prepared/meta.json").write_text(json.dumps(meta))


def written() -> dict[str, Any]:
    """What results.json holds."""
    headline.main()
    found: dict[str, Any] = json.loads(Path("docs/results.json").read_text())
    return found


def test_the_headline_is_the_mean_over_seeds(project: Path) -> None:
    """With its interval, and how many seeds and images it is of."""
    found, right = written(), load.final(project / "workspaces/full/reports").right()
    assert found["test_accuracy"]["mean"] == pytest.approx(right.mean())
    assert found["test_accuracy"]["low"] < right.mean() < found["test_accuracy"]["high"]
    assert (found["seeds"], found["images"]) == ([1, 2, 3], 1000)
    assert found["hashes"]["sources"].keys() == {*headline.SOURCES}


def test_seconds_are_those_of_one_training(project: Path) -> None:
    """The mean over a configuration's seeds; the sum is what the stage took."""
    found = written()
    seconds = {model["configuration"]: model["seconds"] for model in found["models"]}
    assert seconds == {"tuned": 62.0, "write_up": 90.0, "PyTorch": 7.5}
    (final,) = (row for row in found["time"]["full"] if row["stage"] == "final")
    assert final["train_seconds"] == round(sum(map(sum, SEED_SECONDS.values())))


def test_tables_have_digests_but_those_with_seconds(project: Path) -> None:
    """A second run can be held against them."""
    tables = written()["hashes"]["tables"]["full"]
    assert {"studies/search/trials.csv", "tables/final.csv"} <= tables.keys()
    assert not any(name.endswith("timing.csv") for name in tables)
    assert headline.SECONDS not in tables


def test_the_page_says_what_the_facts_say(project: Path) -> None:
    """Mean, interval, every model and every stage; no value is missing."""
    found, text = written(), Path("docs/results.md").read_text()
    mean = f"{100 * found['test_accuracy']['mean']:.2f} %"
    assert f"**{mean}** of the 1,000 test images" in text
    for model in found["models"]:
        assert f"| {model['configuration'].replace('_', ' ')} |" in text
    for run, rows in found["time"].items():
        assert all(f"| {run}: {row['stage']} |" in text for row in rows)
    assert not re.search(r"None|nan|Undefined", text)
    pictures = re.findall(r"\]\((pictures/[^)]+)\)", text)
    assert pictures
    assert all((project / "docs" / picture).is_file() for picture in pictures)


@pytest.mark.parametrize("change", ["pipeline", "workspaces/full.yaml", "requirements.lock"])
def test_sources_that_are_not_committed_are_refused(project: Path, change: str) -> None:
    """One line names the file; nothing is written."""
    (project / change).write_text("changed")
    with pytest.raises(UserError, match=f"must be committed, but {change} is not; commit it"):
        headline.main()
    assert not (project / "docs").exists()


def test_a_run_that_is_missing_is_named(project: Path) -> None:
    """With the command that makes it."""
    shutil.rmtree(project / "workspaces/stretch/reports/final")
    with pytest.raises(UserError, match=r"stretch/reports/final must hold a .*; run make stretch"):
        headline.main()


def test_a_picture_that_is_missing_is_named(project: Path) -> None:
    """With the command that makes it; nothing is half written."""
    (project / f"workspaces/full/reports/figures/{headline.FIGURES[-1]}.png").unlink()
    with pytest.raises(UserError, match=r"worst_mistakes\.png must be there, .*; run make full"):
        headline.main()
    assert not (project / "docs").exists()


def test_a_run_without_torch_is_refused(project: Path) -> None:
    """The page promises it beside ours; the remedy is named."""
    path = project / "workspaces/full/reports/final/networks.csv"
    path.write_text(path.read_text().replace("PyTorch", "another"))
    with pytest.raises(UserError, match=r"must have PyTorch's network .* run `make torch`"):
        headline.main()


def test_a_pause_between_two_runs_does_not_count() -> None:
    """A round that was asked for again after an hour took what its two parts took."""
    timing = DataFrame({"asked": [0.0, 0.0, 3600.0], "told": [10.0, 20.0, 3605.0]})
    assert headline.wall(timing) == 25.0


def test_without_git_there_are_no_sources_to_name(project: Path) -> None:
    """One line says so."""
    shutil.rmtree(project / ".git")
    with pytest.raises(UserError, match=r"git must know the sources, but says: .*not a git"):
        headline.main()


def test_the_published_page_is_that_of_the_published_facts() -> None:
    """docs/results.md is written from docs/results.json and from nothing else."""
    found = json.loads((ROOT / "docs/results.json").read_text(encoding="utf-8"))
    assert (ROOT / "docs/results.md").read_text(encoding="utf-8") == headline.told(found)


def test_the_published_headline_is_what_was_aimed_at() -> None:
    """At least 98.4 % over five seeds, on all of MNIST, with one or two hidden layers."""
    found = json.loads((ROOT / "docs/results.json").read_text(encoding="utf-8"))
    assert found["test_accuracy"]["mean"] >= 0.984
    assert (len(found["seeds"]), found["images"]) == (5, 10000)
    assert len(found["configuration"]["hidden_size"]) in (1, 2)
    assert np.isclose(sum(found["sizes"].values()), 70000)


def test_the_readme_tells_the_published_headline() -> None:
    """Its first table has each model's accuracy as docs/results.json does."""
    found = json.loads((ROOT / "docs/results.json").read_text(encoding="utf-8"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    told = [found["test_accuracy"]["mean"], found["stretch"]["test_accuracy"]["mean"]]
    told += [model["test_accuracy"] for model in found["models"]]
    for accuracy in told:
        assert f"{100 * accuracy:.2f} %" in readme
