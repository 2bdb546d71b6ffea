"""Sessions that go on in another agent, which their client starts when the first is killed in mid-call."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from agent_bridge.supervision.processes import wait_until_ended
from cmdop_browser import CMDOPClient
from cmdop_browser.exceptions import BrowserSessionClosedError, CloseReason, Outcome, SessionInterruptedError
from cmdop_browser.wire.rendezvous import AgentPaths, DiscoveryRecord
from tests.agents import RunningAgent, end_at_once
from tests.fakes.old_files import grow_old
from tests.flavours import BOTH, Together, at_once, in_both
from tests.site import WebSite
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.flavours import Flavour

LONG = 60.0
GET = "url => fetch(url).then(answer => answer.text())"
POST = "url => fetch(url, {method: 'POST'}).then(answer => answer.text())"


@pytest.fixture(scope="module")
def site() -> Iterator[WebSite]:
    with WebSite() as site:
        yield site


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A runtime directory whose agents clients start; the one that a test leaves is killed in the next."""
    with tempfile.TemporaryDirectory(prefix="cmdop-test-") as directory:
        yield Path(directory)
        last = agent_process(Path(directory))
        end_at_once(last)
        assert wait_until_ended([last], 20) == []


@pytest.fixture
def spawned(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(place))
    monkeypatch.setenv("CMDOP_LOG_DIR", str(place / "log"))
    return place


