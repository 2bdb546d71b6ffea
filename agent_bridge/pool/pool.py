"""All sessions of the agent: admission, look-up, expiry, end."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import OrderedDict
from typing import TYPE_CHECKING, Protocol

from agent_bridge.deadline import Deadline
from agent_bridge.pool.session import Session, SessionSpec, State, closed_error
from cmdop_browser.exceptions import (
    CloseReason,
    Outcome,
    SessionExistsError,
    SessionInterruptedError,
    SessionNotFoundError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent_bridge.browser.options import ContextOptions
    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.pool.admission import Admission

log = logging.getLogger(__name__)

# How many ended sessions are remembered, so that a late call learns why its
# session ended instead of "not found".
_REMEMBERED = 2000


class Pages(Protocol):
    """Where pages come from."""

    async def open(self, options: ContextOptions, deadline: Deadline) -> ManagedPage:
        """Return a page in a fresh context."""

    async def close(self, page: ManagedPage, reason: CloseReason) -> None:
        """Close a page; more than once does no harm."""


class Pool:
    """The sessions, each in a slot of the admission."""

    def __init__(self, admission: Admission, pages: Pages, on_end: Callable[[str], None]) -> None:
        """Make an empty pool.

        Args:
            admission: Gives out the slots.
            pages: Makes the pages.
            on_end: Called with the id of each session that has ended.
        """
        self.admission = admission
        self._pages = pages
        self._on_end = on_end
        self._sessions: dict[str, Session] = {}
        self._names: dict[str, str] = {}
        self._ended: OrderedDict[str, CloseReason] = OrderedDict()
        self._idle_timers: dict[str, asyncio.TimerHandle] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._sessions)

    def sessions(self) -> list[Session]:
        """Return all open sessions, the oldest first."""
        return list(self._sessions.values())

    async def create(
        self, owner: str, spec: SessionSpec, options: ContextOptions, *, queue_timeout: float, timeout: float
    ) -> Session:
        """Open a session.

        Args:
            owner: Id of the client.
            spec: What the caller asked for.
            options: Of the browser context.
            queue_timeout: Seconds to wait for a slot.
            timeout: Seconds for the browser to make the page.

        Raises:
            AgentBusyError: No slot became free.
            SessionExistsError: The name is taken.
            BadRequestError: The browser refuses an option.
            BrowserNotInstalledError: The browser cannot be started.
            BrowserTimeoutError: The browser made no page in time.
        """
        session_id = f"s-{secrets.token_hex(8)}"
        self._reserve_name(spec.name, session_id)
        slot = None
        try:
            slot = await self.admission.acquire(owner, queue_timeout)
            page = await self._pages.open(options, Deadline.after(timeout))
        except BaseException:
            if slot is not None:
                slot.release()
            self._free_name(spec.name, session_id)
            raise
        session = Session(session_id, spec, owner, page, slot, on_lost=self._lost)
        self._sessions[session_id] = session
        self._watch_idle(session)
        log.info("session %s opened for client %s", session_id, owner)
        return session

    def get(self, session_id: str, epoch: int) -> Session:
        """Return an open session.

        Raises:
            BrowserSessionClosedError: It was here and is closed.
            SessionInterruptedError: The epoch is not the session's present one.
            SessionNotFoundError: It was never here, or too long ago.
        """
        session = self._sessions.get(session_id)
        if session is None:
            raise self._missing(session_id)
        if epoch != session.epoch:
            raise SessionInterruptedError(
                f"the session was rebuilt meanwhile (epoch {session.epoch}, the call was for {epoch})",
                session_id=session_id,
                outcome=Outcome.NOT_EXECUTED,
            )
        return session

    def find(self, id_or_name: str) -> Session:
        """Return an open session by its id or name; raises as `get`."""
        session = self._sessions.get(id_or_name) or self._sessions.get(self._names.get(id_or_name, ""))
        if session is None:
            raise self._missing(id_or_name)
        return session

    async def close(self, session_id: str, reason: CloseReason) -> bool:
        """Close a session and wait until its page is gone.

        Returns:
            Whether it was open.
        """
        session = self._sessions.get(session_id)
        if session is None or not session.mark_closed(reason):
            return False
        await asyncio.shield(self._end(session, reason))
        return True

    def close_soon(self, session_id: str, reason: CloseReason) -> None:
        """Close a session without waiting for it."""
        session = self._sessions.get(session_id)
        if session is not None and session.mark_closed(reason):
            self._end(session, reason)

    async def close_owned_by(self, owner: str, reason: CloseReason) -> int:
        """Close all sessions of a client; returns how many there were."""
        mine = [session.id for session in self._sessions.values() if session.owner == owner]
        return sum(await asyncio.gather(*(self.close(session_id, reason) for session_id in mine)))

    async def close_all(self, reason: CloseReason) -> None:
        """Close everything and wait for it."""
        await asyncio.gather(*(self.close(session_id, reason) for session_id in list(self._sessions)))
        if self._closing:
            await asyncio.wait(self._closing)

    @property
    def busy(self) -> int:
        """How many sessions have a call under way."""
        return sum(1 for session in self._sessions.values() if session.is_busy)

    # -- the end of a session --------------------------------------------------

    def _lost(self, session: Session, reason: CloseReason) -> None:
        log.warning("session %s lost: %s", session.id, reason.value)
        self._end(session, reason)

    def _end(self, session: Session, reason: CloseReason) -> asyncio.Task[None]:
        self._sessions.pop(session.id, None)
        self._free_name(session.spec.name, session.id)
        self._remember(session.id, reason)
        timer = self._idle_timers.pop(session.id, None)
        if timer is not None:
            timer.cancel()
        task = asyncio.ensure_future(self._close_page(session, reason))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        return task

    async def _close_page(self, session: Session, reason: CloseReason) -> None:
        # The slot stands for memory of the browser: it is free when the page is gone.
        try:
            await self._pages.close(session.page, reason)
        except Exception:
            log.exception("session %s did not close cleanly", session.id)
        finally:
            session.slot.release()
            self._on_end(session.id)
        log.info("session %s closed: %s", session.id, reason.value)

    def _remember(self, session_id: str, reason: CloseReason) -> None:
        self._ended[session_id] = reason
        while len(self._ended) > _REMEMBERED:
            self._ended.popitem(last=False)

    def _missing(self, id_or_name: str) -> Exception:
        reason = self._ended.get(id_or_name)
        if reason is not None:
            return closed_error(id_or_name, reason)
        return SessionNotFoundError(
            f"there is no session {id_or_name[:100]!r}",
            session_id=id_or_name[:100],
            tips=("list the sessions there are: client.browser.list_sessions()",),
        )

    # -- names -----------------------------------------------------------------

    def _reserve_name(self, name: str, session_id: str) -> None:
        if not name:
            return
        if name in self._names:
            raise SessionExistsError(
                f"there is a session named {name!r} already",
                session_id=self._names[name],
                tips=(f"use it: client.browser.get_session({name!r})", "or choose another name"),
            )
        self._names[name] = session_id

    def _free_name(self, name: str, session_id: str) -> None:
        if self._names.get(name) == session_id:
            del self._names[name]

    # -- idleness --------------------------------------------------------------

    def _watch_idle(self, session: Session) -> None:
        if session.state is State.CLOSED:
            return
        left = max(0.0, session.spec.idle_timeout - session.idle_seconds)
        self._idle_timers[session.id] = asyncio.get_running_loop().call_later(left, self._check_idle, session)

    def _check_idle(self, session: Session) -> None:
        if session.state is State.OPEN and session.idle_seconds >= session.spec.idle_timeout:
            session.mark_closed(CloseReason.IDLE_TIMEOUT)
            self._end(session, CloseReason.IDLE_TIMEOUT)
        else:
            self._watch_idle(session)
