"""The same act, asked for twice, is done once."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmdop_browser.exceptions import IdempotencyMismatchError
from cmdop_browser.wire.channel import MIB

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from google.protobuf.message import Message

    from agent_bridge.calls import Call

# A duplicate comes from a retry within seconds; this is room for many of them.
_REMEMBERED = 2000
_REMEMBERED_BYTES = 64 * MIB


@dataclass
class _Execution:
    fingerprint: str
    task: asyncio.Task[Any]
    callers: int = 0

    @property
    def size(self) -> int:
        """Bytes of the stored reply."""
        if not self.task.done() or self.task.cancelled() or self.task.exception() is not None:
            return 0
        return int(self.task.result().ByteSize())


class Executions:
    """Runs each key once: a duplicate joins the running call or gets its result."""

    def __init__(self, remembered: int = _REMEMBERED, remembered_bytes: int = _REMEMBERED_BYTES) -> None:
        self._remembered = remembered
        self._remembered_bytes = remembered_bytes
        self._bytes = 0
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
            execution.task.add_done_callback(lambda _done: self._stored(execution))
        elif execution.fingerprint != fingerprint:
            raise IdempotencyMismatchError("the idempotency key was used before, for another request")
        execution.callers += 1
        try:
            return await asyncio.shield(execution.task)
        except asyncio.CancelledError:
            # The last one who waited is gone: an act that nobody waits for is not carried on.
            if execution.callers == 1 and not execution.task.done():
                execution.task.cancel()
                del self._executions[key]
            raise
        finally:
            execution.callers -= 1

    def _stored(self, execution: _Execution) -> None:
        self._bytes += execution.size
        for key, old in list(self._executions.items()):
            if len(self._executions) <= self._remembered and self._bytes <= self._remembered_bytes:
                break
            if old.task.done() and not old.callers:
                self._bytes -= self._executions.pop(key).size


async def _awaited(execute: Callable[[], Awaitable[Any]]) -> Any:
    return await execute()


def _fingerprint(method: str, request: Message) -> str:
    return hashlib.sha256(method.encode() + b"\0" + request.SerializeToString(deterministic=True)).hexdigest()
