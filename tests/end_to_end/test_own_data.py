"""The page `your own data in five minutes`, word by word: the results name the classes."""

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from analysis import figures, notebook, report, tables
from pipeline import params, prepare, sources, train
from pipeline.sources import npz, openml
from pipeline.workspace import merged
from studies import confirm, final
from studies import run as study

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/how-to/own-data.md").read_text(encoding="utf-8")
NAMES = {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
QUICK = YAML(typ="safe").load(ROOT / "workspaces/quick.yaml") | {"data": {}}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page's file and settings, on as little training as `make quick` has; every stage run."""
    folder = tmp_path_factory.mktemp("own")
    program, _ = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    (settings,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    subprocess.run([sys.executable, "-c", program], cwd=folder, check=True)
    yaml = YAML()
    base = merged(yaml.load(ROOT / "params.yaml"), yaml.load(settings))
    with (folder / "params.yaml").open("w", encoding="utf-8") as file:
        yaml.dump(merged(base, QUICK), file)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        loaded = params.load()
        sources.run(loaded.data)
        prepare.run(loaded.data)
        train.run(loaded.trainer.updated(loaded.train), loaded.train.seed)
        for key in loaded.studies:
            study.run(key)
        confirm.run()
        final.run()
        tables.main()
        figures.main()
        report.write()
    return folder


def test_classes_have_their_names(project: Path) -> None:
    """In predictions, tables and the saved network."""
    said = pd.read_csv(project / "reports/final/predictions.csv")
    assert {*said["label"]} == NAMES
    assert {*pd.read_csv(project / "reports/tables/per_digit.csv")["digit"]} == NAMES
    assert (project / "reports/tables/per_digit.md").read_text().startswith("| class |")
    metrics = json.loads((project / "reports/final/metrics.json").read_text())
    assert {*metrics["classes"]} == NAMES
    assert metrics["image_shape"] == [8, 8]
    assert metrics["test_accuracy"] > 0.8


def test_pictures_are_of_these_images(project: Path) -> None:
    """Samples and first-layer weights are 8 by 8; the pictures of them are drawn."""
    with np.load(project / "reports/final/samples.npz") as samples:
        assert samples["images"].shape[1:] == (8, 8)
        assert {*samples["label"]} <= NAMES
    drawn = {path.stem for path in (project / "reports/figures").glob("*.png")}
    assert {"first_layer_weights", "sample_predictions", "confusion_matrix"} <= drawn


def test_the_report_is_about_images(project: Path) -> None:
    """It counts images, not digits, and speaks of classes."""
    text = (project / "reports/index.html").read_text(encoding="utf-8")
    assert "of 400 test images read correctly" in text
    assert "Test accuracy by class" in text


def test_the_notebook_on_mistakes_tells_of_them(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its last words name the hardest class."""
    monkeypatch.chdir(project)
    notebook.execute("05_mistakes")
    cells = json.loads((project / "reports/notebooks/05_mistakes.ipynb").read_text())["cells"]
    words = "".join(cells[-1]["outputs"][0]["data"]["text/markdown"])
    assert re.search(rf"The hardest class is ({'|'.join(NAMES)}), read in", words)


def test_idx_files_become_an_npz(tmp_path: Path) -> None:
    """The page's second program reads files as Fashion-MNIST and KMNIST publish them."""
    program = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[1]
    rng, arrays = np.random.default_rng(0), []
    for split, n in (("train", 5), ("t10k", 3)):
        images, labels = rng.integers(256, size=(n, 28, 28)), rng.integers(10, size=n)
        for name, array in (("images-idx3", images), ("labels-idx1", labels)):
            arrays.append(array)
            content = openml.as_idx(array.astype(np.uint8))
            (tmp_path / f"{split}-{name}-ubyte.gz").write_bytes(gzip.compress(content))
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    with np.load(tmp_path / "fashion.npz") as found:
        for name, array in zip(npz.NAMES, arrays, strict=True):
            np.testing.assert_array_equal(found[name], array)


def test_another_file_behind_the_path_is_noticed(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The source stage reads it again, and the same file is left alone."""
    monkeypatch.chdir(project)
    data = params.load().data
    assert sources.run(data).endswith("unchanged")
    with np.load("mine.npz") as arrays:
        images, labels = arrays["images"], arrays["labels"]
    np.savez("mine.npz", images=images[::-1], labels=labels[::-1])
    assert sources.run(data) == "source: 1,797 images from npz"
