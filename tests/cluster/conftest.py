"""A real PostgreSQL, a real Dask cluster, and a project whose studies take a few seconds."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from tests.cluster.commands import Project
from tests.search import conftest

if TYPE_CHECKING:
    from tests.cluster.dask_processes import Cluster
    from tests.cluster.postgres import Database, Server

prepared = conftest.prepared


def missing(what: str) -> NoReturn:
    """Skip where something is not installed; in CI these tests must run."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} must be installed in CI")
    pytest.skip(f"{what} is not installed")


@pytest.fixture(scope="session")
def postgres() -> "Iterator[Server]":
    """A PostgreSQL server."""
    if not find_spec("psycopg"):
        missing("psycopg")
    from tests.cluster.postgres import programs, server

    binaries = programs() or missing("PostgreSQL")
    with server(binaries) as running:
        yield running


@pytest.fixture
def database(postgres: "Server") -> "Database":
    """A new database, its server running."""
    postgres.start()
    return postgres.database()


@pytest.fixture(scope="session")
def dask(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Cluster]":
    """A scheduler and two workers, to be left as they are."""
    if not find_spec("distributed"):
        missing("distributed")
    from tests.cluster.dask_processes import cluster

    with cluster(tmp_path_factory.mktemp("dask")) as running:
        yield running


@pytest.fixture
def start_dask(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Callable[..., Cluster]]":
    """Starts a scheduler and so many workers, for this test to do with as it likes."""
    if not find_spec("distributed"):
        missing("distributed")
    from tests.cluster.dask_processes import ROOT, cluster

    with ExitStack() as stack:

        def start(workers: int, *, path: Path = ROOT) -> "Cluster":
            folder = tmp_path_factory.mktemp("dask")
            return stack.enter_context(cluster(folder, workers, path=path))

        yield start


@pytest.fixture(scope="session")
def slower(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The small project with a search of a few seconds: time enough for things to go wrong."""
    project = Project(prepared).copy(tmp_path_factory.mktemp("slower") / "project")
    project.edit("params.yaml", "trials: 10", "trials: 24")
    project.edit("params.yaml", "\n  epochs: 4", "\n  epochs: 40")
    return project


@pytest.fixture
def project(slower: Project, tmp_path: Path) -> Project:
    """A copy of that project for one test."""
    return slower.copy(tmp_path / "project")


@pytest.fixture(scope="session")
def reference(
    slower: Project, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], dict[str, bytes]]:
    """The tables of a study run on this machine, kept in SQLite, never disturbed."""

    @cache
    def tables(key: str) -> dict[str, bytes]:
        folder = tmp_path_factory.mktemp("reference") / "project"
        return slower.copy(folder).finish(key)

    return tables
