"""One session: its state, its lock, its order of calls. Knows no other session."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from agent_bridge.browser.page import PageLost
from cmdop_browser.exceptions import BrowserSessionClosedError, BrowserTimeoutError, CloseReason, Outcome
from cmdop_browser.exceptions.text import seconds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.deadline import Deadline
    from agent_bridge.pool.admission import Slot


class State(Enum):
    """What a session can be in."""

    OPEN = "open"  # takes calls
    CLOSED = "closed"  # final; `reason` says why


@dataclass(frozen=True, slots=True)
class SessionSpec:
    """What the caller asked of a session, besides its browser context."""

    name: str = ""
    idle_timeout: float = 300.0
    timeout: float = 30.0


def closed_error(
    session_id: str,
    reason: CloseReason,
    *,
    last_action: str | None = None,
    outcome: Outcome = Outcome.NOT_EXECUTED,
) -> BrowserSessionClosedError:
    """Build the error of a call on a session that is no more."""
    what = f"{last_action} failed: " if last_action else ""
    return BrowserSessionClosedError(
        f"{what}the session is closed ({reason.value})",
        session_id=session_id,
        reason=reason,
        action=last_action,
        last_action=last_action,
        outcome=outcome,
    )


@dataclass(eq=False)
class Session:
    """A page with everything that makes it one caller's own.

    Attributes:
        owner: Id of the client whose lease holds it.
        epoch: Rises when the session is rebuilt.
        reason: Why it was closed.
        on_lost: Called when its page goes away under it.
    """

    id: str
    spec: SessionSpec
    owner: str
    page: ManagedPage
    slot: Slot
    on_lost: Callable[[Session, CloseReason], None]
    epoch: int = 1
    state: State = State.OPEN
    reason: CloseReason | None = None
    created: float = field(default_factory=time.monotonic)
    last_used: float = field(default_factory=time.monotonic)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _running: str | None = None

    def __post_init__(self) -> None:
        self.page.lost.add_done_callback(self._page_lost)

    @property
    def idle_seconds(self) -> float:
        """Seconds since the last call ended, 0 while one runs."""
        return 0.0 if self._lock.locked() else time.monotonic() - self.last_used

    @property
    def is_busy(self) -> bool:
        """Whether a call is under way."""
        return self._lock.locked()

    @contextlib.asynccontextmanager
    async def operation(self, action: str, deadline: Deadline) -> AsyncIterator[ManagedPage]:
        """Have the page to oneself for one call, in the order of arrival.

        Args:
            action: The public name of the call, for messages.
            deadline: Of the whole call, the wait for one's turn included.

        Raises:
            BrowserSessionClosedError: The session is closed, or its page went away meanwhile.
            BrowserTimeoutError: Another call held the session all the time.
        """
        self._require_open(action)
        await self._take_turn(action, deadline)
        self._running = action
        began = False
        try:
            self._require_open(action)
            began = True
            yield self.page
        except PageLost as exc:
            self._closed(exc.reason)
            outcome = Outcome.UNKNOWN if began else Outcome.NOT_EXECUTED
            raise closed_error(
                self.id, self.reason or exc.reason, last_action=action, outcome=outcome
            ) from exc
        finally:
            self._running = None
            self.last_used = time.monotonic()
            self._lock.release()

    def mark_closed(self, reason: CloseReason) -> bool:
        """Take no more calls; returns False when that was so already."""
        if self.state is State.CLOSED:
            return False
        self.state, self.reason = State.CLOSED, reason
        return True

    def _closed(self, reason: CloseReason) -> None:
        if self.mark_closed(reason):
            self.on_lost(self, reason)

    def _page_lost(self, lost: asyncio.Future[CloseReason]) -> None:
        self._closed(lost.result())

    async def _take_turn(self, action: str, deadline: Deadline) -> None:
        try:
            async with asyncio.timeout(deadline.remaining):
                await self._lock.acquire()
        except TimeoutError as exc:
            raise BrowserTimeoutError(
                f"{action} timed out after {seconds(deadline.total)}:"
                f" the session was busy with {self._running or 'other calls'}",
                session_id=self.id,
                action=action,
                timeout_seconds=deadline.total,
                outcome=Outcome.NOT_EXECUTED,
                tips=("calls on one session run one after the other; use several sessions to work at once",),
            ) from exc

    def _require_open(self, action: str) -> None:
        if self.state is State.CLOSED:
            raise closed_error(self.id, self.reason or CloseReason.CLOSED_BY_CALLER, last_action=action)
