"""Training a round's trials in worker processes that may die, on this machine or a cluster's."""

import os
import re
import signal
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol

import joblib
from joblib.externals.loky.process_executor import TerminatedWorkerError
from optuna.pruners import BasePruner

from pipeline.errors import UserError
from studies import environment
from studies.interrupts import Interrupts, left_in_peace
from studies.pruning import Told
from studies.training import this_process, train_trial
from studies.trials import Direction, Objective, Proposal, Trial

DEATHS = 3  # a trial that kills its worker so often ends the study
OUT_OF_MEMORY = 137  # as a shell says it of a process that the system killed
SECONDS_TO_NOTICE = 0.5  # how soon a worker ends when the coordinator was killed


class Crew(Protocol):
    """Workers that train trials."""

    @property
    def size(self) -> int:
        """How many trials train at once."""

    @property
    def deaths(self) -> tuple[type[Exception], ...]:
        """What is raised when a worker died."""

    def parallel(self, width: int, objective: Objective) -> joblib.Parallel:
        """Run tasks on `objective`, `width` at once, yielding results as they come."""

    def recover(self, error: Exception, running: Mapping[int, Proposal]) -> str:
        """Be ready to go on after a death; return how it came, or raise what ends the study."""


class Loky:
    """Processes of this machine, apart from the study's own, so that it survives them."""

    deaths = (TerminatedWorkerError,)

    def __init__(self, jobs: int) -> None:
        """Have the workers start while the first round is made ready: that takes a second."""
        self.size = jobs
        self._starting = threading.Thread(target=self._start, daemon=True)
        self._starting.start()

    def _start(self) -> None:
        with left_in_peace(), suppress(*self.deaths):
            list(self._parallel(self.size)(joblib.delayed(ready)() for _ in range(self.size)))

    def parallel(self, width: int, objective: Objective) -> joblib.Parallel:
        """Run tasks in worker processes, `width` at once, yielding results as they come."""
        self._starting.join()
        return self._parallel(width)

    def _parallel(self, width: int) -> joblib.Parallel:
        # with one worker joblib would train in this process
        return joblib.Parallel(
            n_jobs=max(2, width),
            backend="loky",
            initializer=follow,
            initargs=(os.getpid(),),
            pre_dispatch=width,
            batch_size=1,
            return_as="generator_unordered",
        )

    def recover(self, error: Exception, running: Mapping[int, Proposal]) -> str:
        """How the worker ended, as a signal or an exit code; the next tasks start new workers."""
        found = re.search(r"\{(.*)\}", str(error))
        return found.group(1) if found else "unknown"


def processes(jobs: int) -> joblib.Parallel:
    """For other work than trials: processes that leave Ctrl-C to this one and end with it.

    Results come in order. One job runs in this process.
    """
    initial = {"initializer": follow, "initargs": (os.getpid(),)}
    return joblib.Parallel(jobs, backend="loky", return_as="generator", **initial)


def ready() -> None:
    """Do nothing: a worker that did it has loaded what it trains with."""


def follow(coordinator: int) -> None:
    """Have this worker leave Ctrl-C to the process `coordinator`, and end when that is gone.

    The coordinator lets running trials finish after Ctrl-C. Killed, it could not end its workers,
    and they would train for nobody.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == coordinator:
            time.sleep(SECONDS_TO_NOTICE)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@dataclass(frozen=True, eq=False)  # joblib's Dask backend keeps tasks in a set
class Task:
    """The training of one trial, but for the objective: what travels to a worker for it."""

    proposal: Proposal
    pruner: BasePruner
    snapshot: Sequence[Told]
    direction: Direction
    environment: Mapping[str, str]

    @property
    def __name__(self) -> str:
        """What a cluster's dashboard calls it."""
        return f"trial-{self.proposal.number}"

    def __call__(self, objective: Objective) -> Trial:
        """Train it here. Raises: UserError if this worker would compute other bits."""
        other = environment.differences(environment.here(), self.environment)
        if other:
            raise UserError(
                f"worker {this_process()} must have the coordinator's environment, but has "
                f"{'; '.join(other)}; install the same there (for other kernels set "
                "OPENBLAS_CORETYPE and NPY_DISABLE_CPU_FEATURES alike everywhere)"
            )
        try:
            return train_trial(
                objective, self.proposal, self.pruner, self.snapshot, self.direction
            )
        except MemoryError:  # what the system would end; alone the trial may fit
            os._exit(OUT_OF_MEMORY)


def train(
    crew: Crew,
    objective: Objective,
    waiting: Sequence[Proposal],
    task: Callable[[Proposal], Task],
    stop: Interrupts,
) -> Generator[Trial, None, None]:
    """Train the trials in the order given, yielding each as it finishes; after Ctrl-C no more.

    When a worker dies, the trials that ran are trained again when the others are done, one at a
    time: what was too much for the memory together may fit alone, and the culprit is known.

    Raises: UserError naming the trial that killed its worker for the third time, running alone.
    """
    left = {proposal.number: proposal for proposal in waiting}
    deaths: dict[int, int] = {}  # of trials that ran when a worker died: how often while alone
    while left and not stop.requested:
        unsuspected = [proposal for number, proposal in left.items() if number not in deaths]
        suspect = min(left.values(), key=lambda proposal: deaths.get(proposal.number, 0))
        running: dict[int, Proposal] = {}

        def tasks(
            proposals: Sequence[Proposal] = unsuspected or [suspect],
            running: dict[int, Proposal] = running,
        ) -> Iterator[object]:
            for proposal in stop.until_requested(proposals):
                running[proposal.number] = proposal
                yield joblib.delayed(task(proposal))(objective)

        width = crew.size if unsuspected else 1
        try:
            with left_in_peace():
                results = crew.parallel(width, objective)(tasks())
            with _ended(results) as trials:
                for trial in trials:
                    del running[trial.number], left[trial.number]
                    yield trial
        except crew.deaths as error:
            how = crew.recover(error, running)
            for number in running:
                deaths[number] = deaths.get(number, 0) + (len(running) == 1)
                if deaths[number] == DEATHS:
                    raise deadly(left[number], f"{DEATHS} times ({how})") from None


@contextmanager
def _ended(results: Generator[Trial, None, None]) -> Iterator[Iterator[Trial]]:
    """End the workers' tasks, too, when the results are no longer wanted."""
    try:
        yield results
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # joblib warns of what it cancels
            results.close()


def deadly(proposal: Proposal, how_often: str) -> UserError:
    """What to say of a trial that kills its workers."""
    return UserError(
        f"trial {proposal.number} killed its worker {how_often}, perhaps for want of memory, with "
        f"{dict(proposal.params)}; give it more memory, fewer workers, or a smaller space: "
        "what finished is kept"
    )
