"""What stands still is seen, told and replaced: stopped browsers, drivers, pages, agents and clients."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from agent_bridge.browser.page import CLOSE_TIMEOUT
from agent_bridge.supervision.processes import lives
from cmdop_browser._async.connection import AsyncConnection
from cmdop_browser._sync.connection import Connection
from cmdop_browser.exceptions import (
    AgentOfflineError,
    BrowserSessionClosedError,
    CloseReason,
    ConnectionLostError,
    Outcome,
)
from tests.agents import RunningAgent
from tests.flavours import Together, in_both
from tests.process.faults import faults, standstill
from tests.process.faults.bench import LONG, on_both_benches
from tests.waiting import eventually, until_offline

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from tests.fakes.launchpad import Launchpad
    from tests.flavours import Flavour
    from tests.process.faults.bench import Bench

# Promised is one second; a loaded machine has some more.
SOON = 5.0
# Seconds in which a browser that has just been started can have no session yet.
YOUNG = 0.1
NEVER = "() => new Promise(() => {})"
# Megabytes: far more than is on its way at any time.
LARGE = 20
WHOLE = "document.documentElement.outerHTML"


KINDS = [
    pytest.param(faults.is_renderer, CloseReason.RENDERER_HANG, id="renderer"),
    pytest.param(faults.is_browser, CloseReason.BROWSER_CRASH, id="browser"),
    pytest.param(faults.is_driver, CloseReason.DRIVER_CRASH, id="driver"),
]


@pytest.mark.parametrize(("is_wanted", "reason"), KINDS)
@on_both_benches
async def test_what_is_stopped_ends_its_sessions(
    bench: Bench, is_wanted: Callable[[list[str]], bool], reason: CloseReason
) -> None:
    session = await bench.client.browser.create_session(timeout=LONG)
    running = asyncio.ensure_future(session.evaluate(NEVER))
    await bench.until_running({session.id: running})

    def suspend_all() -> None:
        for process in bench.processes(is_wanted):
            process.suspend()

    await bench.once(suspend_all)
    began = time.monotonic()
    with pytest.raises(BrowserSessionClosedError) as caught:
        await running
    assert time.monotonic() - began < SOON
    assert (caught.value.reason, caught.value.outcome) == (reason, Outcome.UNKNOWN)
    fresh = await bench.client.browser.create_session(timeout=LONG)
    assert await fresh.evaluate("1 + 1") == 2
    await fresh.close()


@pytest.fixture(scope="module")
def impatient() -> Iterator[RunningAgent]:
    """An agent with room for one session, that does not wait long for a browser that hangs."""
    with RunningAgent(shards=1, max_sessions=1, hang_time=0.5) as agent:
        yield agent


@pytest.mark.parametrize(("is_wanted", "reason"), KINDS[1:])
async def test_what_hangs_ends_its_sessions(
    flavour: Flavour,
    is_wanted: Callable[[list[str]], bool],
    reason: CloseReason,
    impatient: RunningAgent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(impatient.runtime_dir))
    async with flavour.local() as client:
        session = await client.browser.create_session(timeout=LONG)
        below = psutil.Process(impatient.process.pid).children(recursive=True)
        found = (each for each in below if is_of(each, is_wanted))
        # A child of the browser looks like it until it has become what it is to be.
        process = min(found, key=psutil.Process.create_time)
        with standstill.held(process.pid), pytest.raises(BrowserSessionClosedError) as caught:
            await session.evaluate(NEVER)
        assert caught.value.reason is reason
        # Nobody waits for what is dead to let go of the page: its slot is free.
        waiting = client.browser.create_session(queue_timeout=CLOSE_TIMEOUT / 2, timeout=LONG)
        async with await made(waiting) as fresh:
            assert await fresh.evaluate("1 + 1") == 2


@pytest.mark.parametrize("end", [psutil.Process.kill, psutil.Process.suspend], ids=["killed", "stopped"])
@pytest.mark.parametrize("is_wanted", [faults.is_browser, faults.is_driver], ids=["browser", "driver"])
@on_both_benches
async def test_a_browser_that_is_ended_while_it_starts_is_started_again(
    bench: Bench, is_wanted: Callable[[list[str]], bool], end: Callable[[psutil.Process], None]
) -> None:
    session = await bench.client.browser.create_session(timeout=LONG)
    await bench.kill(faults.is_driver)
    await bench.until_gone(session.id)
    making = asyncio.ensure_future(made(bench.client.browser.create_session(timeout=LONG)))

    async def end_the_first() -> None:
        while not making.done():
            found = [each for each in bench.agent_process.children(recursive=True) if is_of(each, is_wanted)]
            if found:
                # One that is older may have sessions already, which would be lost with it.
                with contextlib.suppress(psutil.NoSuchProcess):
                    if time.time() - found[0].create_time() < YOUNG:
                        end(found[0])
                break
            await asyncio.sleep(0)

    await bench.once(end_the_first)
    assert await (await making).evaluate("1 + 1") == 2


async def made(opening: Any) -> Any:
    return await opening


def is_of(process: psutil.Process, is_wanted: Callable[[list[str]], bool]) -> bool:
    try:
        return is_wanted(process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


# The agent


@on_both_benches
async def test_an_agent_that_is_stopped_during_a_call(bench: Bench) -> None:
    session = await bench.client.browser.create_session(timeout=LONG)
    running = asyncio.ensure_future(session.evaluate(NEVER))
    await bench.until_running({session.id: running})
    async with bench.during(lambda: faults.stopped([bench.agent_process])):
        began = time.monotonic()
        with pytest.raises(ConnectionLostError, match="stopped during evaluate") as lost:
            await running
        assert (lost.value.outcome, lost.value.safe_to_repeat) == (Outcome.UNKNOWN, False)
        with pytest.raises(AgentOfflineError, match="title was not sent"):
            await session.title()
        assert time.monotonic() - began < SOON
        await session.close()
        assert session.is_closed
        assert time.monotonic() - began < 2 * SOON


@on_both_benches
async def test_a_session_goes_on_with_an_agent_that_runs_on(bench: Bench) -> None:
    session = await bench.client.browser.create_session(timeout=LONG)
    async with bench.during(lambda: faults.stopped([bench.agent_process])):
        with pytest.raises(AgentOfflineError):
            await session.title()
    assert await session.evaluate("1 + 1") == 2
    await session.close()


@pytest.mark.parametrize("call", ["dom.html", "evaluate"])
async def test_an_agent_that_is_stopped_while_a_large_reply_is_fetched(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    session = await bench.client.browser.create_session(timeout=LONG)
    await session.navigate(bench.site.at("/huge/text", mb=LARGE))

    async def reply() -> str:
        html: str = await (session.dom.html() if call == "dom.html" else session.evaluate(WHOLE))
        return html

    with contextlib.ExitStack() as stopped, monkeypatch.context() as patch:
        after_the_first_part(patch, lambda: stopped.enter_context(faults.stopped([bench.agent_process])))
        with pytest.raises(ConnectionLostError, match=f"stopped during {call}") as lost:
            await reply()
    # The act itself had been done.
    assert lost.value.outcome is (Outcome.UNKNOWN if call == "dom.html" else Outcome.EXECUTED)
    assert lost.value.safe_to_repeat is (call == "dom.html")
    assert len(await reply()) > LARGE * 1_000_000
    await session.close()


def after_the_first_part(patch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Have *act* done when the first part of a large reply is there, in either flavour."""
    async_stream, stream = AsyncConnection.stream, Connection.stream

    async def async_acting(connection: AsyncConnection, *given: Any) -> AsyncIterator[Any]:
        parts = async_stream(connection, *given)
        yield await anext(parts)
        act()
        async for part in parts:
            yield part

    def acting(connection: Connection, *given: Any) -> Iterator[Any]:
        parts = stream(connection, *given)
        yield next(parts)
        act()
        yield from parts

    patch.setattr(AsyncConnection, "stream", async_acting)
    patch.setattr(Connection, "stream", acting)


