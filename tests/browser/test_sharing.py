"""Sessions that several use at once, and agents and clients that vanish."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser import CMDOPClient
from cmdop_browser.exceptions import (
    BrowserError,
    BrowserSessionClosedError,
    CloseReason,
    Outcome,
)
from tests.agents import RunningAgent
from tests.flavours import Together, in_both

if TYPE_CHECKING:
    from tests.flavours import Flavour
    from tests.site import WebSite


async def test_two_clients_on_one_session(flavour: Flavour, client: Any, session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/plain.html"))
    async with flavour.local() as other:
        shared = await other.browser.get_session(session.id)
        assert await shared.url() == site.at("/plain.html")
        results = await asyncio.gather(
            *(session.evaluate("x => x", index) for index in range(20)),
            *(shared.evaluate("x => x", index) for index in range(20)),
        )
        assert results == [*range(20), *range(20)]
    assert await session.url() == site.at("/plain.html")


async def test_a_session_that_another_client_closed(flavour: Flavour, session: Any) -> None:
    async with flavour.local() as other:
        await (await other.browser.get_session(session.id)).close()
    with pytest.raises(BrowserSessionClosedError) as caught:
        await session.url()
    assert caught.value.reason is CloseReason.CLOSED_BY_CALLER
    assert session.is_closed


def test_calls_from_many_threads(agent: RunningAgent, site: WebSite) -> None:
    def scrape(client: CMDOPClient, number: int) -> str:
        with client.browser.create_session() as session:
            session.navigate(site.at("/echo/page", number=number))
            return session.dom.text()

    with CMDOPClient.local() as client, ThreadPoolExecutor(6) as threads:
        texts = list(threads.map(lambda number: scrape(client, number), range(12)))
    assert texts == [f"GET /echo/page?number={number}" for number in range(12)]


async def test_calls_on_one_session_keep_their_order(flavour: Flavour, session: Any, site: WebSite) -> None:
    gate = f"/gate/order-{flavour.name}"
    await session.navigate(site.at("/plain.html"))
    await session.evaluate("() => { window.seen = [] }")
    slow = asyncio.ensure_future(
        session.evaluate("async (url) => { await fetch(url); seen.push('slow') }", site.at(gate))
    )
    await site.records.arrival(gate)
    fast = asyncio.ensure_future(session.evaluate("() => { seen.push('fast') }"))
    site.open_gate(gate.removeprefix("/gate/"))
    await asyncio.gather(slow, fast)
    assert await session.evaluate("() => seen") == ["slow", "fast"]


async def test_the_agent_killed_in_mid_call(site: WebSite, monkeypatch: pytest.MonkeyPatch) -> None:
    together = Together()
    with RunningAgent() as agent, contextlib.ExitStack() as successors:
        monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))

        async def part(flavour: Flavour) -> None:
            gate = f"killed-{flavour.name}"
            async with flavour.local() as client:
                session = await client.browser.create_session()
                loading = asyncio.ensure_future(session.navigate(site.at(f"/gate/{gate}")))
                await site.records.arrival(f"/gate/{gate}")
                await together.once(agent.kill)
                with pytest.raises(BrowserSessionClosedError) as caught:
                    await loading
                assert caught.value.reason is CloseReason.AGENT_RESTART
                assert caught.value.outcome is Outcome.UNKNOWN
                site.open_gate(gate)
                await together.once(lambda: successors.enter_context(RunningAgent(agent.runtime_dir)))
                await client.reconnect()
                with pytest.raises(BrowserSessionClosedError):
                    await session.url()
                async with client.browser.create_session() as fresh:
                    assert (await fresh.navigate(site.at("/plain.html"))).ok

        await in_both(part)


_HOLDER = """
import sys
from cmdop_browser import CMDOPClient
client = CMDOPClient.local()
print(client.browser.create_session(name="held").id, flush=True)
sys.stdin.read()
"""


async def test_a_client_that_vanishes_loses_its_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    together = Together()
    with RunningAgent(lease_grace=0.2) as agent:
        monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
        holder = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _HOLDER,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert holder.stdout is not None
        session_id = (await holder.stdout.readline()).decode().strip()

        async def part(flavour: Flavour) -> None:
            async with flavour.local() as client:
                session = await client.browser.get_session("held")
                assert session.id == session_id
                await together.once(holder.kill)
                with pytest.raises(BrowserSessionClosedError) as caught:
                    await _use_for_ever(session)
                assert caught.value.reason is CloseReason.CLIENT_GONE

        await in_both(part)
        await holder.wait()


async def _use_for_ever(session: Any) -> None:
    while True:
        await session.url()


async def test_the_agent_lives_on_after_everything(client: Any, site: WebSite) -> None:
    async with client.browser.create_session() as session:
        for script in ("() => { throw 1 }", "() => { while (true); }", "() => new Promise(() => {})"):
            with pytest.raises(BrowserError):
                await session.evaluate(script, timeout=0.5)
    async with client.browser.create_session() as session:
        assert (await session.navigate(site.at("/plain.html"))).ok
