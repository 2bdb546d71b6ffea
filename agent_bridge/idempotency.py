"""The same act, asked for twice, is done once."""

from __future__ import annotations

import asyncio
import copy
import hashlib
import time
from collections import OrderedDict
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cmdop_browser.exceptions import IdempotencyMismatchError, Outcome, SessionInterruptedError
from cmdop_browser.wire.channel import MIB

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from google.protobuf.message import Message

    from agent_bridge.calls import Call

# A duplicate comes from a retry within seconds; this is room for many of them.
_REMEMBERED: Final = 2000
_REMEMBERED_BYTES: Final = 64 * MIB
_REMEMBERED_SECONDS: Final = 600.0
# Each call makes room for itself and a few more.
_FORGOTTEN_AT_ONCE: Final = 8
# A duplicate may be sent with what is left of the time: it asks for the same thing.
_NOT_COMPARED: Final = ("timeout_seconds", "queue_timeout_seconds")

_Key = tuple[str, str]


@dataclass(eq=False)
class _Execution:
    """What is, or was, done under a key.

    Attributes:
        fingerprint: Of the request; None as long as it has not arrived as a whole.
        under_way: Settled when it is over, and given up then for what it came to.
        came_to: What is left of that: what it brought, or why it failed.
        callers: How many wait for it.
        has_begun: Whether it may have changed something.
        size: Bytes of the stored reply.
        ended: When it was over.
    """

    fingerprint: str | None
    under_way: asyncio.Task[Any] | None
    came_to: Any = None
    callers: int = 0
    has_begun: bool = False
    size: int = 0
    ended: float = 0.0


_current: ContextVar[_Execution | None] = ContextVar("current_execution", default=None)


def mark_begun() -> None:
    """Note that the act which this task executes may change something from now on.

    One that is given up before can be done again under its key; one that is given up
    later is neither done again nor called done.
    """
    execution = _current.get()
    if execution is not None:
        execution.has_begun = True


