"""Jobs under ``with_auto_restart`` whose agent or browser is really killed, in the middle of a call."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from agent_bridge.supervision.processes import wait_until_ended
from cmdop_browser import AsyncCMDOPClient, CMDOPClient, agent_log
from cmdop_browser.exceptions import AgentNotRunningError, BrowserSessionClosedError, StalePortFileError
from cmdop_browser.helpers import (
    async_ensure_agent_running,
    async_get_client_with_recovery,
    async_quick_fetch,
    async_with_session,
    ensure_agent_running,
    ensure_desktop_running,
    get_client_with_recovery,
    quick_fetch,
    with_auto_restart,
    with_session,
)
from cmdop_browser.settings import Settings
from cmdop_browser.wire.rendezvous import AgentPaths, DiscoveryRecord
from tests.agents import end_at_once
from tests.process.faults.faults import below, is_browser
from tests.site import WebSite

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterator

    from cmdop_browser import AsyncBrowserSession, BrowserSession

PASSED = "You are through."


@dataclass(frozen=True)
class Machine:
    """The agents that were started for one test."""

    runtime_dir: Path

    def record(self) -> DiscoveryRecord:
        return DiscoveryRecord.read(AgentPaths.of("default", self.runtime_dir).record)

    def kill_agent(self) -> None:
        os.kill(self.record().pid, signal.SIGKILL)

    def kill_browser(self) -> None:
        browsers = below(self.record().pid, is_browser)
        assert browsers
        for browser in browsers:
            browser.kill()

    def agents(self) -> list[psutil.Process]:
        return [process for process in psutil.process_iter() if self._is_agent(process)]

    def times_started(self) -> int:
        """How many agents were ever started here."""
        try:
            return agent_log.log_path("default", Settings.load()).read_text().count(" ready on ")
        except FileNotFoundError:
            return 0

    def _is_agent(self, process: psutil.Process) -> bool:
        try:
            return (
                "agent_bridge" in process.cmdline()
                and process.environ().get("CMDOP_RUNTIME_DIR") == str(self.runtime_dir)
                and process.status() != psutil.STATUS_ZOMBIE
            )
        except psutil.Error:
            return False


@contextlib.contextmanager
def machine_in(directory: Path) -> Iterator[Machine]:
    machine = Machine(directory)
    yield machine
    agents = machine.agents()
    for agent in agents:
        end_at_once(agent)
    alive = wait_until_ended(agents, 20)
    for agent in alive:
        agent.kill()
    assert alive == []


@pytest.fixture
def machine(runtime_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """One on which no agent was ever started."""
    monkeypatch.setenv("CMDOP_LOG_DIR", str(runtime_dir / "log"))
    with machine_in(runtime_dir) as machine:
        yield machine


@pytest.fixture(scope="module")
def shared() -> Iterator[Machine]:
    with (
        tempfile.TemporaryDirectory(prefix="cmdop-test-") as directory,
        machine_in(Path(directory)) as machine,
    ):
        yield machine


@pytest.fixture
def used(shared: Machine, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """One on which an agent runs: the one that the test before has left, or a new one."""
    monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(shared.runtime_dir))
    monkeypatch.setenv("CMDOP_LOG_DIR", str(shared.runtime_dir / "log"))
    assert ensure_agent_running()
    return shared


@pytest.fixture(scope="module")
def site() -> Iterator[WebSite]:
    with WebSite() as site:
        yield site


async def killed_meanwhile(job: Awaitable[Any], site: WebSite, gate: str, machine: Machine) -> Any:
    """The result of *job*, whose agent is killed while a page hangs at *gate*."""
    task = asyncio.ensure_future(job)
    await site.records.arrival(f"/gate/{gate}")
    before, started = machine.record(), machine.times_started()
    machine.kill_agent()
    site.open_gate(gate)
    result = await task
    assert machine.record().instance_id != before.instance_id
    assert machine.times_started() == started + 1
    assert len(machine.agents()) == 1
    return result


@with_auto_restart
def pass_gate(client: CMDOPClient, url: str) -> str:
    with client.browser.create_session() as session:
        session.navigate(url)
        return session.dom.text("#passed")


@with_auto_restart
async def pass_gate_async(client: AsyncCMDOPClient, url: str) -> str:
    async with client.browser.create_session() as session:
        await session.navigate(url)
        return await session.dom.text("#passed")


POST = "url => fetch(url, {method: 'POST'}).then(answer => answer.ok)"


@with_auto_restart
def post_restored(client: CMDOPClient, page: str, url: str) -> bool:
    with client.browser.create_session(on_crash="restore") as session:
        session.navigate(page)
        return bool(session.evaluate(POST, url))


@with_auto_restart
async def post_restored_async(client: AsyncCMDOPClient, page: str, url: str) -> bool:
    async with client.browser.create_session(on_crash="restore") as session:
        await session.navigate(page)
        return bool(await session.evaluate(POST, url))


@with_auto_restart(key=lambda row: row["url"])
def visit(client: CMDOPClient, urls: list[str]) -> Iterator[dict[str, Any]]:
    with client.browser.create_session() as session:
        for url in urls:
            page = session.navigate(url)
            yield {"url": url, "title": page.title}


@with_auto_restart(key=lambda row: row["url"])
async def visit_async(client: AsyncCMDOPClient, urls: list[str]) -> AsyncIterator[dict[str, Any]]:
    async with client.browser.create_session() as session:
        for url in urls:
            page = await session.navigate(url)
            yield {"url": url, "title": page.title}


async def test_a_job_goes_on_also_where_its_session_does(machine: Machine, site: WebSite) -> None:
    """What an act came to that was cut off the session cannot tell, so the job begins anew."""
    page = site.at("/plain.html")
    blocking = asyncio.to_thread(post_restored, page, site.at("/gate/restored"))
    assert await killed_meanwhile(blocking, site, "restored", machine)
    job = post_restored_async(page, site.at("/gate/restored-async"))
    assert await killed_meanwhile(job, site, "restored-async", machine)


async def test_function(machine: Machine, site: WebSite) -> None:
    job = asyncio.to_thread(pass_gate, site.at("/gate/function"))
    assert await killed_meanwhile(job, site, "function", machine) == PASSED


async def test_coroutine_function(machine: Machine, site: WebSite) -> None:
    job = pass_gate_async(site.at("/gate/coroutine"))
    assert await killed_meanwhile(job, site, "coroutine", machine) == PASSED


async def test_quick_fetch(machine: Machine, site: WebSite) -> None:
    job = asyncio.to_thread(quick_fetch, site.at("/gate/quick"), selector="#passed")
    assert PASSED in (await killed_meanwhile(job, site, "quick", machine)).html
    job_too = async_quick_fetch(site.at("/gate/quick-async"), selector="#passed")
    assert PASSED in (await killed_meanwhile(job_too, site, "quick-async", machine)).html


async def test_generator(used: Machine, site: WebSite) -> None:
    urls = [site.at("/gate/generator-open"), site.at("/gate/generator"), site.at("/gate/generator-end")]
    site.open_gate("generator-open")
    site.open_gate("generator-end")
    job = asyncio.to_thread(lambda: list(visit(urls)))
    rows = await killed_meanwhile(job, site, "generator", used)
    assert [row["url"] for row in rows] == urls
    assert rows[1]["title"] == "Behind gate generator"


async def test_async_generator(used: Machine, site: WebSite) -> None:
    urls = [site.at("/gate/agen-open"), site.at("/gate/agen"), site.at("/gate/agen-end")]
    site.open_gate("agen-open")
    site.open_gate("agen-end")

    async def collect() -> list[dict[str, Any]]:
        return [row async for row in visit_async(urls)]

    rows = await killed_meanwhile(collect(), site, "agen", used)
    assert [row["url"] for row in rows] == urls


async def test_a_given_client_stays_the_same_and_works_on(used: Machine, site: WebSite) -> None:
    seen: list[CMDOPClient] = []

    @with_auto_restart
    def job(client: CMDOPClient, url: str) -> str:
        seen.append(client)
        return client.browser.fetch(url, selector="#passed").html

    with await asyncio.to_thread(CMDOPClient.local, start=True) as client:
        before = client.agent_info.instance_id
        running = asyncio.to_thread(job, client, site.at("/gate/given"))
        assert PASSED in await killed_meanwhile(running, site, "given", used)
        assert seen == [client, client]
        assert client.agent_info.instance_id != before
        assert client.ping() > 0


async def test_a_given_client_that_may_not_start_agents(used: Machine, site: WebSite) -> None:
    assert await async_ensure_agent_running()
    async with AsyncCMDOPClient.local() as client:
        job = pass_gate_async(client, site.at("/gate/plain"))
        assert await killed_meanwhile(job, site, "plain", used) == PASSED
        assert await client.ping() > 0


async def test_many_jobs_at_once_start_one_agent(used: Machine, site: WebSite) -> None:
    async def jobs() -> list[str]:
        url = site.at("/gate/many")
        blocking = [asyncio.to_thread(pass_gate, url) for _ in range(2)]
        return await asyncio.gather(*blocking, *[pass_gate_async(url) for _ in range(2)])

    assert ensure_agent_running()
    assert await killed_meanwhile(jobs(), site, "many", used) == [PASSED] * 4


async def test_lost_browser_restarts_the_job_and_not_the_agent(used: Machine, site: WebSite) -> None:
    causes: list[BaseException] = []

    @with_auto_restart(on_restart=lambda error, _: causes.append(error))
    async def job(client: AsyncCMDOPClient, url: str) -> str:
        async with client.browser.create_session() as session:
            await session.navigate(url)
            return await session.dom.text("#passed")

    task = asyncio.ensure_future(job(site.at("/gate/browser")))
    await site.records.arrival("/gate/browser")
    started = used.times_started()
    used.kill_browser()
    site.open_gate("browser")
    assert await task == PASSED
    assert [type(cause) for cause in causes] == [BrowserSessionClosedError]
    assert used.times_started() == started


async def test_a_session_that_the_job_closed_is_its_own_error(used: Machine, site: WebSite) -> None:
    calls = 0

    @with_auto_restart
    async def job(client: AsyncCMDOPClient) -> None:
        nonlocal calls
        calls += 1
        session = await client.browser.create_session()
        await session.close()
        await session.title()

    with pytest.raises(BrowserSessionClosedError):
        await job()
    assert calls == 1


def test_recovery_from_what_a_dead_agent_left(machine: Machine) -> None:
    with pytest.raises(AgentNotRunningError):
        CMDOPClient.local()
    assert ensure_desktop_running()
    dead = machine.record()
    machine.kill_agent()
    assert wait_until_ended(machine.agents(), 20) == []
    with pytest.raises(StalePortFileError):
        CMDOPClient.local()
    with get_client_with_recovery() as client:
        assert client.ping() > 0
        assert client.agent_info.instance_id == machine.record().instance_id != dead.instance_id


def test_ensure_keeps_the_agent_that_runs(machine: Machine) -> None:
    assert ensure_agent_running()
    first = machine.record()
    assert ensure_agent_running()
    assert machine.record() == first


async def test_short_ways(used: Machine, site: WebSite) -> None:
    site.open_gate("short")
    url = site.at("/gate/short")

    def text(session: BrowserSession) -> str:
        session.navigate(url)
        return session.dom.text("#passed")

    async def async_text(session: AsyncBrowserSession) -> str:
        await session.navigate(url)
        return await session.dom.text("#passed")

    assert with_session(text, viewport=(800, 600)) == PASSED
    assert await async_with_session(async_text, viewport=(800, 600)) == PASSED
    assert PASSED in quick_fetch(url, selector="#passed").html
    assert PASSED in (await async_quick_fetch(url, selector="#passed")).html
    async with async_get_client_with_recovery() as client:
        assert await client.browser.list_sessions() == []
