"""All services of an agent, put on its server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_bridge.services.actions import ActionServicer
from agent_bridge.services.capture import CaptureServicer
from agent_bridge.services.dom import DomServicer
from agent_bridge.services.identity import IdentityServicer
from agent_bridge.services.navigation import NavigationServicer
from agent_bridge.services.script import ScriptServicer
from agent_bridge.services.sessions import SessionsServicer
from agent_bridge.services.transfers import TransferServicer
from agent_bridge.services.waits import WaitServicer
from cmdop_browser.wire.v1 import (
    actions_pb2_grpc,
    agent_pb2_grpc,
    capture_pb2_grpc,
    dom_pb2_grpc,
    identity_pb2_grpc,
    navigation_pb2_grpc,
    script_pb2_grpc,
    sessions_pb2_grpc,
    transfers_pb2_grpc,
    waits_pb2_grpc,
)

if TYPE_CHECKING:
    import grpc.aio

    from agent_bridge.artifacts import Artifacts
    from agent_bridge.pool.leases import Leases
    from agent_bridge.pool.pool import Pool
    from agent_bridge.services.agent import AgentServicer
    from agent_bridge.transfers import Transfers


def register(
    server: grpc.aio.Server,
    *,
    agent: AgentServicer,
    pool: Pool,
    transfers: Transfers,
    leases: Leases,
    artifacts: Artifacts,
) -> None:
    """Have *server* serve everything that is done with sessions, and the agent as a whole."""
    agent_pb2_grpc.add_AgentServiceServicer_to_server(agent, server)
    sessions_pb2_grpc.add_SessionServiceServicer_to_server(SessionsServicer(pool, transfers, leases), server)
    navigation_pb2_grpc.add_NavigationServiceServicer_to_server(NavigationServicer(pool, transfers), server)
    actions_pb2_grpc.add_ActionServiceServicer_to_server(ActionServicer(pool, transfers), server)
    waits_pb2_grpc.add_WaitServiceServicer_to_server(WaitServicer(pool, transfers), server)
    script_pb2_grpc.add_ScriptServiceServicer_to_server(ScriptServicer(pool, transfers), server)
    capture_pb2_grpc.add_CaptureServiceServicer_to_server(CaptureServicer(pool, transfers), server)
    identity_pb2_grpc.add_IdentityServiceServicer_to_server(IdentityServicer(pool, transfers), server)
    dom_pb2_grpc.add_DomServiceServicer_to_server(DomServicer(pool, transfers), server)
    transfers_pb2_grpc.add_TransferServiceServicer_to_server(
        TransferServicer(pool, transfers, artifacts), server
    )
