"""The project's sources in a folder of their own, as a clone of a user's has them."""

import shutil
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from pipeline.workspace import merged

ROOT = Path(__file__).parents[2]
PARTS = (
    *("pipeline", "studies", "analysis", ".dvc/config", ".dvc/.gitignore", ".dvcignore"),
    *(".gitignore", "dvc.yaml", "params.yaml", "params.schema.json"),
)


def copy(folder: Path, *overlays: Any) -> None:
    """Copy what a run needs, without trials and caches, with overlays on its parameters."""
    for part in PARTS:
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / part).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "live")
            shutil.copytree(ROOT / part, folder / part, ignore=ignored)
        else:
            shutil.copy(ROOT / part, folder / part)
    yaml = YAML()
    yaml.representer.ignore_aliases = lambda _: True
    whole = yaml.load(ROOT / "params.yaml")
    for overlay in overlays:
        whole = merged(whole, overlay)
    with (folder / "params.yaml").open("w") as file:
        yaml.dump(whole, file)
