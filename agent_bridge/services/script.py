"""ScriptService: scripts of the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_bridge.browser import script
from agent_bridge.services import decode, encode
from agent_bridge.services.base import SessionServicer
from cmdop_browser.exceptions import BrowserScriptError
from cmdop_browser.wire import values
from cmdop_browser.wire.v1 import script_pb2, script_pb2_grpc

if TYPE_CHECKING:
    from agent_bridge.services.base import Context


def encode_value(action: str, value: object) -> bytes:
    """Return a script's value as it travels.

    Raises:
        BrowserScriptError: It holds what cannot travel.
    """
    try:
        return values.dumps(value)
    except (TypeError, ValueError, RecursionError) as exc:
        raise BrowserScriptError(
            f"{action} failed: its value cannot be returned: {exc}",
            action=action,
            script_message=str(exc),
            tips=("return plain data: numbers, text, lists, objects without cycles",),
        ) from exc


class ScriptServicer(SessionServicer, script_pb2_grpc.ScriptServiceServicer):
    """Runs scripts."""

    async def Evaluate(
        self, request: script_pb2.EvaluateRequest, context: Context
    ) -> script_pb2.EvaluateReply:
        """Evaluate an expression or call a function."""
        expression = decode.selector(request.expression, "js")
        argument = decode.argument(request.argument)
        async with self._turn(request.call, "evaluate") as turn:
            value = await script.evaluate(turn.page, expression, argument, turn.deadline)
            return script_pb2.EvaluateReply(
                value=encode.payload(encode_value("evaluate", value), self._transfers)
            )
