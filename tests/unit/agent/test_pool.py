from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from agent_bridge.browser.answers import PageLost
from agent_bridge.browser.options import ContextOptions
from agent_bridge.deadline import Deadline
from agent_bridge.pool.session import Session, SessionSpec
from cmdop_browser.exceptions import (
    AgentBusyError,
    BrowserSessionClosedError,
    BrowserTimeoutError,
    CloseReason,
    Outcome,
    SessionExistsError,
    SessionInterruptedError,
    SessionNotFoundError,
)
from tests.unit.agent.fakes import make_pool

if TYPE_CHECKING:
    from agent_bridge.pool.pool import Pool


async def create(pool: Pool, owner: str = "client", *, queue_timeout: float = 0.0, **spec: object) -> Session:
    return await pool.create(
        owner,
        SessionSpec(**spec),  # type: ignore[arg-type]
        ContextOptions(),
        queue_timeout=queue_timeout,
        timeout=5.0,
    )


async def test_a_session_takes_a_slot_and_gives_it_back() -> None:
    pool, pages, ended = make_pool()
    session = await create(pool)
    assert (pool.admission.active, len(pages.open_pages)) == (1, 1)
    assert await pool.close(session.id, CloseReason.CLOSED_BY_CALLER)
    assert (pool.admission.active, len(pages.open_pages)) == (0, 0)
    assert ended == [session.id]
    assert not await pool.close(session.id, CloseReason.CLOSED_BY_CALLER)


async def test_a_page_that_does_not_open_costs_no_slot_and_no_name() -> None:
    pool, pages, _ = make_pool()
    pages.fail_with = RuntimeError("no page")
    with pytest.raises(RuntimeError):
        await create(pool, name="mine")
    assert pool.admission.active == 0
    pages.fail_with = None
    await create(pool, name="mine")


async def test_a_caller_that_gives_up_while_the_page_opens_costs_no_slot() -> None:
    pool, pages, _ = make_pool()
    pages.gate.clear()
    creating = asyncio.ensure_future(create(pool, name="mine"))
    await asyncio.sleep(0)
    assert pool.admission.active == 1
    creating.cancel()
    await asyncio.gather(creating, return_exceptions=True)
    assert pool.admission.active == 0
    pages.gate.set()
    await create(pool, name="mine")


async def test_names_are_unique_among_open_sessions() -> None:
    pool, _, _ = make_pool()
    session = await create(pool, name="mine")
    with pytest.raises(SessionExistsError) as exists:
        await create(pool, name="mine")
    assert exists.value.session_id == session.id
    assert pool.find("mine") is session
    assert pool.find(session.id) is session
    await pool.close(session.id, CloseReason.CLOSED_BY_CALLER)
    await create(pool, name="mine")


async def test_a_call_on_a_session_that_ended_learns_why() -> None:
    pool, _, _ = make_pool()
    session = await create(pool)
    await pool.close(session.id, CloseReason.IDLE_TIMEOUT)
    with pytest.raises(BrowserSessionClosedError) as closed:
        pool.get(session.id, 1)
    assert closed.value.reason is CloseReason.IDLE_TIMEOUT
    assert closed.value.outcome is Outcome.NOT_EXECUTED
    with pytest.raises(SessionNotFoundError):
        pool.get("s-never", 1)


async def test_a_call_for_an_old_epoch_does_not_reach_the_page() -> None:
    pool, _, _ = make_pool()
    session = await create(pool)
    with pytest.raises(SessionInterruptedError) as interrupted:
        pool.get(session.id, session.epoch + 1)
    assert interrupted.value.outcome is Outcome.NOT_EXECUTED


async def test_calls_on_a_session_run_one_after_the_other_in_order() -> None:
    pool, _, _ = make_pool()
    session = await create(pool)
    order: list[str] = []

    async def call(name: str) -> None:
        async with session.operation(name, Deadline.after(5)):
            order.append(f"{name} begins")
            await asyncio.sleep(0)
            order.append(f"{name} ends")

    await asyncio.gather(*(call(name) for name in "abc"))
    assert order == [f"{name} {what}" for name in "abc" for what in ("begins", "ends")]


async def test_a_call_that_does_not_get_its_turn_says_what_held_it_up() -> None:
    pool, _, _ = make_pool()
    session = await create(pool)
    async with session.operation("navigate", Deadline.after(5)):
        with pytest.raises(BrowserTimeoutError, match="busy with navigate") as late:
            async with session.operation("click", Deadline.after(0.01)):
                pytest.fail("two calls at once")
    assert late.value.outcome is Outcome.NOT_EXECUTED
    async with session.operation("click", Deadline.after(5)):
        pass


