"""One deadline an operation, passed down instead of stacked timeouts."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment at which an operation has to be over.

    Attributes:
        total: Seconds the caller gave; what error messages quote.
        at: The moment, on the monotonic clock.
    """

    total: float
    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return the deadline *seconds* from now."""
        return cls(seconds, time.monotonic() + seconds)

    @property
    def remaining(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.at - time.monotonic())

    @property
    def remaining_ms(self) -> float:
        """Milliseconds left for Playwright, where 0 would mean for ever."""
        return max(1.0, self.remaining * 1000)

    @property
    def elapsed(self) -> float:
        """Seconds since the deadline was set."""
        return self.total - (self.at - time.monotonic())
