"""The engine is a library: the page's study of a scikit-learn model runs as printed."""

import re
import subprocess
import sys
from pathlib import Path

import optuna
import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/how-to/own-objective.md").read_text(encoding="utf-8")
IN_MEMORY, ON_DISK = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def run(program: str, folder: Path) -> str:
    """What a program prints, run as a file of its own in a folder of its own."""
    (folder / "study.py").write_text(program)
    command = [sys.executable, "study.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_example_is_short() -> None:
    """From the objective to the result it takes ten lines or so."""
    lines = IN_MEMORY[IN_MEMORY.index("def objective") :].splitlines()
    assert len([line for line in lines if line]) <= 10


def test_workers_decide_nothing(tmp_path: Path) -> None:
    """As printed, and with one and three workers: the same best trial, and a good one."""
    printed = run(IN_MEMORY, tmp_path)
    assert float(printed.split()[1]) > 0.95
    for jobs in (1, 3):
        assert run(IN_MEMORY.replace("jobs=2", f"jobs={jobs}"), tmp_path) == printed


def test_a_store_continues(tmp_path: Path) -> None:
    """With a store 15 trials and then 40 are the 40 at once, and Optuna reads them."""
    at_once = run(IN_MEMORY, tmp_path)
    first, second = IN_MEMORY.split("trials = run_study")
    last_line = second.split("\n", 1)[1]
    stored = f"{first}\n{ON_DISK}\n{last_line}"
    fewer = run(stored.replace("trials=40", "trials=15"), tmp_path)
    assert run(stored, tmp_path) == at_once
    assert fewer.split()[0].isdecimal()
    study = optuna.load_study(
        study_name="breast-cancer", storage=f"sqlite:///{tmp_path}/studies.db"
    )
    assert len(study.trials) == 40
    assert study.best_value == float(at_once.split()[1])
