"""AgentService: who the agent is, and the leases of its clients."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from agent_bridge.calls import current_call
from agent_bridge.services import encode
from agent_bridge.supervision import notify
from cmdop_browser.exceptions import BadRequestError, MethodNotFoundError
from cmdop_browser.wire.channel import PROTOCOL_MAX, PROTOCOL_MIN
from cmdop_browser.wire.v1 import agent_pb2, agent_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from agent_bridge.observation.figures import Figures
    from agent_bridge.services.base import Context

CAPABILITIES = ("sessions", "fetch", "transfers", "restore")
# A service manager starts it again when it dies: clients wait for that.
_MANAGED = "managed"


class AgentServicer(agent_pb2_grpc.AgentServiceServicer):
    """Speaks for the agent as a whole."""

    def __init__(
        self, *, agent: str, instance_id: str, version: str, figures: Figures, diagnosis_time: float
    ) -> None:
        self._diagnosis_time = diagnosis_time
        self._agent = agent
        self._instance_id = instance_id
        self._version = version
        self._figures = figures
        self._pool = figures.pool
        self._leases = figures.leases
        self._draining = asyncio.Event()
        self._ending = asyncio.Event()

    def drain(self) -> None:
        """Tell every attached client that the agent takes nothing new."""
        self._draining.set()

    def end(self) -> None:
        """Let go of every attached client: the agent is going."""
        self._draining.set()
        self._ending.set()

    async def Hello(self, request: agent_pb2.HelloRequest, context: Context) -> agent_pb2.AgentInfo:
        """Agree on a protocol."""
        if request.protocol_max < PROTOCOL_MIN or request.protocol_min > PROTOCOL_MAX:
            raise MethodNotFoundError(
                f"client and agent share no protocol: the client speaks {request.protocol_min} to "
                f"{request.protocol_max}, the agent {PROTOCOL_MIN} to {PROTOCOL_MAX}",
                method="Hello",
                client_version=request.client_version,
                agent_version=self._version,
                tips=("stop the agent, so that one of this version is started: cmdop-browser agents stop",),
            )
        self._leases.know(current_call.get().client_id, request.pid)
        return agent_pb2.AgentInfo(
            instance_id=self._instance_id,
            agent=self._agent,
            agent_version=self._version,
            protocol_min=PROTOCOL_MIN,
            protocol_max=PROTOCOL_MAX,
            capabilities=(*CAPABILITIES, _MANAGED) if notify.is_managed() else CAPABILITIES,
            pid=os.getpid(),
            diagnosis_seconds=self._diagnosis_time,
            **encode.agent_figures(self._figures, draining=self._draining.is_set()),
        )

    async def Ping(self, request: agent_pb2.PingRequest, context: Context) -> agent_pb2.PingReply:
        """Answer."""
        return agent_pb2.PingReply(instance_id=self._instance_id)

    async def Attach(
        self, request: agent_pb2.AttachRequest, context: Context
    ) -> AsyncIterator[agent_pb2.AttachEvent]:
        """Hold a lease for as long as the stream is open."""
        client_id = current_call.get().client_id
        if not client_id or not request.client_secret:
            raise BadRequestError("a lease needs a client id and a secret", field="client_id")
        self._leases.attach(client_id, request.client_secret)
        try:
            yield agent_pb2.AttachEvent(attached=agent_pb2.Attached(grace_seconds=self._leases.grace))
            await self._draining.wait()
            yield agent_pb2.AttachEvent(draining=agent_pb2.Draining())
            await self._ending.wait()
        finally:
            self._leases.detach(client_id)

    async def Detach(self, request: agent_pb2.DetachRequest, context: Context) -> agent_pb2.DetachReply:
        """End the lease, and the sessions with it: the client makes no other call."""
        client_id = current_call.get().client_id
        self._leases.end(client_id)
        closed = await self._pool.dismiss(client_id)
        return agent_pb2.DetachReply(closed_sessions=closed)
