"""The learning-rate range test: a row a step, rates that rise, and a line that names a few."""

import csv
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline import range_test
from pipeline.errors import UserError
from pipeline.range_test import HOPELESS, MEMORY, REPORT
from pipeline.settings import Trainer

ROOT = Path(__file__).parents[2]
TRAINER = Trainer(hidden_size=(8,), batch_size=5, optimizer="sgd")
EPOCHS, STEPS = 10, 60  # 30 images in batches of 5

pytestmark = pytest.mark.usefixtures("workplace")


def run(trainer: Trainer = TRAINER, *, low: float = 1e-3, high: float = 1.0) -> str:
    """Test the rates between two."""
    return range_test.run(trainer, 1, low=low, high=high, epochs=EPOCHS)


def table() -> dict[str, NDArray[np.float64]]:
    """The columns of the report."""
    with REPORT.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    columns = np.array(rows, np.float64).T
    return dict(zip(header, columns, strict=True))


def smoothed(losses: NDArray[np.float64]) -> list[float]:
    """At every step the mean of the losses so far, the older the less they weigh."""
    means = []
    for step in range(1, len(losses) + 1):
        weights = MEMORY ** np.arange(step)[::-1]
        means.append(float(np.average(losses[:step], weights=weights)))
    return means


def test_report_has_a_row_a_step() -> None:
    """The report has the documented columns, steps from 1, and what smoothing makes of losses."""
    run()
    columns = table()
    assert list(columns) == ["step", "learning_rate", "loss", "smoothed_loss"]
    assert columns["step"].tolist() == list(range(1, STEPS + 1))
    assert columns["smoothed_loss"] == pytest.approx(smoothed(columns["loss"]), rel=1e-7)


def test_rates_rise_by_equal_factors() -> None:
    """Rates start at `low` and would reach `high` with the step after the last."""
    run()
    rates = table()["learning_rate"]
    assert rates == pytest.approx(1e-3 * (1.0 / 1e-3) ** (np.arange(STEPS) / STEPS), rel=1e-7)


def test_line_names_the_rates_of_the_report() -> None:
    """The line has the rate of the lowest smoothed loss, its tenth, and one that came before."""
    line = run(high=10.0)
    assert line.startswith("range-test: the loss falls fastest at rate ")
    assert line.endswith("is a good first guess; see reports/range_test.csv")
    columns = table()
    lowest = columns["learning_rate"][columns["smoothed_loss"].argmin()]
    steepest, at_lowest, tenth = re.findall(r"\d\S*\d(?=[ ;,])", line)[:3]
    assert (at_lowest, tenth) == (f"{lowest:.2g}", f"{lowest / 10:.2g}")
    assert 1e-3 <= float(steepest) <= float(at_lowest)


def test_fastest_fall_is_where_the_loss_falls_most() -> None:
    """Between no two steps does the smoothed loss fall by more than at the rate named."""
    smooth = TRAINER.model_copy(update={"batch_size": "full"})  # the same images at every step
    line = range_test.run(smooth, 1, low=1e-2, high=10.0, epochs=STEPS)
    named = float(line.split("at rate ")[1].split()[0])
    rates, losses = (table()[name] for name in ("learning_rate", "smoothed_loss"))
    most = int(np.diff(losses[: losses.argmin() + 1]).argmin())
    assert 0.95 * rates[most - 1] <= named <= 1.05 * rates[most + 2]  # two digits are told


def test_a_hopeless_loss_ends_the_test() -> None:
    """Once the loss is four times the first, its row is the last."""
    run(low=1e-2, high=1e4)
    losses = table()["loss"]
    assert 3 < len(losses) < STEPS
    assert (losses[:-1] < HOPELESS * losses[0]).all()
    assert losses[-1] >= HOPELESS * losses[0]


def test_only_training_images_are_read(workplace: Path) -> None:
    """Without validation and test images the report is the same."""
    run()
    before = REPORT.read_bytes()
    for split in ("val", "test"):
        shutil.rmtree(workplace / "data/prepared" / split)
    REPORT.unlink()
    run()
    assert REPORT.read_bytes() == before


def test_early_stopping_and_schedule_stand_back() -> None:
    """Settings that would end the training or move its rate leave rates and steps as they are."""
    run(TRAINER.model_copy(update={"patience": 1, "epochs": 1, "schedule": "cosine"}))
    rates = table()["learning_rate"]
    assert len(rates) == STEPS
    assert (np.diff(rates) > 0).all()


@pytest.mark.parametrize(
    ("low", "high", "epochs"),
    [
        (0.0, 1.0, 5),
        (-1.0, 1.0, 5),
        (1.0, 1.0, 5),
        (1.0, 0.1, 5),
        (1e-3, 1.0, 0),
        (float("nan"), 1.0, 5),
        (1e-3, float("nan"), 5),
    ],
)
def test_limits_must_be_in_order(low: float, high: float, epochs: int) -> None:
    """Options that make no sweep are refused with the rule and the values; nothing is written."""
    with pytest.raises(UserError) as caught:
        range_test.run(TRAINER, 1, low=low, high=high, epochs=epochs)
    assert str(caught.value) == (
        f"`0 < low < high` and `epochs > 0` must hold, but got low={low:g}, high={high:g}, "
        f"epochs={epochs}; change the options"
    )
    assert not REPORT.exists()


def test_rates_all_too_high_are_refused() -> None:
    """Where no rate lowers the loss, the line says which option to change."""
    with pytest.raises(UserError) as caught:
        run(low=1e3, high=1e6)
    assert re.fullmatch(
        r"a range test needs 20 steps with a finite loss, but made \d; choose a smaller --low, "
        r"more --epochs or smaller batches",
        str(caught.value),
    )


def test_missing_images_are_named(workplace: Path) -> None:
    """Without training images the line names the command that makes them."""
    shutil.rmtree(workplace / "data")
    with pytest.raises(UserError, match=r"train/images\.npy is missing; run `python -m"):
        run()


def test_a_failed_writing_leaves_the_old_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """A report that cannot be put in place leaves the old one and no half-written file."""
    run()
    before = REPORT.read_bytes()

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        run(high=0.5)
    assert REPORT.read_bytes() == before
    assert list(REPORT.parent.iterdir()) == [REPORT]


@pytest.mark.slow
def test_command_reads_the_trainer_of_the_project(workplace: Path) -> None:
    """`python -m pipeline range-test` says in one line what it found, and in one what is wrong."""
    shutil.copy(ROOT / "params.yaml", workplace)
    command = [sys.executable, "-m", "pipeline", "range-test", "--epochs", "80"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert re.fullmatch(r"range-test: .*; see reports/range_test\.csv\n", ended.stdout)
    assert 20 <= len(table()["step"]) <= 80  # all 30 images are one batch of 64 or fewer
    command += ["--low", "1", "--high", "0.1"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert re.fullmatch(r"error: `0 < low < high` and .*\n", ended.stderr)
