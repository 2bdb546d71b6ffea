"""Looks that are made again and again, also when one of them fails."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from agent_bridge.browser import shards
from agent_bridge.browser.recycling import Limits
from agent_bridge.browser.shards import Shards
from agent_bridge.observation import storage
from agent_bridge.observation.storage import Place
from agent_bridge.periodic import every
from agent_bridge.pool import leases
from agent_bridge.pool.leases import Leases
from cmdop_browser.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path


class Looks:
    """Fails a few times, and tells when it did not."""

    def __init__(self, failures: int = 1) -> None:
        self.failures = failures
        self.made = 0
        self.went_well = asyncio.Event()

    def look(self, *_: object) -> None:
        self.made += 1
        if self.made <= self.failures:
            raise ZeroDivisionError
        self.went_well.set()

    async def look_slowly(self, *_: object) -> None:
        await asyncio.sleep(0)
        self.look()

    async def until_one_goes_well(self, watching: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(watching)
        try:
            async with asyncio.timeout(20):
                while not self.went_well.is_set():
                    done, _ = await asyncio.wait({task}, timeout=0.01)
                    assert not done
        finally:
            task.cancel()
            await asyncio.wait({task})


@pytest.mark.parametrize("look", [Looks.look, Looks.look_slowly])
async def test_a_look_that_fails_is_logged_and_the_next_one_is_made(
    look: Any, caplog: pytest.LogCaptureFixture
) -> None:
    looks = Looks()
    await looks.until_one_goes_well(every(0.001, lambda: look(looks), "the look at the sky"))
    assert "the look at the sky failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text


async def test_of_failures_in_a_row_the_first_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    looks = Looks(failures=5)
    await looks.until_one_goes_well(every(0.001, looks.look, "the look at the sky"))
    assert len(caplog.records) == 1


async def test_a_look_that_fails_each_time_keeps_nobody_busy() -> None:
    looks = Looks(failures=1000)
    watching = asyncio.ensure_future(every(60.0, looks.look, "the look at the sky"))
    for _ in range(10):
        await asyncio.sleep(0)
    assert looks.made == 1
    watching.cancel()
    await asyncio.wait({watching})


async def test_clients_are_looked_at_also_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks()
    monkeypatch.setattr(leases, "_LOOK_SECONDS", 0.001)
    monkeypatch.setattr(Leases, "look", looks.look)
    await looks.until_one_goes_well(Leases(10.0, lambda _client: None).watch())


async def test_disks_are_looked_at_also_after_a_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    looks = Looks()
    monkeypatch.setattr(storage, "_EVERY", 0.001)
    place = Place("runtime", tmp_path)
    monkeypatch.setattr(place, "look", looks.look)
    await looks.until_one_goes_well(storage.watch([place]))


async def test_memory_is_measured_also_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks()
    monkeypatch.setattr(shards, "_MEASURED_EVERY", 0.001)
    monkeypatch.setattr(Shards, "_limit_memory", looks.look_slowly)
    limits = Limits.of(Settings(), shards=1)
    await looks.until_one_goes_well(Shards(1, "browser", [], sandboxed=True, limits=limits).watch_memory())
