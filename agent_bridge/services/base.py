"""What every servicer of a session shares: from a call to its page, in turn and in time."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from agent_bridge.browser.evidence import with_pictures
from agent_bridge.calls import current_call
from agent_bridge.idempotency import mark_begun
from agent_bridge.services import decode
from cmdop_browser.exceptions import BrowserError, CMDOPError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import grpc.aio

    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.deadline import Deadline
    from agent_bridge.pool.pool import Pool
    from agent_bridge.pool.session import Session
    from agent_bridge.transfers import Transfers
    from cmdop_browser.wire.v1 import common_pb2

    Context = grpc.aio.ServicerContext[Any, Any]

# May lead to another page, and mean to.
_ACTS: Final = frozenset(
    {"back", "check", "click", "evaluate", "fill", "forward", "press", "reload", "select_option", "type"}
    | {"uncheck", "upload"}
)


@dataclass(frozen=True, slots=True)
class Turn:
    """One call's hold on a session.

    Attributes:
        session: The session.
        page: Its page, which nobody else uses meanwhile.
        deadline: When the call has to be over.
    """

    session: Session
    page: ManagedPage
    deadline: Deadline


class SessionServicer:
    """A servicer whose calls run on a session."""

    def __init__(self, pool: Pool, transfers: Transfers) -> None:
        self._pool = pool
        self._transfers = transfers

    @contextlib.asynccontextmanager
    async def _turn(self, call: common_pb2.SessionCall, action: str) -> AsyncIterator[Turn]:
        deadline = decode.deadline(call.timeout_seconds)
        session = self._pool.get(call.session.session_id, call.session.epoch)
        try:
            async with session.operation(action, deadline) as page:
                page.call_deadline = deadline
                mark_begun()
                try:
                    yield Turn(session, page, deadline)
                except BrowserError as exc:
                    exc.idempotency_key = current_call.get().idempotency_key or None
                    exc.evidence = await with_pictures(page, exc)
                    raise
                finally:
                    page.has_acted = action != "navigate" and (page.has_acted or action in _ACTS)
        except CMDOPError as exc:
            if isinstance(exc, BrowserError):
                exc.session_id = exc.session_id or session.id
            exc.mask(session.page.secrets.values())
            raise
