"""The engine as a library on a real Dask cluster, with objectives that misbehave."""

import os
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.errors import UserError
from studies.cluster import Dask
from studies.rounds import run_study
from tests.search.toys import Kept, curve, dawdling_curve, facts, plan

if TYPE_CHECKING:
    from tests.cluster.dask_processes import Cluster

pytestmark = pytest.mark.slow


def test_same_trials_on_dask(dask: "Cluster") -> None:
    """A cluster makes the trials that one process makes, whichever of them finishes first."""
    with Dask(dask.address) as crew:
        trials = run_study(plan(), dawdling_curve, crew=crew)
    assert facts(trials) == facts(run_study(plan(), curve))
    assert {trial.timing.workers for trial in trials} == {2}


def deadly(params: Mapping[str, Any], seed: int) -> Iterator[float]:
    """An objective that takes its process with it, on some parameters."""
    if params["n"] > 30:
        os._exit(1)
    yield params["x"]


def test_trial_that_kills_its_workers_ends_the_study(
    start_dask: "Callable[..., Cluster]",
) -> None:
    """It is named with its parameters, and what finished is kept."""
    store = Kept()
    with (
        Dask(start_dask(2).address) as crew,
        pytest.raises(UserError, match=r"trial \d+ killed its worker .*times.*'n': \d+") as raised,
    ):
        run_study(plan(), deadly, store, crew=crew)
    named = int(str(raised.value).split()[1])
    assert named not in store.trials
    assert all(trial.params["n"] <= 30 for trial in store.trials.values())


def wrong(params: Mapping[str, Any], seed: int) -> Iterator[float]:
    """An objective with a mistake of its user's in it."""
    yield params["no such parameter"]


def test_exception_of_an_objective_comes_back(dask: "Cluster") -> None:
    """An objective that raises on a worker raises here, with the words it had there."""
    with Dask(dask.address) as crew, pytest.raises(KeyError, match="no such parameter"):
        run_study(plan(), wrong, crew=crew)
