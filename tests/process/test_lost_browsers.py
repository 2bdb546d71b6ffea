"""A browser that is lost is gone: its processes, their zombies, its files; while the agent lives on."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from playwright.async_api import BrowserContext
from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser import opening
from agent_bridge.browser import shard as shards
from agent_bridge.browser.executable import find_browser, launch_arguments
from agent_bridge.browser.options import ContextOptions
from agent_bridge.browser.starting import Drivers
from agent_bridge.deadline import Deadline
from cmdop_browser import CMDOPClient
from cmdop_browser.exceptions import (
    BrowserElementNotFoundError,
    BrowserSessionClosedError,
    CloseReason,
    Outcome,
)
from cmdop_browser.settings import Settings
from tests.agents import RunningAgent
from tests.process.faults.faults import is_browser, is_driver, is_renderer
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from playwright.async_api import Page

    from agent_bridge.browser.grace import Grace
    from agent_bridge.browser.page import ManagedPage
    from tests.flavours import Flavour
    from tests.site import WebSite

    Wanted = Callable[[list[str]], bool]

STARTED = "started, driver pid"


def everything(command: list[str]) -> bool:
    return is_driver(command) or is_in_browser(command)


def is_in_browser(command: list[str]) -> bool:
    return is_browser(command) or any(word.startswith("--type=") for word in command)


def is_zygote(command: list[str]) -> bool:
    return "--type=zygote" in command


def nothing(_command: list[str]) -> bool:
    return False


@pytest.fixture(scope="module")
def agent() -> Iterator[RunningAgent]:
    """An agent with one browser, which the tests of this module kill one after the other."""
    with RunningAgent(shards=1) as agent:
        yield agent


@pytest.mark.parametrize(
    ("stopped", "killed"),
    [
        pytest.param(nothing, is_browser, id="browser killed"),
        pytest.param(nothing, is_driver, id="driver killed"),
        pytest.param(is_renderer, is_browser, id="browser killed, renderer stopped"),
        pytest.param(is_browser, is_driver, id="driver killed, browser stopped"),
        pytest.param(is_in_browser, is_zygote, id="zygotes killed, the rest of the browser stopped"),
        pytest.param(everything, is_driver, id="driver killed, all stopped"),
    ],
)
def test_a_lost_browser_leaves_nothing(
    agent: RunningAgent, stopped: Wanted, killed: Wanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
    with CMDOPClient.local() as client:
        session = client.browser.create_session()
        family = [process for process in below(agent) if everything(process.cmdline())]
        (home,) = homes(agent)
        files = list(home.iterdir())
        assert files
        commands = {process: process.cmdline() for process in family}
        for process in family:
            if stopped(commands[process]):
                process.suspend()
        for process in family:
            if killed(commands[process]):
                process.kill()
        if killed is is_zygote:  # which nobody notices
            next(process for process in family if is_driver(commands[process])).kill()
        with pytest.raises(BrowserSessionClosedError):
            session.evaluate("1")
        if killed is is_browser:  # its driver gets another one
            family = [process for process in family if not is_driver(commands[process])]
        eventually(
            lambda: (
                not any(file.exists() for file in files)
                and not any(psutil.pid_exists(process.pid) for process in family)
                and home.exists() == (killed is is_browser)
            )
        )
        assert client.browser.create_session().evaluate("1 + 1") == 2
        assert len(homes(agent)) == 1


@pytest.mark.parametrize(("killed", "same_driver"), [(is_browser, True), (is_driver, False)])
def test_what_is_lost_in_use_is_there_again_before_anybody_asks(
    agent: RunningAgent, monkeypatch: pytest.MonkeyPatch, *, killed: Wanted, same_driver: bool
) -> None:
    monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
    with CMDOPClient.local() as client:
        client.browser.create_session()
        browsers, drivers = running(agent, is_browser), running(agent, is_driver)
        for process in running(agent, killed):
            process.kill()
        eventually(lambda: set(running(agent, is_browser)) - set(browsers))
        assert (running(agent, is_driver) == drivers) == same_driver


def test_a_browser_that_nobody_has_used_waits_until_it_is_needed(
    agent: RunningAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or one that dies at every start would be started for ever."""
    monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
    with CMDOPClient.local() as client:
        client.browser.create_session()
        (used,) = running(agent, is_browser)
        started = agent.log().count(STARTED)
        used.kill()
        eventually(lambda: agent.log().count(STARTED) > started)
        (unused,) = running(agent, is_browser)
        unused.kill()
        eventually(lambda: not psutil.pid_exists(unused.pid))
        with pytest.raises(pytest.fail.Exception):
            eventually(lambda: running(agent, is_browser), within=1.0)
        assert client.browser.create_session().evaluate("1 + 1") == 2


