"""One task or thread connects a client anew, and others go on using it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from cmdop_browser import _methods as methods
from cmdop_browser._acompat import ChannelClosed
from cmdop_browser._failures import FailedCall, Failures
from cmdop_browser._identity import CallHeader
from cmdop_browser.exceptions import (
    BrowserSessionClosedError,
    ConnectionError,
    ConnectionLostError,
    ConnectionTimeoutError,
    Outcome,
    StalePortFileError,
)
from cmdop_browser.helpers._plan import is_loss
from cmdop_browser.settings import Settings
from cmdop_browser.wire.rendezvous import AgentPaths
from cmdop_browser.wire.v1 import agent_pb2
from tests.fakes.agent import FakeAgent

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator
    from pathlib import Path
    from typing import Any

    from cmdop_browser.models import AgentInfo
    from tests.flavours import Flavour

# Longer than a call takes that does not wait.
MOMENT = 0.3


@pytest.fixture
def slow(runtime_dir: Path) -> Iterator[FakeAgent]:
    """An agent that says nothing before it is released."""
    agent = FakeAgent(runtime_dir, held={methods.HELLO})
    yield agent
    agent.stop()


async def is_waiting(*calls: asyncio.Future[Any]) -> bool:
    done, _ = await asyncio.wait(calls, timeout=MOMENT)
    return not done


async def outcome_of(call: Awaitable[object]) -> object:
    (outcome,) = await asyncio.gather(call, return_exceptions=True)
    return outcome


async def test_what_is_called_meanwhile_waits_for_the_connection(
    flavour: Flavour, runtime_dir: Path, slow: FakeAgent
) -> None:
    with FakeAgent(runtime_dir):
        client = await flavour.local()
        lost = await client.browser.create_session()
    slow.start()
    reconnecting = asyncio.ensure_future(client.reconnect())
    await asyncio.to_thread(slow.arrived.wait)
    creating = asyncio.ensure_future(client.browser.create_session())
    listing = asyncio.ensure_future(client.browser.list_sessions())
    calling = asyncio.ensure_future(lost.title())
    assert await is_waiting(reconnecting, creating, listing, calling)
    slow.release.set()
    await reconnecting
    session = await creating
    assert len(slow.of(methods.CREATE)) == 1
    assert await listing == []
    with pytest.raises(BrowserSessionClosedError) as caught:
        await calling
    assert caught.value.outcome is Outcome.NOT_EXECUTED
    await session.close()
    await client.close()


async def test_what_is_called_meanwhile_waits_no_longer_than_it_may(
    flavour: Flavour, runtime_dir: Path, slow: FakeAgent
) -> None:
    with FakeAgent(runtime_dir):
        client = await flavour.local()
    slow.start()
    reconnecting = asyncio.ensure_future(client.reconnect())
    await asyncio.to_thread(slow.arrived.wait)
    with pytest.raises(ConnectionTimeoutError, match="ping was not sent"):
        await client.ping(timeout=0.1)
    slow.release.set()
    await reconnecting
    assert not slow.of(methods.PING)
    await client.close()


async def test_after_a_reconnection_that_failed_calls_say_that_nothing_was_sent(
    flavour: Flavour, runtime_dir: Path
) -> None:
    with FakeAgent(runtime_dir):
        client = await flavour.local()
        session = await client.browser.create_session()
    with FakeAgent(runtime_dir, announced_instance_id="another"), pytest.raises(StalePortFileError):
        await client.reconnect()
    for call in (client.ping(), client.browser.create_session(), session.click("#a")):
        error = await outcome_of(call)
        assert isinstance(error, ConnectionLostError)
        assert error.outcome is Outcome.NOT_EXECUTED
        assert error.retryable
        assert is_loss(error)
    with FakeAgent(runtime_dir):
        await client.reconnect()
        with pytest.raises(BrowserSessionClosedError):
            await session.click("#a")
        await client.close()


async def test_after_a_reconnection_that_failed_a_session_is_made_in_the_next_agent(
    flavour: Flavour, runtime_dir: Path
) -> None:
    with FakeAgent(runtime_dir) as old:
        old.answers[methods.HELLO] = lambda _: agent_pb2.AgentInfo(
            instance_id=old.instance_id, protocol_min=1, protocol_max=1, capabilities=["managed"]
        )
        client = await flavour.local()
    with FakeAgent(runtime_dir, announced_instance_id="another"), pytest.raises(StalePortFileError):
        await client.reconnect()
    with FakeAgent(runtime_dir) as new:
        await client.browser.create_session()
        assert len(new.of(methods.CREATE)) == 1
        await client.close()


async def test_a_slow_agent_loses_no_call_to_a_reconnection(flavour: Flavour, fake_agent: FakeAgent) -> None:
    async with flavour.local() as client:
        fake_agent.held |= {methods.PING, methods.LIST}
        listing = asyncio.ensure_future(client.browser.list_sessions())
        await asyncio.to_thread(fake_agent.wait_for, methods.LIST)
        with pytest.raises(ConnectionTimeoutError):
            await client.reconnect(timeout=0.2)
        fake_agent.release.set()
        assert await listing == []


async def test_a_slow_agent_that_was_replaced_keeps_its_sessions(flavour: Flavour, runtime_dir: Path) -> None:
    with FakeAgent(runtime_dir) as old:
        client = await flavour.local()
        session = await client.browser.create_session()
        old.held |= {methods.PING, methods.CLICK}
        clicking = asyncio.ensure_future(session.click("#a"))
        await asyncio.to_thread(old.wait_for, methods.CLICK)
        with FakeAgent(runtime_dir) as new:
            await client.reconnect()
            assert client.agent_info.instance_id == new.instance_id
            old.release.set()
            await clicking
            await session.click("#b")
            assert len(old.of(methods.CLICK)) == 2
            await client.close()


class Link:
    instance_id = "i-1"
    answered = True
    is_broken = False
    info: AgentInfo | None = None


@pytest.mark.parametrize("closed", [True, False])
def test_an_act_that_was_cut_off_here_is_not_made_again(runtime_dir: Path, *, closed: bool) -> None:
    failures = Failures("default", Settings(), AgentPaths.of("default", runtime_dir))
    header = CallHeader("c", "t", idempotency_key="k")
    call = FailedCall(Link(), header, methods.CLICK, "click", 5.0)
    error = failures.error(ChannelClosed(), call, closed=closed)
    assert isinstance(error, ConnectionError)
    assert error.idempotency_key == "k"
    assert not error.retryable
    assert is_loss(error) is not closed
