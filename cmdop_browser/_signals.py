"""Signals that come while gRPC holds its locks."""

from __future__ import annotations

# CPython's own: the module `signal` makes enums of everything, 40 µs a block instead of 3.
import _signal  # type: ignore[import-not-found]
import signal
import threading
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

# Those that programs have handlers for, and that do not tell of a fault of the program itself.
_SIGNALS: Final = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGALRM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
)


class Uninterrupted:
    """A block in which no signal's handler runs: what came runs at its end.

    Python runs handlers between any two steps of the main thread, and Ctrl-C's raises. Right
    after gRPC has taken one of its locks nobody would give that back: the thread that serves
    the channel waits for it, and every later call of the client waits for that thread, for ever
    and beyond its timeout.

    Within the block nothing may wait for long. In other threads, where no handlers run, it does
    nothing.
    """

    def __init__(self, wake: Callable[[], object] | None = None) -> None:
        """Prepare a block; *wake* ends a wait in it when Ctrl-C comes."""
        self._wake = wake
        self._before: dict[int, Callable[[int, Any], object]] = {}
        self._came: list[tuple[int, Any]] = []

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            try:
                self._hold()
            except BaseException:  # of a handler that was not held yet
                self._restore()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        handlers = dict(self._before)
        self._restore()
        for number, frame in self._came:
            handlers[number](number, frame)

    def _hold(self) -> None:
        for number in _SIGNALS:
            handler = _signal.getsignal(number)
            if callable(handler):
                self._before[number] = handler
                _signal.signal(number, self._note)

    def _restore(self) -> None:
        try:
            for number, handler in list(self._before.items()):
                _signal.signal(number, handler)
                del self._before[number]
        finally:
            if self._before:  # one that is back already has raised
                self._restore()

    def _note(self, number: int, frame: Any) -> None:
        self._came.append((number, frame))
        if self._wake is not None and self._before.get(number) is signal.default_int_handler:
            self._wake()
