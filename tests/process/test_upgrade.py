"""Another agent takes the name over while the one before it ends its sessions."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from agent_bridge.supervision.processes import lives, wait_until_ended
from cmdop_browser.exceptions import (
    AgentNotRunningError,
    AgentOfflineError,
    BrowserElementNotFoundError,
    BrowserSessionClosedError,
    CloseReason,
    Outcome,
    SessionNotFoundError,
)
from cmdop_browser.wire.rendezvous import AgentPaths, DiscoveryRecord
from tests.agents import RunningAgent, end_at_once
from tests.flavours import at_once
from tests.waiting import eventually, until_offline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.flavours import Flavour, Together
    from tests.process.shell import Shell
    from tests.site import WebSite

# Longer than any of these tests takes: what ends before did not wait for it.
LONG = 120.0


class Line:
    """Agents of one name, one after the other, all patient with their sessions.

    The new one of a test is the old one of the next.
    """

    def __init__(self, directory: Path, agents: contextlib.ExitStack) -> None:
        self._directory = directory
        self._agents = agents
        self._last: RunningAgent | None = None

    def last(self) -> RunningAgent:
        """The agent that can be found."""
        if self._last is None or self._last.process.poll() is not None:
            return self.successor()
        return self._last

    def successor(self) -> RunningAgent:
        """Another agent, in place of one that was told to end."""
        self._last = self._agents.enter_context(RunningAgent(self._directory, drain_timeout=LONG))
        return self._last


@pytest.fixture(scope="module")
def line() -> Iterator[Line]:
    with tempfile.TemporaryDirectory(prefix="cmdop-line-") as directory, contextlib.ExitStack() as agents:
        yield Line(Path(directory), agents)


@pytest.fixture
def old(line: Line, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningAgent]:
    """An agent that has to make room for another."""
    agent = line.last()
    monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
    yield agent
    agent.kill()  # what a test leaves open must not hold it up


async def told_to_end(agent: RunningAgent) -> None:
    """Tell an agent to end, and wait until another one may be started."""
    agent.process.send_signal(signal.SIGTERM)
    await asyncio.to_thread(eventually, lambda: not record_path(agent).exists())


async def succeeded(old: RunningAgent, line: Line, both: Together) -> RunningAgent:
    """Tell the old agent to end, once for both flavours, and return the one that is there then."""
    await both.once(lambda: told_to_end(old))
    await both.once(line.successor)
    return line.last()


def record_path(agent: RunningAgent) -> Path:
    return AgentPaths.of("default", agent.runtime_dir).record


async def ended(agent: RunningAgent) -> int:
    return await asyncio.to_thread(agent.process.wait, 30)


@at_once
async def test_old_handles_stay_with_the_old_agent_and_new_sessions_go_to_the_new_one(
    flavour: Flavour, both: Together, site: WebSite, old: RunningAgent, line: Line
) -> None:
    async with flavour.local() as client:
        session = await client.browser.create_session()
        await session.navigate(site.at("/forms.html"))
        await session.evaluate("document.title = 'kept'")
        new = await succeeded(old, line, both)
        fresh = await client.browser.create_session()
        assert client.agent_info.instance_id == new.record["instance_id"]
        assert (await client.browser.fetch(site.at("/plain.html"))).title == "Plain page"
        async with flavour.local() as other:
            assert other.agent_info.instance_id == new.record["instance_id"]
            with pytest.raises(SessionNotFoundError):
                await other.browser.get_session(session.id)
        assert await session.title() == "kept"
        again = await client.browser.get_session(session.id)
        assert await again.title() == "kept"
        await client.reconnect()
        assert await session.title() == "kept"
        await session.close()
        assert await ended(old) == 0
        with pytest.raises(BrowserSessionClosedError) as closed:
            await again.title()
        assert closed.value.reason in {CloseReason.CLOSED_BY_CALLER, CloseReason.SHUTDOWN}
        assert (await fresh.navigate(site.at("/plain.html"))).ok
        await client.reconnect()
        await client.close()


@at_once
async def test_a_client_that_was_idle_while_agents_changed_gets_its_next_session_from_the_new_one(
    flavour: Flavour, both: Together, site: WebSite, old: RunningAgent, line: Line
) -> None:
    async with flavour.local() as creating, flavour.local() as fetching:
        for client in (creating, fetching):
            await client.ping()  # its lease, which was sent before, is there then
        await both.once(lambda: told_to_end(old))
        assert await ended(old) == 0
        await until_offline(creating)
        with pytest.raises(AgentOfflineError):
            await creating.browser.create_session()
        await both.once(line.successor)
        new = line.last()
        async with creating.browser.create_session() as session:
            assert (await session.navigate(site.at("/plain.html"))).ok
        assert (await fetching.browser.fetch(site.at("/plain.html"))).title == "Plain page"
        for client in (creating, fetching):
            assert client.agent_info.instance_id == new.record["instance_id"]


@at_once
async def test_closing_the_client_closes_its_sessions_in_both(
    flavour: Flavour, both: Together, old: RunningAgent, line: Line
) -> None:
    async with flavour.local() as client:
        await client.browser.create_session()
        new = await succeeded(old, line, both)
        await client.browser.create_session()
        await client.close()
        assert await ended(old) == 0
        await both.meet()
        async with flavour.local() as other:
            assert other.agent_info.instance_id == new.record["instance_id"]
            assert await other.browser.list_sessions() == []


async def test_a_client_that_may_starts_the_new_one_by_itself(
    flavour: Flavour, old: RunningAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMDOP_LOG_DIR", str(old.runtime_dir / "log"))
    async with flavour.local(start=True) as client:
        session = await client.browser.create_session()
        await told_to_end(old)
        async with client.browser.create_session(timeout=LONG):
            new = DiscoveryRecord.read(record_path(old))
            assert client.agent_info.instance_id == new.instance_id != old.record["instance_id"]
        assert await session.title() == ""
    assert await ended(old) == 0
    process = psutil.Process(new.pid)
    end_at_once(process)
    assert wait_until_ended([process], 30) == []


@at_once
async def test_a_session_that_is_restored_moves_when_the_old_agent_ends_it(
    flavour: Flavour, both: Together, site: WebSite, old: RunningAgent, line: Line
) -> None:
    async with flavour.local() as client, client.browser.create_session(on_crash="restore") as session:
        await session.navigate(site.at("/cookies/set", name="ada"))
        new = await succeeded(old, line, both)
        assert (await session.info()).epoch == 1
        await both.once(lambda: old.process.send_signal(signal.SIGTERM))
        assert await ended(old) == 0
        info = await session.info()
        assert (info.id, info.epoch) == (session.id, 2)
        assert {cookie.name: cookie.value for cookie in await session.cookies()} == {"name": "ada"}
        assert client.agent_info.instance_id == new.record["instance_id"]
        await client.close()


@pytest.mark.parametrize("connected_to_both", [False, True])
@at_once
async def test_what_the_old_agent_ended_is_told_so_also_where_the_new_one_is_connected(
    flavour: Flavour, both: Together, old: RunningAgent, line: Line, connected_to_both: bool
) -> None:
    async with flavour.local() as client:
        session = await client.browser.create_session()
        spare = await client.browser.get_session(session.id)
        await succeeded(old, line, both)
        if connected_to_both:
            await client.reconnect()
        await both.once(lambda: old.process.send_signal(signal.SIGTERM))
        assert await ended(old) == 0
        if not connected_to_both:
            await client.reconnect()
        with pytest.raises(BrowserSessionClosedError):
            await spare.title()  # may find out that the old agent's connection is broken
        with pytest.raises(BrowserSessionClosedError) as closed:
            await session.title()
        assert (closed.value.reason, closed.value.outcome) == (CloseReason.SHUTDOWN, Outcome.NOT_EXECUTED)


@at_once
async def test_what_an_error_refers_to_is_had_from_the_agent_that_drains(
    flavour: Flavour, both: Together, site: WebSite, old: RunningAgent, line: Line
) -> None:
    async with flavour.local() as client:
        session = await client.browser.create_session()
        await session.navigate(site.at("/forms.html"))
        await succeeded(old, line, both)
        with pytest.raises(BrowserElementNotFoundError) as caught:
            await session.click("#missing", timeout=0.5)
        picture: Any = await asyncio.to_thread(lambda: caught.value.evidence.screenshot)
        assert picture
        await client.close()


@at_once
async def test_one_that_is_killed_while_it_drains_leaves_nothing(
    flavour: Flavour, both: Together, old: RunningAgent, line: Line
) -> None:
    async with flavour.local() as client:
        session = await client.browser.create_session()
        await both.once(lambda: told_to_end(old))
        drained = AgentPaths.of("default", old.runtime_dir).draining / f"{old.record['instance_id']}.json"
        assert drained.exists()
        await both.once(line.successor)
        await both.once(old.kill)
        with pytest.raises(BrowserSessionClosedError) as closed:
            await session.title()
        assert closed.value.reason is CloseReason.AGENT_RESTART
        await asyncio.to_thread(eventually, lambda: not drained.exists())
        await client.reconnect()
        async with client.browser.create_session() as fresh:
            assert await fresh.title() == ""


def test_both_are_listed_while_it_lasts(shell: Shell) -> None:
    before = shell.json("agents", "start", CMDOP_DRAIN_TIMEOUT=str(LONG), CMDOP_LEASE_GRACE="0.1")
    client = shell.start_python(HOLD)
    assert client.stdout is not None
    assert client.stdout.readline().strip() == "open"
    drained = psutil.Process(before["pid"])
    after = shell.json("agents", "restart")
    assert after["pid"] != before["pid"]
    listed = {agent["pid"]: agent["state"] for agent in shell.json("agents", "list")["agents"]}
    assert listed == {before["pid"]: "draining", after["pid"]: "running"}
    assert "draining" in shell.run("agents", "list").stdout
    client.kill()
    client.wait()
    eventually(lambda: not lives(drained), within=30)
    (only,) = shell.json("agents", "list")["agents"]
    assert only["pid"] == after["pid"]


def test_an_agent_that_drains_is_ended_by_stopping_it_once_more(shell: Shell) -> None:
    before = shell.json("agents", "start", CMDOP_DRAIN_TIMEOUT=str(LONG))
    client = shell.start_python(HOLD)
    assert client.stdout is not None
    assert client.stdout.readline().strip() == "open"
    drained = psutil.Process(before["pid"])
    drained.terminate()
    eventually(lambda: not shell.record().exists())
    assert shell.json("agents", "stop")["outcome"] == "stopped"
    assert not lives(drained)
    assert shell.json("agents", "stop", code=1)["error"]["code"] == AgentNotRunningError.code


HOLD = """
import sys, time
from cmdop_browser import CMDOPClient
session = CMDOPClient.local().browser.create_session()
print("open", flush=True)
time.sleep(100)
"""
