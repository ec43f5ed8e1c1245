"""Real studies in a folder of their own, run by a process of their own that tells its cost."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from pipeline.errors import UserError
from pipeline.params import PARAMS
from pipeline.workspace import merged

ROOT = Path(__file__).parents[2]


def make(folder: Path, data: Path, overlay: Mapping[str, Any]) -> None:
    """Make a project in `folder`: params.yaml of this one, changed by `overlay`, and its data."""
    yaml = YAML()
    yaml.representer.ignore_aliases = lambda _: True  # a shared space is written out twice
    with (folder / PARAMS).open("w", encoding="utf-8") as file:
        yaml.dump(merged(yaml.load(Path(PARAMS)), overlay), file)
    (folder / "data").symlink_to(data.absolute())


def begin(folder: Path, jobs: int, module: str, *arguments: str) -> "subprocess.Popen[str]":
    """Start `python -m module arguments` in the project."""
    mine = {"HANDTUNED_JOBS": str(jobs), "PYTHONPATH": str(ROOT)}
    others = {n: v for n, v in os.environ.items() if not n.startswith("HANDTUNED_")}
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=folder,
        env=others | mine,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(process: "subprocess.Popen[str]") -> dict[str, float]:
    """The JSON in the last line that it prints. Raises: UserError if it failed."""
    out, _ = process.communicate()
    if process.returncode:
        raise UserError("a study of the bench failed, as said above; mend that and start again")
    found: dict[str, float] = json.loads(out.splitlines()[-1])
    return found
