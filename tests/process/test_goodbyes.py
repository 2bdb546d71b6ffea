"""Clients that close while sessions are still being made for them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import pytest

from cmdop_browser import CMDOPClient
from cmdop_browser import _methods as methods
from cmdop_browser._async.connection import AsyncConnection
from cmdop_browser._sync.connection import Connection
from cmdop_browser.exceptions import SessionInterruptedError
from cmdop_browser.wire.v1 import agent_pb2
from tests.agents import RunningAgent
from tests.process.wire import Wire, creation
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.flavours import Flavour

# As long as sessions are kept whose client is gone: nothing in these tests waits for that.
LONG: Final = 120.0


@pytest.fixture(scope="module")
def small() -> Iterator[RunningAgent]:
    """An agent of two slots."""
    with RunningAgent(max_sessions=2, shards=1, lease_grace=LONG) as agent:
        yield agent


@pytest.fixture(autouse=True)
def found(small: RunningAgent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(small.runtime_dir))


async def until(active: int, queued: int) -> None:
    """Wait until so many slots are taken and so many callers wait for one."""

    def is_so() -> bool:
        with CMDOPClient.local() as looking:
            pressure = looking.agent_info.pressure
        return (pressure.active, pressure.queued) == (active, queued)

    await asyncio.to_thread(eventually, is_so)


async def test_who_waits_for_a_slot_does_not_get_that_of_a_session_that_the_goodbye_ends(
    small: RunningAgent,
) -> None:
    client = Wire(small)
    for _ in range(2):
        await client.call(methods.CREATE, creation())
    waiting = [asyncio.ensure_future(client.call(methods.CREATE, creation(), f"key {n}")) for n in range(4)]
    await until(active=2, queued=4)
    reply = await client.call(methods.DETACH, agent_pb2.DetachRequest())
    assert reply.closed_sessions == 2
    # The connection is still there: what ends them is the goodbye.
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [SessionInterruptedError] * 4
    await until(active=0, queued=0)
    await client.channel.close()


def hang_up_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the next connection that is closed end when the agent has nothing more to do for anybody."""
    said_goodbye: list[object] = []

    def has_settled() -> bool:
        with CMDOPClient.local() as looking:
            pressure = looking.agent_info.pressure
            return not pressure.queued and pressure.active == len(looking.browser.list_sessions())

    def waits(connection: object) -> bool:
        said_goodbye.append(connection)
        return len(said_goodbye) == 1

    close, close_async = Connection.close, AsyncConnection.close

    def close_late(connection: Connection) -> None:
        if waits(connection):
            eventually(has_settled)
        close(connection)

    async def close_async_late(connection: AsyncConnection) -> None:
        if waits(connection):
            await asyncio.to_thread(eventually, has_settled)
        await close_async(connection)

    monkeypatch.setattr(Connection, "close", close_late)
    monkeypatch.setattr(AsyncConnection, "close", close_async_late)


async def test_nothing_is_left_of_jobs_when_one_of_them_fails(
    flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs: list[asyncio.Future[None]] = []
    begun: list[str] = []

    async def job(client: Any) -> None:
        async with client.browser.create_session(queue_timeout=LONG) as session:
            begun.append(session.id)
            if begun == [session.id]:
                await until(active=2, queued=2)
                hang_up_late(monkeypatch)
                raise ZeroDivisionError
            await session.wait_for_function("() => false", timeout=LONG)

    async def scrape() -> None:
        async with flavour.local() as client:
            jobs.extend(asyncio.ensure_future(job(client)) for _ in range(4))
            await asyncio.gather(*jobs)

    with pytest.raises(ZeroDivisionError):
        await scrape()
    await asyncio.wait(jobs)
    await until(active=0, queued=0)
