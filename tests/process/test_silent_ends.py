"""Renderers whose end the browser tells nobody, as it happens in the moment of a change of documents."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from agent_bridge.browser.answers import PageLost
from agent_bridge.browser.crashes import watch_crashes
from agent_bridge.browser.navigation import navigate
from agent_bridge.browser.options import ContextOptions
from agent_bridge.browser.page import ManagedPage
from agent_bridge.browser.pulse import Pulse, pulse_of
from agent_bridge.browser.silent_ends import SilentEnds, lose_if_ended
from agent_bridge.deadline import Deadline
from cmdop_browser.exceptions import CloseReason
from tests.process.faults.faults import is_driver, is_renderer
from tests.waiting import eventually

if TYPE_CHECKING:
    from agent_bridge.browser.shard import Shard
    from tests.site import WebSite

LONG = 60.0
ENDLESS = "() => { setTimeout(() => { while (true); }); }"


@pytest.fixture
def untold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have nobody told of the end of a renderer."""
    monkeypatch.setattr(
        "agent_bridge.browser.engine.watch_crashes",
        lambda browser, kills, _: watch_crashes(browser, kills, lambda *_: None),
    )
    monkeypatch.setattr(ManagedPage, "_on_end", lambda _self, _page: None)


async def opened(shard: Shard, url: str) -> ManagedPage:
    page = await shard.open(ContextOptions(), Deadline.after(LONG))
    await page.page.goto(url)
    return page


def own_renderers() -> list[psutil.Process]:
    """Those of browsers that this process has started, and not of agents which it has started."""
    found = []
    for driver in psutil.Process().children():
        with contextlib.suppress(psutil.Error):  # those of other tests end as they like
            below = driver.children(recursive=True) if is_driver(driver.cmdline()) else ()
            found += [process for process in below if is_renderer(process.cmdline())]
    return found


async def end_renderers(page: ManagedPage) -> None:
    crashed = asyncio.Event()
    page.page.on("crash", lambda _: crashed.set())
    for process in own_renderers():
        process.kill()
    async with asyncio.timeout(LONG):
        await crashed.wait()
    assert not page.lost.done()


@pytest.mark.usefixtures("untold")
async def test_it_is_seen_by_who_looks(shard: Shard, site: WebSite) -> None:
    page = await opened(shard, site.at("/plain.html"))
    await end_renderers(page)
    await shard.measure()
    async with asyncio.timeout(LONG):
        assert await page.lost is CloseReason.RENDERER_CRASH


@pytest.mark.usefixtures("untold")
async def test_it_is_found_out_when_a_call_was_not_answered(shard: Shard, site: WebSite) -> None:
    page = await opened(shard, site.at("/plain.html"))
    await end_renderers(page)
    with pytest.raises(PageLost) as caught:
        await pulse_of(page)
    assert caught.value.reason is CloseReason.RENDERER_CRASH


async def test_pages_that_live_are_left_alone(shard: Shard, site: WebSite) -> None:
    empty = await shard.open(ContextOptions(), Deadline.after(LONG))
    blocked = await opened(shard, site.at("/plain.html"))
    await blocked.page.evaluate(ENDLESS)
    leaving = await opened(shard, site.at("/plain.html"))
    gate = site.elsewhere("/gate/leaving")
    going = asyncio.ensure_future(leaving.page.goto(gate))
    await site.records.arrival("/gate/leaving")
    for page in (empty, blocked, leaving):
        await lose_if_ended(page)
        assert not page.lost.done()
    site.open_gate("leaving")
    await going
    await lose_if_ended(leaving)
    assert not leaving.lost.done()
    assert await pulse_of(blocked) is Pulse.FREED


async def test_a_navigation_whose_new_renderer_ends_is_made_again(shard: Shard, site: WebSite) -> None:
    """The page before lives, and the browser says no more than that it has dropped the navigation."""
    page = await opened(shard, site.at("/plain.html"))
    before = {process.pid for process in own_renderers()}
    gate = site.elsewhere("/gate/dropped")
    going = asyncio.ensure_future(
        navigate(page, gate, wait_until="load", referer=None, deadline=Deadline.after(LONG))
    )
    await site.records.arrival("/gate/dropped")
    new: list[psutil.Process] = []

    def comes() -> bool:
        new[:] = [process for process in own_renderers() if process.pid not in before]
        return bool(new)

    await asyncio.to_thread(eventually, comes)
    for process in new:
        process.kill()
    await site.records.arrival("/gate/dropped", times=2)
    site.open_gate("dropped")
    assert (await going).url == gate
    assert not page.lost.done()


async def test_each_document_is_looked_at_twice_and_one_on_its_way_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Page:
        documents = 1
        is_loading = False

    page: Any = Page()
    looks: list[int] = []

    async def note(seen: Any) -> None:
        looks.append(seen.documents)

    monkeypatch.setattr("agent_bridge.browser.silent_ends.lose_if_ended", note)
    ends = SilentEnds()

    async def look(times: int) -> None:
        for _ in range(times):
            ends.look([page])
            for _ in range(10):  # it is over within some turns of the loop
                await asyncio.sleep(0)

    await look(4)
    assert looks == [1, 1]
    page.documents = 2
    await look(4)
    assert looks == [1, 1, 2, 2]
    page.is_loading = True
    await look(4)
    assert looks == [1, 1, 2, 2, 2, 2, 2, 2]
    ends.stop()
