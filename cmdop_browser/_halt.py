"""Whether the agent stands still: it takes calls, answers none, and breaks no connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

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
