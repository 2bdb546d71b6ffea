from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from agent_bridge.pool import leases as module
from agent_bridge.pool.leases import Leases
from cmdop_browser.exceptions import PermissionDeniedError
from tests.process.faults.faults import stopped
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def process() -> Iterator[psutil.Process]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as started:
        yield psutil.Process(started.pid)
        started.kill()


async def test_the_grace_time_runs_when_the_last_stream_ends() -> None:
    expired: asyncio.Queue[str] = asyncio.Queue()
    leases = Leases(0.01, expired.put_nowait)
    leases.attach("c", "secret")
    leases.attach("c", "secret")
    leases.detach("c")
    assert leases.holds("c")
    leases.detach("c")
    assert not leases.holds("c")
    assert await expired.get() == "c"


async def test_a_client_that_returns_in_time_keeps_its_lease() -> None:
    expired: asyncio.Queue[str] = asyncio.Queue()
    leases = Leases(0.02, expired.put_nowait)
    leases.attach("c", "secret")
    leases.attach("other", "secret")
    leases.detach("c")
    leases.attach("c", "secret")
    leases.detach("other")
    assert await expired.get() == "other"
    assert expired.empty()
    assert leases.holds("c")


async def test_nobody_takes_the_lease_of_another() -> None:
    leases = Leases(10.0, lambda _client: None)
    leases.attach("c", "secret")
    with pytest.raises(PermissionDeniedError):
        leases.attach("c", "guess")
    assert leases.attached == 1


async def test_a_lease_that_was_ended_does_not_expire() -> None:
    expired: list[str] = []
    leases = Leases(0.0, expired.append)
    leases.attach("c", "secret")
    leases.end("c")
    leases.detach("c")
    await asyncio.sleep(0.01)
    assert expired == []


async def test_a_client_that_was_looked_for_before_it_attached_is_seen_to_stand_still(
    process: psutil.Process,
) -> None:
    leases = Leases(10.0, lambda _client: None)
    leases.know("c", process.pid)
    leases.look()
    leases.attach("c", "secret")
    with stopped([process]):
        leases.look()
        assert leases.holds("c")  # it may be stopped for a moment
        leases.look()
        assert (leases.holds("c"), leases.away) == (False, 1)
    eventually(lambda: process.status() != psutil.STATUS_STOPPED)
    leases.look()
    assert (leases.holds("c"), leases.away) == (True, 0)


async def test_who_never_attaches_is_forgotten(
    process: psutil.Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    leases = Leases(10.0, lambda _client: None)
    leases.know("c", process.pid)
    monkeypatch.setattr(module, "_ATTACHES_WITHIN", 0.0)
    leases.look()
    leases.attach("c", "secret")
    with stopped([process]):
        for _ in range(2):
            leases.look()
        assert leases.holds("c")
