"""The bench of searches: its curves by hand, its rules, and the whole of it on a few images."""

import csv
import itertools
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from benchmarks.search import curves, runs, speed_tables, tables
from benchmarks.search.budgets import Setting
from benchmarks.search.engine import digits, ours, watched
from benchmarks.search.halving import parameters
from benchmarks.search.held_out import CPU_SECONDS, HELD_OUT
from benchmarks.search.runs import Run, Step
from benchmarks.search.speed import Timing, random_points
from benchmarks.search.ways import WAYS
from pipeline import dataset, params
from pipeline.prepare import prepare
from pipeline.settings import Data, Sizes
from pipeline.sources import Raw
from pipeline.workspace import merged

ROOT = Path(__file__).parents[2]
TINY = {
    "trainer": {"epochs": 3},
    "studies": {
        "search": {
            "trials": 6,
            "round_size": 3,
            "pruner": {"warmup_epochs": 1, "startup_trials": 2},
            "space": {"hidden_size": {"high": 32}, "batch_size": {"choices": [32, 64]}},
        },
        "random": {"trials": 8, "round_size": 4},
    },
}
STEPS = (
    Step(0, "COMPLETE", 4, 2.0, 0.80, 0.75),
    Step(1, "PRUNED", 1, 0.5, 0.99, math.nan),
    Step(2, "COMPLETE", 4, 2.0, 0.70, 0.90),
    Step(3, "COMPLETE", 4, 2.0, 0.90, 0.85),
)


def run(way: str, seed: int, *accuracies: float) -> Run:
    """A search whose every trial takes four epochs and a second, and is better than the last."""
    steps = [Step(n, "COMPLETE", 4, 1.0, n / 10, each) for n, each in enumerate(accuracies)]
    return Run(way, seed, 1.0, steps)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with small studies, and noise of ten classes, prepared."""
    folder = tmp_path_factory.mktemp("project")
    images = np.random.default_rng(1).integers(256, size=(400, 28, 28), dtype=np.uint8)
    raw = Raw(images, np.repeat(np.arange(10, dtype=np.uint8), 40), tuple(map(str, range(10))))
    data = Data(sizes=Sizes(train=200, val=100, test=100))
    prepare(raw, {"source": "noise", "sha256": ""}, data, folder / "data/prepared")
    yaml = YAML()
    yaml.representer.ignore_aliases = lambda _: True
    with (folder / "params.yaml").open("w") as file:
        yaml.dump(merged(yaml.load(ROOT / "params.yaml"), TINY), file)
    return folder


@pytest.fixture
def here(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same folder, to work in."""
    monkeypatch.chdir(project)
    return project


def test_curve_follows_the_best_validated_and_never_a_pruned_trial() -> None:
    """Work adds up over all trials; the held-out accuracy is that of the one chosen so far."""
    frame = curves.curve(Run("random", 1, 9.0, STEPS))
    assert frame["epochs"].tolist() == [4, 5, 9, 13]
    assert frame["cpu_seconds"].tolist() == [2.0, 2.5, 4.5, 6.5]
    assert frame["val_accuracy"].tolist() == [0.8, 0.8, 0.8, 0.9]
    assert frame["held_out_accuracy"].tolist() == [0.75, 0.75, 0.75, 0.85]


def test_reaching_is_at_the_target_for_the_first_time() -> None:
    """The work of the first trial at the target; never, if none is."""
    frame = curves.curve(Run("random", 1, 9.0, STEPS))
    assert curves.reached(frame, 0.75) == 4
    assert curves.reached(frame, 0.85, "cpu_seconds") == 6.5
    assert curves.reached(frame, 0.86) == math.inf


def test_band_is_of_step_curves() -> None:
    """Quartiles hold between trials; a search that ended keeps its last value."""
    searches = [run("random", 1, 0.1, 0.5), run("random", 2, 0.2), run("random", 3, 0.3, 0.4, 0.9)]
    band = curves.band([curves.curve(each) for each in searches])
    assert band.work.tolist() == [4, 8]  # the median search ends there
    assert band.median.tolist() == [0.2, 0.4]
    assert band.low.tolist() == pytest.approx([0.15, 0.3])
    assert (band.height(3), band.height(7), band.height(100)) == (0.0, 0.2, 0.4)
    assert (band.reached(0.3), band.reached(0.41)) == (8, math.inf)
    assert band.reached(0.4 + 1e-12) == 8  # rounding is no miss


def test_share_is_of_all_that_random_trains() -> None:
    """The aim divides the epochs until our median is there by those of the whole baseline."""
    searches = [run("random", 1, 0.1, 0.2, 0.5, 0.5), run("tpe_pruned", 1, 0.1, 0.5)]
    by_way = tables.drawn(searches)
    assert list(by_way) == ["tpe_pruned", "random"]
    assert tables.target(by_way) == 0.5
    assert tables.share_needed(by_way, "tpe_pruned") == 8 / 16
    assert tables.share_needed(by_way, "random") == 12 / 16


def test_searches_read_back(tmp_path: Path) -> None:
    """A search's file gives it back, trials that may not be chosen too."""
    path = runs.place(tmp_path, "random", 3)
    runs.write(path, Run("random", 3, 1.5, STEPS))
    back = runs.read(path)
    assert back[:3] == ("random", 3, 1.5)
    assert str(back.steps) == str(list(STEPS))


def test_watching_changes_no_score(here: Path) -> None:
    """Scores are the objective's own; the last epoch alone is tested, and each is timed."""
    study = digits(params.load(), 1)
    point = study.plan.proposer.propose(range(1), [])[0].params
    reports = list(watched(study, dataset.load("test"))(point, 5))
    assert [r.score for r in reports] == [r.score for r in study.objective(point, 5)]
    tested = [math.isfinite(report.metrics[HELD_OUT]) for report in reports]
    assert tested == [False, False, True]
    assert all(report.metrics[CPU_SECONDS] > 0 for report in reports)


