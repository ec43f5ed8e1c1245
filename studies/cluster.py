"""Training on a running Dask cluster: joblib's backend, mended where a death would hang it."""

from collections.abc import Mapping
from concurrent.futures import CancelledError
from functools import cached_property
from types import TracebackType
from typing import Any, Self

import joblib

from pipeline.errors import UserError
from studies.trials import Objective, Proposal
from studies.workers import deadly

SECONDS_TO_CONNECT = 10


class Dask:
    """The workers of the Dask scheduler at an address; an objective travels once to each."""

    def __init__(self, address: str) -> None:
        """Connect to nothing yet."""
        self._address = address
        self._sent: tuple[Objective, Any] | None = None

    @property
    def size(self) -> int:
        """How many trials train at once: the cluster's threads, now.

        Raises: UserError if there is no scheduler, or none of its workers.
        """
        try:
            self._client.wait_for_workers(1, timeout=SECONDS_TO_CONNECT)
        except TimeoutError:
            raise UserError(
                f"the Dask scheduler at {self._address} has no worker; start some: "
                f"dask worker {self._address} --nworkers 2 --nthreads 1"
            ) from None
        return int(sum(self._client.ncores().values()))

    def parallel(self, width: int, objective: Objective) -> joblib.Parallel:
        """Run tasks on the cluster, `width` at once, yielding results as they come."""
        held = self._sent
        if held is None or held[0] is not objective or held[1].status != "finished":
            (future,) = self._client.scatter([objective], broadcast=True, hash=False)
            held = self._sent = objective, future
        return joblib.Parallel(
            backend=_backend(self._client, {id(objective): held[1]}),
            pre_dispatch=width,
            batch_size=1,
            return_as="generator_unordered",
        )

    def recover(self, error: Exception, running: Mapping[int, Proposal]) -> str:
        """Send the objective again, should it be lost with the workers that held it.

        Dask itself runs a task again whose worker died, until its `allowed-failures` are spent.

        Raises: UserError naming the trial that spent them, or if nobody is left to go on with.
        """
        if isinstance(error, self.deaths[0]):  # the task's key, its last worker, the limit
            for proposal in running.values():
                if f"trial-{proposal.number}_" in str(error.args[0]):
                    raise deadly(proposal, f"{error.args[2] + 1} times") from None
        if self._client.status != "running":
            raise UserError(
                f"the Dask scheduler at {self._address} went away; start it and its workers, and "
                "run again: what finished is kept"
            ) from None
        self._sent = None
        return "on the cluster"

    @property
    def deaths(self) -> tuple[type[Exception], ...]:
        """What is raised when workers died once too often, or with them what they held."""
        from distributed import KilledWorker
        from distributed.comm.core import CommClosedError

        return KilledWorker, CancelledError, CommClosedError

    @cached_property
    def _client(self) -> Any:
        try:
            from distributed import Client
        except ImportError:
            raise UserError(
                "the dask backend needs the package distributed; pip install 'handtuned[dask]'"
            ) from None
        try:
            connect: Any = Client  # without annotations
            return connect(self._address, timeout=SECONDS_TO_CONNECT, set_as_default=False)
        except (OSError, ValueError):
            raise UserError(
                f"no Dask scheduler answers at {self._address}; start one (dask scheduler), or "
                "mend HANDTUNED_DASK or execution.dask"
            ) from None

    def __enter__(self) -> Self:
        """Connect when workers are asked for."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Disconnect."""
        if "_client" in vars(self):
            self._client.close()


def _backend(client: Any, sent: Mapping[int, Any]) -> Any:
    """joblib's Dask backend, its data sent before, and two faults of it mended."""
    from joblib._dask import DaskDistributedBackend

    class Backend(DaskDistributedBackend):  # type: ignore[misc]
        def effective_n_jobs(self, n_jobs: int) -> int:
            """Never 1, as while one of two restarts: joblib would train in this process."""
            return max(2, int(sum(client.ncores().values())))

        def submit(self, func: Any, callback: Any = None) -> Any:
            """Pass on what ends a task, or the caller waits for ever."""
            future = super().submit(func, callback)
            future.add_done_callback(lambda done: done.exception() and callback(done.exception()))
            return future

    backend = Backend(client=client)
    backend.data_futures = dict(sent)
    return backend
