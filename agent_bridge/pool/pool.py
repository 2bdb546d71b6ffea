"""All sessions of the agent: admission, look-up, expiry, end."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter, OrderedDict, deque
from typing import TYPE_CHECKING

from agent_bridge.deadline import Deadline
from agent_bridge.pool.recovery import Recovery
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
    from agent_bridge.keepsakes import Keepsakes
    from agent_bridge.pool.admission import Admission, Slot
    from agent_bridge.pool.pages import Pages
    from agent_bridge.pool.recovery import Lost

log = logging.getLogger(__name__)

# How many ended sessions are remembered, so that a late call learns why its
# session ended instead of "not found".
_REMEMBERED = 2000


class Pool:
    """The sessions, each in a slot of the admission.

    Attributes:
        admission: Gives out the slots.
        ended: How many sessions have ended, by reason.
    """

    def __init__(
        self, admission: Admission, pages: Pages, keepsakes: Keepsakes, on_end: Callable[[str], None]
    ) -> None:
        """Make an empty pool.

        Args:
            admission: Gives out the slots.
            pages: Makes the pages.
            keepsakes: Keeps what is to outlive the agent.
            on_end: Called with the id of each session that has ended.
        """
        self.admission = admission
        self._pages = pages
        self._keepsakes = keepsakes
        self._on_end = on_end
        self._sessions: dict[str, Session] = {}
        self._names: dict[str, str] = {}
        self.ended: Counter[str] = Counter()
        self._ended: OrderedDict[str, CloseReason] = OrderedDict()
        self._dismissed: deque[str] = deque(maxlen=_REMEMBERED)
        self._idle_timers: dict[str, asyncio.TimerHandle] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._sessions)

    def __contains__(self, session_id: object) -> bool:
        return session_id in self._sessions

    def sessions(self) -> list[Session]:
        """Return all open sessions, the oldest first."""
        return list(self._sessions.values())

    async def create(
        self,
        owner: str,
        spec: SessionSpec,
        options: ContextOptions,
        *,
        queue_timeout: float,
        timeout: float,
        lost: Lost | None = None,
    ) -> Session:
        """Open a session.

        Args:
            owner: Id of the client.
            spec: What the caller asked for.
            options: Of the browser context.
            queue_timeout: Seconds to wait for a slot.
            timeout: Seconds for the browser to make the page.
            lost: The session of an earlier instance of the agent that this one is to be.

        Raises:
            AgentBusyError: No slot became free.
            SessionExistsError: The name is taken.
            SessionInterruptedError: The client has been dismissed.
            BadRequestError: The browser refuses an option.
            BrowserNotInstalledError: The browser cannot be started.
            BrowserTimeoutError: The browser made no page in time.
        """
        session_id = lost.session_id if lost is not None else f"s-{secrets.token_hex(8)}"
        if lost is not None and (there := self._sessions.get(session_id)) is not None:
            return there  # another handle of its client has had it rebuilt
        if session_id in self._ended:
            raise self._missing(session_id)
        self._reserve_name(spec.name, session_id)
        recovery = self._recovery(session_id, owner, spec, options, lost) if spec.restore else None
        slot = None
        try:
            slot = await self._admitted(owner, queue_timeout)
            if recovery is None:
                page = await self._pages.open(options, Deadline.after(timeout))
            else:
                page = await recovery.open(Deadline.after(timeout))
        except BaseException:
            if slot is not None:
                slot.release()
            self._free_name(spec.name, session_id)
            raise
        if (there := self._sessions.get(session_id)) is not None:  # the same, in the same moment
            slot.release()
            await self._pages.close(page, CloseReason.CLOSED_BY_CALLER)
            return there
        epoch = lost.epoch + 1 if lost is not None else 1
        session = Session(
            session_id, spec, owner, page, slot, on_lost=self._lost, epoch=epoch, recovery=recovery
        )
        self._sessions[session_id] = session
        self._watch_idle(session)
        log.info("session %s opened for client %s", session_id, owner)
        if owner in self._dismissed:  # while the page was made
            await self.close(session_id, CloseReason.CLOSED_BY_CALLER)
            raise self._missing(session_id)
        return session

    async def _admitted(self, owner: str, queue_timeout: float) -> Slot:
        slot = await self.admission.acquire(owner, queue_timeout)
        if owner in self._dismissed:
            slot.release()
            raise SessionInterruptedError(
                "the client has said goodbye before the session was made", outcome=Outcome.NOT_EXECUTED
            )
        return slot

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
                details={"epoch": session.epoch},
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

    async def dismiss(self, owner: str) -> int:
        """Close all sessions of a client that comes no more, also those that are being made for it.

        Returns:
            How many were open.
        """
        self._dismissed.append(owner)
        return await self.close_owned_by(owner, CloseReason.CLOSED_BY_CALLER)

    async def close_all(self, reason: CloseReason) -> None:
        """Close everything and wait for it."""
        await asyncio.gather(*(self.close(session_id, reason) for session_id in list(self._sessions)))
        if self._closing:
            await asyncio.wait(self._closing)

    @property
    def busy(self) -> int:
        """How many sessions have a call under way."""
        return sum(1 for session in self._sessions.values() if session.is_busy)

    async def renew_keepsakes(self) -> None:
        """Have what is kept of open sessions not grow old, and keep what there was no room for before."""
        recoveries = {each.id: each.recovery for each in self.sessions() if each.recovery is not None}
        if self._keepsakes.has_room:
            for recovery in recoveries.values():
                recovery.memory.save_again()
        await self._keepsakes.renew(recoveries)

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
            if session.recovery is not None:
                await session.recovery.stop()
            await self._pages.close(session.page, reason)
            self._forget(session, reason)
        except Exception:
            log.exception("session %s did not close cleanly", session.id)
        finally:
            session.slot.release()
            self._on_end(session.id)
        log.info("session %s closed: %s", session.id, reason.value)

    def _recovery(
        self, session_id: str, owner: str, spec: SessionSpec, options: ContextOptions, lost: Lost | None
    ) -> Recovery:
        kept = self._keepsakes.load(session_id, owner) if lost is not None else None
        keeper = self._keepsakes.of(session_id, owner, spec.idle_timeout)
        recovery = Recovery(self._pages, options, keeper)
        if lost is not None:
            recovery.take_up(kept, lost)
        return recovery

    def _forget(self, session: Session, reason: CloseReason) -> None:
        # An agent that is stopped may be followed by another one at once.
        if session.recovery is not None and reason is not CloseReason.SHUTDOWN:
            self._keepsakes.remove(session.id)

    def _remember(self, session_id: str, reason: CloseReason) -> None:
        self.ended[reason.value] += 1
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
        if self._names.get(name, session_id) != session_id:
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
