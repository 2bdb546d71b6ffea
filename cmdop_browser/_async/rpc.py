"""All calls to the agent pass here: guard, deadline, error mapping."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import grpc
from google.protobuf.message import Message

from cmdop_browser import _methods as methods
from cmdop_browser import discovery
from cmdop_browser._acompat import AsyncLock, AsyncOrigin, ChannelClosed, async_released
from cmdop_browser._async.connection import AsyncConnection
from cmdop_browser._async.connections import AsyncConnections, ends
from cmdop_browser._async.launcher import ensure_agent
from cmdop_browser._deadline import Deadline
from cmdop_browser._failures import FailedCall, Failures
from cmdop_browser._halt import AgentHalted
from cmdop_browser._identity import CallHeader, Identity
from cmdop_browser._replay import InstanceGoneError
from cmdop_browser.exceptions import (
    AgentOfflineError,
    CloseReason,
    CMDOPError,
    ConnectionError,
    ConnectionLostError,
    ConnectionTimeoutError,
    Outcome,
)
from cmdop_browser.wire.evidence import OFF, retries_ahead
from cmdop_browser.wire.rendezvous import AgentPaths, is_supervised, shortages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from cmdop_browser._methods import Method
    from cmdop_browser.models import AgentInfo
    from cmdop_browser.settings import Settings
    from cmdop_browser.wire.rendezvous import DiscoveryRecord

RequestT = TypeVar("RequestT", bound=Message)
ReplyT = TypeVar("ReplyT", bound=Message)

# What is undone may have to wait until a stopped agent goes on.
_POSTED_SECONDS = 60.0
# What an agent says that a service manager looks after.
_MANAGED = "managed"


class AsyncRpc:
    """The way from a client to its agent, over all the connections of its life.

    It may be used from several threads at once, in the process that made it.
    """

    def __init__(self, agent: str, settings: Settings, *, start: bool) -> None:
        self._agent = agent
        self._settings = settings
        self._start = start
        self._paths = AgentPaths.of(agent, settings.runtime_dir)
        self._failures = Failures(agent, settings, self._paths)
        self._identity = Identity()
        self._origin = AsyncOrigin()
        self._lock = AsyncLock()
        self._connections = AsyncConnections()
        self._info: AgentInfo | None = None
        self._closed = False

    @property
    def default_timeout(self) -> float:
        """Seconds that a call may take which names no timeout of its own."""
        return self._settings.timeout

    @property
    def connect_timeout(self) -> float:
        """Seconds that connecting may take by default."""
        return self._settings.connect_timeout

    @property
    def respawned(self) -> bool:
        """Whether somebody else starts the agent again when it dies."""
        managed = self._info is not None and _MANAGED in self._info.capabilities
        try:
            return managed or is_supervised(self._paths)
        except OSError as error:
            if not shortages.is_of_the_system(error):
                raise
            return False  # who cannot look for a supervisor cannot look for its next agent either

    @property
    def succeeded(self) -> bool:
        """Whether there will be another agent when this one is gone, from this client if need be."""
        return self._start or self.respawned

    @property
    def closed(self) -> bool:
        """Whether the caller has closed the client."""
        return self._closed

    @property
    def agent(self) -> str:
        """The agent's name."""
        return self._agent

    @property
    def info(self) -> AgentInfo:
        """What the agent said of itself when it was connected to last."""
        if self._info is None:
            raise ConnectionError("this client was never connected")
        return self._info

    @property
    def instances(self) -> tuple[str, ...]:
        """The instances that are connected, first the one that takes new sessions."""
        return self._connections.instances

    def require(self, instance_id: str) -> None:
        """Refuse unless that instance of the agent is connected.

        Raises:
            InstanceGoneError: It is not.
            ConnectionError: This client is closed, or must not be used here.
        """
        self._guard()
        if instance_id not in self.instances:
            raise InstanceGoneError

    async def connect(self, timeout: float) -> None:
        """Make sure that there is a connection that works.

        Raises:
            AgentNotRunningError: There is no agent.
            StalePortFileError: There was one.
            ConnectionTimeoutError: It did not answer in time.
            ConnectionError: The system refuses it, as when this process may open no more files.
        """
        self._guard()
        deadline = Deadline.after(timeout)
        async with self._lock:
            await self._connect(deadline)

    async def call(
        self,
        method: Method[RequestT, ReplyT],
        request: RequestT,
        *,
        timeout: float,
        operation: str,
        instance_id: str | None = None,
        key: str | None = None,
    ) -> ReplyT:
        """Make a call and wait for its reply.

        The call itself waits a little longer than the agent was given, so that the
        agent's own word on what took so long arrives.

        Args:
            method: What is called.
            request: What is sent.
            timeout: Seconds that the agent was given.
            operation: The call as the user knows it.
            instance_id: The only instance that may execute it.
            key: The idempotency key of an act; a fresh one when None.

        Raises:
            InstanceGoneError: Another instance is connected.
            CMDOPError: Whatever went wrong.
        """
        deadline = Deadline.after(timeout)
        connection = await self._connected(instance_id, deadline, operation)
        header = connection.header(idempotency_key=key or _new_key(method), evidence=self._pictures())
        try:
            await connection.keep_lease()
            return await connection.unary(method, request, header, deadline.remaining() + connection.grace)
        except (grpc.RpcError, ChannelClosed, AgentHalted) as exc:
            raise self._error(exc, connection, header, timeout, operation=operation, method=method) from exc

    def post(self, method: Method[Any, Any], request: Message, *, instance_id: str | None) -> None:
        """Have an instance do something without waiting for it, if it is still connected."""
        if self._closed or self._origin.forked:
            return
        try:
            connection = self._usable(instance_id)
        except (InstanceGoneError, CMDOPError):
            return
        connection.post(method, request, connection.header(), _POSTED_SECONDS)

    async def has_drained(self, instance_id: str | None) -> bool:
        """Whether an instance whose connection broke had been told to end, and said so."""
        connection = self._connections.to(instance_id)
        return connection is not None and await connection.has_drained()

    async def why_lost(self, instance_id: str) -> CloseReason:
        """Why the sessions of an instance are lost that cannot be reached any more."""
        told_to = await self._connections.has_ended(instance_id)
        return CloseReason.SHUTDOWN if told_to else CloseReason.AGENT_RESTART

    async def receive(
        self,
        method: Method[RequestT, ReplyT],
        request: RequestT,
        *,
        timeout: float,
        operation: str,
        instance_id: str | None = None,
    ) -> AsyncIterator[ReplyT]:
        """Make a call and give its replies as they come.

        Raises:
            InstanceGoneError: Another instance is connected.
            CMDOPError: Whatever went wrong.
        """
        deadline = Deadline.after(timeout)
        connection = await self._connected(instance_id, deadline, operation)
        header = connection.header()
        try:
            async for reply in connection.stream(
                method, request, header, deadline.remaining() + connection.grace
            ):
                yield reply
        except (grpc.RpcError, ChannelClosed, AgentHalted) as exc:
            raise self._error(exc, connection, header, timeout, operation=operation, method=method) from exc

    async def send(
        self,
        method: Method[RequestT, ReplyT],
        parts: Iterable[RequestT],
        *,
        timeout: float,
        operation: str,
        instance_id: str | None = None,
    ) -> ReplyT:
        """Send a stream of messages and wait for the reply.

        Raises:
            InstanceGoneError: Another instance is connected.
            CMDOPError: Whatever went wrong.
        """
        deadline = Deadline.after(timeout)
        connection = await self._connected(instance_id, deadline, operation)
        header = connection.header(idempotency_key=_new_key(method))
        try:
            await connection.keep_lease()
            return await connection.send(method, parts, header, deadline.remaining() + connection.grace)
        except (grpc.RpcError, ChannelClosed, AgentHalted) as exc:
            raise self._error(exc, connection, header, timeout, operation=operation, method=method) from exc

    async def close(self) -> None:
        """End the lease and the connection; calls from now on are refused."""
        if self._closed or self._origin.forked:
            self._closed = True
            return
        self._guard()
        self._closed = True
        async with self._lock:
            await self._connections.close()

    async def _connect(self, deadline: Deadline) -> None:
        with shortages.told_as_ours(f"agent {self._agent!r} cannot be connected to"):
            while True:
                record = await self._find(deadline)
                try:
                    return await self._connect_to(record, deadline)
                except (AgentOfflineError, ConnectionLostError):
                    # Found while it was dying? Then what is true of it now can be said, or put right.
                    if not await ends(record, deadline):
                        raise

    async def _find(self, deadline: Deadline) -> DiscoveryRecord:
        if self._start:
            return await ensure_agent(self._agent, self._settings, timeout=deadline.remaining())
        return discovery.find(self._agent, self._settings)

    async def _connect_to(self, record: DiscoveryRecord, deadline: Deadline) -> None:
        # Another thread may have connected while this one waited for the lock.
        current = self._connections.current
        if current is not None:
            with self._connecting(current, deadline):
                if await self._connections.keeps(record, deadline):
                    return
        connection = AsyncConnection(record, self._identity)
        try:
            with self._connecting(connection, deadline):
                await connection.open(str(self._paths.record), deadline.remaining())
        except BaseException:
            await connection.close()
            raise
        self._info = connection.info
        self._connections.take(connection)

    @contextmanager
    def _connecting(self, connection: AsyncConnection, deadline: Deadline) -> Iterator[None]:
        try:
            yield
        except (grpc.RpcError, ChannelClosed, AgentHalted) as exc:
            header = connection.header()
            raise self._error(
                exc, connection, header, deadline.seconds, operation="connect", method=methods.HELLO
            ) from exc

    async def _connected(
        self, instance_id: str | None, deadline: Deadline, operation: str
    ) -> AsyncConnection:
        """The connection for a call; when another task or thread is making it, what comes of that.

        Raises:
            InstanceGoneError: Another instance is connected.
            ConnectionLostError: None is.
            ConnectionTimeoutError: None was in time.
        """
        self._guard()
        if self._connections.to(instance_id) is None and not await async_released(
            self._lock, deadline.remaining()
        ):
            raise ConnectionTimeoutError(
                f"{operation} was not sent: the client is connecting to its agent anew",
                timeout_seconds=deadline.seconds,
                operation=operation,
                outcome=Outcome.NOT_EXECUTED,
            )
        return self._usable(instance_id)

    def _usable(self, instance_id: str | None) -> AsyncConnection:
        self._guard()
        connection = self._connections.to(instance_id)
        if connection is None:
            raise ConnectionLostError(
                "this client is not connected: its last attempt to connect failed",
                outcome=Outcome.NOT_EXECUTED,
            )
        if instance_id is not None and instance_id != connection.instance_id:
            raise InstanceGoneError
        return connection

    def _guard(self) -> None:
        if self._origin.forked:
            raise ConnectionError(
                "this client was made before fork() and cannot be used in the child",
                retryable=False,
                tips=(
                    "make a client of its own in each process",
                    "or start processes with multiprocessing's 'spawn' or 'forkserver' method",
                ),
            )
        if self._closed:
            raise ConnectionError(
                "this client is closed", retryable=False, tips=("make a new one: CMDOPClient.local()",)
            )
        if self._origin.foreign_loop:
            raise ConnectionError(
                "this client belongs to another event loop",
                retryable=False,
                tips=("make a client on the loop that uses it", "or use the blocking CMDOPClient"),
            )

    def _pictures(self) -> str | None:
        if self._settings.evidence == "off":
            return OFF
        retries = retries_ahead.get()
        return None if retries is None else retries.encode()

    def _error(
        self,
        exc: grpc.RpcError | ChannelClosed | AgentHalted,
        connection: AsyncConnection,
        header: CallHeader,
        timeout: float,
        *,
        operation: str,
        method: Method[Any, Any],
    ) -> CMDOPError:
        call = FailedCall(connection, header, method, operation, timeout)
        return self._failures.error(exc, call, closed=self._closed)


def _new_key(method: Method[Any, Any]) -> str | None:
    return uuid.uuid4().hex if method.act or method.keyed else None
