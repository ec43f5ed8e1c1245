"""The page on tables is true: every file, every column, in order."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from analysis import tables
from analysis.verdicts.finding import Verdict
from pipeline.outputs import write_predictions
from studies import export, retrained, tested, timing
from studies.objective import HISTORY, METRIC
from tests.end_to_end.tables_page import KEY, REST, differences, documented, keys
from tests.plots import made_up

PROMISED = documented()


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made-up reports with the tables that the stage makes of them."""
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("analysis.importance.RESAMPLES", 3)
        tables.main(made_up.write_all(folder))
    return folder / "reports"


def test_every_table_is_on_the_page(reports: Path) -> None:
    """Its columns are those that are documented, in that order."""
    assert differences(reports, PROMISED) == []


def test_nothing_on_the_page_is_missing(reports: Path) -> None:
    """Every file that the page describes is written."""
    absent = [name for name in PROMISED if not list(reports.glob(name.replace(KEY, "*")))]
    assert absent == ["final/timing.csv"]  # made-up networks take no time


def test_columns_of_studies_are_on_the_page() -> None:
    """What the stages study, confirm and final write is what is documented."""
    study = f"studies/{KEY}"
    assert PROMISED[f"{study}/trials.csv"] == [*export.COLUMNS, REST]
    assert PROMISED[f"{study}/history.csv"] == ["number", "epoch", METRIC, *HISTORY]
    assert PROMISED[f"{study}/timing.csv"] == list(timing.COLUMNS)
    assert PROMISED["final/networks.csv"] == list(tested.NETWORKS)
    curve = ["configuration", "seed", "epoch", *retrained.HISTORY]
    assert PROMISED["final/history.csv"] == curve
    assert PROMISED["train/history.csv"] == ["epoch", METRIC, *HISTORY]


def test_columns_of_final_files_are_on_the_page(tmp_path: Path) -> None:
    """What is written of single networks, too: histories, seconds and predictions."""
    alone = tested.Tested("tuned", "tuned", 1, np.ones(8, np.bool_), 8, 1, 1, 0.1, "")
    (tmp_path / "final").mkdir()
    tested.write_networks(tmp_path / "final", [alone])
    tested.write_history(tmp_path / "final" / "history.csv", [])
    for stage in ("final", "train"):
        (tmp_path / stage).mkdir(exist_ok=True)
        path = tmp_path / stage / "predictions.csv"
        right = np.zeros(1, np.int64), np.ones((1, 1), np.float32)
        write_predictions(path, "test", *right, ["a"])
    assert len(list(tmp_path.rglob("*.csv"))) == 5
    assert differences(tmp_path, PROMISED) == []


def test_metrics_and_verdicts_are_on_the_page(reports: Path) -> None:
    """Their keys, those of each search under the name of any."""
    found = [name.replace("random", KEY) for name in keys(reports / "metrics.json")]
    assert [name for name in found if "search" not in name] == PROMISED["metrics.json"]
    verdicts = json.loads((reports / "verdicts.json").read_text())["verdicts"]
    assert PROMISED["verdicts.json"] == list(Verdict._fields) == list(verdicts[0])


def test_a_column_more_or_elsewhere_is_seen(reports: Path, tmp_path: Path) -> None:
    """The comparison goes red when a file has another column, or the page another order."""
    copy = Path(shutil.copytree(reports / "tables", tmp_path / "tables"))
    path = copy / "per_digit.csv"
    path.write_text(path.read_text().replace("times_taken", "times", 1))
    assert [line.split(":")[0] for line in differences(tmp_path, PROMISED)] == [str(path)]
    swapped = PROMISED | {"tables/cost.csv": PROMISED["tables/cost.csv"][::-1]}
    seen = differences(reports, swapped)
    assert [line.split(":")[0] for line in seen] == [str(reports / "tables" / "cost.csv")]
