"""The core of a session: its state, and the one way in which its calls are made."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from google.protobuf.message import Message

from cmdop_browser import _methods as methods
from cmdop_browser._async import transfers
from cmdop_browser._async.rpc import InstanceGoneError
from cmdop_browser._convert import checks
from cmdop_browser._journal import Journal, SessionState
from cmdop_browser.exceptions import (
    AgentOfflineError,
    BrowserSessionClosedError,
    ConnectionLostError,
    Outcome,
)
from cmdop_browser.wire.v1 import common_pb2, sessions_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cmdop_browser._async.rpc import AsyncRpc
    from cmdop_browser._deadline import Deadline
    from cmdop_browser._methods import Method
    from cmdop_browser.models import SessionInfo

RequestT = TypeVar("RequestT", bound=Message)
ReplyT = TypeVar("ReplyT", bound=Message)

logger = logging.getLogger("cmdop_browser.session")


class AsyncHandle:
    """A session as its client holds it.

    Attributes:
        journal: Its state and what it did last.
    """

    def __init__(self, rpc: AsyncRpc, info: SessionInfo) -> None:
        self.id = info.id
        self.name = info.name
        self.journal = Journal(info.id)
        self._rpc = rpc
        self._epoch = info.epoch
        self._instance_id = rpc.info.instance_id
        self._timeout = info.timeout

    def begin(self, action: str, timeout: object) -> common_pb2.SessionCall:
        """The head of a call's request; refused when the session has ended.

        Raises:
            BrowserSessionClosedError: It has.
            BadRequestError: *timeout* is none.
        """
        if self.journal.state is not SessionState.OPEN:
            raise self.journal.ended_error(action)
        return common_pb2.SessionCall(
            session=common_pb2.SessionRef(session_id=self.id, epoch=self._epoch),
            timeout_seconds=checks.timeout(timeout, self._timeout),
        )

    async def send(self, action: str, method: Method[RequestT, ReplyT], request: RequestT) -> ReplyT:
        """Make a call whose request was begun with `begin`.

        Raises:
            BrowserSessionClosedError: The session is gone, or went during the call.
            CMDOPError: Whatever else went wrong.
        """
        call = request if isinstance(request, common_pb2.SessionCall) else request.call  # type: ignore[attr-defined]
        self.journal.acted(action)
        with self._losses(action):
            return await self._rpc.call(
                method,
                request,
                timeout=call.timeout_seconds,
                operation=action,
                instance_id=self._instance_id,
            )

    async def act(
        self, action: str, method: Method[RequestT, common_pb2.PageState], request: RequestT
    ) -> None:
        """Make a call that may move the page, and remember where it is then.

        Raises:
            CMDOPError: Whatever went wrong.
        """
        reply = await self.send(action, method, request)
        self.journal.committed(reply.url)

    async def receive(self, action: str, payload: common_pb2.Payload, deadline: Deadline) -> bytes:
        """The bytes of a reply's payload.

        Raises:
            CMDOPError: They could not be fetched.
        """
        with self._losses(action):
            return await transfers.read_payload(self._rpc, payload, deadline, action)

    async def send_file(self, path: Path, deadline: Deadline) -> str:
        """Send a file that a later call on the session will use.

        Raises:
            CMDOPError: It could not be sent.
        """
        with self._losses("upload"):
            return await transfers.send_file(self._rpc, path, self.id, self._instance_id, deadline)

    async def close(self) -> None:
        """End the session; fine when it has ended already.

        Raises:
            ConnectionTimeoutError: The agent does not answer.
        """
        if not self.journal.closed() or self._rpc.closed:
            return
        request = sessions_pb2.CloseSessionRequest(session_id=self.id)
        try:
            await self._rpc.call(
                methods.CLOSE,
                request,
                timeout=self._timeout,
                operation="close",
                instance_id=self._instance_id,
            )
        except (AgentOfflineError, ConnectionLostError, InstanceGoneError) as exc:
            logger.debug("session %s went with its agent before it was closed: %r", self.id, exc)

    @contextmanager
    def _losses(self, action: str) -> Iterator[None]:
        """Tell of the loss of the agent as what it is here: the loss of the session."""
        try:
            yield
        except BrowserSessionClosedError as exc:
            exc.action = exc.action or action
            self.journal.lost(exc.reason)
            raise
        except InstanceGoneError as exc:
            raise self.journal.agent_gone_error(action, Outcome.NOT_EXECUTED, None) from exc
        except AgentOfflineError as exc:
            raise self.journal.agent_gone_error(action, Outcome.NOT_EXECUTED, exc) from exc
        except ConnectionLostError as exc:
            raise self.journal.agent_gone_error(action, Outcome.UNKNOWN, exc) from exc
