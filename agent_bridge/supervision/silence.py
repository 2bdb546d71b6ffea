"""For how long an agent has shown no life, as its supervisor sees it."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from cmdop_browser.wire.mounts import is_read_only

if TYPE_CHECKING:
    from collections.abc import Callable


class Pulse:
    """For how long a file was not touched, on a clock that does not jump."""

    def __init__(self, path: str, tick: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Watch a file.

        Args:
            path: Of the file.
            tick: Seconds between two looks at it.
            clock: Tells the time in seconds.
        """
        self._path = path
        self._tick = tick
        self._clock = clock
        self._touched = 0
        self._looked = self._changed = clock()

    def silence(self) -> float:
        """Seconds without a change that was looked for; 0 where there is no file, or none can be touched."""
        now = self._clock()
        try:
            touched = -1 if is_read_only(self._path) else os.stat(self._path).st_mtime_ns  # noqa: PTH116 -- pathlib costs memory
        except OSError:
            touched = -1
        # Who did not look, since it was stopped itself or starved, knows nothing.
        if touched != self._touched or touched == -1 or now - self._looked > 3 * self._tick:
            self._touched, self._changed = touched, now
        self._looked = now
        return now - self._changed
