"""A wall clock that is set by hours changes nothing: whatever waits or expires goes by another clock."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from cmdop_browser import AsyncCMDOPClient
from cmdop_browser.cli.inventory import State, look
from cmdop_browser.exceptions import (
    AgentBusyError,
    BrowserElementNotFoundError,
    BrowserSessionClosedError,
    CloseReason,
)
from cmdop_browser.settings import Settings
from tests.agents import RunningAgent
from tests.fakes.wall_clock import HOUR, WallClock
from tests.flavours import BOTH, at_once
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.flavours import Flavour, Together
    from tests.process.shell import Shell

_LEASE = """
from cmdop_browser import CMDOPClient
client = CMDOPClient.local()
client.browser.create_session(name="left")
print("there", flush=True)
input()
"""


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WallClock:
    """A clock for all processes that the test starts."""
    clock = WallClock(tmp_path)
    for name, value in clock.environment.items():
        monkeypatch.setenv(name, value)
    return clock


@pytest.fixture
def agent(clock: WallClock, runtime_dir: Path) -> Iterator[RunningAgent]:
    with RunningAgent(
        runtime_dir, shards=1, max_sessions=2 * len(BOTH), lease_grace=3.0, recycle_age=HOUR
    ) as agent:
        yield agent


async def _failure(session: Any) -> BrowserElementNotFoundError:
    with pytest.raises(BrowserElementNotFoundError) as caught:
        await session.click("#nope", timeout=0.2)
    return caught.value


def test_the_clock_is_what_processes_see(clock: WallClock) -> None:
    clock.jump(6 * HOUR)
    asked = "import time; print(time.time(), time.monotonic())"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    wall, monotonic = map(float, told.stdout.split())
    assert wall - time.time() == pytest.approx(6 * HOUR, abs=60)
    assert monotonic == pytest.approx(time.monotonic(), abs=60)


@pytest.mark.parametrize("jump", [6 * HOUR, -6 * HOUR], ids=["ahead", "back"])
@at_once
async def test_nothing_ends_early_or_stays_for_ever(
    jump: int, clock: WallClock, agent: RunningAgent, flavour: Flavour, both: Together
) -> None:
    async with flavour.local(timeout=20.0) as client, flavour.local() as other:
        session = await client.browser.create_session(idle_timeout=300.0)
        second = await client.browser.create_session()
        error = await _failure(session)
        waiting = asyncio.ensure_future(other.browser.create_session(queue_timeout=60.0))

        await both.once(lambda: clock.jump(jump))
        with pytest.raises(AgentBusyError):
            await client.browser.create_session(queue_timeout=0.3)
        assert not waiting.done()
        await both.meet()
        await second.close()
        third = await waiting
        assert await session.evaluate("1 + 1") == 2
        assert error.evidence.screenshot is not None
        assert await asyncio.to_thread(error.evidence.screenshot.read)
        # One that is idle ends in its time, whatever the clock says.
        await third.close()
        idle = await client.browser.create_session(idle_timeout=0.5)
        await asyncio.to_thread(eventually, lambda: agent.log().count("IDLE_TIMEOUT") >= len(BOTH))
        with pytest.raises(BrowserSessionClosedError) as caught:
            await idle.url()
        assert caught.value.reason is CloseReason.IDLE_TIMEOUT
        await client.reconnect()
        assert client.agent_info.recycled == {}


async def test_the_sessions_of_a_client_that_is_gone_end_after_the_grace_time(
    clock: WallClock, agent: RunningAgent
) -> None:
    leaving = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _LEASE, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert leaving.stdout is not None
    assert await leaving.stdout.readline()
    clock.jump(-6 * HOUR)
    async with AsyncCMDOPClient.local() as client:
        leaving.kill()
        await leaving.communicate()
        assert [info.name for info in await client.browser.list_sessions()] == ["left"]
        took = await asyncio.to_thread(eventually, lambda: "CLIENT_GONE" in agent.log())
    assert took < 20.0  # and not hours


@pytest.mark.parametrize("jump", [6 * HOUR, -6 * HOUR], ids=["ahead", "back"])
def test_an_agent_that_runs_is_seen_to_run_and_one_that_does_not_is_not(
    jump: int, tmp_path: Path, shell: Shell
) -> None:
    clock = WallClock(tmp_path)
    shell.environment |= clock.environment
    started = shell.json("agents", "start")
    clock.jump(jump)
    until_listed(shell, State.RUNNING)
    shell.json("agents", "status")
    agent = psutil.Process(started["pid"])
    agent.suspend()
    try:
        clock.jump(-jump)
        until_listed(shell, State.SUSPENDED)
    finally:
        agent.resume()
    until_listed(shell, State.RUNNING)


def until_listed(shell: Shell, state: State) -> None:
    """Wait until an agent is seen to be so here, and have a process with the other clock say the same."""
    settings = Settings(runtime_dir=shell.runtime)
    eventually(lambda: look("default", settings).state is state, within=30.0)
    assert shell.json("agents", "list")["agents"][0]["state"] == state
