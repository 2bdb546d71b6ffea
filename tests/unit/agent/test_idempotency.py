from __future__ import annotations

import asyncio

import pytest

from agent_bridge.calls import Call
from agent_bridge.idempotency import Executions
from cmdop_browser.exceptions import ConflictError, IdempotencyMismatchError
from cmdop_browser.wire.v1.actions_pb2 import FillRequest
from cmdop_browser.wire.v1.common_pb2 import PageState

FILL = Call("/Fill", client_id="c", idempotency_key="k")


class Counter:
    """An act that counts how often it is done, and waits until it may end."""

    def __init__(self) -> None:
        self.times = 0
        self.cancelled = False
        self.may_end = asyncio.Event()

    async def __call__(self) -> PageState:
        self.times += 1
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return PageState(url=f"done {self.times}")


async def test_a_duplicate_joins_the_running_call() -> None:
    executions, act = Executions(), Counter()
    calls = [asyncio.ensure_future(executions.run(FILL, FillRequest(value="x"), act)) for _ in range(3)]
    await asyncio.sleep(0)
    act.may_end.set()
    assert await asyncio.gather(*calls) == [PageState(url="done 1")] * 3


async def test_a_late_duplicate_gets_the_stored_result() -> None:
    executions, act = Executions(), Counter()
    act.may_end.set()
    assert await executions.run(FILL, FillRequest(value="x"), act) == PageState(url="done 1")
    assert await executions.run(FILL, FillRequest(value="x"), act) == PageState(url="done 1")
    assert act.times == 1


async def test_a_failure_is_stored_too() -> None:
    executions, times = Executions(), 0

    async def fail() -> None:
        nonlocal times
        times += 1
        raise ConflictError("no")

    for _ in range(2):
        with pytest.raises(ConflictError):
            await executions.run(FILL, FillRequest(value="x"), fail)
    assert times == 1


async def test_the_same_key_for_another_request_is_refused() -> None:
    executions, act = Executions(), Counter()
    act.may_end.set()
    await executions.run(FILL, FillRequest(value="x"), act)
    with pytest.raises(IdempotencyMismatchError):
        await executions.run(FILL, FillRequest(value="y"), act)


async def test_keys_of_two_clients_do_not_meet() -> None:
    executions, act = Executions(), Counter()
    act.may_end.set()
    await executions.run(FILL, FillRequest(value="x"), act)
    other = Call("/Fill", client_id="d", idempotency_key="k")
    assert await executions.run(other, FillRequest(value="x"), act) == PageState(url="done 2")


async def test_an_act_goes_on_while_anybody_waits_for_it() -> None:
    executions, act = Executions(), Counter()
    first = asyncio.ensure_future(executions.run(FILL, FillRequest(value="x"), act))
    second = asyncio.ensure_future(executions.run(FILL, FillRequest(value="x"), act))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert not act.cancelled
    act.may_end.set()
    assert await second == PageState(url="done 1")


async def test_an_act_that_nobody_waits_for_is_cancelled() -> None:
    executions, act = Executions(), Counter()
    only = asyncio.ensure_future(executions.run(FILL, FillRequest(value="x"), act))
    await asyncio.sleep(0)
    only.cancel()
    await asyncio.gather(only, return_exceptions=True)
    await asyncio.sleep(0)
    assert act.cancelled


async def test_memory_is_bounded() -> None:
    executions, act = Executions(remembered=3), Counter()
    act.may_end.set()
    for number in range(10):
        await executions.run(Call("/Fill", idempotency_key=str(number)), FillRequest(), act)
    assert len(executions) == 3


async def test_memory_is_bounded_in_bytes() -> None:
    executions = Executions(remembered_bytes=1000)

    async def large() -> PageState:
        return PageState(url="x" * 400)

    for number in range(10):
        await executions.run(Call("/Evaluate", idempotency_key=str(number)), FillRequest(), large)
    assert len(executions) == 2