@on_both_benches
async def test_a_session_that_is_closed_while_its_agent_is_stopped_ends_when_that_runs_on(
    bench: Bench,
) -> None:
    before, meanwhile = await bench.sessions(2)
    async with bench.during(lambda: faults.held_up([bench.agent_process])):
        # Sent, and not answered when the agent is stopped.
        closing = asyncio.ensure_future(meanwhile.close())
        while not meanwhile.is_closed:  # noqa: ASYNC110 -- nobody is told of it
            await asyncio.sleep(0)
        await bench.once(bench.agent_process.suspend)
    async with bench.during(lambda: faults.stopped([bench.agent_process])):
        await closing
        await before.close()
    assert before.is_closed
    for session in (before, meanwhile):
        await bench.until_gone(session.id)


async def test_a_client_that_may_start_agents_replaces_one_that_is_stopped(
    pad: Launchpad, flavour: Flavour
) -> None:
    async with flavour.local(start=True, timeout=LONG) as client:
        session = await client.browser.create_session(on_crash="restore", timeout=LONG)
        (agent,) = pad.agents()
        agent.suspend()
        assert await session.title() == ""
        assert await session.evaluate("1 + 1") == 2
        assert client.agent_info.pid != agent.pid
        eventually(lambda: not lives(agent))