async def test_a_page_that_dies_under_a_call_ends_the_session_and_says_so() -> None:
    pool, pages, _ = make_pool()
    session = await create(pool)
    with pytest.raises(BrowserSessionClosedError) as closed:
        async with session.operation("click", Deadline.after(5)):
            raise PageLost(CloseReason.RENDERER_CRASH)
    assert closed.value.reason is CloseReason.RENDERER_CRASH
    assert closed.value.outcome is Outcome.UNKNOWN
    assert closed.value.last_action == "click"
    await pool.close_all(CloseReason.SHUTDOWN)
    assert (pool.admission.active, len(pages.open_pages)) == (0, 0)


async def test_a_page_that_dies_between_calls_frees_its_slot() -> None:
    pool, pages, ended = make_pool()
    session = await create(pool)
    session.page.lose(CloseReason.BROWSER_CRASH)
    await asyncio.sleep(0)
    await pool.close_all(CloseReason.SHUTDOWN)
    assert ended == [session.id]
    assert (pool.admission.active, len(pages.open_pages)) == (0, 0)
    with pytest.raises(BrowserSessionClosedError) as closed:
        pool.get(session.id, 1)
    assert closed.value.reason is CloseReason.BROWSER_CRASH


async def test_a_session_closed_under_a_call_ends_the_call_with_the_reason() -> None:
    pool, _, _ = make_pool()
    session = await create(pool)
    began = asyncio.Event()

    async def call() -> None:
        async with session.operation("wait_for", Deadline.after(5)) as page:
            began.set()
            raise PageLost(await asyncio.shield(page.lost))

    calling = asyncio.ensure_future(call())
    await began.wait()
    await pool.close(session.id, CloseReason.SHUTDOWN)
    with pytest.raises(BrowserSessionClosedError) as closed:
        await calling
    assert closed.value.reason is CloseReason.SHUTDOWN


async def test_an_idle_session_is_closed() -> None:
    pool, pages, _ = make_pool()
    session = await create(pool, idle_timeout=0.02)
    await session.page.lost
    assert session.reason is CloseReason.IDLE_TIMEOUT
    assert not pages.open_pages


async def test_a_session_at_work_is_not_idle() -> None:
    pool, _, _ = make_pool()
    session = await create(pool, idle_timeout=0.02)
    async with session.operation("wait_for", Deadline.after(5)):
        await asyncio.sleep(0.06)
        assert session.idle_seconds == 0.0
    assert session.reason is None
    await session.page.lost
    assert session.reason is CloseReason.IDLE_TIMEOUT


async def test_the_sessions_of_one_client_end_without_the_others() -> None:
    pool, _, _ = make_pool()
    await create(pool, "one")
    await create(pool, "one")
    other = await create(pool, "two")
    assert await pool.close_owned_by("one", CloseReason.CLIENT_GONE) == 2
    assert pool.sessions() == [other]


async def test_a_full_pool_says_how_full() -> None:
    pool, _, _ = make_pool(limit=1)
    await create(pool)
    with pytest.raises(AgentBusyError) as busy:
        await create(pool)
    assert (busy.value.limit, busy.value.active) == (1, 1)


async def test_a_session_in_use_without_a_turn_is_not_idle() -> None:
    pool, _, _ = make_pool()
    session = await create(pool, idle_timeout=0.02)
    with session.in_use():
        other = await create(pool, idle_timeout=0.02)
        await other.page.lost
        assert session.idle_seconds == 0.0
        assert session.reason is None
    await session.page.lost
    assert session.reason is CloseReason.IDLE_TIMEOUT


async def test_a_client_that_says_goodbye_waits_for_no_session_any_more() -> None:
    pool, pages, _ = make_pool(limit=1)
    await create(pool, "one")
    waiting, other = (
        asyncio.ensure_future(create(pool, owner, queue_timeout=5.0)) for owner in ("one", "two")
    )
    await asyncio.sleep(0)
    assert pool.admission.queued == 2
    assert await pool.dismiss("one") == 1
    with pytest.raises(SessionInterruptedError) as interrupted:
        await waiting
    assert interrupted.value.outcome is Outcome.NOT_EXECUTED
    assert pool.sessions() == [await other]
    assert len(pages.open_pages) == 1


async def test_a_session_that_is_made_while_its_client_says_goodbye_ends() -> None:
    pool, pages, ended = make_pool()
    pages.gate.clear()
    making = asyncio.ensure_future(create(pool, "one", name="mine"))
    await asyncio.sleep(0)
    assert await pool.dismiss("one") == 0
    pages.gate.set()
    with pytest.raises(BrowserSessionClosedError) as closed:
        await making
    assert closed.value.reason is CloseReason.CLOSED_BY_CALLER
    assert (len(ended), pool.admission.active, pages.open_pages) == (1, 0, set())
    await create(pool, "two", name="mine")
