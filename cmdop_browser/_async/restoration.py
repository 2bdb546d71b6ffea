"""The calls of a session that goes on after a loss."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeVar

from cmdop_browser._acompat import AsyncLock
from cmdop_browser._async.creation import AsyncCreation
from cmdop_browser._async.succession import connect_to_successor
from cmdop_browser._convert import checks, requests
from cmdop_browser._replay import MAX_REPLAYS, InstanceGoneError, Loss
from cmdop_browser.exceptions import (
    AgentNotRunningError,
    BrowserSessionClosedError,
    CloseReason,
    CMDOPError,
    Outcome,
    SessionInterruptedError,
    SessionNotFoundError,
    StalePortFileError,
)
from cmdop_browser.wire.acts import FILLS_IN

if TYPE_CHECKING:
    from cmdop_browser._acompat import AsyncUse
    from cmdop_browser._async.handle import AsyncHandle
    from cmdop_browser._async.rpc import AsyncRpc
    from cmdop_browser._deadline import Deadline
    from cmdop_browser.wire.v1 import sessions_pb2

ReplyT = TypeVar("ReplyT")

logger = logging.getLogger("cmdop_browser.session")


class AsyncRestoration:
    """Makes calls, has the session rebuilt when it was lost, and makes again what may be.

    A lost page is rebuilt by its agent, which tells the new epoch. A lost agent is another
    one's affair: it is found, or started if the client may, and given what this client
    knows of the session: its options, and how things were at the last reply. The rest the
    old agent has left on disk.
    """

    def __init__(
        self, handle: AsyncHandle, rpc: AsyncRpc, options: sessions_pb2.SessionOptions | None
    ) -> None:
        self._handle = handle
        self._rpc = rpc
        self._options = options
        self._lock = AsyncLock()
        # The last that was begun in another agent, unless it is known to be done.
        self._creation: AsyncCreation | None = None

    def give_up(self) -> None:
        """Leave nothing of the session where it may have been rebuilt: its handle is closed."""
        creation = self._creation
        if creation is not None:
            creation.take_back()

    async def run(
        self,
        action: str,
        deadline: Deadline,
        attempt: AsyncUse[Deadline, ReplyT],
        *,
        read: bool,
    ) -> ReplyT:
        """Make a call, and after a loss make it again if that is safe and there is time.

        Args:
            action: The call as the user knows it.
            deadline: Of the whole call, rebuilding and replays included.
            attempt: Makes the call once.
            read: It may run twice.

        Raises:
            SessionInterruptedError: It must not be made again, or was lost too often; the
                session goes on with the next call.
            BrowserSessionClosedError: The session cannot be restored.
            CMDOPError: Whatever else went wrong.
        """
        replays = 0
        while True:
            try:
                self._rpc.require(self._handle.instance_id)
                return await self._made(action, deadline, attempt)
            except Exception as exc:
                loss = Loss.behind(exc)
                if loss is None:
                    self._tell(action, exc)
                    raise
                again = loss.permits_replay(read=read) and replays < MAX_REPLAYS
                # Who is to be told anyway need not wait until there is another agent: the next call does.
                if again or loss.epoch is not None or not self._rpc.succeeded:
                    await self._repair(action, loss, exc, deadline, again=again)
                if not again or not deadline.remaining():
                    interrupted = self._interrupted(action, loss.outcome, exc)
                    if interrupted is exc:
                        raise  # nothing is its own cause
                    raise interrupted from exc
                logger.info("session %s: %s is made again after a loss", self._handle.id, action)
            replays += 1

    async def _made(self, action: str, deadline: Deadline, attempt: AsyncUse[Deadline, ReplyT]) -> ReplyT:
        """Make a call once, and note what it may have left in fields: the next agent cannot know."""
        if action not in FILLS_IN:
            return await attempt(deadline)
        journal, call = self._handle.journal, object()
        journal.filling.add(call)
        try:
            return await attempt(deadline)
        except BaseException as exc:
            loss = Loss.behind(exc)
            if loss is None or loss.outcome is not Outcome.NOT_EXECUTED:
                journal.filled = True
            raise
        finally:
            journal.filling.discard(call)

    async def _repair(
        self, action: str, loss: Loss, exc: Exception, deadline: Deadline, *, again: bool
    ) -> None:
        """Have a session that calls can be made on, or none when that was lost, too, and is tried *again*.

        Raises:
            BrowserSessionClosedError: There is no agent to restore it.
            SessionInterruptedError: It was not restored in time; the next call goes on with that.
        """
        if loss.epoch is not None:
            self._handle.moved(loss.epoch)
            return
        async with self._lock:
            # Another task or thread may have done it while this one waited.
            try:
                await self._rebuild(action, deadline)
            except (AgentNotRunningError, StalePortFileError) as none:
                none.__context__ = exc
                reason = await self._why_lost(exc)
                raise self._handle.journal.agent_gone_error(
                    action, loss.outcome, _lower(exc), reason
                ) from none
            except BrowserSessionClosedError as ended:
                self._handle.journal.lost(ended.reason)
                ended.action, ended.outcome = action, loss.outcome
                raise
            except (CMDOPError, InstanceGoneError) as failure:
                if again and Loss.behind(failure) is not None:
                    return  # the call finds out, and counts it
                raise self._interrupted(action, loss.outcome, exc) from failure

    async def _why_lost(self, exc: Exception) -> CloseReason:
        if isinstance(exc, BrowserSessionClosedError) and exc.reason is not None:
            return exc.reason
        return await self._rpc.why_lost(self._handle.instance_id)

    async def _rebuild(self, action: str, deadline: Deadline) -> None:
        handle = self._handle
        await connect_to_successor(self._rpc, deadline)
        instance_id = self._rpc.info.instance_id
        if instance_id == handle.instance_id:
            return  # the connection broke, and no more than that
        if self._options is None:
            # Only the handle that made the session knows how; it may have done it already.
            handle.moved(0, instance_id)
            return
        seconds = max(deadline.remaining(), checks.MIN_SECONDS)
        request = requests.create_session(self._options, seconds, seconds)
        request.lost.session.session_id = handle.id
        request.lost.session.epoch = handle.epoch
        request.lost.url = handle.journal.url or ""
        request.lost.navigated = handle.journal.navigated or ""
        request.lost.by_navigation = handle.journal.by_navigation
        request.lost.filled = handle.journal.filled or bool(handle.journal.filling)
        # When it is cut off, it is not taken back at once, since that would close the session for good:
        # the next call goes on with what was made.
        self._creation = AsyncCreation(self._rpc, instance_id)
        # In this order: whoever closes the handle meanwhile is seen here, or sees what to take back.
        handle.journal.require_open(action)
        try:
            made = await self._creation.made(request, timeout=seconds)
            handle.moved(made.session.epoch, instance_id)
        except CMDOPError:
            handle.journal.require_open(action)
            raise
        handle.journal.require_open(action)
        self._creation = None
        logger.warning("session %s goes on in another agent", handle.id)

    def _tell(self, action: str, exc: Exception) -> None:
        if isinstance(exc, SessionNotFoundError):
            raise self._handle.journal.agent_gone_error(action, Outcome.NOT_EXECUTED, exc) from exc
        if isinstance(exc, BrowserSessionClosedError):
            exc.action = exc.action or action
            self._handle.journal.lost(exc.reason)

    def _interrupted(self, action: str, outcome: Outcome, exc: Exception) -> SessionInterruptedError:
        if isinstance(exc, SessionInterruptedError):
            return exc
        lower = _lower(exc)
        return SessionInterruptedError(
            session_id=self._handle.id,
            outcome=outcome,
            last_action=action,
            request_id=lower.request_id if lower else None,
            idempotency_key=lower.idempotency_key if lower else None,
            agent_id=lower.agent_id if lower else None,
        )


def _lower(exc: Exception) -> CMDOPError | None:
    return exc if isinstance(exc, CMDOPError) else None
