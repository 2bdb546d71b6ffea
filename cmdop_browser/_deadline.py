"""One point in time for a whole operation, however many steps it takes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Deadline:
    """When an operation has to be over.

    Attributes:
        at: On the clock of `time.monotonic`.
        seconds: What was allowed at the start, for messages.
    """

    at: float
    seconds: float

    @classmethod
    def after(cls, seconds: float) -> Self:
        """The deadline *seconds* from now."""
        return cls(at=time.monotonic() + seconds, seconds=seconds)

    def remaining(self) -> float:
        """Seconds that are left, never below zero."""
        return max(0.0, self.at - time.monotonic())
