"""The lock files follow pyproject.toml; checked offline."""

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("build.lock", "requirements.lock")


def pinned(lock: str) -> dict[str, set[str]]:
    """The versions that a lock file names for each package: several where markers differ."""
    versions: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / lock).read_text(), re.M):
        versions.setdefault(canonicalize_name(name), set()).add(version)
    return versions


def wanted() -> list[Requirement]:
    """What pyproject.toml asks for."""
    project = PROJECT["project"]
    extras = project["optional-dependencies"].values()
    return [Requirement(line) for line in [*project["dependencies"], *chain(*extras)]]


@pytest.mark.parametrize("requirement", wanted(), ids=lambda requirement: requirement.name)
def test_lock_satisfies_pyproject(requirement: Requirement) -> None:
    """Every requirement is locked in versions that satisfy it; if not: make lock."""
    versions = pinned("requirements.lock").get(canonicalize_name(requirement.name), set())
    assert versions
    assert all(requirement.specifier.contains(version) for version in versions)


def test_build_tools_are_locked() -> None:
    """build.lock satisfies [build-system], and the two lock files agree where they overlap."""
    build, run = pinned("build.lock"), pinned("requirements.lock")
    for requirement in map(Requirement, PROJECT["build-system"]["requires"]):
        assert all(requirement.specifier.contains(v) for v in build[requirement.name])
    assert all(run.get(name, versions) == versions for name, versions in build.items())


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_names_hashes_and_no_host(lock: str) -> None:
    """Every package is hashed, and nothing says where it is fetched from."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*(-i|-f|--(?:extra-)?index-url|--find-links)\b", text, re.M)
    entries = re.split(r"^(?=\S)", text, flags=re.M)[1:]
    assert all("--hash=sha256:" in entry for entry in entries)
