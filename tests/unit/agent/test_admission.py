from __future__ import annotations

import asyncio

import pytest

from agent_bridge.pool.admission import Admission, Slot
from cmdop_browser.exceptions import AgentBusyError, AgentOfflineError
from tests.fakes.clock import Clock


async def settle() -> None:
    """Let every task run until it waits."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_slots_are_given_until_they_are_taken() -> None:
    admission = Admission(limit=2, max_queue=10)
    await admission.acquire("a", 0.0)
    await admission.acquire("a", 0.0)
    with pytest.raises(AgentBusyError) as busy:
        await admission.acquire("a", 0.0)
    assert (busy.value.limit, busy.value.active, busy.value.queued) == (2, 2, 0)
    assert busy.value.retry_after_seconds


async def test_a_waiter_gets_the_slot_that_becomes_free() -> None:
    admission = Admission(limit=1, max_queue=10)
    slot = await admission.acquire("a", 0.0)
    waiter = asyncio.ensure_future(admission.acquire("b", 10.0))
    await settle()
    assert admission.queued == 1
    slot.release()
    await waiter
    assert (admission.active, admission.queued) == (1, 0)


async def test_a_slot_given_back_twice_is_one_slot() -> None:
    admission = Admission(limit=1, max_queue=10)
    slot = await admission.acquire("a", 0.0)
    slot.release()
    slot.release()
    assert admission.active == 0


async def test_an_owner_with_many_waiters_does_not_starve_another() -> None:
    admission = Admission(limit=1, max_queue=100)
    slot = await admission.acquire("greedy", 0.0)
    order: list[str] = []

    async def wait(owner: str, label: str) -> Slot:
        taken = await admission.acquire(owner, 10.0)
        order.append(label)
        return taken

    waiters = [asyncio.ensure_future(wait("greedy", f"greedy-{number}")) for number in range(3)]
    await settle()
    waiters.append(asyncio.ensure_future(wait("modest", "modest-0")))
    await settle()
    for _ in range(4):
        slot.release()
        await settle()
        slot = next(done.result() for done in waiters if done.done() and done.result()._admission)
    assert order == ["greedy-0", "modest-0", "greedy-1", "greedy-2"]
    slot.release()


async def test_a_waiter_that_gives_up_leaves_no_trace() -> None:
    admission = Admission(limit=1, max_queue=10)
    slot = await admission.acquire("a", 0.0)
    waiter = asyncio.ensure_future(admission.acquire("b", 10.0))
    await settle()
    waiter.cancel()
    await asyncio.gather(waiter, return_exceptions=True)
    assert admission.queued == 0
    slot.release()
    assert admission.active == 0


async def test_a_turn_that_comes_with_the_cancellation_goes_to_the_next() -> None:
    admission = Admission(limit=1, max_queue=10)
    slot = await admission.acquire("a", 0.0)
    first = asyncio.ensure_future(admission.acquire("b", 10.0))
    second = asyncio.ensure_future(admission.acquire("c", 10.0))
    await settle()
    slot.release()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await second
    assert (admission.active, admission.queued) == (1, 0)


async def test_who_gives_up_in_the_moment_of_a_turn_costs_its_owner_no_turn() -> None:
    admission = Admission(limit=1, max_queue=10)
    slot = await admission.acquire("a", 0.0)
    first, second, other = (asyncio.ensure_future(admission.acquire(owner, 10.0)) for owner in "aab")
    await settle()
    first.cancel()
    slot.release()
    await settle()
    assert (first.cancelled(), second.done(), other.done()) == (True, True, False)
    assert (admission.active, admission.queued) == (1, 1)
    other.cancel()


async def test_the_time_in_the_queue_is_bounded() -> None:
    admission = Admission(limit=1, max_queue=10)
    await admission.acquire("a", 0.0)
    with pytest.raises(AgentBusyError, match="none became free within"):
        await admission.acquire("b", 0.01)
    assert admission.queued == 0


async def test_who_is_away_is_passed_over_and_keeps_the_place() -> None:
    away = {"b"}
    admission = Admission(limit=1, max_queue=10)
    admission.is_away = away.__contains__
    first = await admission.acquire("a", 0.0)
    waiters: dict[tuple[str, int], asyncio.Future[Slot]] = {}
    for owner in ("b", "c", "b", "d"):
        waiters[owner, len(waiters)] = asyncio.ensure_future(admission.acquire(owner, 10.0))
        await settle()
    first.release()
    second = await waiters["c", 1]
    second.release()
    third = await waiters["d", 3]
    third.release()
    await settle()
    assert (admission.active, admission.queued) == (0, 2)
    # A slot that they cannot take is free for others.
    fourth = await admission.acquire("e", 0.0)
    away.clear()
    fourth.release()
    fifth = await waiters["b", 0]
    assert (admission.active, admission.queued) == (1, 1)
    fifth.release()
    (await waiters["b", 2]).release()
    assert (admission.active, admission.queued) == (0, 0)


async def test_who_returns_gets_what_is_free() -> None:
    away = {"b"}
    admission = Admission(limit=2, max_queue=10)
    admission.is_away = away.__contains__
    slots = [await admission.acquire("a", 0.0) for _ in range(2)]
    waiters = [asyncio.ensure_future(admission.acquire("b", 10.0)) for _ in range(3)]
    await settle()
    for slot in slots:
        slot.release()
    assert (admission.active, admission.queued) == (0, 3)
    away.clear()
    admission.hand_out()
    await settle()
    assert [waiter.done() for waiter in waiters] == [True, True, False]
    assert (admission.active, admission.queued) == (2, 1)
    waiters[2].cancel()
    await asyncio.gather(*waiters, return_exceptions=True)


async def test_the_queue_is_bounded() -> None:
    admission = Admission(limit=1, max_queue=1)
    await admission.acquire("a", 0.0)
    waiter = asyncio.ensure_future(admission.acquire("b", 10.0))
    await settle()
    with pytest.raises(AgentBusyError) as busy:
        await admission.acquire("c", 10.0)
    assert busy.value.queued == 1
    assert "1 callers wait already" in busy.value.message
    waiter.cancel()
    await asyncio.gather(waiter, return_exceptions=True)


async def test_when_to_come_back_goes_by_how_fast_slots_become_free() -> None:
    clock = Clock()
    admission = Admission(limit=1, max_queue=2, clock=clock)
    for _ in range(5):
        (await admission.acquire("a", 0.0)).release()
        clock.now += 3.0
    await admission.acquire("a", 0.0)
    waiters = [asyncio.ensure_future(admission.acquire("b", 10.0)) for _ in range(2)]
    await settle()
    with pytest.raises(AgentBusyError) as busy:
        await admission.acquire("c", 10.0)
    # Two are before it, and one that waits takes three seconds.
    assert busy.value.retry_after_seconds == 9.0
    for waiter in waiters:
        waiter.cancel()
    await asyncio.gather(*waiters, return_exceptions=True)


async def test_who_waits_when_the_agent_stops_is_told() -> None:
    admission = Admission(limit=1, max_queue=10)
    await admission.acquire("a", 0.0)
    waiter = asyncio.ensure_future(admission.acquire("b", 10.0))
    await settle()
    admission.close()
    with pytest.raises(AgentOfflineError):
        await waiter
    with pytest.raises(AgentOfflineError):
        await admission.acquire("c", 10.0)
