"""A real agent of another version.

``python -m tests.fakes.other_version VERSION newer|older serve …``

A newer one says and can more than this code knows; an older one lacks what came with it.
"""

from __future__ import annotations

import sys
from typing import Any

import agent_bridge
import cmdop_browser._version
from cmdop_browser.wire.v1 import agent_pb2, waits_pb2_grpc

# Field 1000 of any message, a string: what a later version has added.
UNKNOWN_FIELD = b"\xc2\x3e\x05extra"


def become(version: str, *, newer: bool) -> None:
    """Make what is imported of the agent from now on another version of it."""
    cmdop_browser._version.__version__ = agent_bridge.__version__ = version
    from agent_bridge.services import agent as service

    agent: Any = service
    if not newer:
        agent.CAPABILITIES = tuple(each for each in agent.CAPABILITIES if each != "restore")
        waits_pb2_grpc.add_WaitServiceServicer_to_server = lambda *_: None
        return
    agent.CAPABILITIES = (*agent.CAPABILITIES, "teleport")
    hello = agent.AgentServicer.Hello

    async def hello_with_more(self: Any, request: Any, context: Any) -> agent_pb2.AgentInfo:
        info = await hello(self, request, context)
        info.protocol_max += 1
        return agent_pb2.AgentInfo.FromString(info.SerializeToString() + UNKNOWN_FIELD)

    agent.AgentServicer.Hello = hello_with_more


if __name__ == "__main__":
    become(sys.argv[1], newer=sys.argv[2] == "newer")
    from agent_bridge.commands import main

    sys.exit(main(sys.argv[3:]))
