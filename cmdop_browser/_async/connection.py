"""A connection to one instance of an agent."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, TypeVar

import grpc
from google.protobuf.message import Message

from cmdop_browser import _methods as methods
from cmdop_browser._acompat import (
    AsyncLock,
    AsyncUninterrupted,
    async_invoke,
    async_iterate,
    async_open_channel,
    async_post,
)
from cmdop_browser._convert import replies
from cmdop_browser._failures import broken
from cmdop_browser._halt import Halt
from cmdop_browser._identity import CallHeader
from cmdop_browser._version import __version__
from cmdop_browser._versions import require_common_protocol
from cmdop_browser.exceptions import StalePortFileError
from cmdop_browser.wire import channel as wire
from cmdop_browser.wire.spans import ClientSpan
from cmdop_browser.wire.v1 import agent_pb2

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from cmdop_browser._identity import Identity
    from cmdop_browser._methods import Method
    from cmdop_browser.models import AgentInfo
    from cmdop_browser.wire.rendezvous import DiscoveryRecord

RequestT = TypeVar("RequestT", bound=Message)
ReplyT = TypeVar("ReplyT", bound=Message)


class AsyncConnection:
    """A channel to one instance of an agent, and the lease that is held on it.

    The lease is a stream that stays open; when this process dies its connection closes,
    and the agent learns that the client is gone.

    Errors come out as gRPC raises them: the caller knows which of its calls failed.

    Attributes:
        instance_id: The instance.
        answered: Whether it has ever answered a call.
        is_broken: Whether its last call failed because there is no connection any more.
        info: What it said of itself; None before it is open.
    """

    def __init__(self, record: DiscoveryRecord, identity: Identity) -> None:
        self.instance_id = record.instance_id
        self.answered = False
        self.is_broken = False
        self.grace = wire.RPC_GRACE * wire.DIAGNOSIS_SECONDS
        self.info: AgentInfo | None = None
        self._record = record
        self._token = record.token
        self._address = record.socket
        self._identity = identity
        self._channel = async_open_channel(record.socket)
        self._callables: dict[str, Callable[..., Any]] = {}
        self._closed = False
        self._drained = False
        self._ended = False
        self._hearing = AsyncLock()
        self._lease: Any = None
        self._posted: set[Any] = set()
        self._lease_lock = threading.Lock()

    async def open(self, discovery_path: str, timeout: float) -> None:
        """Shake hands and take the lease; a refusal of that shows with the next call.

        Raises:
            StalePortFileError: Another instance answers than the one that was found.
            MethodNotFoundError: It speaks no protocol that this client speaks.
            grpc.RpcError: The agent refuses, or does not answer.
        """
        hello = agent_pb2.HelloRequest(
            client_version=__version__,
            protocol_min=wire.PROTOCOL_MIN,
            protocol_max=wire.PROTOCOL_MAX,
            pid=os.getpid(),
        )
        info = await self.unary(methods.HELLO, hello, self.header(), timeout)
        if info.instance_id != self.instance_id:
            reason = "another instance answers at its address"
            raise StalePortFileError(
                f"{discovery_path}: {reason}", discovery_path=discovery_path, reason=reason
            )
        require_common_protocol(info)
        self.grace = wire.RPC_GRACE * (info.diagnosis_seconds or wire.DIAGNOSIS_SECONDS)
        self._lease = self._attach()
        self.info = replies.agent_info(info)

    async def unary(
        self, method: Method[RequestT, ReplyT], request: RequestT, header: CallHeader, timeout: float
    ) -> ReplyT:
        """Make a call that has one reply.

        Raises:
            grpc.RpcError: It failed.
            ChannelClosed: This side has closed the channel.
            AgentHalted: The agent stands still.
        """
        call = self._callable(method, self._channel.unary_unary)
        with self._span(method, request) as span:
            reply: ReplyT = await async_invoke(
                call,
                Halt.of(self._record),
                request,
                timeout=timeout,
                metadata=header.metadata() + span.metadata,
            )
        self.answered = True
        self.is_broken = False
        return reply

    async def stream(
        self, method: Method[RequestT, ReplyT], request: RequestT, header: CallHeader, timeout: float
    ) -> AsyncIterator[ReplyT]:
        """Make a call with a stream of replies.

        Raises:
            grpc.RpcError: It failed.
            ChannelClosed: This side has closed the channel.
            AgentHalted: The agent stands still.
        """
        call = self._callable(method, self._channel.unary_stream)
        with self._span(method, request) as span:
            metadata = header.metadata() + span.metadata
            halt = Halt.of(self._record)
            async for part in async_iterate(call, halt, request, timeout=timeout, metadata=metadata):
                yield part

    async def send(
        self, method: Method[RequestT, ReplyT], parts: Iterable[RequestT], header: CallHeader, timeout: float
    ) -> ReplyT:
        """Make a call with a stream of requests and one reply.

        Raises:
            grpc.RpcError: It failed.
            ChannelClosed: This side has closed the channel.
            AgentHalted: The agent stands still.
        """
        call = self._callable(method, self._channel.stream_unary)
        with self._span(method, None) as span:
            reply: ReplyT = await async_invoke(
                call,
                Halt.of(self._record),
                iter(parts),
                timeout=timeout,
                metadata=header.metadata() + span.metadata,
            )
        return reply

    def post(self, method: Method[Any, Any], request: Message, header: CallHeader, timeout: float) -> None:
        """Make a call whose outcome nobody waits for; gRPC sees to it by itself.

        For what is to be undone after a call was given up: whoever gave it up does not wait.
        """
        call = self._callable(method, self._channel.unary_unary)
        posted = async_post(call, request, timeout=timeout, metadata=header.metadata())
        if posted is not None:
            self._posted.add(posted)
            posted.add_done_callback(self._posted.discard)

    def header(self, *, idempotency_key: str | None = None, evidence: str | None = None) -> CallHeader:
        """What goes with the next call."""
        return CallHeader(
            self._identity.client_id, self._token, idempotency_key=idempotency_key, evidence=evidence
        )

    async def keep_lease(self) -> None:
        """Take the lease again if the stream that holds it has ended.

        Raises:
            grpc.RpcError: The agent had refused it.
        """
        with self._lease_lock:
            if self._closed or self.lease_held:
                return
            ended, self._lease = self._lease, self._attach()
        try:
            with AsyncUninterrupted():
                async for _ in ended:
                    break
                ended = None
        except grpc.RpcError as exc:
            # A broken connection is no refusal: gRPC makes another one by itself.
            if not broken(exc):
                raise

    @property
    def lease_held(self) -> bool:
        """Whether the stream that holds the lease is open, as far as is known."""
        with AsyncUninterrupted():
            return self._lease is not None and not self._lease.done()

    @property
    def lives(self) -> bool:
        """Whether there is a connection, as far as is known."""
        return self.lease_held and not self.is_broken

    async def has_drained(self) -> bool:
        """Whether the instance said that it was told to end, before the connection broke.

        To be asked when a call has failed because there is no connection any more: as long
        as there is one, it waits for what the agent has to say.
        """
        await self._hear_out()
        return self._drained

    async def has_ended(self) -> bool:
        """Whether the instance ended because it was told to, and neither crashed nor was killed."""
        if self.is_broken:
            await self._hear_out()
        return self._ended

    async def _hear_out(self) -> None:
        """Take in what the instance had to say before the connection broke."""
        async with self._hearing:
            # A stream that broke is done. One that the agent ended is not, before all was read of it.
            if not self.lease_held:
                return
            try:
                with AsyncUninterrupted():
                    async for event in self._lease:
                        self._drained = self._drained or event.HasField("draining")
                self._ended = self._drained
            except grpc.RpcError:
                pass  # it broke in the middle of it: whatever ended the agent, it was not done

    async def close(self) -> None:
        """Close the channel, which ends the lease's stream and all calls under way."""
        with self._lease_lock:
            self._closed = True
        with AsyncUninterrupted():
            if self._lease is not None:
                self._lease.cancel()
            await self._channel.close()
        # What is left of a call keeps gRPC's socket open, and with it the agent's.
        self._lease = None
        self._callables.clear()

    def _span(self, method: Method[Any, Any], request: object) -> ClientSpan:
        return ClientSpan(
            method.path, request, scope="cmdop_browser", version=__version__, address=self._address
        )

    def _attach(self) -> Any:
        request = agent_pb2.AttachRequest(client_secret=self._identity.secret)
        call = self._callable(methods.ATTACH, self._channel.unary_stream)
        with AsyncUninterrupted():
            return call(request, metadata=self.header().metadata())

    def _callable(self, method: Method[Any, Any], make: Callable[..., Any]) -> Callable[..., Any]:
        # Two threads may both make one; either will do.
        if method.path not in self._callables:
            self._callables[method.path] = make(
                method.path,
                request_serializer=method.request.SerializeToString,
                response_deserializer=method.reply.FromString,
            )
        return self._callables[method.path]
