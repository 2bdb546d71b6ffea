"""A client that is stopped while it waits for a slot does not keep others from it."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cmdop_browser import CMDOPClient
from tests.agents import RunningAgent
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.flavours import Flavour

LONG = 60.0
_WAITER = """
from cmdop_browser import CMDOPClient
with CMDOPClient.local() as client:
    print("waits", flush=True)
    with client.browser.create_session(name="late", queue_timeout=60):
        print("open", flush=True)
"""


@pytest.fixture
def waiter(full: RunningAgent) -> Iterator[subprocess.Popen[str]]:
    """A process that waits for a slot."""
    process = subprocess.Popen([sys.executable, "-c", _WAITER], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "waits\n"
    yield process
    process.kill()
    process.communicate()


@pytest.fixture
def full(runtime_dir: Path) -> Iterator[RunningAgent]:
    """An agent with one slot."""
    with RunningAgent(runtime_dir, max_sessions=1) as agent:
        yield agent


def pressure() -> tuple[int, int, int]:
    """How many sessions there are, how many callers wait, and how many clients stand still."""
    with CMDOPClient.local() as client:
        told = client.agent_info.pressure
        return told.active, told.queued, told.away


async def test_a_waiter_that_is_stopped_is_passed_over_until_it_runs_on(
    flavour: Flavour, full: RunningAgent, request: pytest.FixtureRequest
) -> None:
    async with flavour.local() as client:
        first = await client.browser.create_session()
        waiter: subprocess.Popen[str] = request.getfixturevalue("waiter")
        await asyncio.to_thread(eventually, lambda: pressure() == (1, 1, 0))
        waiter.send_signal(signal.SIGSTOP)
        await asyncio.to_thread(eventually, lambda: pressure() == (1, 1, 1))
        second = asyncio.ensure_future(client.browser.create_session(queue_timeout=LONG))
        await asyncio.to_thread(eventually, lambda: pressure() == (1, 2, 1))
        await first.close()
        session = await second
        await session.close()
        await asyncio.to_thread(eventually, lambda: pressure() == (0, 1, 1))
        waiter.send_signal(signal.SIGCONT)
        assert waiter.stdout is not None
        assert await asyncio.to_thread(waiter.stdout.readline) == "open\n"
        assert await asyncio.to_thread(waiter.wait, LONG) == 0
