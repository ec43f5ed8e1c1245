"""Ctrl-C: the first starts no more trials and lets the running ones finish, the second stops."""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")


class Interrupted(Exception):
    """The study was stopped before its last trial; the next run continues it."""


class Interrupts:
    """Counts Ctrl-C while it is entered; the second raises KeyboardInterrupt."""

    def __init__(self, tell: Callable[[], None] = lambda: None) -> None:
        """Nothing has been requested yet; `tell` is called when it is."""
        self.requested = False
        self._tell = tell
        self._before: Any = None

    def until_requested(self, items: Iterable[T]) -> Iterator[T]:
        """The items, until a stop is requested."""
        for item in items:
            if self.requested:
                return
            yield item

    def __enter__(self) -> Self:
        """Listen. Signals reach the main thread only: elsewhere nothing is counted."""
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._count)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Listen no more."""
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _count(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        self._tell()


@contextmanager
def left_in_peace() -> Iterator[None]:
    """Have processes that are started inside not hear of Ctrl-C: it would end them half made."""
    if not hasattr(signal, "pthread_sigmask"):  # as on Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
