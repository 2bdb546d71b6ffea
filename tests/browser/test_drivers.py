"""A driver that is started ahead of need: for whoever comes first, and gone if nobody does."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import psutil
import pytest

from agent_bridge.browser.executable import find_browser, launch_arguments
from agent_bridge.browser.options import ContextOptions
from agent_bridge.browser.shards import Shards
from agent_bridge.browser.starting import Drivers, mute_farewell
from agent_bridge.deadline import Deadline
from agent_bridge.supervision import processes
from cmdop_browser.exceptions import CloseReason
from cmdop_browser.settings import Settings
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the directories of browsers are."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
async def drivers(home: Path) -> AsyncIterator[Drivers]:
    async with Drivers() as drivers:
        yield drivers


async def the_child_that_comes(before: set[int]) -> int:
    await asyncio.to_thread(eventually, lambda: processes.children() - before)
    (pid,) = processes.children() - before
    return pid


async def started(drivers: Drivers) -> None:
    await asyncio.to_thread(eventually, lambda: drivers.is_up, within=20)


async def test_whoever_comes_first_gets_it(drivers: Drivers) -> None:
    before = processes.children()
    drivers.start_ahead()
    ahead = await the_child_that_comes(before)
    first, second = drivers.family(), drivers.family()
    assert first is not second
    (one, its_pid), (other, other_pid) = await asyncio.gather(drivers.start(first), drivers.start(second))
    assert its_pid == ahead != other_pid
    await asyncio.gather(one.stop(), other.stop())
    await asyncio.to_thread(first.clear)
    await asyncio.to_thread(second.clear)


@pytest.mark.parametrize("is_up", [True, False])
async def test_one_that_nobody_comes_for_ends(home: Path, *, is_up: bool) -> None:
    before = processes.children()
    async with Drivers() as drivers:
        drivers.start_ahead()
        pid = await the_child_that_comes(before)
        if is_up:
            await started(drivers)
    # Collected by the event loop.
    await asyncio.to_thread(eventually, lambda: not psutil.pid_exists(pid))
    assert os.listdir(home) == []  # noqa: PTH208 -- pathlib's blocks just as well, and is noticed


@pytest.mark.parametrize("fate", [signal.SIGKILL, signal.SIGSTOP])
@pytest.mark.parametrize("is_up", [True, False])
async def test_one_that_is_struck_gets_a_successor(
    drivers: Drivers, fate: signal.Signals, *, is_up: bool
) -> None:
    """Nobody had it yet, so it costs whoever comes first nothing but time."""
    before = processes.children()
    drivers.start_ahead()
    pid = await the_child_that_comes(before)
    if is_up:
        await started(drivers)
    os.kill(pid, fate)
    browser = find_browser(Settings())
    arguments = launch_arguments(browser, Settings())
    shards = Shards(1, str(browser.path), arguments.flags, sandboxed=arguments.sandboxed, drivers=drivers)
    try:
        page = await shards.open(ContextOptions(), Deadline.after(30))
        assert await page.page.evaluate("1 + 1") == 2
        await shards.close(page, CloseReason.CLOSED_BY_CALLER)
    finally:
        await shards.stop()
    assert processes.children() == before


async def test_no_place_for_it_is_told_to_who_comes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    async with Drivers() as drivers:
        drivers.start_ahead()
        assert "no driver is started ahead of need" in caplog.text
        with pytest.raises(FileNotFoundError):
            drivers.family()


@pytest.mark.parametrize(
    ("said", "is_told"),
    [
        ("Connection.initialize_playwright: Target page, context or browser has been closed", False),
        ("Connection closed while reading from the driver", False),
        ("no flour left", True),
    ],
)
def test_what_a_driver_says_when_it_ends_is_no_error(
    said: str, caplog: pytest.LogCaptureFixture, *, is_told: bool
) -> None:
    loop = asyncio.new_event_loop()
    mute_farewell(loop)
    loop.call_exception_handler({"message": "nobody awaits it", "exception": RuntimeError(said)})
    loop.close()
    assert bool(caplog.records) is is_told
