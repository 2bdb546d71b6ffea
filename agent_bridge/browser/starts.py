"""How the starts of browsers went: what a later start does not show any more."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmdop_browser.exceptions import CMDOPError


@dataclass(slots=True)
class Starts:
    """Counted for all browsers of an agent together: they are the same program on the same machine.

    Attributes:
        failed: How often none came of it.
        failure: Why, as long as none has started since; else None.
    """

    failed: int = 0
    failure: CMDOPError | None = None
    _failed_at: float = 0.0

    @property
    def since_failure(self) -> float:
        """Seconds since the last one failed; 0 where the last one did not."""
        return time.monotonic() - self._failed_at if self.failure is not None else 0.0

    def worked(self) -> None:
        """Note that a browser has started."""
        self.failure = None

    def did_not(self, failure: CMDOPError) -> None:
        """Note that a browser did not start, and why."""
        self.failed += 1
        self.failure, self._failed_at = failure, time.monotonic()
