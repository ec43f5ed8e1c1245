"""A network trained on scaled pixels, saved and asked again with raw ones."""

import csv
from pathlib import Path

import numpy as np
import pytest
from optuna.pruners import NopPruner

from pipeline import dataset, train
from pipeline.nn import checkpoint
from pipeline.scaling import scaling
from pipeline.settings import Trainer
from pipeline.study_settings import Variant
from studies import faults
from studies.objective import DigitsObjective
from studies.retrained import Retrained, answers, network
from studies.training import train_trial
from studies.trials import Proposal

SMALL = Trainer(hidden_size=(6,), epochs=3, batch_size=8, learning_rate=0.01)


@pytest.mark.parametrize("pixels", ["prepared", "raw", "standardized"])
def test_saved_network_takes_raw_pixels(workplace: Path, pixels: str) -> None:
    """model.npz says of raw pixels what the stage said of the prepared ones, however scaled."""
    train.run(SMALL.model_copy(update={"pixels": pixels, "train_images": 20}), seed=1)
    val = dataset.load("val", workplace / dataset.PREPARED)
    raw = val.X * dataset.array("scale.npy") + dataset.array("offset.npy")
    model = checkpoint.load(workplace / "reports/train/model.npz")
    said = model.outputs(np.asarray(raw))
    with (workplace / "reports/train/predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [model.classes[k] for k in said.argmax(axis=1)] == [row["predicted"] for row in rows]
    expected = [float(row["probability"]) for row in rows]
    np.testing.assert_allclose(said.max(axis=1), expected, rtol=1e-3)


@pytest.mark.parametrize("pixels", ["raw", "standardized"])
def test_final_answers_on_scaled_test_images(workplace: Path, pixels: str) -> None:
    """A network is tested on images scaled as those it was trained on, with their numbers."""
    settings = SMALL.model_copy(update={"pixels": pixels, "train_images": 20})
    images, test = (dataset.load(n, workplace / dataset.PREPARED) for n in ("train", "test"))
    variants = {"scaled": Variant(**dict(settings))}
    digits = DigitsObjective(settings, images, images, variants, {"scaled": faults.SOUND})
    point = Proposal(0, {"variant": "scaled"}, {}, seed=1)
    trial = train_trial(Retrained(digits, {}), point, NopPruner(), [], "maximize")
    mlp, theta = network(digits, trial)
    by_hand = mlp.outputs(theta, scaling(settings, images).of(test.X))
    np.testing.assert_array_equal(answers(digits, trial, test), by_hand)
    assert not np.allclose(by_hand, mlp.outputs(theta, test.X))
