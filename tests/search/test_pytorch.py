"""Models trained by PyTorch beside ours: the same weights where all is the same; no torch."""

import csv
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner, Result

from pipeline import params
from pipeline.errors import UserError
from studies import pytorch
from studies.__main__ import app

pytestmark = pytest.mark.slow
SHARED = {
    "train_images": 100,
    "hidden_size": 16,
    "activation": "sigmoid",
    "output": "sigmoid",
    "biases": False,
    "initializer": "normal",
    "initial_scale": 0.1,
    "optimizer": "sgd",
    "batch_size": 1,
    "epochs": 3,
    "learning_rate": 0.1,
    "precision": "float64",
    "decay_epochs": [1, 2],
    "decay_to": [0.05, 0.01],
}
MODELS: dict[str, dict[str, Any]] = {
    "matching": {},
    "matching_32": {"batch_size": 32, "initial_scale": 0.3},  # 100 images: the last batch has 4
    "full": {"batch_size": "full"},
    "mean_squared": {"loss": "mean_squared_error", "batch_size": 32},
    "squared": {"loss": "squared_error", "pixels": "standardized"},
    "single": {"precision": "float32"},
    "from_ours": {"start": "trained"},
}
PLAIN = {"activation": "relu", "output": "softmax", "biases": True, "batch_size": 16}
STEADY = {"learning_rate": 0.01, "decay_epochs": [], "decay_to": None}  # see Momentum
OTHERS: dict[str, dict[str, Any]] = {
    **{name: PLAIN | {"activation": name} for name in ("identity", "tanh", "relu", "gelu", "elu")},
    "leaky": PLAIN | {"activation": "leaky_relu"},
    **{name: PLAIN | STEADY | {"optimizer": name} for name in ("momentum", "nesterov", "adam")},
    "adamw": PLAIN | STEADY | {"optimizer": "adamw", "weight_decay": 0.1},
    "penalized": PLAIN | {"l2": 0.01},
    "smoothed": PLAIN | {"label_smoothing": 0.1},
    "clipped": PLAIN | {"clip": 0.01},
    "shortened": PLAIN | {"clip_norm": 0.1},
}
ROUNDING = 1e-10
Pytorch = Callable[..., Result]


@pytest.fixture
def command(project: Path, monkeypatch: pytest.MonkeyPatch) -> Pytorch:
    """Runs `python -m studies pytorch` here, in the project, with these models."""
    monkeypatch.chdir(project)

    def run(models: Mapping[str, Any] = MODELS, jobs: int = 1) -> Result:
        monkeypatch.setenv("HANDTUNED_JOBS", str(jobs))
        write_section({"seeds": [1, 2], "settings": SHARED, "models": dict(models)})
        return CliRunner().invoke(app, ["pytorch"])

    return run


@pytest.fixture
def without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have it that PyTorch is not installed."""
    monkeypatch.setitem(sys.modules, "torch", None)


def write_section(section: Mapping[str, Any]) -> None:
    """Write the section `pytorch` into params.yaml."""
    yaml = YAML()
    content = yaml.load(params.PARAMS)
    content["pytorch"] = section
    with params.PARAMS.open("w") as file:
        yaml.dump(content, file)


def models() -> list[dict[str, str]]:
    """The rows of models.csv."""
    return list(csv.DictReader((pytorch.REPORT / "models.csv").read_text().splitlines()))


def test_without_torch_one_line_says_so(command: Pytorch, without_torch: None) -> None:
    """Nothing fails, the remedy is named, and the tables have headers and no rows."""
    result = command()
    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == [
        "pytorch: skipped, for PyTorch is not installed; `make torch` installs it"
    ]
    heads = {name: (pytorch.REPORT / name).read_text() for name in ("models.csv", "timing.csv")}
    assert heads == {
        "models.csv": ",".join(pytorch.COLUMNS) + "\n",
        "timing.csv": ",".join(pytorch.TIMES) + "\n",
    }
    for name in ("correct.npy", "correct_val.npy"):
        assert np.load(pytorch.REPORT / name).shape == (0, 13)  # of 100 images
    CliRunner().invoke(app, ["torch-version"])
    assert pytorch.VERSION.read_text() == "none\n"


def test_rows_of_an_earlier_torch_do_not_stay(command: Pytorch, without_torch: None) -> None:
    """Where torch is gone, so are the results that it once gave."""
    pytorch.REPORT.mkdir(parents=True)
    (pytorch.REPORT / "models.csv").write_text("model,seed\nold,1\n")
    command()
    assert models() == []


def test_other_settings_lead_to_the_same_weights(command: Pytorch) -> None:
    """Each activation, optimizer, penalty and clipping is what it is here."""
    pytest.importorskip("torch")
    result = command(OTHERS)
    assert result.exit_code == 0, result.output
    for row in models():
        # torch adds 1e-6 to the length that it divides by
        limit = 1e-7 if row["model"] == "shortened" else ROUNDING
        assert 0 < float(row["weight_difference"]) < limit, row


def test_what_is_left_out_is_learned_around(command: Pytorch) -> None:
    """With dropout, whose masks are torch's own, weights differ and answers are as good."""
    pytest.importorskip("torch")
    settings = PLAIN | STEADY | {"optimizer": "adam", "epochs": 20, "dropout": 0.2}
    command({"dropout": settings | {"input_dropout": 0.1}, "none": settings | {"dropout": 0.0}})
    accuracies = [float(row["test_accuracy"]) for row in models()]
    assert float(models()[0]["weight_difference"]) > 0.1
    assert min(accuracies) > 0.5


