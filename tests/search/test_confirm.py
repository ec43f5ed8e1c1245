"""The best configurations trained again, and the winner tested."""

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studies import confirm, exported, peers
from studies.build import build
from tests.search.conftest import command_in
from tests.search.toys import trained

pytestmark = pytest.mark.slow
TABLES = ("trials.csv", "history.csv", "study.json", "correct.npy")
FINAL = (
    *("correct.npy", "history.csv", "metrics.json", "model.npz", "networks.csv"),
    *("predictions.csv", "samples.npz"),
)
Run = Callable[..., subprocess.CompletedProcess[str]]


def done(result: subprocess.CompletedProcess[str]) -> str:
    """What a command said that went well."""
    assert result.returncode == 0, result.stderr
    return result.stdout


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table."""
    return list(csv.DictReader(path.read_text().splitlines()))


def about(project: Path, folder: str = "confirm") -> dict[str, Any]:
    """What a study.json says."""
    found: dict[str, Any] = json.loads((project / "reports" / folder / "study.json").read_text())
    return found


@pytest.fixture(scope="module")
def finished(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project after its search, confirm and final stages; to be read only."""
    folder = tmp_path_factory.mktemp("finished") / "project"
    shutil.copytree(prepared, folder)
    for command in ("run search", "confirm", "final"):
        done(command_in(folder, *command.split()))
    return folder


@pytest.fixture
def project(finished: Path, tmp_path: Path) -> Path:
    """A copy of that project for one test."""
    return Path(shutil.copytree(finished, tmp_path / "project"))


def with_baseline(project: Path) -> None:
    """Name the random search as the baseline."""
    path = project / "params.yaml"
    path.write_text(path.read_text().replace("\n  baseline:", "\n  baseline: random #", 1))


def test_candidates_are_the_best_of_each_kind(project: Path, studies: Run) -> None:
    """The best two of the search, what was pruned highest, the best of the baseline; each seed."""
    with_baseline(project)
    done(studies("run", "random"))
    assert "confirm: 12 trials" in done(studies("confirm"))
    for role, key, state, most in (
        ("search", "search", "COMPLETE", 2),
        ("pruned", "search", "PRUNED", 1),
        ("baseline", "random", "COMPLETE", 1),
    ):
        there = rows(project / f"reports/studies/{key}/trials.csv")
        ordered = sorted(
            (row for row in there if row["state"] == state and row["feasible"] == "1"),
            key=lambda row: -float(row["val_accuracy"]),
        )
        found = [each for each in about(project)["candidates"] if each["role"] == role]
        assert [each["number"] for each in found] == [int(r["number"]) for r in ordered[:most]]
        assert [each["val_accuracy"] for each in found] == [
            float(row["val_accuracy"]) for row in ordered[:most]
        ]
    trials = rows(project / "reports/confirm/trials.csv")
    assert [row["seed"] for row in trials] == ["11", "12", "13"] * 4
    earlier = {row["seed"] for row in rows(project / "reports/studies/search/trials.csv")}
    assert earlier.isdisjoint(row["seed"] for row in trials)


def test_winner_has_the_best_mean(finished: Path) -> None:
    """The configuration with the best mean over the seeds wins, and is what is tested."""
    said, means = about(finished), dict[str, float]()
    for row in rows(finished / "reports/confirm/trials.csv"):
        means[row["variant"]] = means.get(row["variant"], 0) + float(row["val_accuracy"]) / 3
    assert said["winner"]["variant"] == max(means, key=means.__getitem__)
    assert said["winner"]["val_accuracy"] == pytest.approx(max(means.values()))
    metrics = json.loads((finished / "reports/final/metrics.json").read_text())
    (won,) = (c for c in said["candidates"] if c["variant"] == said["winner"]["variant"])
    assert (metrics["study"], metrics["number"]) == (won["study"], won["number"])
    assert metrics["settings"]["learning_rate"] == won["params"]["learning_rate"]
    assert metrics["settings"]["hidden_size"] == [won["params"]["hidden_size"]]


def test_first_of_equals_wins() -> None:
    """Of two configurations with the same mean the first named wins."""
    from optuna.distributions import CategoricalDistribution

    from studies.proposals import Listed

    names = CategoricalDistribution(["a", "b"])
    points = [({"variant": name}, seed) for name in ("b", "a") for seed in (1, 2)]
    trials = [trained(p) for p in Listed(points, {"variant": names}).propose(range(4), [])]
    assert trials[0].value == trials[2].value
    assert confirm.winner(trials)["variant"] == "b"


