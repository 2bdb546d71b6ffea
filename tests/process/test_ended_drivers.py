"""A driver ends some turns of the event loop before Playwright knows: calls in between end as later ones."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import BrowserContext

from agent_bridge.browser import failures
from agent_bridge.browser.answers import CLOSED_PIPE, PageLost, abandon
from agent_bridge.browser.executable import find_browser, launch_arguments
from agent_bridge.browser.keepsake import Keepsake, OriginStorage
from agent_bridge.browser.options import ContextOptions
from agent_bridge.browser.remembering import last_cookies
from agent_bridge.browser.returning import equip
from agent_bridge.browser.shard import Shard
from agent_bridge.browser.starting import Drivers, mute_farewell
from agent_bridge.deadline import Deadline
from agent_bridge.supervision import processes
from cmdop_browser.exceptions import CloseReason
from cmdop_browser.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from pathlib import Path

    from playwright.async_api import Page

    from agent_bridge.browser.page import ManagedPage

uvloop = pytest.importorskip("uvloop")


def on_the_loop_of_agents(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Do a test on uvloop, whose pipes complain of a write to a process that has ended."""

    @functools.wraps(test)
    def run(**fixtures: Any) -> None:
        async def main() -> None:
            mute_farewell(asyncio.get_running_loop())
            await test(**fixtures)

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main())

    return run


@contextlib.contextmanager
def ends_held_back() -> Iterator[None]:
    """During the block no reader of a pipe learns that it has ended."""
    feed_eof = asyncio.StreamReader.feed_eof
    ended: list[asyncio.StreamReader] = []

    def hold_back(reader: asyncio.StreamReader) -> None:
        ended.append(reader)

    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(asyncio.StreamReader, "feed_eof", hold_back)
            yield
    finally:
        for reader in ended:
            feed_eof(reader)


@dataclass
class Struck:
    """A shard whose driver is going to be killed."""

    shard: Shard
    driver: int

    async def calls_until_known(self, call: Callable[[], Awaitable[object]], page: Page) -> list[object]:
        """Kill the driver and make a call in each turn until Playwright knows; returns what they come to."""
        known = asyncio.ensure_future(page.wait_for_selector("#never", timeout=0))
        await asyncio.sleep(0)  # it is sent
        os.kill(self.driver, signal.SIGKILL)
        calls = []
        while not known.done():
            calls.append(asyncio.ensure_future(call()))
            await asyncio.sleep(0)
        abandon(known)
        return await asyncio.gather(*calls, return_exceptions=True)

    async def first_to_fail(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """Kill the driver and make a call in each turn until one fails; raises what that one does.

        Playwright learns of the end later than that: which of its pipes tells first is left to chance.
        """
        calls: list[asyncio.Future[Any]] = []
        with ends_held_back():
            os.kill(self.driver, signal.SIGKILL)
            while not any(made.done() for made in calls):
                calls.append(asyncio.ensure_future(call()))
                await asyncio.sleep(0)
        for made in calls:
            abandon(made)
        return await next(made for made in calls if made.done())


@contextlib.asynccontextmanager
async def running() -> AsyncIterator[Struck]:
    browser = find_browser(Settings())
    arguments = launch_arguments(browser, Settings())
    before = processes.children()
    shard = Shard(str(browser.path), arguments.flags, sandboxed=arguments.sandboxed, drivers=Drivers())
    async with pipes_closed():
        try:
            await shard.start()
            (driver,) = processes.children() - before
            shard.retire()  # nothing is on its way when the loop ends
            yield Struck(shard, driver)
        finally:
            await shard.stop()


@contextlib.asynccontextmanager
async def pipes_closed() -> AsyncIterator[None]:
    """Wait for the pipes to what was started during the block: no loop ends beside a write under way."""
    start = asyncio.create_subprocess_exec
    started: list[asyncio.subprocess.Process] = []

    async def start_and_remember(*arguments: Any, **options: Any) -> asyncio.subprocess.Process:
        started.append(await start(*arguments, **options))
        return started[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "create_subprocess_exec", start_and_remember)
        yield
    for process in started:
        assert process.stdin is not None
        with contextlib.suppress(OSError):  # what the last write came to
            await process.stdin.wait_closed()


class NotTold:
    """Of a driver's end the system tells nobody."""

    def __init__(self, pid: int, on_exit: Callable[[], None]) -> None:
        pass

    def cancel(self) -> None:
        pass


@on_the_loop_of_agents
async def test_calls_on_its_pages_tell_of_its_end() -> None:
    async with running() as struck:
        page = await struck.shard.open(ContextOptions(), Deadline.after(60))

        async def title() -> str:
            return await failures.within(page, "title", Deadline.after(60), page.page.title())

        outcomes = await struck.calls_until_known(title, page.page)
        assert {type(outcome) for outcome in outcomes} == {PageLost}
        assert {outcome.reason for outcome in outcomes if isinstance(outcome, PageLost)} == {
            CloseReason.DRIVER_CRASH
        }


KEPT = Keepsake(origins={"https://quire.example": OriginStorage(local=(("basket", "1"),))})


async def ask_for_cookies(page: ManagedPage) -> None:
    assert await last_cookies(page, KEPT) == KEPT


async def give_storage_back(page: ManagedPage) -> None:
    await equip(page, KEPT, beside=None)


@pytest.mark.parametrize("step", [ask_for_cookies, give_storage_back])
@on_the_loop_of_agents
async def test_a_session_is_rebuilt_without_what_it_does_not_tell_any_more(
    step: Callable[[ManagedPage], Awaitable[None]],
) -> None:
    async with running() as struck:
        page = await struck.shard.open(ContextOptions(), Deadline.after(60))
        outcomes = await struck.calls_until_known(lambda: step(page), page.page)
        assert set(outcomes) == {None}


@on_the_loop_of_agents
async def test_a_page_that_is_being_made_comes_from_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "ExitWatch", NotTold)
    new_page = BrowserContext.new_page
    async with running() as struck:
        other = await struck.shard.open(ContextOptions(), Deadline.after(60))

        async def too_late(context: BrowserContext) -> Page:
            monkeypatch.setattr(BrowserContext, "new_page", new_page)
            page: Page = await struck.first_to_fail(lambda: new_page(context))
            return page

        monkeypatch.setattr(BrowserContext, "new_page", too_late)
        page = await struck.shard.open(ContextOptions(), Deadline.after(60))
        assert other.lost.result() is CloseReason.DRIVER_CRASH
        assert struck.shard.pages == {page}
        assert await page.page.evaluate("1 + 1") == 2


@on_the_loop_of_agents
async def test_one_that_ends_as_it_is_stopped_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(processes, "ExitWatch", NotTold)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    async with running() as struck:
        page = await struck.shard.open(ContextOptions(), Deadline.after(60))
        with pytest.raises(RuntimeError, match=CLOSED_PIPE):
            await struck.first_to_fail(page.page.title)
        await struck.shard.stop()
        assert os.listdir(tmp_path) == []  # noqa: PTH208 -- pathlib's blocks just as well, and is noticed