def test_same_training_leads_to_the_same_weights(command: Pytorch) -> None:
    """In float64 every loss ends at our weights but for rounding, whatever the batch."""
    pytest.importorskip("torch")
    result = command()
    assert result.exit_code == 0, result.output
    rows = models()
    assert [(row["model"], row["seed"]) for row in rows] == [(m, s) for m in MODELS for s in "12"]
    for row in rows:
        limit = 1e-5 if row["model"] == "single" else ROUNDING
        assert 0 < float(row["weight_difference"]) < limit, row
    batches = {"matching_32": 4, "mean_squared": 4, "full": 1}
    assert [int(row["updates"]) for row in rows] == [
        3 * batches.get(row["model"], 100) for row in rows
    ]


def test_right_answers_are_counted(command: Pytorch) -> None:
    """Each row of bits has the accuracy of its row of the table, and something was learned."""
    pytest.importorskip("torch")
    command({"matching": {"learning_rate": 0.3, "decay_epochs": [], "decay_to": None}})
    for name, column in (("correct", "test_accuracy"), ("correct_val", "val_accuracy")):
        bits = np.unpackbits(np.load(pytorch.REPORT / f"{name}.npy"), axis=1, count=100)
        assert [float(row[column]) for row in models()] == bits.mean(axis=1).tolist()
    for row in models():
        assert float(row["train_accuracy"]) > float(row["test_accuracy"]) > 0.3


def test_workers_change_nothing(command: Pytorch) -> None:
    """Three workers write the same tables as one; seconds are apart."""
    pytest.importorskip("torch")
    few = {name: MODELS[name] for name in ("matching_32", "single")}
    names = ("models.csv", "correct.npy", "correct_val.npy")
    written = []
    for jobs in (1, 3):
        assert command(few, jobs=jobs).exit_code == 0
        written.append([(pytorch.REPORT / name).read_bytes() for name in names])
    assert written[0] == written[1]


def test_a_model_starts_with_trained_weights(command: Pytorch) -> None:
    """With a rate next to nothing, it answers as our network trained under `settings` does."""
    pytest.importorskip("torch")
    still = {"epochs": 1, "learning_rate": 1e-12, "decay_epochs": [], "decay_to": None}
    command({"matching": {}, "from_ours": still | {"start": "trained"}, "untrained": still})
    bits = np.load(pytorch.REPORT / "correct.npy")
    ours, from_ours, untrained = bits[:2], bits[2:4], bits[4:]
    np.testing.assert_array_equal(from_ours, ours)
    assert (untrained != ours).any(axis=1).all()


def test_a_network_that_diverges_is_told(command: Pytorch) -> None:
    """Where ours diverges there is no difference to tell, and torch's counts as it answers."""
    pytest.importorskip("torch")
    far = {"learning_rate": 1e300, "decay_epochs": [], "decay_to": None}
    result = command({"far": far | {"activation": "sigmoid", "initial_scale": 100.0}})
    assert result.exit_code == 0, result.output
    assert [row["weight_difference"] for row in models()] == ["", ""]


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (
            {"optimizer": "rmsprop"},
            'optimizer must be "sgd" or "momentum" or "nesterov" or "adam" or "adamw" for '
            'PyTorch\'s network, but is "rmsprop"',
        ),
        (
            {"output": "relu", "loss": "squared_error"},
            'output must be "softmax" or "sigmoid" for PyTorch\'s network, but is "relu"',
        ),
        ({"patience": 2}, "patience must be null for PyTorch's network, but is 2"),
        (
            {"weight_decay": 0.1},
            "weight_decay needs optimizer adamw for PyTorch's network, but ha",
        ),
        ({"start": "trained", "hidden_size": 8}, "hidden_size must be that of pytorch.settings"),
    ],
)
def test_settings_that_torch_lacks_are_refused(
    command: Pytorch, without_torch: None, model: dict[str, Any], said: str
) -> None:
    """What PyTorch's network here does not have is named before anything is trained."""
    error = command({"matching": {}, "other": model}).exception
    assert isinstance(error, UserError)
    assert f"params.yaml: pytorch.models.other.{said}" in str(error)
    assert not pytorch.REPORT.exists()


def test_models_go_through_the_rules_of_all_trainings(command: Pytorch) -> None:
    """Settings that do not go together are named where they stand."""
    error = command({"other": {"output": "tanh"}}).exception
    assert "pytorch.models.other: cross_entropy needs output softmax or sigmoid" in str(error)


def test_without_the_section_there_is_a_remedy(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A project that has no models says so in one line."""
    monkeypatch.chdir(project)
    error = CliRunner().invoke(app, ["pytorch"]).exception
    assert str(error) == "params.yaml needs a section pytorch for this; add it"
