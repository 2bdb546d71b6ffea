"""Drivers and browsers that end while they start: the next attempt starts them, or tells of what ended."""

from __future__ import annotations

import asyncio
import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil
import pytest

from agent_bridge.browser.executable import find_browser, launch_arguments
from agent_bridge.browser.options import ContextOptions
from agent_bridge.browser.shard import Shard
from agent_bridge.browser.starting import Drivers, mute_farewell
from agent_bridge.browser.starts import Starts
from agent_bridge.deadline import Deadline
from cmdop_browser.exceptions import (
    BrowserNotInstalledError,
    BrowserSessionClosedError,
    CloseReason,
    Outcome,
)
from cmdop_browser.settings import Settings
from tests.process.faults.faults import is_driver, those
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

# To what the driver says, for as long as there is one.
LISTENS = "exec cat <&3 >/dev/null"


@dataclass
class Bench:
    """A shard with a program in place of its browser: the browser itself once it was run often enough."""

    shard: Shard
    starts: Starts
    directory: Path

    def stand_in(self, does: str, *, times: int) -> None:
        """Have the program do as it is told for so many times."""
        browser = find_browser(Settings())
        program = self.directory / "browser"
        program.write_text(
            f"#!/bin/sh\ncd {self.directory}\necho $$ >> runs\n"
            f'[ $(wc -l < runs) -gt {times} ] && exec {browser.path} "$@"\n{does}\n'
        )
        program.chmod(0o755)

    def runs(self) -> list[int]:
        """The pids with which it has run."""
        runs = self.directory / "runs"
        return [int(pid) for pid in runs.read_text().split()] if runs.exists() else []

    def has_run(self, times: int) -> bool:
        """Whether it has, so many times."""
        return len(self.runs()) == times

    async def kill_drivers(self, times: int) -> None:
        """Kill each driver as soon as the program runs that it has started."""
        for time in range(1, times + 1):
            await asyncio.to_thread(eventually, functools.partial(self.has_run, time))
            for child in those(psutil.Process().children(), is_driver):
                child.kill()

    async def page(self) -> str:
        """Open a page, and return what it computes."""
        page = await self.shard.open(ContextOptions(), Deadline.after(30))
        return str(await page.page.evaluate("1 + 1"))


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    mute_farewell(asyncio.get_running_loop())
    settings, starts = Settings(), Starts()
    arguments = launch_arguments(find_browser(settings), settings)
    shard = Shard(
        str(tmp_path / "browser"),
        arguments.flags,
        sandboxed=arguments.sandboxed,
        drivers=Drivers(),
        starts=starts,
    )
    bench = Bench(shard, starts, tmp_path)
    yield bench
    await shard.stop()
    await asyncio.to_thread(eventually, lambda: not any(map(psutil.pid_exists, bench.runs())))


async def test_a_driver_that_is_killed_while_a_browser_starts_gets_a_successor(bench: Bench) -> None:
    bench.stand_in(LISTENS, times=1)
    killing = asyncio.ensure_future(bench.kill_drivers(1))
    assert await bench.page() == "2"
    await killing
    assert bench.starts.failure is None


async def test_drivers_that_are_killed_each_time_are_no_missing_browser(bench: Bench) -> None:
    bench.stand_in(LISTENS, times=2)
    killing = asyncio.ensure_future(bench.kill_drivers(2))
    with pytest.raises(BrowserSessionClosedError, match="the driver ended each time") as caught:
        await bench.page()
    await killing
    assert (caught.value.reason, caught.value.outcome) == (CloseReason.DRIVER_CRASH, Outcome.NOT_EXECUTED)
    assert bench.starts.failure is caught.value
    assert await bench.page() == "2"
    assert bench.starts.failure is None


@pytest.mark.parametrize("signal", ["KILL", "TERM", "TRAP"])
async def test_a_browser_that_dies_while_it_starts_is_started_once_more(bench: Bench, signal: str) -> None:
    bench.stand_in(f"kill -{signal} $$", times=1)
    assert await bench.page() == "2"


async def test_a_browser_that_is_killed_each_time_is_not_missing(bench: Bench) -> None:
    bench.stand_in("kill -KILL $$", times=2)
    with pytest.raises(BrowserSessionClosedError, match="the browser ended each time") as caught:
        await bench.page()
    assert caught.value.reason is CloseReason.BROWSER_CRASH
    assert await bench.page() == "2"


@pytest.mark.parametrize(
    ("does", "times", "why"),
    [
        ("kill -TRAP $$", 2, "it was ended by SIGTRAP"),
        ("exit 3", 1, "it ended with exit code 3"),
        ("echo '[1:1/2:ERROR:x.cc] no flour left' >&2; exit 1", 1, "it said: no flour left"),
    ],
)
async def test_a_browser_that_ends_by_itself_says_why(bench: Bench, does: str, times: int, why: str) -> None:
    bench.stand_in(does, times=times)
    with pytest.raises(BrowserNotInstalledError, match=f"cannot be started: {re.escape(why)}"):
        await bench.page()
    assert bench.has_run(times)
    assert await bench.page() == "2"
