"""Training on a running Dask cluster: joblib's backend, mended where a death would hang it."""

import logging
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import cached_property
from types import TracebackType
from typing import Any, Self

import joblib

from pipeline.errors import UserError
from studies import environment
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
        client = self._client
        with self._answering():
            client.wait_for_workers(1, timeout=SECONDS_TO_CONNECT)
            return int(sum(client.ncores().values()))

    def parallel(self, width: int, objective: Objective) -> joblib.Parallel:
        """Run tasks on the cluster, `width` at once, yielding results as they come."""
        held = self._sent
        if held is None or held[0] is not objective or held[1].status != "finished":
            with self._answering():
                self._confirm_packages()
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
            raise self._gone() from None
        self._sent = None
        return "on the cluster"

    @property
    def deaths(self) -> tuple[type[Exception], ...]:
        """What is raised when workers died once too often, or with them what they held."""
        from distributed import KilledWorker
        from distributed.comm.core import CommClosedError

        return KilledWorker, CancelledError, CommClosedError

    def _confirm_packages(self) -> None:
        """See that scheduler and workers can read what they will be sent. Raises: UserError."""
        try:
            self._client.run_on_scheduler(environment.here)
            said = self._client.run(environment.here, on_error="return").values()
        except ImportError as missing:
            said = [missing]
        for error in said:
            if isinstance(error, Exception):
                raise UserError(
                    f"the Dask scheduler at {self._address} and its workers must have handtuned "
                    f"installed, but said: {error}; install the same version there"
                ) from None

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Turn workers or a scheduler that answer no more into one line. Raises: UserError."""
        try:
            yield
        except TimeoutError:
            raise UserError(
                f"the Dask scheduler at {self._address} has no worker; start some: "
                f"dask worker {self._address} --nworkers 2 --nthreads 1"
            ) from None
        except (OSError, CancelledError):
            raise self._gone() from None

    def _gone(self) -> UserError:
        return UserError(
            f"the Dask scheduler at {self._address} went away; start it and its workers, and run "
            "again: what finished is kept"
        )

    @cached_property
    def _client(self) -> Any:
        try:
            from dask import config
            from distributed import Client
            from distributed.comm.addressing import get_address_host_port
            from distributed.versions import VersionMismatchWarning
        except ImportError:
            raise UserError(
                "the dask backend needs the package distributed; pip install 'handtuned[dask]'"
            ) from None
        if self._address.startswith("tls:") and not config.get("distributed.comm.tls.ca-file"):
            raise UserError(
                f"the Dask scheduler at {self._address} needs certificates, but Dask's "
                "configuration names none; set DASK_DISTRIBUTED__COMM__TLS__CA_FILE and the others"
            )
        for name in ("distributed", "distributed.client"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what is wrong is said in one line
        connect: Any = Client  # without annotations
        try:
            get_address_host_port(self._address)  # a Client that finds it wrong hangs at exit
            with warnings.catch_warnings():  # every task compares all that decides
                warnings.simplefilter("ignore", VersionMismatchWarning)
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
