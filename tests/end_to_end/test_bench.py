"""The bench from beginning to end, on a few images; how fast anything is, no test asks."""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.prepare import prepare
from pipeline.settings import Data, Sizes
from pipeline.sources import Raw

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def bench(*options: str) -> subprocess.CompletedProcess[str]:
    """Run the bench on its smallest network."""
    command = [sys.executable, "-m", "benchmarks.trainer", "--case", "1", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Noise of ten classes, prepared: 300 images to train on."""
    images = np.random.default_rng(1).integers(256, size=(400, 28, 28), dtype=np.uint8)
    labels = np.repeat(np.arange(10, dtype=np.uint8), 40)
    raw = Raw(images, labels, tuple(map(str, range(10))))
    source, sizes = {"source": "noise", "sha256": ""}, Sizes(train=300, val=50, test=50)
    prepare(raw, source, Data(sizes=sizes), tmp_path / "data")
    return tmp_path / "data"


def test_growth_has_a_row_for_each_number_of_images(tmp_path: Path) -> None:
    """Each measured in processes of its own: seconds and peaks are there, and counts add up."""
    command = [sys.executable, "-m", "benchmarks.growth", "--images", "600", "--images", "1200"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = rows(tmp_path / "growth.csv")
    assert [row["images"] for row in found] == ["600", "1200"]
    assert [row["train_images"] for row in found] == ["490", "980"]
    assert all(float(value) > 0 for row in found for value in row.values())


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_bench_writes_tables_and_a_picture(data: Path, tmp_path: Path) -> None:
    """Times with their spread, memory, a picture; and the terminal says which aims are reached."""
    out = tmp_path / "out"
    done = bench("--epochs", "2", "--warm-up", "1", "--data", str(data), "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "scikit-learn ÷ ours, geometric mean" in done.stdout
    assert "reached" in done.stdout or "missed" in done.stdout
    (row,) = rows(out / "trainer.csv")
    assert row["case"] == "784-32-10, 16, adam"
    assert (row["images"], row["epochs"]) == ("300", "2")
    for way in ("ours", "products", "sklearn"):
        assert float(row[f"{way}_seconds"]) > 0
    for ratio in ("ours_per_products", "sklearn_per_ours"):
        quartiles = [float(row[f"{ratio}{end}"]) for end in ("_q1", "", "_q3")]
        assert quartiles == sorted(quartiles)
    assert (out / "trainer.png").read_bytes().startswith(b"\x89PNG")
    if sys.platform == "linux":
        ways = {(row["way"], row["images"]) for row in rows(out / "memory.csv")}
        assert ways >= {("ours", "150"), ("ours", "300"), ("sklearn", "300")}


def test_no_images_are_one_line(tmp_path: Path) -> None:
    """Without prepared images the bench says what to run."""
    done = bench("--data", str(tmp_path), "--out", str(tmp_path / "out"))
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "python -m pipeline prepare" in done.stderr
    assert done.stderr.count("\n") == 1
