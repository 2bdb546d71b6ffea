from __future__ import annotations

import asyncio
import gc
import weakref
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest

from agent_bridge.calls import Call
from agent_bridge.idempotency import Executions, mark_begun
from cmdop_browser.exceptions import (
    ConflictError,
    IdempotencyMismatchError,
    Outcome,
    SessionInterruptedError,
)
from cmdop_browser.wire.v1.actions_pb2 import FillRequest
from cmdop_browser.wire.v1.common_pb2 import PageState, SessionCall, TransferRef
from cmdop_browser.wire.v1.transfers_pb2 import UploadChunk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

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


@pytest.mark.parametrize("fails", [False, True])
async def test_what_is_stored_keeps_nothing_of_the_page_alive(fails: bool) -> None:
    executions, pages = Executions(), []

    async def act() -> PageState:
        page = Counter()  # as large as all of a browser
        pages.append(weakref.ref(page))
        current.set(page)
        if fails:
            try:
                raise KeyError(page)
            except KeyError as exc:
                raise ConflictError("no") from exc
        return PageState(url="done")

    current: ContextVar[Counter] = ContextVar("current")
    for _ in range(3):
        if fails:
            with pytest.raises(ConflictError, match="no"):
                await executions.run(FILL, FillRequest(value="x"), act)
        else:
            assert await executions.run(FILL, FillRequest(value="x"), act) == PageState(url="done")
    await asyncio.sleep(0)  # the loop lets go of the task
    gc.collect()
    assert [page() for page in pages] == [None]
    assert len(executions) == 1


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


async def test_an_act_that_was_given_up_before_it_began_can_be_done_again() -> None:
    executions, act = Executions(), Counter()
    only = asyncio.ensure_future(executions.run(FILL, FillRequest(value="x"), act))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    only.cancel()
    await asyncio.wait({only})
    act.may_end.set()
    assert await executions.run(FILL, FillRequest(value="x"), act) == PageState(url="done 2")


async def begin_and_give_up(executions: Executions, act: Counter) -> None:
    """Have an act given up after it has begun to change something."""

    async def begun() -> PageState:
        mark_begun()
        return await act()

    only = asyncio.ensure_future(executions.run(FILL, FillRequest(value="x"), begun))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    only.cancel()
    await asyncio.wait({only})


async def test_an_act_that_was_given_up_while_it_ran_is_not_done_again() -> None:
    executions, act = Executions(), Counter()
    await begin_and_give_up(executions, act)
    for _ in range(2):  # while it is being given up, and when it is over
        with pytest.raises(SessionInterruptedError) as caught:
            await executions.run(FILL, FillRequest(value="x"), act)
        assert caught.value.outcome is Outcome.UNKNOWN
    assert act.times == 1
    with pytest.raises(IdempotencyMismatchError):
        await executions.run(FILL, FillRequest(value="y"), act)


async def test_who_comes_while_it_is_given_up_is_told_and_may_give_up_too() -> None:
    executions, may_end = Executions(), asyncio.Event()

    async def slow_to_give_up() -> PageState:
        mark_begun()
        try:
            await asyncio.Event().wait()
        finally:
            await may_end.wait()
        return PageState()

    async def come() -> asyncio.Task[Any]:
        call = asyncio.ensure_future(executions.run(FILL, FillRequest(value="x"), slow_to_give_up))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return call

    first = await come()
    first.cancel()
    await asyncio.wait({first})
    told, cancelled = await come(), await come()
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    may_end.set()
    with pytest.raises(SessionInterruptedError):
        await told


async def test_results_are_forgotten_in_time() -> None:
    now = 1000.0
    executions, act = Executions(remembered_seconds=60.0, clock=lambda: now), Counter()
    act.may_end.set()
    await executions.run(FILL, FillRequest(value="x"), act)
    now += 59
    assert await executions.run(FILL, FillRequest(value="x"), act) == PageState(url="done 1")
    now += 2
    assert await executions.run(FILL, FillRequest(value="x"), act) == PageState(url="done 2")


async def test_a_running_act_is_never_forgotten() -> None:
    now = 1000.0
    executions, act = Executions(remembered=1, remembered_seconds=60.0, clock=lambda: now), Counter()
    running = asyncio.ensure_future(executions.run(FILL, FillRequest(value="x"), act))
    await asyncio.sleep(0)
    now += 1000
    for number in range(5):
        await executions.run(Call("/Fill", idempotency_key=str(number)), FillRequest(), _nothing)
    joined = asyncio.ensure_future(executions.run(FILL, FillRequest(value="x"), act))
    await asyncio.sleep(0)
    act.may_end.set()
    for call in (running, joined):
        assert await call == PageState(url="done 1")


async def _nothing() -> PageState:
    return PageState()


async def test_a_duplicate_may_have_less_time() -> None:
    executions, act = Executions(), Counter()
    act.may_end.set()
    first = FillRequest(value="x", call=SessionCall(timeout_seconds=5))
    second = FillRequest(value="x", call=SessionCall(timeout_seconds=3))
    for request in (first, second):
        assert await executions.run(FILL, request, act) == PageState(url="done 1")


# Streams of requests


async def parts(*texts: str) -> AsyncIterator[UploadChunk]:
    for text in texts:
        yield UploadChunk(data=text.encode())


class Receiver:
    """Takes what is sent, and counts how often."""

    def __init__(self) -> None:
        self.times = 0
        self.received = b""
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def __call__(self, requests: AsyncIterator[Any]) -> TransferRef:
        self.times += 1
        async for request in requests:
            self.received += request.data
        await self.may_end.wait()
        return TransferRef(transfer_id=f"u-{self.times}")


async def test_a_file_that_is_sent_twice_is_received_once() -> None:
    executions, receiver = Executions(), Receiver()
    first = await executions.run_stream(FILL, parts("a", "b"), receiver)
    assert await executions.run_stream(FILL, parts("a", "b"), receiver) == first
    assert (receiver.times, receiver.received) == (1, b"ab")


async def test_a_file_that_is_sent_again_while_it_is_received_joins() -> None:
    executions, receiver = Executions(), Receiver()
    receiver.may_end.clear()
    calls = [asyncio.ensure_future(executions.run_stream(FILL, parts("a"), receiver)) for _ in range(2)]
    for _ in range(5):
        await asyncio.sleep(0)
    receiver.may_end.set()
    assert await asyncio.gather(*calls) == [TransferRef(transfer_id="u-1")] * 2


async def test_another_file_under_the_same_key_is_refused() -> None:
    executions, receiver = Executions(), Receiver()
    await executions.run_stream(FILL, parts("a", "b"), receiver)
    with pytest.raises(IdempotencyMismatchError):
        await executions.run_stream(FILL, parts("a", "c"), receiver)


async def test_a_file_whose_sending_was_given_up_can_be_sent_again() -> None:
    executions, receiver = Executions(), Receiver()
    receiver.may_end.clear()
    only = asyncio.ensure_future(executions.run_stream(FILL, parts("a"), receiver))
    for _ in range(5):
        await asyncio.sleep(0)
    only.cancel()
    await asyncio.wait({only})
    receiver.may_end.set()
    again = await executions.run_stream(FILL, parts("b"), receiver)
    assert again == TransferRef(transfer_id="u-2")
