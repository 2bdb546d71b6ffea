"""WaitService: until the page gets somewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_bridge.browser import waits
from agent_bridge.services import decode, encode
from agent_bridge.services.base import SessionServicer
from agent_bridge.services.script import encode_value
from cmdop_browser.wire.v1 import common_pb2, waits_pb2, waits_pb2_grpc

if TYPE_CHECKING:
    from agent_bridge.services.base import Context


class WaitServicer(SessionServicer, waits_pb2_grpc.WaitServiceServicer):
    """Waits."""

    async def ForSelector(
        self, request: waits_pb2.WaitForSelectorRequest, context: Context
    ) -> common_pb2.PageState:
        """Wait for an element to be in a state."""
        selector = decode.selector(request.selector)
        state = decode.choose(decode.ELEMENT_STATE, request.state, "state")
        async with self._turn(request.call, "wait_for") as turn:
            await waits.for_selector(turn.page, selector, state, turn.deadline)
            return encode.page_state(turn.session)

    async def ForUrl(self, request: waits_pb2.WaitForUrlRequest, context: Context) -> common_pb2.PageState:
        """Wait for the URL to match."""
        pattern = decode.url_pattern(request)
        async with self._turn(request.call, "wait_for_url") as turn:
            await waits.for_url(turn.page, pattern, turn.deadline)
            return encode.page_state(turn.session)

    async def ForFunction(
        self, request: waits_pb2.WaitForFunctionRequest, context: Context
    ) -> waits_pb2.WaitForFunctionReply:
        """Wait for an expression to become truthy."""
        expression = decode.selector(request.expression, "js")
        argument = decode.argument(request.argument)
        async with self._turn(request.call, "wait_for_function") as turn:
            value = await waits.for_function(turn.page, expression, argument, turn.deadline)
            return waits_pb2.WaitForFunctionReply(
                value=encode.payload(encode_value("wait_for_function", value), self._transfers)
            )

    async def ForIdle(self, request: common_pb2.SessionCall, context: Context) -> common_pb2.PageState:
        """Wait for the network to fall silent."""
        async with self._turn(request, "wait_for_idle") as turn:
            await waits.for_idle(turn.page, turn.deadline)
            return encode.page_state(turn.session)