def test_confirmation_is_repeatable(project: Path, studies: Run) -> None:
    """One worker and three make the same tables, and `verify`, `status`, `list` know the study."""
    before = [(project / "reports/confirm" / name).read_bytes() for name in TABLES]
    shutil.rmtree(project / "reports/confirm")
    assert "9 trials are kept" in done(studies("confirm"))
    shutil.rmtree(project / "studies/live")
    done(studies("confirm", jobs=3))
    assert [(project / "reports/confirm" / name).read_bytes() for name in TABLES] == before
    assert "all came out as recorded" in done(studies("verify", "confirm"))
    assert "confirm" in done(studies("status"))
    assert "current" in done(studies("list"))
    assert "nothing to prune" in done(studies("prune"))


def test_confirmed_again_when_the_search_changes(project: Path, studies: Run) -> None:
    """Other candidates are another study; results of other settings are refused, by name."""
    before = (project / "reports/final/metrics.json").read_bytes()
    path = project / "params.yaml"
    path.write_text(path.read_text().replace("l2: 0.0", "l2: 0.01", 1))
    for command in ("confirm", "final"):
        said = studies(command).stderr
        assert said.startswith("error: reports/studies/search/study.json must be of search-")
        assert said.endswith("run `python -m studies run search`\n")
    done(studies("run", "search"))
    said = studies("final").stderr
    assert said.startswith("error: reports/confirm/study.json must be of confirm-")
    assert said.endswith("run `python -m studies confirm`\n")
    assert (project / "reports/final/metrics.json").read_bytes() == before


def test_final_tests_winner_published_and_peers(project: Path, studies: Run) -> None:
    """Each configuration over each seed, then scikit-learn's, all on the same test images."""
    folder = project / "reports/final"
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        (*FINAL, "timing.csv", "environment.json")
    )
    networks = rows(folder / "networks.csv")
    assert [(n["configuration"], n["kind"], n["seed"]) for n in networks] == [
        *[("tuned", "tuned", seed) for seed in "12"],
        *[("write_up", "published", seed) for seed in "12"],
        ("logistic regression", "peer", ""),
        ("k nearest neighbors", "peer", ""),
        ("scikit-learn MLPClassifier", "peer", ""),
    ]
    assert {row["train_images"] for row in networks} == {"300"}
    assert {row["split"] for row in networks} == {"test"}
    assert {row["parameters"] for row in networks if row["kind"] == "published"} == {"25450"}
    bits = np.unpackbits(np.load(folder / "correct.npy"), axis=1, count=100)
    assert bits.sum(axis=1).tolist() == [int(row["correct"]) for row in networks]
    for row in networks:
        assert float(row["test_accuracy"]) == int(row["correct"]) / 100 > 0.15
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["correct"] == [int(row["correct"]) for row in networks[:2]]
    assert metrics["test_accuracy"] == pytest.approx(sum(metrics["correct"]) / 200)
    predictions = rows(folder / "predictions.csv")  # of the first seed
    assert [p["label"] == p["predicted"] for p in predictions] == bits[0].astype(bool).tolist()
    curves = {(row["configuration"], row["seed"]) for row in rows(folder / "history.csv")}
    assert curves == {(n, s) for n in ("tuned", "write_up") for s in "12"}
    before = [(folder / name).read_bytes() for name in FINAL]
    assert "mean of 2 seeds" in done(studies("final", jobs=2))
    assert [(folder / name).read_bytes() for name in FINAL] == before


def test_final_trains_as_long_as_early_stopping_kept(project: Path, studies: Run) -> None:
    """Without validation images to stop by, the epochs kept on average are trained."""
    path = project / "params.yaml"
    text = path.read_text().replace("patience:", "patience: 2 #", 1)
    path.write_text(text.replace("epochs: 4", "epochs: 25", 1))
    done(studies("run", "search"))
    done(studies("confirm"))
    done(studies("final"))
    metrics = json.loads((project / "reports/final/metrics.json").read_text())
    won = about(project)["winner"]
    kept = [
        int(row["epoch_kept"])
        for row in rows(project / "reports/confirm/trials.csv")
        if row["variant"] == won["variant"]
    ]
    assert metrics["epochs"] == won["epoch"] == round(sum(kept) / 3) < 25
    networks = rows(project / "reports/final/networks.csv")
    assert [row["epochs"] for row in networks][:4] == [str(won["epoch"])] * 2 + ["4"] * 2


