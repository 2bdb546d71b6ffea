"""The core of a session: its state, and the one way in which its calls are made."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from google.protobuf.message import Message

from cmdop_browser import _methods as methods
from cmdop_browser._async import transfers
from cmdop_browser._async.restoration import AsyncRestoration
from cmdop_browser._convert import checks
from cmdop_browser._deadline import Deadline
from cmdop_browser._halt import AgentHalted
from cmdop_browser._journal import Journal
from cmdop_browser._replay import InstanceGoneError, is_read, was_not_sent
from cmdop_browser.exceptions import (
    AgentOfflineError,
    BrowserSessionClosedError,
    ConnectionLostError,
    ConnectionTimeoutError,
    Outcome,
)
from cmdop_browser.wire.v1 import common_pb2, sessions_pb2

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from pathlib import Path

    from cmdop_browser._async.rpc import AsyncRpc
    from cmdop_browser._methods import Method
    from cmdop_browser.models import SessionInfo
    from cmdop_browser.wire.v1 import actions_pb2

RequestT = TypeVar("RequestT", bound=Message)
ReplyT = TypeVar("ReplyT", bound=Message)

logger = logging.getLogger("cmdop_browser.session")


class AsyncHandle:
    """A session as its client holds it.

    Attributes:
        epoch: Which of its lives it is in.
        instance_id: The instance of the agent that it lives in.
        journal: Its state and what it did last.
    """

    def __init__(
        self,
        rpc: AsyncRpc,
        info: SessionInfo,
        instance_id: str,
        options: sessions_pb2.SessionOptions | None = None,
    ) -> None:
        self.id = info.id
        self.name = info.name
        self.epoch = info.epoch
        self.instance_id = instance_id
        self.journal = Journal(info.id)
        self._rpc = rpc
        self._timeout = info.timeout
        restores = info.on_crash == "restore"
        self._restoration = AsyncRestoration(self, rpc, options) if restores else None

    def begin(self, action: str, timeout: object) -> common_pb2.SessionCall:
        """The head of a call's request; refused when the session has ended.

        Raises:
            BrowserSessionClosedError: It has.
            BadRequestError: *timeout* is none.
        """
        self.journal.require_open(action)
        return common_pb2.SessionCall(
            session=common_pb2.SessionRef(session_id=self.id, epoch=self.epoch),
            timeout_seconds=checks.timeout(timeout, self._timeout),
        )

    def moved(self, epoch: int, instance_id: str | None = None) -> None:
        """The session was rebuilt, perhaps by another instance of the agent."""
        self.epoch = max(self.epoch, epoch)
        self.instance_id = instance_id or self.instance_id

    async def send(self, action: str, method: Method[RequestT, ReplyT], request: RequestT) -> ReplyT:
        """Make a call whose request was begun with `begin`.

        Raises:
            BrowserSessionClosedError: The session is gone, or went during the call.
            SessionInterruptedError: It went during the call, and is restored.
            CMDOPError: Whatever else went wrong.
        """
        seconds = _head(request).timeout_seconds
        self.journal.acted(action)
        if self._restoration is None:
            async with self._losses(action):
                return await self._call(action, method, request, seconds)

        async def attempt(deadline: Deadline) -> ReplyT:
            return await self._again(action, method, request, deadline)

        return await self._restoration.run(action, Deadline.after(seconds), attempt, read=is_read(method))

    async def read(
        self,
        action: str,
        method: Method[RequestT, ReplyT],
        request: RequestT,
        content: Callable[[ReplyT], common_pb2.Payload],
    ) -> bytes:
        """Make a call that changes nothing, and fetch the bytes that it brings.

        Raises:
            BrowserSessionClosedError: The session is gone, or went during the call.
            SessionInterruptedError: It went during the call more than once, and is restored.
            CMDOPError: Whatever else went wrong.
        """
        deadline = Deadline.after(_head(request).timeout_seconds)
        self.journal.acted(action)
        if self._restoration is None:
            async with self._losses(action):
                reply = await self._call(action, method, request, deadline.seconds)
                return await self._payload(action, content(reply), deadline)

        async def attempt(deadline: Deadline) -> bytes:
            reply = await self._again(action, method, request, deadline)
            return await self._payload(action, content(reply), deadline)

        return await self._restoration.run(action, deadline, attempt, read=True)

    async def act(
        self, action: str, method: Method[RequestT, common_pb2.PageState], request: RequestT
    ) -> None:
        """Make a call that may move the page, and remember where it is then.

        Raises:
            CMDOPError: Whatever went wrong.
        """
        reply = await self.send(action, method, request)
        self.journal.committed(reply)

    async def receive(self, action: str, payload: common_pb2.Payload, deadline: Deadline) -> bytes:
        """The bytes of the reply to an act.

        Raises:
            CMDOPError: They could not be fetched.
        """

        async def attempt(deadline: Deadline) -> bytes:
            try:
                return await self._payload(action, payload, deadline)
            except (InstanceGoneError, AgentOfflineError) as exc:
                # The act itself did run, and its reply went with the agent.
                raise ConnectionLostError(
                    f"the reply of {action} is lost with its agent", outcome=Outcome.EXECUTED
                ) from exc
            except (ConnectionLostError, ConnectionTimeoutError) as exc:
                # The same where the connection broke, or the agent was stopped or slow, in the middle of it.
                exc.outcome = Outcome.EXECUTED
                raise

        if self._restoration is None:
            async with self._losses(action):
                return await attempt(deadline)
        return await self._restoration.run(action, deadline, attempt, read=False)

    async def upload(
        self, request: actions_pb2.UploadFilesRequest, paths: Iterable[Path], deadline: Deadline
    ) -> None:
        """Send files, then give them to the page.

        Raises:
            CMDOPError: Whatever went wrong.
        """
        self.journal.acted("upload")
        if self._restoration is None:
            async with self._losses("upload"):
                reply = await self._upload(request, paths, deadline)
        else:

            async def attempt(deadline: Deadline) -> common_pb2.PageState:
                return await self._upload(request, paths, deadline)

            reply = await self._restoration.run("upload", deadline, attempt, read=False)
        self.journal.committed(reply)

    async def close(self) -> None:
        """End the session; fine when it has ended already.

        Raises:
            ConnectionTimeoutError: The agent does not answer.
        """
        if not self.journal.closed() or self._rpc.closed:
            return
        if self._restoration is not None:
            self._restoration.give_up()
        request = sessions_pb2.CloseSessionRequest(session_id=self.id)
        try:
            await self._rpc.call(
                methods.CLOSE,
                request,
                timeout=self._timeout,
                operation="close",
                instance_id=self.instance_id,
            )
        except (AgentOfflineError, ConnectionLostError, InstanceGoneError) as exc:
            if not isinstance(exc.__cause__, AgentHalted):
                logger.debug("session %s went with its agent before it was closed: %r", self.id, exc)
                return
            # It may run on, and the session with it.
            self._rpc.post(methods.CLOSE, request, instance_id=self.instance_id)
        except BaseException:
            # Cancelled, interrupted, or out of time: the handle is closed, so the session has to be.
            self._rpc.post(methods.CLOSE, request, instance_id=self.instance_id)
            raise

    # One attempt

    async def _call(
        self, action: str, method: Method[RequestT, ReplyT], request: RequestT, timeout: float
    ) -> ReplyT:
        return await self._rpc.call(
            method, request, timeout=timeout, operation=action, instance_id=self.instance_id
        )

    async def _again(
        self, action: str, method: Method[RequestT, ReplyT], request: RequestT, deadline: Deadline
    ) -> ReplyT:
        head = _head(request)
        head.session.epoch = self.epoch
        head.timeout_seconds = max(deadline.remaining(), checks.MIN_SECONDS)
        return await self._call(action, method, request, head.timeout_seconds)

    async def _payload(self, action: str, payload: common_pb2.Payload, deadline: Deadline) -> bytes:
        return await transfers.read_payload(self._rpc, payload, deadline, action, self.instance_id)

    async def _upload(
        self, request: actions_pb2.UploadFilesRequest, paths: Iterable[Path], deadline: Deadline
    ) -> common_pb2.PageState:
        del request.transfer_ids[:]
        for path in paths:
            request.transfer_ids.append(await self._send_file(path, deadline))
        return await self._again("upload", methods.UPLOAD, request, deadline)

    async def _send_file(self, path: Path, deadline: Deadline) -> str:
        try:
            return await transfers.send_file(self._rpc, path, self.id, self.instance_id, deadline)
        except ConnectionLostError as exc:
            if self._restoration is None:
                raise
            # Files that arrived, or did not, change nothing: the upload itself did not run.
            raise InstanceGoneError from exc

    @asynccontextmanager
    async def _losses(self, action: str) -> AsyncIterator[None]:
        """Tell of the loss of the agent as what it is here: the loss of the session."""
        try:
            yield
        except BrowserSessionClosedError as exc:
            exc.action = exc.action or action
            self.journal.lost(exc.reason)
            raise
        except InstanceGoneError as exc:
            reason = await self._rpc.why_lost(self.instance_id)
            raise self.journal.agent_gone_error(action, Outcome.NOT_EXECUTED, None, reason) from exc
        except (AgentOfflineError, ConnectionLostError) as exc:
            unsent = was_not_sent(exc)
            out_of_reach = unsent and isinstance(exc, ConnectionLostError)
            if out_of_reach or isinstance(exc.__cause__, AgentHalted):
                raise  # it may run on, and the session with it
            outcome = Outcome.NOT_EXECUTED if unsent else Outcome.UNKNOWN
            reason = await self._rpc.why_lost(self.instance_id)
            raise self.journal.agent_gone_error(action, outcome, exc, reason) from exc


def _head(request: Message) -> common_pb2.SessionCall:
    if isinstance(request, common_pb2.SessionCall):
        return request
    head: common_pb2.SessionCall = request.call  # type: ignore[attr-defined]
    return head
