"""Pages whose renderer or browser ends while they are made."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

import psutil
import pytest
from playwright.async_api import BrowserContext
from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser import opening
from agent_bridge.browser import shard as shards
from agent_bridge.browser.options import ContextOptions
from agent_bridge.deadline import Deadline
from cmdop_browser.exceptions import (
    BrowserSessionClosedError,
    CloseReason,
    Outcome,
)
from tests.process.faults.faults import is_browser, is_driver

if TYPE_CHECKING:
    from playwright.async_api import Page

    from agent_bridge.browser.grace import Grace
    from agent_bridge.browser.page import ManagedPage


async def test_a_page_that_is_on_its_way_when_its_browser_dies_comes_from_the_next_one(
    shard: shards.Shard, monkeypatch: pytest.MonkeyPatch
) -> None:
    began: list[float] = []
    page_in = opening.page_in

    async def mute(context: BrowserContext, options: ContextOptions, grace: Grace | None) -> ManagedPage:
        if not began:  # some calls on a browser that dies are never answered
            began.append(time.monotonic())
            kill_own_browsers()
            await asyncio.Event().wait()
        return await page_in(context, options, grace)

    monkeypatch.setattr(opening, "page_in", mute)
    page = await shard.open(ContextOptions(), Deadline.after(60))
    assert time.monotonic() - began[0] < shards.OPEN_TIMEOUT
    assert not page.lost.done()
    assert page in shard.pages


async def test_a_page_whose_renderer_ends_while_it_is_made_is_made_again_beside_the_others(
    shard: shards.Shard, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await shard.open(ContextOptions(), Deadline.after(60))
    crash_pages_that_are_made(monkeypatch, 1)
    page = await shard.open(ContextOptions(), Deadline.after(60))
    assert shard.pages == {other, page}
    assert not other.lost.done()
    assert await page.evaluate("() => 1 + 1", deadline=Deadline.after(60)) == 2
    browser = page.context.browser
    assert browser is not None
    assert len(browser.contexts) == 2  # that of the first attempt is closed


async def test_a_page_whose_renderer_ends_at_the_last_moment_is_made_again(
    shard: shards.Shard, monkeypatch: pytest.MonkeyPatch
) -> None:
    page_in = opening.page_in
    dead: list[ManagedPage] = []

    async def too_late(context: BrowserContext, options: ContextOptions, grace: Grace | None) -> ManagedPage:
        page = await page_in(context, options, grace)
        if not dead:
            dead.append(page)
            await crash(page.page)
            await page.lost
        return page

    monkeypatch.setattr(opening, "page_in", too_late)
    page = await shard.open(ContextOptions(), Deadline.after(60))
    assert shard.pages == {page}
    assert page not in dead


async def test_a_popup_that_crashes_costs_no_page_that_is_being_made(
    shard: shards.Shard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "_GIVEN_UP_AFTER", 0.0)
    other = await shard.open(ContextOptions(), Deadline.after(60))
    async with other.page.expect_popup() as opened:
        await other.page.evaluate("() => { window.open('about:blank', '_blank', 'noopener') }")
    popup = await opened.value
    page_in = opening.page_in
    made: list[BrowserContext] = []

    async def beside_a_popup(
        context: BrowserContext, options: ContextOptions, grace: Grace | None
    ) -> ManagedPage:
        if not made:
            await crash(popup)
        made.append(context)
        return await page_in(context, options, grace)

    monkeypatch.setattr(opening, "page_in", beside_a_popup)
    page = await shard.open(ContextOptions(), Deadline.after(60))
    assert made == [page.context]
    assert shard.pages == {other, page}


async def test_why_a_page_ended_before_it_was_there_is_not_why_the_next_one_does(
    shard: shards.Shard, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await shard.open(ContextOptions(), Deadline.after(60))
    page_in = opening.page_in
    ended: list[ManagedPage] = []

    async def ended_for_memory(
        context: BrowserContext, options: ContextOptions, grace: Grace | None
    ) -> ManagedPage:
        page = await page_in(context, options, grace)
        if not ended:
            ended.append(page)
            # In place of the renderer, which is not to be told from others.
            process = await asyncio.create_subprocess_exec("sleep", "60")
            shard.end_for_memory(psutil.Process(process.pid))
            await process.wait()
            await crash(page.page)
            await page.lost
        return page

    monkeypatch.setattr(opening, "page_in", ended_for_memory)
    assert await shard.open(ContextOptions(), Deadline.after(60)) not in ended
    await crash(other.page)
    assert await other.lost is CloseReason.RENDERER_CRASH


async def test_a_browser_whose_renderers_end_one_after_the_other_is_replaced(
    shard: shards.Shard, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await shard.open(ContextOptions(), Deadline.after(60))
    crash_pages_that_are_made(monkeypatch, 2)
    page = await shard.open(ContextOptions(), Deadline.after(60))
    assert await other.lost is CloseReason.BROWSER_CRASH
    assert shard.pages == {page}


async def test_a_page_whose_renderer_ends_each_time_does_not_come(
    shard: shards.Shard, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash_pages_that_are_made(monkeypatch, 3)
    with pytest.raises(BrowserSessionClosedError) as caught:
        await shard.open(ContextOptions(), Deadline.after(60))
    assert caught.value.reason is CloseReason.RENDERER_CRASH
    assert "the page died" in caught.value.message
    assert caught.value.outcome is Outcome.NOT_EXECUTED
    assert not shard.pages
    assert shard.load == 0


async def test_a_page_whose_browser_dies_each_time_does_not_come(
    shard: shards.Shard, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def deadly(_context: BrowserContext) -> Page:
        kill_own_browsers()
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    monkeypatch.setattr(BrowserContext, "new_page", deadly)
    with pytest.raises(BrowserSessionClosedError) as caught:
        await shard.open(ContextOptions(), Deadline.after(60))
    assert caught.value.reason is CloseReason.BROWSER_CRASH
    assert "the browser died" in caught.value.message
    assert caught.value.outcome is Outcome.NOT_EXECUTED


def crash_pages_that_are_made(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Have the renderers of the next pages end when Playwright knows them and nothing else does."""
    new_page = BrowserContext.new_page
    ended: list[Page] = []

    async def new_page_that_ends(context: BrowserContext) -> Page:
        page = await new_page(context)
        if len(ended) < times:
            ended.append(page)
            await crash(page)
        return page

    monkeypatch.setattr(BrowserContext, "new_page", new_page_that_ends)


async def crash(page: Page) -> None:
    """End the renderer of *page*."""
    ended = asyncio.ensure_future(page.wait_for_event("crash"))
    with pytest.raises(PlaywrightError, match="crash"):
        await page.goto("chrome://crash")
    await ended


def kill_own_browsers() -> None:
    """Kill the browsers that this process has started, and not those of an agent which it has started."""
    for driver in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):
            for process in driver.children(recursive=True) if is_driver(driver.cmdline()) else ():
                if is_browser(process.cmdline()):
                    process.kill()