def test_no_search_sees_held_out_images(here: Path) -> None:
    """With other held-out labels every trial is the same but for its held-out accuracy."""
    honest = Setting(params.load(), dataset.load("test"), 1)
    no_class = np.full_like(honest.held_out.labels, 99)
    never_right = honest._replace(held_out=honest.held_out._replace(labels=no_class))
    before, after = (
        ours(setting, 1, sampler="tpe", budget="search", pruned=True)
        for setting in (honest, never_right)
    )
    blind = [step._replace(cpu_seconds=0, held_out_accuracy=0) for step in before]
    assert blind == [step._replace(cpu_seconds=0, held_out_accuracy=0) for step in after]
    assert {step.held_out_accuracy for step in after if step.state == "COMPLETE"} == {0.0}
    assert 0.0 not in {step.held_out_accuracy for step in before}


def test_pruning_spares_work_on_the_same_points(here: Path) -> None:
    """Random search, pruned or not, has the same trials; pruned ones are the same, cut short."""
    setting = Setting(params.load(), dataset.load("test"), 1)
    whole, cut = (
        ours(setting, 1, sampler="random", budget="random", pruned=pruned)
        for pruned in (False, True)
    )
    assert len(whole) == len(cut) == 8
    assert sum(step.epochs for step in cut) < sum(step.epochs for step in whole) == 24
    for a, b in zip(whole, cut, strict=True):
        assert b.state == "PRUNED" or a._replace(cpu_seconds=0) == b._replace(cpu_seconds=0)


def test_halving_draws_from_the_same_space(here: Path) -> None:
    """A table for each optimizer, with the study's ranges in scikit-learn's words."""
    loaded = params.load()
    space = parameters(loaded.study("search"), loaded.base_of("search"))
    kinds = [(each["solver"], each["momentum"]) for each in space]
    assert kinds == [(["sgd"], [0.0]), (["sgd"], [0.9]), (["adam"], [0.9])]
    for each in space:
        assert each["batch_size"] == [32, 64]
        assert (min(each["hidden_layer_sizes"]), max(each["hidden_layer_sizes"])) == (16, 32)
        assert each["learning_rate_init"][500] == pytest.approx(1e-2)  # half-way on a log scale
    assert not set(itertools.chain(*space)) & {"learning_rate", "decay_epochs"}


def test_ratio_of_speeds_is_taken_within_a_repeat() -> None:
    """Ours over the other's epochs a second, so that a slow repeat weighs as any other."""
    timings = [
        *(Timing(1, "engine", "ours", 100, 10.0), Timing(1, "optuna", "sklearn", 100, 40.0)),
        *(Timing(2, "engine", "ours", 100, 100.0), Timing(2, "optuna", "sklearn", 100, 200.0)),
    ]
    assert speed_tables.ratios(timings, "optuna", "sklearn").tolist() == [4.0, 2.0]


def test_points_of_a_timed_search_are_the_same_every_time() -> None:
    """More points begin with those of fewer."""
    assert random_points(5) == random_points(8)[:5]


def bench(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the bench in a folder, with one worker."""
    command = [sys.executable, "-m", "benchmarks.search", "--jobs", "1", *options]
    return subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_bench_goes_on_where_it_stopped(project: Path, tmp_path: Path) -> None:
    """Tables, curves and a picture of two seeds; a second run trains what is missing alone."""
    out = ("--out", str(tmp_path), "--repeats", "0")
    done = bench(project, "--seeds", "2", *out)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("seed 2") == len(WAYS)
    assert "epochs to random's final median ÷ random's epochs" in done.stdout
    with (tmp_path / "curves.csv").open(encoding="utf-8", newline="") as file:
        assert {(row["way"], row["work"]) for row in csv.DictReader(file)} == set(
            itertools.product(WAYS, ("epochs", "cpu_seconds"))
        )
    assert (tmp_path / "search.png").read_bytes().startswith(b"\x89PNG")
    random = runs.read(runs.place(tmp_path / "runs", "random", 2))
    assert [step.epochs for step in random.steps] == [3] * 8
    runs.place(tmp_path / "runs", "optuna", 1).unlink()
    again = bench(project, "--seeds", "2", *out)
    assert again.returncode == 0, again.stderr
    assert again.stderr.count("seed") == again.stderr.count("plain Optuna") == 1
    other = bench(project, "--seeds", "2", "--trials", "3", *out)
    assert other.returncode == 1
    assert other.stderr.startswith("error: ")
    assert "must be of today's settings" in other.stderr


@pytest.mark.slow
def test_bench_times_whole_searches(project: Path, tmp_path: Path) -> None:
    """Every driver with every trainer trains all epochs; the ratios are shown with the aim."""
    small = ("--seeds", "0", "--repeats", "1", "--points", "3", "--epochs", "2")
    done = bench(project, *small, "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "÷ plain Optuna over scikit-learn" in done.stdout
    with (tmp_path / "speed.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["driver"], row["trainer"]) for row in rows} >= set(
        itertools.product(("engine", "optuna"), ("ours", "sklearn"))
    )
    assert {row["epochs"] for row in rows} == {"6"}


@pytest.mark.slow
def test_no_images_are_one_line(project: Path, tmp_path: Path) -> None:
    """Without prepared images the bench says what to run."""
    (tmp_path / "params.yaml").write_bytes((project / "params.yaml").read_bytes())
    done = bench(tmp_path, "--seeds", "1")
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "python -m pipeline prepare" in done.stderr
    assert done.stderr.count("\n") == 1