def test_nothing_before_final_opens_the_test_split(project: Path, studies: Run) -> None:
    """With the test split deleted all that goes before `final` gives the same bytes."""
    folders = (project / "reports/studies/search", project / "reports/confirm")
    before = {folder / n: (folder / n).read_bytes() for folder in folders for n in TABLES}
    shutil.rmtree(project / "studies/live")
    shutil.rmtree(project / "reports")
    for path in (project / "data/prepared/test").iterdir():
        path.unlink()
    for key in ("search", "random"):
        done(studies("run", key))
    command = [sys.executable, "-m", "pipeline", "train"]
    subprocess.run(command, cwd=project, check=True, capture_output=True)
    done(studies("confirm"))
    assert {path: path.read_bytes() for path in before} == before
    assert "data/prepared/test/images.npy is missing" in studies("final").stderr


def test_points_are_read_back_as_they_were(
    project: Path, studies: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From trials.csv come the very parameters: numbers, lists, nulls, what is not asked for."""
    path = project / "params.yaml"
    space = """space: {optimizer: {type: categorical, choices: [sgd, momentum]},
      momentum: {type: float, low: 0.5, high: 0.99, when: {optimizer: [momentum]}},
      clip: {type: categorical, choices: [null, 1.0]},
      hidden_size: {type: categorical, choices: [16, [16, 8]]}}
  other:"""
    text = path.read_text()
    first = text.index("  random:")
    odd = f"  odd:\n    sampler: random\n    seed: 3\n    trials: 8\n    {space}\n"
    odd = odd.replace("\n  other:", "")
    path.write_text(text[:first] + odd + text[first:])
    done(studies("run", "odd"))
    monkeypatch.chdir(project)
    from pipeline import params

    study = build(params.load(), "odd")
    record = exported.read("odd")
    points = [exported.point(study, row) for row in record.rows]
    assert points == [dict(p.params) for p in study.plan.proposer.propose(range(8), [])]
    assert {p.get("clip") for p in points} == {None, 1.0}
    assert 0 < sum("momentum" in point for point in points) < 8


def test_no_study_takes_a_stage_s_name(project: Path, studies: Run) -> None:
    """A study called confirm is refused: it would be taken for the stage's own."""
    path = project / "params.yaml"
    path.write_text(path.read_text().replace("  random:", "  confirm:", 1))
    assert studies("run", "search").stderr == (
        "error: params.yaml: studies.confirm is the name of a stage; rename the study\n"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "the winner's settings"),
        ({"initializer": "he"}, "other initial weights"),
        ({"activation": "gelu"}, "ReLU for gelu"),
        ({"optimizer": "rmsprop"}, "Adam for rmsprop"),
        ({"schedule": "cosine", "dropout": 0.5}, "the rate constant, no dropout"),
        ({"clip_norm": 1.0}, "gradients not clipped"),
        ({"output": "sigmoid", "biases": False}, "softmax and cross-entropy, with biases"),
    ],
)
def test_peers_say_what_they_lack(change: dict[str, Any], said: str) -> None:
    """scikit-learn's network says which of the winner's settings it does not have."""
    from pipeline.settings import Trainer

    tuned = Trainer(**{"initializer": "glorot"} | change)
    assert peers.network(tuned, 100, 1)[1] == said


def test_peer_that_diverges_is_a_result() -> None:
    """scikit-learn's network may diverge where ours is clipped: it then guesses, and says so."""
    from pipeline.nn.examples import Examples
    from pipeline.settings import Trainer

    rng = np.random.default_rng(0)
    labels = np.arange(40) % 4
    X = rng.random((40, 9)).astype(np.float32) * 255
    examples = Examples(X, np.eye(4, dtype=np.float32)[labels], labels)
    tuned = Trainer(activation="identity", optimizer="momentum", learning_rate=1.0, clip_norm=1.0)
    names = ("logistic_regression", "mlp_classifier")
    made = peers.peers(tuned, examples, examples, seed=1, names=names, jobs=1)
    found = {each.name: each for each in made}
    network = found["scikit-learn MLPClassifier"]
    assert network.note.startswith("diverged; ")
    assert set(network.predicted) == {0}
    assert not found["logistic regression"].note.startswith("diverged")


