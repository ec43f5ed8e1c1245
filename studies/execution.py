"""How studies run: `execution` in `params.yaml`, and the environment, which wins over it."""

import os
from dataclasses import dataclass

import joblib

from pipeline import settings
from pipeline.errors import UserError
from studies.storage import sqlite_url

BACKENDS = ("loky", "dask")


@dataclass(frozen=True)
class Execution:
    """How many worker processes, on this machine or a cluster's, and where trials are kept.

    On Dask the cluster has the workers that it has, and `jobs` does not count.
    """

    jobs: int
    backend: str
    dask: str | None
    storage: str


def settle(asked: settings.Execution) -> Execution:
    """What is asked for in the environment or else in `params.yaml`.

    Raises: UserError if a variable has a value that cannot be.
    """
    backend = os.environ.get("HANDTUNED_BACKEND") or asked.backend
    if backend not in BACKENDS:
        raise UserError(
            f"HANDTUNED_BACKEND must be one of {', '.join(BACKENDS)}, but is {backend!r}; "
            "set or unset it"
        )
    dask = os.environ.get("HANDTUNED_DASK") or asked.dask
    if backend == "dask" and not dask:
        raise UserError(
            "the dask backend needs the address of a scheduler, but has none; set "
            "HANDTUNED_DASK=tcp://HOST:8786 or execution.dask"
        )
    storage = os.environ.get("HANDTUNED_STORAGE") or asked.storage or sqlite_url()
    return Execution(_jobs(asked.jobs), backend, dask, storage)


def _jobs(asked: int | str) -> int:
    """How many processes train on this machine; auto is one per core."""
    jobs = os.environ.get("HANDTUNED_JOBS")
    if not jobs:
        return joblib.cpu_count() if asked == "auto" else int(asked)
    if not jobs.isdecimal() or int(jobs) < 1:
        raise UserError(
            f"HANDTUNED_JOBS must be a number from 1, but is {jobs!r}; set or unset it"
        )
    return int(jobs)
