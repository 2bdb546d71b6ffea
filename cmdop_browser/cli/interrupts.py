"""Ctrl-C and SIGTERM: both end a command in good order, and neither comes too early or too often.

Imported before everything else of the command line, so it imports next to nothing.
"""

from __future__ import annotations

import signal
import threading

TYPE_CHECKING = False  # the module typing takes longer than all that is needed here
if TYPE_CHECKING:
    from types import FrameType, TracebackType
    from typing import Any, Self


class Interrupts:
    """While it is entered, SIGTERM does what Ctrl-C does, so that both leave nothing behind.

    Args:
        at_the_end: The process ends afterwards. Once interrupted it does nothing but that,
            so there is no moment in which one more signal would be answered with a traceback.
    """

    def __init__(self, *, at_the_end: bool) -> None:
        self._at_the_end = at_the_end
        self._ignored = self._noted = False
        self._before: dict[signal.Signals, Any] = {}

    def ignore(self) -> None:
        """Have what came twice, or comes again, do nothing any more."""
        self._ignored = True
        for number in self._before:
            signal.signal(number, signal.SIG_IGN)

    def hold(self) -> None:
        """Only note the first one that comes, until `let_go`.

        In the middle of an import Python may print an interrupt and go on. One that comes
        after it is impatient, and interrupts all the same.
        """
        for number in self._before:
            if signal.getsignal(number) is signal.default_int_handler:
                signal.signal(number, self._note)

    def let_go(self) -> None:
        """Have what comes interrupt again.

        Raises:
            KeyboardInterrupt: One has come meanwhile.
        """
        for number in self._before:
            if signal.getsignal(number) == self._note:
                signal.signal(number, signal.default_int_handler)
        if self._noted:
            raise KeyboardInterrupt

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        if self._noted:
            raise KeyboardInterrupt
        self._noted = True

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # no other thread may set handlers
            # Who runs a command in the background of a shell may have it ignore Ctrl-C: that stays so.
            self._before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not (self._ignored and self._at_the_end):
            for number, handler in self._before.items():
                signal.signal(number, handler)