class Executions:
    """Runs each key once: a duplicate joins the running call or gets its result.

    What came of a call is kept for ten minutes, unless there are more than 2000 of them or
    their replies take more than 64 MiB: then the oldest go first. The task that made it is
    not kept, nor the traceback of its failure: they would keep its page and all of the
    browser that was at hand there.
    """

    def __init__(
        self,
        remembered: int = _REMEMBERED,
        remembered_bytes: int = _REMEMBERED_BYTES,
        remembered_seconds: float = _REMEMBERED_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._remembered = remembered
        self._remembered_bytes = remembered_bytes
        self._remembered_seconds = remembered_seconds
        self._clock = clock
        self._bytes = 0
        # Those that are over stand in the order in which they ended.
        self._executions: OrderedDict[_Key, _Execution] = OrderedDict()

    def __len__(self) -> int:
        return len(self._executions)

    async def run(self, call: Call, request: Message, execute: Callable[[], Awaitable[Any]]) -> Any:
        """Return what *execute* returns, for this and every later call with the same key.

        Raises:
            IdempotencyMismatchError: The key was used for another request.
            SessionInterruptedError: The call that it was used for was given up half-way.
        """
        key, fingerprint = _key(call), _fingerprint(call.method, request)
        execution = self._find(key)
        if execution is None:
            execution = self._begin(key, fingerprint, execute)
        elif execution.fingerprint != fingerprint:
            raise _mismatch()
        return await self._outcome(key, execution)

    async def run_stream(
        self,
        call: Call,
        requests: AsyncIterator[Message],
        execute: Callable[[AsyncIterator[Message]], Awaitable[Any]],
    ) -> Any:
        """The same for a call with a stream of requests; that of a duplicate is read and compared.

        Raises:
            IdempotencyMismatchError: The key was used for other requests.
            SessionInterruptedError: The call that it was used for was given up.
        """
        key, digest = _key(call), hashlib.sha256(call.method.encode())
        execution = self._find(key)
        if execution is None:

            async def arriving() -> AsyncIterator[Message]:
                async for request in requests:
                    digest.update(request.SerializeToString(deterministic=True))
                    yield request
                first.fingerprint = digest.hexdigest()

            first = execution = self._begin(key, None, lambda: execute(arriving()))
            return await self._outcome(key, execution)
        execution.callers += 1
        try:
            async for request in requests:
                digest.update(request.SerializeToString(deterministic=True))
            if execution.under_way is not None:
                await asyncio.wait({execution.under_way})
        finally:
            execution.callers -= 1
        if execution.fingerprint not in {None, digest.hexdigest()}:
            raise _mismatch()
        return await self._outcome(key, execution)

    def _begin(self, key: _Key, fingerprint: str | None, execute: Callable[[], Awaitable[Any]]) -> _Execution:
        async def executed() -> Any:
            _current.set(execution)
            return await execute()

        task = asyncio.ensure_future(executed())
        execution = self._executions[key] = _Execution(fingerprint, task)
        task.add_done_callback(lambda done: self._ended(key, execution, done))
        return execution

    async def _outcome(self, key: _Key, execution: _Execution) -> Any:
        task = execution.under_way
        if task is None:
            return _again(execution.came_to)
        execution.callers += 1
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError as exc:
            if task.cancelled() and not _is_cancelled():
                raise _given_up(execution) from exc
            # The last one who waited is gone: an act that nobody waits for is not carried on.
            if execution.callers == 1 and not task.done():
                task.cancel()
                if not execution.has_begun:
                    del self._executions[key]
            raise
        finally:
            execution.callers -= 1

    def _find(self, key: _Key) -> _Execution | None:
        self._forget()
        return self._executions.get(key)

    def _ended(self, key: _Key, execution: _Execution, task: asyncio.Task[Any]) -> None:
        if self._executions.get(key) is not execution:
            return  # given up before it began
        execution.under_way = None
        if task.cancelled():
            execution.came_to = _given_up(execution)
        elif (error := task.exception()) is not None:
            execution.came_to = _bare(error)
        else:
            execution.came_to = task.result()
            execution.size = task.result().ByteSize()
        execution.ended = self._clock()
        self._bytes += execution.size
        self._executions.move_to_end(key)
        self._forget()

    def _forget(self) -> None:
        too_old = self._clock() - self._remembered_seconds
        for key, execution in self._oldest():
            too_many = len(self._executions) > self._remembered or self._bytes > self._remembered_bytes
            if not too_many and execution.ended > too_old:
                break
            if not execution.callers:
                self._bytes -= self._executions.pop(key).size

    def _oldest(self) -> list[tuple[_Key, _Execution]]:
        """Those that may be forgotten now, the oldest first; a few at a time."""
        found = []
        for key, execution in self._executions.items():
            if execution.under_way is None:
                found.append((key, execution))
                if len(found) == _FORGOTTEN_AT_ONCE:
                    break
        return found


def _key(call: Call) -> _Key:
    return call.client_id, call.idempotency_key


def _is_cancelled() -> bool:
    """Whether the task itself was cancelled, and not only what it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _bare(error: BaseException) -> BaseException:
    """A copy of *error* that keeps nothing alive, for those who ask later."""
    return copy.copy(error)  # without traceback, cause and context


def _again(came_to: Any) -> Any:
    if isinstance(came_to, BaseException):
        raise _bare(came_to)  # or each who asks would leave a traceback in it
    return came_to


def _mismatch() -> IdempotencyMismatchError:
    return IdempotencyMismatchError("the idempotency key was used before, for another request")


def _given_up(execution: _Execution) -> SessionInterruptedError:
    how = "while it ran" if execution.has_begun else "before it ran"
    return SessionInterruptedError(
        f"the call that this idempotency key was used for was given up {how}",
        outcome=Outcome.UNKNOWN if execution.has_begun else Outcome.NOT_EXECUTED,
    )


def _fingerprint(method: str, request: Message) -> str:
    compared = type(request)()
    compared.CopyFrom(request)
    parts: list[Any] = [compared]
    if "call" in compared.DESCRIPTOR.fields_by_name:
        parts.append(compared.call)  # type: ignore[attr-defined]
    for part in parts:
        for name in _NOT_COMPARED:
            if name in part.DESCRIPTOR.fields_by_name:
                part.ClearField(name)
    return hashlib.sha256(
        method.encode() + b"\0" + compared.SerializeToString(deterministic=True)
    ).hexdigest()
