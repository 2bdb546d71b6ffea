"""One session: its state, its lock, its order of calls. Knows no other session."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from agent_bridge.browser.answers import PageLost
from cmdop_browser.exceptions import (
    BrowserSessionClosedError,
    BrowserTimeoutError,
    CloseReason,
    Outcome,
    SessionInterruptedError,
)
from cmdop_browser.exceptions.text import seconds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.deadline import Deadline
    from agent_bridge.pool.admission import Slot
    from agent_bridge.pool.recovery import Recovery
    from cmdop_browser.exceptions import CMDOPError

log = logging.getLogger(__name__)


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
    restore: bool = False


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
        recovery: What it is rebuilt with after a crash; None when it ends then.
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
    recovery: Recovery | None = None
    created: float = field(default_factory=time.monotonic)
    last_used: float = field(default_factory=time.monotonic)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _users: int = 0
    _running: str | None = None
    _given_up: ManagedPage | None = None
    _last_loss: CloseReason | None = None

    def __post_init__(self) -> None:
        self._watch(self.page)

    @property
    def url(self) -> str:
        """Where its page is, or was before it was lost."""
        missing = self.recovery.missing if self.recovery is not None else None
        return missing.url if missing is not None else self.page.url

    @property
    def has_entries(self) -> bool:
        """Whether something was filled in on its page, or on the lost one; never where it is not restored."""
        return self.recovery is not None and self.recovery.has_entries(self.page)

    @property
    def idle_seconds(self) -> float:
        """Seconds since the last call ended, 0 while one runs."""
        return 0.0 if self.is_busy else time.monotonic() - self.last_used

    @property
    def is_busy(self) -> bool:
        """Whether a call is under way."""
        return self._lock.locked() or self._users > 0

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Not be idle during the block, which does not touch the page and takes no turn."""
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1
            self.last_used = time.monotonic()

    @contextlib.asynccontextmanager
    async def operation(self, action: str, deadline: Deadline) -> AsyncIterator[ManagedPage]:
        """Have the page to oneself for one call, in the order of arrival.

        Args:
            action: The public name of the call, for messages.
            deadline: Of the whole call, the wait for one's turn included.

        Raises:
            BrowserSessionClosedError: The session is closed, or its page went away meanwhile.
            SessionInterruptedError: Its page went away meanwhile, and it is being rebuilt; or it was
                rebuilt before, and what the caller had filled in is gone.
            BrowserTimeoutError: Another call held the session all the time.
            BrowserNavigationError: The page of a rebuilt session cannot be loaded again.
        """
        self._require_open(action)
        epoch = self.epoch
        await self._take_turn(action, deadline)
        self._running = action
        page, began = self.page, False
        try:
            self._require_open(action)
            if self.recovery is not None:
                page = await self._whole(self.recovery, action, epoch, deadline)
                await self.recovery.bring_back(action, page, deadline)
                if not self.recovery.admit(action, page):
                    raise self._emptied(action)
            began = True
            yield page
            if self.recovery is not None:
                await self.recovery.remember(action, page)
        except PageLost as exc:
            outcome = Outcome.UNKNOWN if began else Outcome.NOT_EXECUTED
            raise self._loss(page, exc.reason, action, outcome) from exc
        finally:
            self._running = None
            self.last_used = time.monotonic()
            if self.recovery is not None:
                self.recovery.look(action, page)
            self._lock.release()

    async def _whole(self, recovery: Recovery, action: str, epoch: int, deadline: Deadline) -> ManagedPage:
        """Return the page, once a session that was lost has one again."""
        if not await recovery.ready(deadline):
            raise BrowserTimeoutError(
                f"{action} timed out after {seconds(deadline.total)}: the session was being rebuilt",
                session_id=self.id,
                action=action,
                timeout_seconds=deadline.total,
                outcome=Outcome.NOT_EXECUTED,
                tips=("it goes on when it is rebuilt; raise timeout",),
            )
        self._require_open(action)
        if epoch != self.epoch:
            raise self.interrupted(action, Outcome.NOT_EXECUTED)
        return self.page

    def interrupted(self, action: str, outcome: Outcome) -> SessionInterruptedError:
        """Return the error of a call on a session that is rebuilt; it tells the new epoch."""
        ran = "before it ran" if outcome is Outcome.NOT_EXECUTED else "and whether it happened is not known"
        return self._interruption(
            f"{action} was interrupted {ran}: {self._lost_it} and is rebuilt", action, outcome
        )

    def _emptied(self, action: str) -> SessionInterruptedError:
        return self._interruption(
            f"{action} was not made: {self._lost_it}, and what had been filled in on its page is gone",
            action,
            Outcome.NOT_EXECUTED,
            retryable=False,  # it is the form that has to be filled in first
            tips=(
                "fill in the form again, then make the call again",
                "where there is no form to it, load the page anew first: reload() or navigate(…)",
            ),
        )

    @property
    def _lost_it(self) -> str:
        why = f" ({self._last_loss.value})" if self._last_loss is not None else ""
        return f"the session was lost{why}"

    def _interruption(
        self, message: str, action: str, outcome: Outcome, **more: Any
    ) -> SessionInterruptedError:
        return SessionInterruptedError(
            message,
            session_id=self.id,
            outcome=outcome,
            last_action=action,
            details={"epoch": self.epoch, "reason": self._last_loss.value if self._last_loss else ""},
            **more,
        )

    def _loss(self, page: ManagedPage, reason: CloseReason, action: str, outcome: Outcome) -> CMDOPError:
        self._lost(page, reason)
        if self.state is State.OPEN:
            return self.interrupted(action, outcome)
        return closed_error(self.id, self.reason or reason, last_action=action, outcome=outcome)

    def mark_closed(self, reason: CloseReason) -> bool:
        """Take no more calls; returns False when that was so already."""
        if self.state is State.CLOSED:
            return False
        self.state, self.reason = State.CLOSED, reason
        return True

    # -- the loss of the page ----------------------------------------------------

    def _watch(self, page: ManagedPage) -> None:
        page.lost.add_done_callback(lambda lost: self._lost(page, lost.result()))

    def _lost(self, page: ManagedPage, reason: CloseReason) -> None:
        # Told by the page's own event and by the call that runs into it, in either order.
        if self.state is State.CLOSED or page is not self.page or page is self._given_up:
            return
        self._given_up, self._last_loss = page, reason
        if self.recovery is not None and self.recovery.begin(page, reason, self._adopt):
            self.epoch += 1
            log.warning("session %s lost its page: %s; epoch %d", self.id, reason.value, self.epoch)
        else:
            self._closed(reason)

    def _adopt(self, page: ManagedPage | None) -> bool:
        if page is None:
            self._closed(self._last_loss or CloseReason.BROWSER_CRASH)
        if page is None or self.state is State.CLOSED:
            return False
        self.page = page
        self._watch(page)
        return True

    def _closed(self, reason: CloseReason) -> None:
        if self.mark_closed(reason):
            self.on_lost(self, reason)

    # -- turns ---------------------------------------------------------------------

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
