"""Made-up raw digits: sixty images of four by five pixels in three classes."""

from pathlib import Path

import numpy as np
import pytest

from pipeline import prepare
from pipeline.dataset import PREPARED
from pipeline.settings import Data, Sizes
from pipeline.sources.raw import Raw


@pytest.fixture
def raw() -> Raw:
    """Distinct images; the first pixel is the same in all, the second differs by class."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3, dtype=np.uint8), 20)
    images = rng.integers(256, size=(60, 4, 5), dtype=np.uint8)
    images[:, 0, 0] = 7
    images[:, 0, 1] = 100 * labels
    return Raw(images, labels, ("a", "b", "c"))


@pytest.fixture
def workplace(raw: Raw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder that holds these digits, prepared: 30 to train on."""
    sizes, source = Sizes(train=30, val=15, test=15), {"source": "made up", "sha256": "12ab"}
    prepare.prepare(raw, source, Data(sizes=sizes), tmp_path / PREPARED)
    monkeypatch.chdir(tmp_path)
    return tmp_path
