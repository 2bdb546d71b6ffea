"""The same act, asked for twice, is done once."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmdop_browser.exceptions import IdempotencyMismatchError

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from agent_bridge.calls import Call

_REMEMBERED = 2000


@dataclass
class _Execution:
    fingerprint: str
    task: asyncio.Task[Any]
    callers: int = 0


class Executions:
    """Runs each key once: a duplicate joins the running call or gets its result."""

    def __init__(self, remembered: int = _REMEMBERED) -> None:
        self._remembered = remembered
        self._executions: OrderedDict[tuple[str, str], _Execution] = OrderedDict()

    async def run(self, call: Call, request: Message, execute: Callable[[], Awaitable[Any]]) -> Any:
        """Return what *execute* returns, for this and every later call with the same key.

        Raises:
            IdempotencyMismatchError: The key was used for another request.
        """
        key = (call.client_id, call.idempotency_key)
        fingerprint = _fingerprint(call.method, request)
        execution = self._executions.get(key)
        if execution is None:
            execution = _Execution(fingerprint, asyncio.ensure_future(_awaited(execute)))
            self._executions[key] = execution
            self._trim()
        elif execution.fingerprint != fingerprint:
            raise IdempotencyMismatchError("the idempotency key was used before, for another request")
        execution.callers += 1
        try:
            return await asyncio.shield(execution.task)
        except asyncio.CancelledError:
            # The last one who waited is gone: an act that nobody waits for is not carried on.
            if execution.callers == 1 and not execution.task.done():
                execution.task.cancel()
                self._executions.pop(key, None)
            raise
        finally:
            execution.callers -= 1
            if execution.task.done() and not execution.task.cancelled():
                execution.task.exception()

    def _trim(self) -> None:
        if len(self._executions) <= self._remembered:
            return
        oldest = next((key for key, execution in self._executions.items() if execution.task.done()), None)
        if oldest is not None:
            del self._executions[oldest]


async def _awaited(execute: Callable[[], Awaitable[Any]]) -> Any:
    return await execute()


def _fingerprint(method: str, request: Message) -> str:
    return hashlib.sha256(method.encode() + b"\0" + request.SerializeToString(deterministic=True)).hexdigest()
