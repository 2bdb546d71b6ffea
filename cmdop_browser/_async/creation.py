"""Sessions while they are made: whoever gives up may never learn whether there is one."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from cmdop_browser import _methods as methods
from cmdop_browser.wire.v1 import sessions_pb2

if TYPE_CHECKING:
    from cmdop_browser._async.rpc import AsyncRpc


class AsyncCreation:
    """The making of one session in one instance of the agent, by a key with which it can be taken back."""

    def __init__(self, rpc: AsyncRpc, instance_id: str) -> None:
        self._rpc = rpc
        self._instance_id = instance_id
        self._key = uuid.uuid4().hex

    async def made(
        self, request: sessions_pb2.CreateSessionRequest, *, timeout: float
    ) -> sessions_pb2.SessionInfo:
        """Have the session made.

        Raises:
            InstanceGoneError: Another instance is connected.
            CMDOPError: Whatever else went wrong.
        """
        return await self._rpc.call(
            methods.CREATE,
            request,
            timeout=timeout,
            operation="create_session",
            instance_id=self._instance_id,
            key=self._key,
        )

    def take_back(self) -> None:
        """Have the agent close the session, or stop making it; nobody waits for that."""
        abandoned = sessions_pb2.CloseSessionRequest(creation_key=self._key)
        self._rpc.post(methods.CLOSE, abandoned, instance_id=self._instance_id)
