"""Whether the agent stands still: it takes calls, answers none, and breaks no connection."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cmdop_browser.wire.rendezvous import is_halted

if TYPE_CHECKING:
    from cmdop_browser.wire.rendezvous import DiscoveryRecord

# Looking takes 20 µs. Twice, so that an agent that is halted for a moment is waited for.
LOOK_SECONDS: Final = 0.2
LOOKS: Final = 2


class AgentHalted(Exception):  # noqa: N818 -- a fact, which the caller turns into an error of ours
    """The agent's process stands still.

    Attributes:
        sent: Whether the call had been sent, so that it runs when the agent runs on.
    """

    def __init__(self, *, sent: bool) -> None:
        super().__init__("the agent's process is stopped")
        self.sent = sent


@dataclass(slots=True)
class Halt:
    """Looks at the agent's process, for one call."""

    pid: int
    start_time: float
    _seen: int = 0

    @classmethod
    def of(cls, record: DiscoveryRecord) -> Halt:
        """For the agent of *record*."""
        return cls(record.pid, record.pid_start_time)

    def look(self) -> bool:
        """Whether it stood still at this look and at the one before."""
        self._seen = self._seen + 1 if is_halted(self.pid, self.start_time) else 0
        return self._seen >= LOOKS

    def begins(self) -> bool:
        """Whether it stands still at the first look, so that nothing should be sent yet."""
        self._seen = int(is_halted(self.pid, self.start_time))
        return bool(self._seen)

    def wait(self, arrived: threading.Lock) -> None:
        """Wait until *arrived* is released; whatever interrupts that finds no lock of gRPC's taken.

        Raises:
            AgentHalted: The agent stands still.
        """
        while not arrived.acquire(timeout=LOOK_SECONDS):
            if self.look():
                raise AgentHalted(sent=True)


class Looks:
    """Looks at the agent again and again while a call is under way, and cancels it when that stands still.

    No closure, which would be its own garbage and keep the call: and a call that is kept
    keeps gRPC's socket open after its channel was closed.

    Attributes:
        halted: Whether it did.
    """

    def __init__(self, halt: Halt, rpc: Any) -> None:
        self.halted = False
        self._halt = halt
        self._rpc = rpc
        self._plan()

    def end(self) -> None:
        """Look no more."""
        self._timer.cancel()

    def _plan(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        self.halted = self._halt.look()
        if self.halted:
            self._rpc.cancel()
        else:
            self._plan()


class LooksBeside:
    """The same for a blocking stream: who reads it waits in gRPC's own code, and cannot look.

    It takes a thread, in which no handler of a signal runs; that ends with the looks.

    Attributes:
        halted: Whether the agent stood still.
    """

    def __init__(self, halt: Halt, rpc: Any) -> None:
        self.halted = False
        self._ended = threading.Lock()
        self._ended.acquire()
        # None is to be had when the interpreter is about to end: then nobody looks.
        with contextlib.suppress(RuntimeError):
            threading.Thread(target=self._look, args=(halt, rpc), name="cmdop-looks", daemon=True).start()

    def end(self) -> None:
        """Look no more."""
        self._ended.release()

    def _look(self, halt: Halt, rpc: Any) -> None:
        try:
            halt.wait(self._ended)
        except AgentHalted:
            self.halted = True
            rpc.cancel()
