"""The commands of the pages for newcomers, run as printed in a clone with little to train."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.end_to_end import clones

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
HOW_TO = ROOT / "docs/how-to"
PAGES = ("own-data", "own-study", "bigger-machine", "same-bits", "verify")
TINY = {
    "data": {"sizes": {"train": 300, "val": 100, "test": 100}},
    "trainer": {"epochs": 2},
    "studies": {
        "search": {"trials": 16, "space": {"hidden_size": {"high": 32}}},
        "wide": {"trials": 2, "settings": {"epochs": 2}},
    },
}
LESS = {  # what takes long stops early: other tests run these whole
    "dvc repro": "dvc repro prepare",
    "train: 1000, val: 397, test: 400}'": "train: 1000, val: 397, test: 400}' prepare",
    "source .venv/bin/activate\n": "",  # the clone has this environment
}


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a language on a page."""
    text = (HOW_TO / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


COMMANDS = [
    pytest.param(block, id=f"{page}-{i}")
    for page in PAGES
    for i, block in enumerate(blocks(page, "sh"))
]


def run(folder: Path, script: str) -> str:
    """Run a script that must succeed, this environment's programs first on PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "COLUMNS": "200", "HANDTUNED_JOBS": "1"}
    command = ["bash", "-euc", script]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A committed clone with the study and the files that the pages make, its search run."""
    folder = tmp_path_factory.mktemp("pages")
    clones.copy(folder, YAML().load(blocks("own-study", "yaml")[0]), TINY)
    (folder / "workspaces").mkdir()
    (folder / "workspaces/mine.yaml").write_text("trainer: {epochs: 1}\n")
    (folder / ".git/info").mkdir(parents=True)
    (folder / ".git/info/exclude").write_text("mine.npz\n")
    who = "git -c user.name=a -c user.email=a@b.c -c commit.gpgsign=false"
    run(folder, f"git init -q && git add -A && {who} commit -qm clone")
    run(folder, "dvc repro -q study@search")
    program, _ = blocks("own-data", "python")
    (folder / "make.py").write_text(program)
    run(folder, "python make.py && rm make.py")
    return folder


@pytest.mark.parametrize("block", COMMANDS)
def test_commands_run_as_printed(clone: Path, block: str) -> None:
    """Each block of each page ends well."""
    for long, short in LESS.items():
        block = block.replace(long, short)
    run(clone, block)


def test_what_takes_long_is_found() -> None:
    """Each text that is made shorter stands on some page: else it would run whole, unseen."""
    every = "".join(block for page in PAGES for block in blocks(page, "sh"))
    assert [long for long in LESS if long not in every] == []


def test_everything_for_newcomers_is_followed() -> None:
    """Each page that says what to type is one whose commands a test runs."""
    elsewhere = {"compare", "dashboard", "own-objective", "round-size"}
    asked = {path.stem for path in HOW_TO.glob("*.md") if blocks(path.stem, "sh")}
    assert asked - elsewhere == {*PAGES}
