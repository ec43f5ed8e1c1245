"""PyTorch's models as configurations: means, intervals, ties, and how far their weights are."""

from pathlib import Path

import numpy as np
import pytest

from analysis import beside_torch, configurations
from analysis.ours import Found
from analysis.plots import dots
from analysis.statistics import mean_accuracy
from pipeline.outputs import write_csv
from studies.pytorch import COLUMNS

SHARES = {"batch_1": (0.2, 0.1), "matching_loss": (0.9, 0.8), "matched_rate": (0.89, 0.82)}
SIZES = {"train": 500, "val": 300, "test": 200}


@pytest.fixture
def found(tmp_path: Path) -> Found:
    """Three models with two seeds each, made up."""
    rng = np.random.default_rng(0)
    shares = [share for pair in SHARES.values() for share in pair]
    bits = {s: rng.random((6, SIZES[s])) < np.array(shares)[:, None] for s in ("val", "test")}
    rows = [
        [name, seed, 3, 300, *(0.95, bits["val"][i].mean(), bits["test"][i].mean(), 10.0**-i)]
        for i, (name, seed) in enumerate((name, seed) for name in SHARES for seed in (1, 2))
    ]
    write(tmp_path, rows, bits["val"], bits["test"])
    return Found(tmp_path, SIZES)


def write(reports: Path, rows: list[list[object]], val: np.ndarray, test: np.ndarray) -> None:
    """Write what the stage `pytorch` leaves behind."""
    write_csv(reports / "pytorch/models.csv", COLUMNS, rows)
    for name, bits in {"correct": test, "correct_val": val}.items():
        np.save(reports / f"pytorch/{name}.npy", np.packbits(bits, axis=1))


def test_a_model_is_a_configuration(found: Found) -> None:
    """Means and crossed intervals of validation accuracy, in the columns that dots need."""
    frame = beside_torch.table(found)
    assert frame.columns.tolist() == ["variant", *configurations.NUMBERS]
    assert frame["variant"].tolist() == [f"PyTorch: {name}" for name in SHARES]
    bits = found.right("val")[:2]
    assert frame["val_accuracy"][0] == pytest.approx(bits.mean())
    assert tuple(frame.loc[0, ["low", "high"]]) == pytest.approx(mean_accuracy(bits))
    assert frame["tied"].tolist() == [False, True, True]
    assert frame[["epochs", "seeds", "diverged"]].iloc[0].tolist() == [3, 2, 0]
    assert dots.table(frame)["name"].tolist()[0] == "PyTorch: batch 1"
    assert "| PyTorch: batch 1 |" in configurations.markdown(frame)


def test_changes_are_paired(found: Found) -> None:
    """The difference of two models, with an interval, on the images of either split."""
    for split in ("val", "test"):
        right = found.right(split)
        change = beside_torch.change(found, "matching_loss", "batch_1", split)
        assert change.mean == pytest.approx(right[2:4].mean() - right[:2].mean())
        assert change.low is not None
        assert 0 < change.low < change.mean
    assert beside_torch.change(found, "matched_rate", "matching_loss").tied


def test_distances_of_weights_have_two_ends(found: Found) -> None:
    """The least and the greatest of the seeds, a row a model."""
    frame = beside_torch.differences(found)
    assert frame.index.tolist() == list(SHARES)
    assert frame.loc["batch_1"].tolist() == pytest.approx([300, 0.1, 1.0])


def test_without_torch_there_is_no_row(tmp_path: Path) -> None:
    """Tables with headers only are read as no configuration."""
    write(tmp_path, [], *(np.zeros((0, SIZES[s]), bool) for s in ("val", "test")))
    found = Found(tmp_path, SIZES)
    assert beside_torch.table(found).empty
    assert beside_torch.differences(found).empty
