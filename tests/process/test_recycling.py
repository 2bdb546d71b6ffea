"""Browsers that are replaced when they are worn, and pages that end when they take too much."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from agent_bridge.browser.executable import find_browser
from cmdop_browser.exceptions import BrowserSessionClosedError, CloseReason
from cmdop_browser.settings import Settings
from tests.agents import RunningAgent
from tests.flavours import Flavour
from tests.process.faults.faults import below, is_browser, without_children
from tests.site import WebSite

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

_PATIENCE = 30.0
# For what the agent does by itself, and clients see nothing of.
EITHER = Flavour("async")
# Outside of V8's heap, whose own limit would end the page otherwise.
FILL = """(mebibytes) => {
  window.kept = Array.from({ length: mebibytes }, () => new Uint8Array(2 ** 20).fill(1));
}"""


@pytest.fixture(scope="module")
def site() -> Iterator[WebSite]:
    with WebSite() as site:
        yield site


@contextlib.asynccontextmanager
async def agent_and_client(
    flavour: Flavour, patch: pytest.MonkeyPatch, **settings: Any
) -> AsyncIterator[tuple[RunningAgent, Any]]:
    with RunningAgent(None, shards=1, **settings) as agent:
        patch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
        async with flavour.local() as client:
            yield agent, client


def browsers(agent: RunningAgent) -> set[psutil.Process]:
    """The browsers of an agent that run."""
    return without_children(below(agent.process.pid, is_browser))


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(_PATIENCE):
        while not holds():
            await asyncio.to_thread(psutil.cpu_percent, 0.05)  # the processes tell nobody


async def reason_of_the_end(session: Any, mebibytes: int) -> CloseReason | None:
    """Let a page take so much; returns why its session ended."""

    async def wait() -> None:
        await session.evaluate(FILL, mebibytes)
        await session.wait_for("#never", timeout=_PATIENCE)

    with pytest.raises(BrowserSessionClosedError) as caught:
        await wait()
    return caught.value.reason


async def test_a_worn_browser_is_replaced_and_no_session_notices(
    site: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with agent_and_client(EITHER, monkeypatch, recycle_pages=3) as (agent, client):
        old: Any = await client.browser.create_session()
        (first,) = browsers(agent)
        for path in ("/plain.html", "/links.html", "/forms.html"):
            await old.navigate(site.at(path))
        # The next session makes the agent look; it is in either of the two.
        new: Any = await client.browser.create_session()
        await until(lambda: len(browsers(agent)) == 2)
        assert first in browsers(agent)
        for session in (old, new):
            assert (await session.navigate(site.at("/plain.html"))).ok
        await new.close()
        assert await old.title() == "Plain page"
        await old.close()
        await until(lambda: len(browsers(agent)) == 1)
        assert first not in browsers(agent)
        async with client.browser.create_session() as last:
            assert (await last.navigate(site.at("/plain.html"))).ok


async def test_an_old_browser_is_replaced(site: WebSite, monkeypatch: pytest.MonkeyPatch) -> None:
    async with agent_and_client(EITHER, monkeypatch, recycle_age=1.0) as (agent, client):
        async with client.browser.create_session() as session:
            await session.navigate(site.at("/plain.html"))
            first = min(browsers(agent), key=psutil.Process.create_time)  # the next one may be there
        await until(lambda: first not in browsers(agent))
        async with client.browser.create_session() as session:
            assert (await session.navigate(site.at("/plain.html"))).ok


async def test_a_worn_browser_whose_successor_does_not_start_goes_on(
    site: WebSite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "browser"
    program.write_text(f'#!/bin/sh\nexec "{find_browser(Settings()).path}" "$@"\n')
    program.chmod(0o755)
    kept = "a worn browser is kept"
    async with agent_and_client(EITHER, monkeypatch, recycle_pages=1, browser_path=program) as (
        agent,
        client,
    ):
        async with client.browser.create_session() as session:
            program.unlink()  # as by an upgrade
            await session.navigate(site.at("/plain.html"))
            await until(lambda: kept in agent.log())
        for _ in range(3):
            async with client.browser.create_session() as session:
                assert (await session.navigate(site.at("/plain.html"))).ok
        await asyncio.sleep(1.5)  # it looks again twice a second
        assert agent.log().count(kept) == 1


async def test_a_page_that_leaks_costs_that_page(
    flavour: Flavour, site: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with agent_and_client(flavour, monkeypatch, session_memory=300) as (_agent, client):
        bystander: Any = await client.browser.create_session()
        await bystander.navigate(site.at("/plain.html"))
        greedy: Any = await client.browser.create_session()
        await greedy.navigate(site.at("/plain.html"))
        assert await reason_of_the_end(greedy, 640) is CloseReason.OUT_OF_MEMORY
        assert await bystander.title() == "Plain page"
        await bystander.close()


async def test_when_all_is_too_much_the_largest_page_ends(
    flavour: Flavour, site: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with agent_and_client(flavour, monkeypatch, memory=700) as (_agent, client):
        small, large = [await client.browser.create_session() for _ in range(2)]
        for session in (small, large):
            await session.navigate(site.at("/plain.html"))
        await small.evaluate(FILL, 40)
        assert await reason_of_the_end(large, 800) is CloseReason.OUT_OF_MEMORY
        assert await small.title() == "Plain page"
        await small.close()