@pytest.mark.parametrize(
    ("killed", "written_to"), [(is_browser, False), (is_driver, False), (is_driver, True)]
)
def test_a_directory_that_somebody_has_cleared_away_is_made_again(
    monkeypatch: pytest.MonkeyPatch, *, killed: Wanted, written_to: bool
) -> None:
    with RunningAgent(shards=2) as agent:
        monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
        with CMDOPClient.local() as client:
            lost, other = client.browser.create_session(), client.browser.create_session()
            (home,) = (agent.runtime_dir / "default" / "tmp").iterdir()
            clear_away(home.parent)
            if written_to:  # the picture of the failure makes a part of it again
                with pytest.raises(BrowserElementNotFoundError):
                    lost.click("#nope", timeout=0.2)
                assert home.exists()
            for process in running(agent, killed):
                process.kill()
            for session in (lost, other):
                with pytest.raises(BrowserSessionClosedError):
                    session.evaluate("1")
            for _ in range(3):
                assert client.browser.create_session().evaluate("1 + 1") == 2
            assert len(homes(agent)) == 2
            # What a killed browser leaves is told by it, too.
            assert Path(f"/proc/{agent.process.pid}/cwd").samefile(home)
        browsers = below(agent)
    assert not home.exists()
    assert not any(process.is_running() for process in browsers)


def clear_away(directory: Path) -> None:
    """Remove a directory, also when somebody is just writing to it."""

    def is_gone() -> bool:
        shutil.rmtree(directory, ignore_errors=True)
        return not directory.exists()

    eventually(is_gone)


def running(agent: RunningAgent, wanted: Wanted) -> list[psutil.Process]:
    """Those of the agent's processes that are wanted."""
    found = []
    for process in below(agent):
        with contextlib.suppress(psutil.NoSuchProcess):
            if wanted(process.cmdline()):
                found.append(process)
    return found


def below(agent: RunningAgent) -> list[psutil.Process]:
    return psutil.Process(agent.process.pid).children(recursive=True)


def homes(agent: RunningAgent) -> list[Path]:
    """Where the browsers of the agent keep their temporary files."""
    return list((agent.runtime_dir / "default" / "tmp").glob("*/browser-*"))


async def test_sessions_are_spread_over_browsers_and_fall_with_their_own(
    flavour: Flavour, site: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RunningAgent(shards=2) as agent:
        monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
        async with flavour.local() as client:
            first = await client.browser.create_session()
            second = await client.browser.create_session()
            await first.navigate(site.at("/plain.html"))
            await second.navigate(site.at("/plain.html"))
            browsers = running(agent, is_browser)
            assert len(browsers) == 2
            browsers[0].kill()
            outcomes = await asyncio.gather(first.title(), second.title(), return_exceptions=True)
            while not any(isinstance(outcome, Exception) for outcome in outcomes):
                outcomes = await asyncio.gather(first.title(), second.title(), return_exceptions=True)
            lost = next(outcome for outcome in outcomes if isinstance(outcome, Exception))
            assert isinstance(lost, BrowserSessionClosedError)
            assert lost.reason is CloseReason.BROWSER_CRASH
            assert "Plain page" in outcomes
            async with client.browser.create_session() as third:
                assert (await third.navigate(site.at("/plain.html"))).status == 200


@pytest.fixture
async def shard() -> AsyncIterator[shards.Shard]:
    settings = Settings()
    browser = find_browser(settings)
    arguments = launch_arguments(browser, settings)
    shard = shards.Shard(str(browser.path), arguments.flags, sandboxed=arguments.sandboxed, drivers=Drivers())
    yield shard
    await shard.stop()


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
