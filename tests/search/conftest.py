"""A small project to run the commands of the search in."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.workspace import merged

ROOT = Path(__file__).parents[2]
TINY = {
    "data": {"sizes": {"train": 200, "val": 100, "test": 100}},
    "trainer": {"epochs": 4},
    "studies": {
        "search": {
            "trials": 10,
            "round_size": 4,
            "pruner": {"warmup_epochs": 1, "startup_trials": 2},
            "space": {"hidden_size": {"high": 48}, "decay_epochs": {"choices": [[], [2]]}},
        },
        "random": {"trials": 6, "round_size": 6},
        "iterations": {"seeds": [1, 2], "settings": {"epochs": 4, "decay_epochs": [2]}},
    },
    "confirm": {"baseline": None, "top": 2, "pruned": 1, "seeds": [11, 12, 13]},
    "final": {
        "seeds": [1, 2],
        "published": {"write_up": {"hidden_size": 32, "epochs": 4, "decay_epochs": [2]}},
    },
}
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of a few hundred images, its data prepared, no study run yet."""
    folder = tmp_path_factory.mktemp("project")
    for package in ("pipeline", "studies"):
        ignored = shutil.ignore_patterns("__pycache__", "live")
        shutil.copytree(ROOT / package, folder / package, ignore=ignored)
    yaml = YAML()
    yaml.representer.ignore_aliases = lambda _: True
    with (folder / "params.yaml").open("w") as file:
        yaml.dump(merged(yaml.load(ROOT / "params.yaml"), TINY), file)
    for stage in ("source", "prepare"):
        command = [sys.executable, "-m", "pipeline", stage]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def project(prepared: Path, tmp_path: Path) -> Path:
    """A copy of that project for one test."""
    return Path(shutil.copytree(prepared, tmp_path / "project"))


@pytest.fixture
def studies(project: Path) -> Run:
    """Runs `python -m studies` in the project, to its end."""
    return partial(command_in, project)


def command_in(
    project: Path, *arguments: str, jobs: int | str = 1
) -> subprocess.CompletedProcess[str]:
    """Run `python -m studies` in a project, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "studies", *arguments],
        cwd=project,
        env=os.environ | {"HANDTUNED_JOBS": str(jobs)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
