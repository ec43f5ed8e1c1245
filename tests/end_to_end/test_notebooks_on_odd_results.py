"""Notebooks on odd or partial results: they say in words what cannot be shown, and never stop."""

import json
import runpy
import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from analysis import notebook, report, showing
from analysis.verdicts import judge
from pipeline.nn import checkpoint
from pipeline.nn.mlp import MLP

pytestmark = pytest.mark.slow  # each starts a kernel
PUBLISHED = sorted(path.stem for path in notebook.SOURCES.glob("*.py"))
MADE_UP = runpy.run_path(str(Path(__file__).parents[1] / "plots" / "made_up.py"))
SPACE, draws, write_study = MADE_UP["SPACE"], MADE_UP["draws"], MADE_UP["write_study"]


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made-up results of a whole project; to be copied only."""
    reports: Path = MADE_UP["write_all"](tmp_path_factory.mktemp("made-up"))
    return reports


@pytest.fixture
def reports(made_up: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the made-up results that a test may change."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(made_up, tmp_path / "reports"))


def told(name: str, reports: Path) -> str:
    """Run a notebook; all that its outputs say, alternative texts too."""
    notebook.execute(name, reports)
    cells = nbformat.read(reports / "notebooks" / f"{name}.ipynb", as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    assert {output.output_type for output in outputs} <= {"display_data", "execute_result"}
    pictures = [o.metadata["image/png"]["alt"] for o in outputs if "image/png" in o.data]
    return "\n".join([*pictures, *(o.data.get("text/markdown", "") for o in outputs)])


def change(path: Path, **entries: object) -> None:
    """Change entries of a JSON file."""
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def studies_only(reports: Path) -> None:
    """Keep what `python -m studies run` writes, and nothing that later stages do."""
    for name in ("confirm", "final", "train"):
        shutil.rmtree(reports / name)


def search_only(reports: Path) -> None:
    """Keep one search alone."""
    studies_only(reports)
    for key in ("random", "grid", "iterations"):
        shutil.rmtree(reports / "studies" / key)


def variants_only(reports: Path) -> None:
    """Keep fixed variants alone, which are then taken for the search."""
    studies_only(reports)
    for key in ("search", "random", "grid"):
        shutil.rmtree(reports / "studies" / key)


def one_parameter(reports: Path) -> None:
    """Search the learning rate alone."""
    search_only(reports)
    path = reports / "studies" / "search" / "study.json"
    change(path, space={"learning_rate": SPACE["learning_rate"]})


def pruned_random(reports: Path) -> None:
    """Give the random search a pruner."""
    shutil.rmtree(reports / "studies" / "random")
    write_study(reports, "random", draws(2), space=SPACE, sampler="random", pruned=0.5)


def lists_in_the_grid(reports: Path) -> None:
    """Cross hidden sizes of one and of two layers."""
    folder = reports / "studies" / "grid"
    names = {16: "[16]", 32: "[32, 16]", 64: "[64, 32, 16]"}
    trials = pd.read_csv(folder / "trials.csv")
    trials["hidden_size"] = trials["hidden_size"].map(names)
    trials.to_csv(folder / "trials.csv", index=False)
    space = json.loads((folder / "study.json").read_text())["space"]
    space["hidden_size"]["choices"] = [json.loads(name) for name in names.values()]
    change(folder / "study.json", space=space)


def no_hidden_layer(reports: Path) -> None:
    """Let a network without hidden layers win."""
    mlp, ones = MLP((784, 10)), np.ones(784, np.float32)
    theta = np.ones(mlp.size, np.float32)
    model = checkpoint.Model(mlp, theta, 0 * ones, ones, tuple("0123456789"))
    checkpoint.save(reports / "final" / "model.npz", model)


def no_mistakes(reports: Path) -> None:
    """Let the saved network read every test image."""
    path = reports / "final" / "predictions.csv"
    predictions = pd.read_csv(path)
    predictions.assign(predicted=predictions["label"]).to_csv(path, index=False)
    with np.load(reports / "final" / "samples.npz") as samples:
        arrays = dict(samples)
    np.savez(reports / "final" / "samples.npz", **arrays | {"predicted": arrays["label"]})


@pytest.mark.parametrize(
    ("name", "become", "words"),
    [
        ("01_search", studies_only, "one training each"),
        ("01_search", variants_only, "No trial of a search finished."),
        ("01_search", pruned_random, "to draw: pruned trials are not independent draws."),
        ("01_search", search_only, "No random search in the same space was run."),
        ("02_iteration_history", studies_only, "The gradient check caught wrong gradient"),
        ("02_iteration_history", search_only, showing.NO_VARIANTS),
        ("03_heat_maps", studies_only, showing.NO_VERDICTS),
        ("03_heat_maps", variants_only, "to draw: fewer than two searched parameters."),
        ("03_heat_maps", one_parameter, "to draw: fewer than two searched parameters."),
        ("03_heat_maps", lists_in_the_grid, "to draw: hidden units in lists have no common scale"),
        ("04_winner", studies_only, f"{showing.NO_CONFIRM}\n\n{showing.NO_FINAL}"),
        ("05_mistakes", studies_only, showing.NO_FINAL),
        ("05_mistakes", no_hidden_layer, "to draw: no hidden unit sees a picture."),
        ("05_mistakes", no_mistakes, "to draw: no test image is misread."),
    ],
)
def test_what_cannot_be_shown_is_said(
    reports: Path, name: str, become: Callable[[Path], None], words: str
) -> None:
    """The notebook runs to its end, and a reader learns what is missing and what makes it."""
    become(reports)
    assert words in told(name, reports)


def test_the_duel_is_told_as_in_the_report(reports: Path) -> None:
    """Where the best of both were trained again, fresh seeds decide, as on the page."""
    judge.write(reports)
    duel = report.duel(judge.read(reports))
    assert "mean over fresh seeds" in duel
    said = told("01_search", reports)
    assert said.count(duel) >= 2  # where it is asked, and in the answer
    assert "one training each" not in said


def test_rules_are_told_with_their_remedy(reports: Path) -> None:
    """What fired says what to do; what is clear stands alone; no verdicts name the command."""
    assert showing.rule("tied_leaders") == showing.NO_VERDICTS
    said = [
        judge.Verdict("tied_leaders", "search", "fired", 1.0, "Two tie.", "Take one"),
        judge.Verdict("best_at_edge", "search", "clear", 1.0, "All inside.", ""),
    ]
    content = json.dumps({"verdicts": [verdict._asdict() for verdict in said]})
    (reports / "verdicts.json").write_text(content)
    assert showing.rule("tied_leaders") == "Two tie. Take one."
    assert showing.rule("best_at_edge") == "All inside."


def test_only_single_networks_have_intervals_of_wilson() -> None:
    """Means over seeds count the seeds too, and the notebook says so."""
    text = (notebook.SOURCES / "01_search.py").read_text(encoding="utf-8").replace("\n# ", " ")
    assert "Those of single networks are Wilson's" in text
    assert "those of means over seeds count the seeds too" in text


@pytest.mark.parametrize("name", PUBLISHED)
def test_notebooks_share_what_shows_a_picture(name: str) -> None:
    """None defines a function of its own, stops a run by an assertion, or prints."""
    text = (notebook.SOURCES / f"{name}.py").read_text(encoding="utf-8")
    assert not [word for word in ("\ndef ", "\nassert ", "print(") if word in text]
