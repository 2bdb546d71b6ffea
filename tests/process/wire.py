"""Calls made on the wire, as a client makes them, with keys and moments of the test's own."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import grpc.aio
from google.protobuf.message import Message

from cmdop_browser import _methods as methods
from cmdop_browser._convert import requests
from cmdop_browser._convert.options import session_options
from cmdop_browser.wire import channel as wire
from cmdop_browser.wire.errors import from_rpc_error
from cmdop_browser.wire.v1 import common_pb2, sessions_pb2

if TYPE_CHECKING:
    from cmdop_browser._methods import Method
    from tests.agents import RunningAgent


class Wire:
    """Makes calls as a client does, with keys of the test's own."""

    def __init__(self, agent: RunningAgent) -> None:
        self._record = agent.record
        self.client_id = uuid.uuid4().hex
        self.channel = self._open()
        self.session_id = ""

    def _open(self) -> grpc.aio.Channel:
        return grpc.aio.insecure_channel(
            wire.unix_target(str(self._record["socket"])), options=wire.client_options()
        )

    async def break_off(self) -> None:
        """Lose the connection, and have another one."""
        await self.channel.close()
        self.channel = self._open()

    def begin(self, method: Method[Any, Any], request: Any, key: str) -> Any:
        """Begin a call; several requests are sent as a stream."""
        is_stream = not isinstance(request, Message)
        make = self.channel.stream_unary if is_stream else self.channel.unary_unary
        call = make(
            method.path,
            request_serializer=method.request.SerializeToString,
            response_deserializer=method.reply.FromString,
        )
        metadata = (
            (wire.TOKEN_KEY, str(self._record["token"])),
            (wire.REQUEST_ID_KEY, uuid.uuid4().hex),
            (wire.CLIENT_ID_KEY, self.client_id),
            (wire.IDEMPOTENCY_KEY, key),
        )
        return call(iter(request) if isinstance(request, list) else request, metadata=metadata, timeout=60)

    async def call(self, method: Method[Any, Any], request: Any, key: str = "") -> Any:
        """Make a call; raises what the client would."""
        try:
            return await self.begin(method, request, key)
        except grpc.aio.AioRpcError as exc:
            raise from_rpc_error(exc) from exc

    def evaluate(self, js: str, arg: object = None, *, seconds: float = 30.0) -> Any:
        """A request to run a script in the session."""
        return requests.evaluate(self.head(seconds), js, arg)

    def head(self, seconds: float = 30.0) -> common_pb2.SessionCall:
        """The head of a call on the session."""
        session = common_pb2.SessionRef(session_id=self.session_id, epoch=1)
        return common_pb2.SessionCall(session=session, timeout_seconds=seconds)

    async def sessions(self) -> set[str]:
        """The sessions that are open."""
        reply = await self.call(methods.LIST, sessions_pb2.ListSessionsRequest())
        return {info.session.session_id for info in reply.sessions}


def creation(**options: Any) -> sessions_pb2.CreateSessionRequest:
    """A request for a session with *options*."""
    return requests.create_session(session_options(timeout=30.0, **options), 10.0, 30.0)
