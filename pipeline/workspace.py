"""A second project in `workspaces/<name>/`: the same code, `params.yaml` with an overlay."""

import copy
import io
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline import params
from pipeline.errors import UserError

WORKSPACES = Path("workspaces")
SOURCES = ("pipeline", "studies", "analysis", "dvc.yaml", ".dvcignore", "params.schema.json")
LIVE = Path("studies/live")  # the workspace's own trials: kept
DVC_CONFIG = "[core]\n    analytics = false\n    check_update = false\n    no_scm = true\n"


def make(name: str) -> Path:
    """Make or refresh `workspaces/<name>` from `workspaces/<name>.yaml`.

    Sources and parameters are written anew; trials, data, reports and `dvc.lock` stay.
    Raises: UserError if there is no such overlay or the parameters break a rule.
    """
    text = _params_text(name)
    folder = WORKSPACES / name
    for source in SOURCES:
        _refresh(Path(source), folder)
    (folder / "params.yaml").write_text(text, encoding="utf-8")
    (folder / ".dvc").mkdir(exist_ok=True)
    (folder / ".dvc/config").write_text(DVC_CONFIG, encoding="utf-8")
    return folder


def merged(base: Any, overlay: Any) -> Any:
    """`base` with `overlay` on top: mappings key by key; anything else is replaced.

    Null in the place of a mapping takes it away: a study that the workspace does not have.

    >>> merged({"a": {"b": 1, "c": [1, 2]}}, {"a": {"c": [3]}})
    {'a': {'b': 1, 'c': [3]}}
    >>> merged({"a": {"b": {"c": 1}, "d": 2}}, {"a": {"b": None, "d": None}})
    {'a': {'d': None}}
    """
    if not (isinstance(base, Mapping) and isinstance(overlay, Mapping)):
        return overlay
    result: Any = copy.copy(base)  # a ruamel mapping keeps its comments
    for key, value in overlay.items():
        if value is None and isinstance(base.get(key), Mapping):
            del result[key]
        else:
            result[key] = merged(base.get(key), value)
    return result


def _params_text(name: str) -> str:
    """The workspace's `params.yaml`, validated. Raises: UserError."""
    overlays = {path.stem: path for path in sorted(WORKSPACES.glob("*.yaml"))}
    if name not in overlays:
        known = ", ".join(overlays) or "none; run from the project's folder"
        raise UserError(f"{WORKSPACES}/{name}.yaml is not there; overlays: {known}")
    params.load()  # a mistake in params.yaml is named as such
    yaml = YAML()
    yaml.width = 120
    yaml.representer.ignore_aliases = lambda _: True  # a shared space is written out twice
    stream = io.StringIO()
    yaml.dump(
        _seen_from(name, merged(_read(params.PARAMS, yaml), _read(overlays[name], yaml))), stream
    )
    _check(stream.getvalue(), overlays[name])
    return stream.getvalue()


def _seen_from(name: str, whole: Any) -> Any:
    """The parameters as the workspace needs them: a relative data.path leads to the same file."""
    data = whole.get("data") if isinstance(whole, Mapping) else None
    path = data.get("path") if isinstance(data, Mapping) else None
    if not isinstance(path, str) or Path(path).is_absolute():
        return whole
    there = os.path.relpath(path, WORKSPACES / name)
    return merged(whole, {"data": {"path": there}})


def _read(path: Path, yaml: YAML) -> Any:
    try:
        return yaml.load(path)
    except YAMLError as error:
        raise UserError(f"{' '.join(str(error).split())}; mend the YAML there") from None


def _check(text: str, overlay: Path) -> None:
    """Validate the very text that will be written. Raises: UserError naming the overlay."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / params.PARAMS
        path.write_text(text, encoding="utf-8")
        try:
            params.load(path)
        except UserError as error:
            raise UserError(str(error).replace(str(path), str(overlay))) from None


def _refresh(source: Path, folder: Path) -> None:
    """Replace the copy of `source` in `folder`; files that are gone from `source` go there too."""
    target = folder / source
    if source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
        return
    for old in target.glob("*"):
        if old != folder / LIVE:
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    shutil.copytree(source, target, dirs_exist_ok=True, ignore=_not_sources)


def _not_sources(folder: str, names: list[str]) -> set[str]:
    caches = shutil.ignore_patterns("__pycache__", "*.pyc", ".ipynb_checkpoints")(folder, names)
    return caches | ({LIVE.name} if Path(folder) == LIVE.parent else set())
