"""How late the event loop is: what every call waits for besides its own work."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_EVERY: Final = 0.25
_REMEMBERED: Final = 40  # ten seconds


class LoopLag:
    """Sleeps again and again, and notes how late it wakes.

    `worst` may be asked from another thread, which gets an answer also while the loop is stuck.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._late: deque[float] = deque(maxlen=_REMEMBERED)
        self._due: float | None = None

    async def watch(self) -> None:
        """Measure for as long as it is awaited."""
        try:
            while True:
                self._due = self._clock() + _EVERY
                await asyncio.sleep(_EVERY)
                self._late.append(max(0.0, self._clock() - self._due))
        finally:
            self._due = None

    @property
    def worst(self) -> float:
        """Seconds by which the loop was late at most in the last ten seconds, or is now."""
        now_late = 0.0 if self._due is None else self._clock() - self._due
        return max((*self._late.copy(), now_late, 0.0))