@pytest.mark.parametrize("end", [psutil.Process.kill, psutil.Process.suspend], ids=["killed", "stopped"])
async def test_a_client_that_may_start_agents_makes_sessions_in_another_one(
    pad: Launchpad, flavour: Flavour, end: Callable[[psutil.Process], None]
) -> None:
    async with flavour.local(start=True, timeout=LONG) as client:
        (agent,) = pad.agents()
        end(agent)
        await until_offline(client)
        async with await made(client.browser.create_session(timeout=LONG)) as session:
            assert await session.evaluate("1 + 1") == 2
        assert client.agent_info.pid != agent.pid
        eventually(lambda: not lives(agent))


async def test_nobody_waits_for_an_agent_that_nobody_starts(runtime_dir: Path) -> None:
    together = Together()
    with RunningAgent(runtime_dir) as agent:

        async def part(flavour: Flavour) -> None:
            async with flavour.local() as client:
                session = await client.browser.create_session(on_crash="restore", timeout=LONG)
                await together.once(agent.kill)
                began = time.monotonic()
                with pytest.raises(BrowserSessionClosedError) as caught:
                    await session.title()
                assert caught.value.reason is CloseReason.AGENT_RESTART
                # A supervised one is waited for five seconds.
                assert time.monotonic() - began < 3.0

        await in_both(part)
        # Its watchdog cleans up before the directory is removed.
        eventually(lambda: not list((runtime_dir / "default" / "instances").glob("*")))


# The client


async def test_a_client_that_is_stopped_is_away_until_it_runs_on(bench: Bench) -> None:
    with faults.session_of_another_client() as (session_id, other):
        await until_held(bench, session_id, held=True)
        with faults.stopped([psutil.Process(other.pid)]):
            await until_held(bench, session_id, held=False)
        await until_held(bench, session_id, held=True)
        other.kill()
        await bench.until_gone(session_id)


async def until_held(bench: Bench, session_id: str, *, held: bool) -> None:
    """Wait until the agent says that the session's client is there, or away."""
    async with asyncio.timeout(SOON):
        while True:
            known = {info.id: info.client_id for info in await bench.client.browser.list_sessions()}
            if (known[session_id] is not None) is held:
                return
            await asyncio.sleep(0.02)