def agent_process(runtime_dir: Path) -> psutil.Process:
    """The agent that runs now."""
    return psutil.Process(DiscoveryRecord.read(AgentPaths.of("default", runtime_dir).record).pid)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients that connect in less time than any agent takes to start."""
    monkeypatch.setenv("CMDOP_CONNECT_TIMEOUT", "0.4")


@contextlib.asynccontextmanager
async def restored_session(flavour: Flavour) -> AsyncIterator[Any]:
    async with flavour.local(start=True, timeout=LONG) as client:
        yield await client.browser.create_session(
            name=f"cart-{flavour.name}", on_crash="restore", timeout=LONG
        )


async def posting(session: Any, site: WebSite, gate: str) -> asyncio.Future[Any]:
    """Have a page post to a gate; returns when the post has arrived there."""
    await session.navigate(site.at("/plain.html"))
    running: asyncio.Future[Any] = asyncio.ensure_future(session.evaluate(POST, site.at(f"/gate/{gate}")))
    await site.records.arrival(f"/gate/{gate}")
    return running


@pytest.mark.usefixtures("hasty")
@at_once
async def test_a_navigation_is_made_again(
    flavour: Flavour, both: Together, site: WebSite, spawned: Path
) -> None:
    """Also where connecting has less time: a call that waits for another agent has its own."""
    async with restored_session(flavour) as session:
        gate = f"again-{flavour.name}"
        await session.navigate(site.at("/cookies/set", name="ada"))
        await session.info()
        running = asyncio.ensure_future(session.navigate(site.at(f"/gate/{gate}")))
        await site.records.arrival(f"/gate/{gate}")
        await both.once(lambda: agent_process(spawned).kill())
        await site.records.arrival(f"/gate/{gate}", times=2)
        site.open_gate(gate)
        assert (await running).ok
        assert {cookie.name: cookie.value for cookie in await session.cookies()} == {"name": "ada"}
        info = await session.info()
        assert (info.id, info.name, info.epoch) == (session.id, f"cart-{flavour.name}", 2)


@at_once
async def test_an_act_whose_outcome_is_unknown_is_not(
    flavour: Flavour, both: Together, site: WebSite, spawned: Path
) -> None:
    async with restored_session(flavour) as session:
        gate = f"once-{flavour.name}"
        running = await posting(session, site, gate)
        await both.once(lambda: agent_process(spawned).kill())
        with pytest.raises(SessionInterruptedError) as caught:
            await running
        error = caught.value
        assert (error.outcome, error.last_action, error.session_id) == (
            Outcome.UNKNOWN,
            "evaluate",
            session.id,
        )
        assert error.idempotency_key
        site.open_gate(gate)
        assert not session.is_closed
        assert await session.url() == site.at("/plain.html")
        assert len(site.records.requests(f"/gate/{gate}")) == 1


@at_once
async def test_a_form_is_not_sent_that_was_being_filled_in(
    flavour: Flavour, both: Together, site: WebSite, spawned: Path
) -> None:
    async with restored_session(flavour) as session:
        name = f"filling-{flavour.name}"
        await session.navigate(site.at(f"/count/{name}"))
        await session.evaluate(
            "url => document.querySelector('#note').addEventListener('input', () => fetch(url))",
            site.at(f"/gate/{name}"),
        )
        await session.info()  # all that the agent has noted by now is that nothing is filled in
        running = asyncio.ensure_future(session.type("#note", "mine" * 1000, delay=0.01))
        await site.records.arrival(f"/gate/{name}")
        await both.once(lambda: agent_process(spawned).kill())
        with pytest.raises(SessionInterruptedError) as caught:
            await running
        assert caught.value.outcome is Outcome.UNKNOWN
        site.open_gate(name)
        for act in (session.fill("#note", "mine"), session.click("#go")):
            with pytest.raises(SessionInterruptedError, match="what had been filled in"):
                await act
        assert name not in site.records.counts()
        await session.fill("#note", "mine")  # that all is gone was told
        await session.click("#go")
        await session.wait_for("#count")
        assert site.records.counts()[name] == 1


@at_once
async def test_an_act_that_a_drain_cuts_off_is_told_before_there_is_another_agent(
    flavour: Flavour, both: Together, site: WebSite, spawned: Path
) -> None:
    async with restored_session(flavour) as session:
        gate = f"drained-{flavour.name}"
        running = await posting(session, site, gate)
        await both.once(lambda: end_at_once(agent_process(spawned)))
        with pytest.raises(SessionInterruptedError) as caught:
            await running
        assert not AgentPaths.of("default", spawned).record.exists()
        await both.meet()
        assert caught.value.outcome is Outcome.UNKNOWN
        site.open_gate(gate)
        assert await session.url() == site.at("/plain.html")
        assert (await session.info()).epoch == 2
        assert len(site.records.requests(f"/gate/{gate}")) == 1


@at_once
async def test_a_read_is_made_again(flavour: Flavour, both: Together, site: WebSite, spawned: Path) -> None:
    async with restored_session(flavour) as session:
        gate = f"read-{flavour.name}"
        await session.navigate(site.at("/plain.html"))
        running = asyncio.ensure_future(session.wait_for_function(GET, site.at(f"/gate/{gate}")))
        await site.records.arrival(f"/gate/{gate}")
        await both.once(lambda: agent_process(spawned).kill())
        await site.records.arrival(f"/gate/{gate}", times=2)
        site.open_gate(gate)
        assert "You are through." in await running
        assert (await session.dom.soup()).find("p")


# As a login does that the click has only begun: a while after the call, and then no call comes.
LATER = """
name => setTimeout(() => {
    document.cookie = `${name}=cookie`;
    localStorage.setItem(name, 'local');
    sessionStorage.setItem(name, 'session');
}, 300)
"""


@pytest.mark.parametrize("after", ["an act", "a read"])
@at_once
async def test_what_a_page_has_changed_between_calls_comes_back(
    flavour: Flavour, both: Together, site: WebSite, spawned: Path, *, after: str
) -> None:
    async with restored_session(flavour) as session:
        await session.navigate(site.at("/plain.html"))
        await session.evaluate(LATER, "login")
        if after == "a read":
            assert await session.dom.count("body") == 1
        file = AgentPaths.of("default", spawned).kept / session.id
        await asyncio.to_thread(eventually, lambda: file.exists() and "session" in file.read_text())
        await both.once(lambda: agent_process(spawned).kill())
        assert {cookie.name: cookie.value for cookie in await session.cookies()} == {"login": "cookie"}
        stored = await session.evaluate("[localStorage.login, sessionStorage.login]")
        assert stored == ["local", "session"]


@at_once
async def test_what_is_kept_of_a_session_at_work_does_not_grow_old(
    flavour: Flavour, both: Together, site: WebSite, spawned: Path
) -> None:
    async with restored_session(flavour) as session:
        gate = f"long-{flavour.name}"
        await session.navigate(site.at("/cookies/set", name="ada"))
        await session.info()
        running = asyncio.ensure_future(session.navigate(site.at(f"/gate/{gate}")))
        await site.records.arrival(f"/gate/{gate}")
        file = AgentPaths.of("default", spawned).kept / session.id
        grow_old(file)  # as if the call had begun an hour ago
        await asyncio.to_thread(eventually, lambda: age(file) < 60)
        await both.once(lambda: agent_process(spawned).kill())
        await site.records.arrival(f"/gate/{gate}", times=2)
        site.open_gate(gate)
        assert (await running).ok
        assert {cookie.name: cookie.value for cookie in await session.cookies()} == {"name": "ada"}


@at_once
async def test_a_read_is_made_again_when_the_next_agent_dies_as_well(
    flavour: Flavour, both: Together, site: WebSite, spawned: Path
) -> None:
    async def strike() -> None:
        first = agent_process(spawned)
        first.kill()
        await asyncio.to_thread(eventually, lambda: runs_another(first))
        agent_process(spawned).kill()  # the sessions are on their way

    def runs_another(first: psutil.Process) -> bool:
        # The record of the first one is removed; until then it may be of a process that is gone.
        with contextlib.suppress(FileNotFoundError, psutil.NoSuchProcess):
            return agent_process(spawned) != first
        return False

    async with restored_session(flavour) as session:
        gate = f"twice-{flavour.name}"
        await session.navigate(site.at("/plain.html"))
        running = asyncio.ensure_future(session.wait_for_function(GET, site.at(f"/gate/{gate}")))
        await site.records.arrival(f"/gate/{gate}")
        await both.once(strike)
        await site.records.arrival(f"/gate/{gate}", times=2)
        site.open_gate(gate)
        assert "You are through." in await running


@pytest.mark.parametrize("is_kept", [True, False])
@at_once
async def test_a_page_is_known_for_as_long_as_no_call_needs_it(
    flavour: Flavour, both: Together, site: WebSite, spawned: Path, *, is_kept: bool
) -> None:
    """The second agent that dies has never had it: it is known from the first one, or from the client."""
    async with restored_session(flavour) as session:
        url = site.at("/plain.html", of=session.id)
        await session.navigate(url)
        await session.info()
        await both.once(lambda: agent_process(spawned).kill())
        await session.cookies()  # a read is made again
        await session.set_cookies([{"name": "name", "value": "ada", "url": url}])
        if not is_kept:
            (AgentPaths.of("default", spawned).kept / session.id).unlink()
        await both.once(lambda: agent_process(spawned).kill())
        assert (await session.info()).url == url
        assert [cookie.value for cookie in await session.cookies()] == ["ada"] * is_kept
        assert await session.url() == url
        assert (await session.dom.soup()).find("p")
        assert len([sent for sent in site.records.requests() if session.id in sent.query]) == 2


@at_once
async def test_a_session_that_had_no_page_yet_goes_on_without_one(
    flavour: Flavour, both: Together, site: WebSite, spawned: Path
) -> None:
    async with restored_session(flavour) as session:
        await session.set_cookies([{"name": "name", "value": "ada", "url": site.at("/")}])
        (AgentPaths.of("default", spawned).kept / session.id).unlink()
        await both.once(lambda: agent_process(spawned).kill())
        assert await session.url() == "about:blank"
        assert (await session.navigate(site.at("/plain.html"))).ok


@pytest.mark.parametrize("is_seen", [True, False])
@at_once
async def test_what_an_agent_has_not_seen_before_its_end_is_told(
    flavour: Flavour, both: Together, site: WebSite, spawned: Path, *, is_seen: bool
) -> None:
    async with restored_session(flavour) as session:
        await session.navigate(site.at("/plain.html"))
        await session.evaluate("localStorage.setItem('cart', 'empty')")
        await session.info()  # all that was changed before has been looked at then
        await both.meet()
        # The page is busy when it is asked for what it has stored.
        busy = "" if is_seen else "const end = performance.now() + 20000; while (performance.now() < end);"
        await session.evaluate(
            f"() => {{ localStorage.setItem('cart', 'full'); setTimeout(() => {{ {busy} }}); }}"
        )
        if is_seen:
            await session.info()
        await both.once(lambda: agent_process(spawned).kill())
        told = (await session.info()).not_restored
        assert any("latest changes" in each for each in told) is not is_seen, told
        assert await session.evaluate("localStorage.getItem('cart')") == ("full" if is_seen else "empty")


def age(file: Path) -> float:
    """For how many seconds an agent has said that it keeps a file."""
    with file.open() as lines:
        return time.monotonic() - float(json.loads(lines.readline())["at"])


async def test_a_session_that_is_closed_while_it_waits_to_be_rebuilt_is_not(runtime_dir: Path) -> None:
    both = Together()
    with contextlib.ExitStack() as agents, contextlib.ExitStack() as slot:
        first = agents.enter_context(RunningAgent(runtime_dir))

        def replace() -> None:
            """Have another agent, whose only slot is taken."""
            first.kill()
            agents.enter_context(RunningAgent(runtime_dir, max_sessions=1))
            client = agents.enter_context(CMDOPClient.local())
            slot.enter_context(client.browser.create_session())

        def both_wait() -> bool:
            with CMDOPClient.local() as looking:
                return looking.agent_info.pressure.queued == len(BOTH)

        async def part(flavour: Flavour) -> None:
            async with flavour.local() as client:
                session = await client.browser.create_session(on_crash="restore", timeout=LONG)
                await both.once(lambda: asyncio.to_thread(replace))
                running = asyncio.ensure_future(session.title())
                await both.once(lambda: asyncio.to_thread(eventually, both_wait))
                await session.close()
                with pytest.raises(BrowserSessionClosedError) as caught:
                    await running
                assert caught.value.reason is CloseReason.CLOSED_BY_CALLER
                await both.once(slot.close)
                assert await client.browser.list_sessions() == []

        await in_both(part)
        # The first one's watchdog cleans up before the directory is removed.
        eventually(lambda: len(list((runtime_dir / "default" / "instances").glob("*"))) == 1)
