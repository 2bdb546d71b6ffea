"""When an agent that crashed is started again, and when no more: plain code, without clock or process."""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Policy(NamedTuple):
    """How patient a supervisor is. Times are in seconds.

    Attributes:
        max_crashes: So many crashes within `crash_window` are a crash loop.
        crash_window: See above.
        first_delay: Before the first start after a crash.
        factor: By which the delay grows from crash to crash.
        longest_delay: More than which it never is.
        stable: After so long the crashes before are forgotten by the delay.
    """

    max_crashes: int = 5
    crash_window: float = 60.0
    first_delay: float = 0.2
    factor: float = 2.0
    longest_delay: float = 30.0
    stable: float = 60.0


def _random() -> float:
    return int.from_bytes(os.urandom(2)) / 0xFFFF  # the module random would take half a megabyte


class Crashes:
    """The crashes so far, and what follows from them.

    Args:
        policy: How patient to be.
        jitter: A number between 0 and 1 whenever it is called: agents that crashed at the
            same moment should not all start at the same moment.
    """

    def __init__(self, policy: Policy, jitter: Callable[[], float] = _random) -> None:
        self._policy = policy
        self._jitter = jitter
        self._recent: deque[float] = deque()
        self._delay = 0.0

    def __len__(self) -> int:
        """Crashes within the window that ends with the last one."""
        return len(self._recent)

    def delay_after(self, now: float, uptime: float) -> float | None:
        """Count a crash.

        Args:
            now: When it was, on a clock that only goes forward.
            uptime: How long the agent had been ready.

        Returns:
            Seconds to wait before the next start, between half of and the whole backoff;
            None in a crash loop.
        """
        policy = self._policy
        self._recent.append(now)
        while now - self._recent[0] > policy.crash_window:
            self._recent.popleft()
        if len(self._recent) >= policy.max_crashes:
            return None
        if self._delay == 0.0 or uptime >= policy.stable:
            self._delay = policy.first_delay
        else:
            self._delay = min(self._delay * policy.factor, policy.longest_delay)
        return self._delay * (1 + self._jitter()) / 2