def test_torch_s_network_is_a_peer_where_it_is_asked_for(project: Path, studies: Run) -> None:
    """From the same start on the same batches it is as good as ours; seconds stand apart."""
    pytest.importorskip("torch")
    path = project / "params.yaml"
    path.write_text(path.read_text().replace("\nfinal:", "\nfinal:\n  peers: [pytorch]", 1))
    assert "final: PyTorch trained in" in studies("final").stderr
    found = rows(project / "reports/final/networks.csv")
    (theirs,) = (row for row in found if row["kind"] == "peer")
    (ours,) = (row for row in found if row["kind"] == "tuned" and row["seed"] == "1")
    assert theirs["configuration"] == "PyTorch"
    assert abs(int(theirs["correct"]) - int(ours["correct"])) <= 15  # of 100, float32
    assert theirs["note"].startswith("the winner's settings, first weights and order of images")


def test_no_peer_is_no_row(project: Path, studies: Run) -> None:
    """With an empty list our own networks stand alone."""
    path = project / "params.yaml"
    path.write_text(path.read_text().replace("\nfinal:", "\nfinal:\n  peers: []", 1))
    done(studies("final"))
    kinds = {row["kind"] for row in rows(project / "reports/final/networks.csv")}
    assert kinds == {"tuned", "published"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, None),
        ({"optimizer": "rmsprop"}, "optimizer must be"),
        ({"l2": 0.1, "optimizer": "adamw"}, "l2 needs another optimizer"),
        ({"l2": 0.1, "clip": 1.0}, "l2 and clipping do not go together"),
        ({"output": "sigmoid", "label_smoothing": 0.1}, "label_smoothing needs output softmax"),
    ],
)
def test_torch_s_network_is_left_out_with_a_reason(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], said: str | None
) -> None:
    """Settings that torch would take otherwise leave no row that looks like a bad network."""
    from pipeline.settings import Trainer

    monkeypatch.setattr(peers.torch_network, "installed", lambda: "2.13.0")
    reason = peers.left_out(["pytorch"], Trainer(**change))
    assert (reason or "").startswith(said or "")
    assert (reason is None) == (said is None)
    monkeypatch.setattr(peers.torch_network, "installed", lambda: None)
    assert "make torch" in (peers.left_out(["pytorch"], Trainer()) or "")
    assert peers.left_out(["mlp_classifier"], Trainer()) is None


def test_published_network_that_diverges_is_a_result(project: Path, studies: Run) -> None:
    """Its row says so, and the tables can be read."""
    path = project / "params.yaml"
    wild = "write_up: {optimizer: sgd, learning_rate: 1.0e+30, activation: identity}\n    other:"
    path.write_text(path.read_text().replace("write_up:", wild, 1))
    done(studies("final"))
    folder = project / "reports/final"
    notes = {row["configuration"]: row["note"] for row in rows(folder / "networks.csv")}
    assert (notes["write_up"], notes["tuned"], notes["other"]) == ("diverged", "", "")
    losses = [row["train_loss"] for row in rows(folder / "history.csv")]
    assert "" in losses
    assert "nan" not in losses


def test_a_search_without_a_result_has_nothing_to_confirm(project: Path, studies: Run) -> None:
    """Where every trial diverged one line says so; other commands go on."""
    path = project / "reports/studies/search/trials.csv"
    text = path.read_text()
    path.write_text(
        "\n".join(
            text.splitlines()[:1]
            + [
                ",".join([*cells[:4], "0", *cells[5:]])
                for cells in (line.split(",") for line in text.splitlines()[1:])
            ]
        )
        + "\n"
    )
    result = studies("confirm")
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
    assert result.stderr.startswith("error: study search must hold a trial that finished")
    assert "search" in done(studies("status"))


def test_seeds_that_had_a_part_are_refused(project: Path, studies: Run) -> None:
    """Seeds of the study itself would confirm its luck."""
    done(studies("run", "iterations"))
    path = project / "params.yaml"
    text = path.read_text().replace("\n  study: search", "\n  study: iterations", 1)
    path.write_text(
        text.replace("seeds: [11, 12, 13]", "seeds: [2, 12, 13]", 1).replace("- 11\n", "- 2\n", 1)
    )
    assert studies("confirm").stderr == (
        "error: confirm.seeds must be fresh, but 2 is a seed of study iterations; name others\n"
    )


@pytest.mark.parametrize("damage", ["winner", "candidates"])
def test_damaged_confirmation_is_named(project: Path, studies: Run, damage: str) -> None:
    """What lacks in study.json is one line with the command that makes it."""
    path = project / "reports/confirm/study.json"
    text = json.loads(path.read_text())
    del text[damage]
    path.write_text(json.dumps(text))
    assert studies("final").stderr == (
        "error: reports/confirm/study.json is damaged; run `python -m studies confirm`\n"
    )
