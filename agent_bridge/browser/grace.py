"""How the time after a call's own is shared out among those who find out why it failed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Grace:
    """The time between a call's own end and that of its answer.

    Whoever looks into a failure has a share of it, which does not depend on what
    others take: what is not known when a share is used up is left out of the error.

    Attributes:
        seconds: All of it, the way back to the client included.
    """

    seconds: float = 1.0

    def part(self, share: float) -> float:
        """Return the seconds that are *share* of it, as a fraction."""
        return share * self.seconds
