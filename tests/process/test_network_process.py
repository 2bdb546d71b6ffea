"""The browser's network process has the cookies of all sessions: they are lost with it, and come back."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from agent_bridge.supervision import processes
from cmdop_browser.exceptions import BrowserSessionClosedError, CloseReason
from tests.agents import RunningAgent
from tests.site import WebSite
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.flavours import Flavour

NETWORK = "--utility-sub-type=network.mojom.NetworkService"


@pytest.fixture(scope="module")
def site() -> Iterator[WebSite]:
    with WebSite() as site:
        yield site


@pytest.fixture
def agent(runtime_dir: Any) -> Iterator[RunningAgent]:
    with RunningAgent(runtime_dir, shards=1) as agent:
        yield agent


async def strike(agent: RunningAgent, fate: signal.Signals) -> None:
    """Send a signal to the network process, and come back when it is gone."""
    process = processes.first_below([psutil.Process(agent.process.pid)], NETWORK)
    assert process is not None
    process.send_signal(fate)
    await asyncio.to_thread(eventually, lambda: not process.is_running() or process.status() == "zombie")


@pytest.mark.parametrize("fate", [signal.SIGKILL, signal.SIGSTOP])
async def test_cookies_come_back(
    flavour: Flavour, agent: RunningAgent, site: WebSite, fate: signal.Signals
) -> None:
    async with flavour.local() as client:
        session = await client.browser.create_session(on_crash="restore")
        await session.navigate(site.at("/cookies/set", name="ada"))
        for epoch in (2, 3):
            await session.info()  # the cookies have been looked at then
            await strike(agent, fate)
            assert {each.name: each.value for each in await session.cookies()} == {"name": "ada"}
            assert (await session.info()).epoch == epoch
        assert await session.url() == site.at("/cookies")


async def test_a_session_that_raises_ends(flavour: Flavour, agent: RunningAgent, site: WebSite) -> None:
    async with flavour.local() as client:
        session = await client.browser.create_session()
        await session.navigate(site.at("/cookies/set", name="ada"))
        await strike(agent, signal.SIGKILL)
        with pytest.raises(BrowserSessionClosedError) as caught:
            await session.cookies()
        assert caught.value.reason is CloseReason.BROWSER_CRASH
        assert (await (await client.browser.create_session()).navigate(site.at("/plain.html"))).ok


async def test_a_session_that_has_ended_before_is_no_loss(
    flavour: Flavour, agent: RunningAgent, site: WebSite
) -> None:
    async with flavour.local() as client:
        async with client.browser.create_session() as session:
            await session.navigate(site.at("/plain.html"))
        await strike(agent, signal.SIGKILL)
        async with client.browser.create_session() as session:
            assert (await session.navigate(site.at("/plain.html"))).ok
