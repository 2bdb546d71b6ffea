"""A clock that shows what a test says."""

from __future__ import annotations


class Clock:
    """Given to what reads the time, and never put in the place of ``time.monotonic`` itself.

    Event loops read that one, too: those of the sites that are served from threads of the
    same process would go to sleep for as long as it is off.
    """

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now
