"""All connections of one client: to the agent of the name, and to those that drain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import grpc

from cmdop_browser import _methods as methods
from cmdop_browser._acompat import ChannelClosed, async_sleep
from cmdop_browser._deadline import Deadline
from cmdop_browser._failures import broken
from cmdop_browser._halt import AgentHalted
from cmdop_browser.wire.rendezvous import why_stale
from cmdop_browser.wire.v1 import agent_pb2

if TYPE_CHECKING:
    from cmdop_browser._async.connection import AsyncConnection
    from cmdop_browser.wire.rendezvous import DiscoveryRecord

# Closing in good order is worth this long and no longer: the agent notices anyway.
_DETACH_SECONDS: Final = 2.0
# An agent that drains answers like any other; one that was replaced since it stands still never.
_ELDER_SECONDS: Final = 1.0
# A killed process is not gone at once, and until then its socket takes connections.
_DYING_SECONDS: Final = 2.0
_DYING_PAUSE: Final = 0.02


class AsyncConnections:
    """The connection that takes new sessions, and those that are kept for the sessions they have.

    Attributes:
        current: The first; None when the last attempt to connect failed.
    """

    def __init__(self) -> None:
        self.current: AsyncConnection | None = None
        self._elders: dict[str, AsyncConnection] = {}
        # Those that are not connected any more, and had ended because they were told to.
        self._ended: set[str] = set()

    @property
    def instances(self) -> tuple[str, ...]:
        """The instances that are connected, first the one that takes new sessions."""
        return (*([self.current.instance_id] if self.current else []), *self._elders)

    def to(self, instance_id: str | None) -> AsyncConnection | None:
        """The connection to an instance, or the current one."""
        elder = self._elders.get(instance_id) if instance_id is not None else None
        return elder or self.current

    async def has_ended(self, instance_id: str) -> bool:
        """Whether an instance ended because it was told to; False as long as that is not known."""
        connection = self.to(instance_id)
        if connection is not None and connection.instance_id == instance_id:
            return await connection.has_ended()
        return instance_id in self._ended

    async def keeps(self, record: DiscoveryRecord, deadline: Deadline) -> bool:
        """Whether the instance of *record* is connected already.

        If not, a connection that is broken is closed. One that is whole, to an instance that
        drains, stays until `take` has another.

        Raises:
            grpc.RpcError: It is connected, and does not answer.
            AgentHalted: The same.
        """
        old = self.current
        if old is None:
            return False
        if old.instance_id == record.instance_id:
            try:
                await _ping(old, deadline)
            except (grpc.RpcError, ChannelClosed, AgentHalted):
                # Calls may be under way in it, which another connection would make no faster.
                if old.lives:
                    raise
            else:
                return True
        else:
            await self._close_broken()
            if await _answers(old, Deadline.after(min(_ELDER_SECONDS, deadline.remaining()))) or old.lives:
                return False
        await self._note_end(old)
        self.current = None
        await old.close()
        return False

    def take(self, connection: AsyncConnection) -> None:
        """Make new sessions on *connection*; the one before stays for those it has."""
        if self.current is not None:
            self._elders[self.current.instance_id] = self.current
        self.current = connection

    async def close(self) -> None:
        """End all leases and connections."""
        connections = [*self._elders.values(), *([self.current] if self.current else [])]
        self._elders.clear()
        self.current = None
        for connection in connections:
            try:
                await connection.unary(
                    methods.DETACH, agent_pb2.DetachRequest(), connection.header(), _DETACH_SECONDS
                )
            except (grpc.RpcError, ChannelClosed, AgentHalted):
                pass  # an agent that is gone, or does not answer, has ended the lease by itself
            finally:
                await connection.close()

    async def _close_broken(self) -> None:
        for elder in list(self._elders.values()):
            # One that does not answer may still have sessions; one that broke has none.
            if not await _answers(elder, Deadline.after(_ELDER_SECONDS)) and not elder.lives:
                await self._note_end(elder)
                del self._elders[elder.instance_id]
                await elder.close()

    async def _note_end(self, connection: AsyncConnection) -> None:
        if await connection.has_ended():
            self._ended.add(connection.instance_id)


async def _ping(connection: AsyncConnection, deadline: Deadline) -> None:
    """Have an instance answer.

    Raises:
        grpc.RpcError: It did not.
        ChannelClosed: This side has closed the channel, or the lease has ended.
        AgentHalted: It stands still.
    """
    if not connection.lease_held:
        raise ChannelClosed
    try:
        await connection.unary(
            methods.PING, agent_pb2.PingRequest(), connection.header(), deadline.remaining()
        )
    except grpc.RpcError as exc:
        connection.is_broken = broken(exc)
        raise


async def _answers(connection: AsyncConnection, deadline: Deadline) -> bool:
    try:
        await _ping(connection, deadline)
    except (grpc.RpcError, ChannelClosed, AgentHalted):
        return False
    return True


async def ends(record: DiscoveryRecord, deadline: Deadline) -> bool:
    """Whether the agent of *record* turns out to be gone."""
    patience = Deadline.after(min(_DYING_SECONDS, deadline.remaining()))
    while why_stale(record) is None:
        if not patience.remaining():
            return False
        await async_sleep(_DYING_PAUSE)
    return True
