"""How an agent ends: in good order, within a limit, and with nothing left."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any

import grpc
import psutil
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from agent_bridge.supervision.processes import wait_until_ended
from cmdop_browser import AsyncCMDOPClient
from cmdop_browser._async import transfers as async_transfers
from cmdop_browser._async.rpc import AsyncRpc
from cmdop_browser._sync import transfers
from cmdop_browser._sync.rpc import Rpc
from cmdop_browser.exceptions import (
    AgentNotRunningError,
    AgentOfflineError,
    BrowserSessionClosedError,
    CloseReason,
    Outcome,
)
from cmdop_browser.wire import channel as wire
from tests.agents import RunningAgent
from tests.flavours import BOTH, Together, in_both
from tests.process.faults.faults import session_of_another_client
from tests.site import WebSite
from tests.waiting import until_offline

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
    from pathlib import Path

    from tests.flavours import Flavour


# Longer than any of these tests takes: what ends before did not wait for it.
LONG = 120.0
LARGE_PAGE = "/huge/prose"


@pytest.fixture(scope="module")
def site() -> Iterator[WebSite]:
    with WebSite() as site:
        yield site


def processes_of(agent: RunningAgent) -> list[psutil.Process]:
    """Return the processes below the agent."""
    return psutil.Process(agent.process.pid).children(recursive=True)


async def ended(agent: RunningAgent) -> int:
    """Wait for the agent's process and return its exit code."""
    return await asyncio.to_thread(agent.process.wait, 30)


def assert_nothing_left(agent: RunningAgent, processes: list[psutil.Process]) -> None:
    assert wait_until_ended(processes, 10) == []
    directory = agent.runtime_dir / "default"
    assert not (directory / "agent.json").exists()
    assert list(directory.glob("*.sock")) == []
    assert list((directory / "tmp").iterdir()) == []


async def begin_behind_gate(session: Any, site: WebSite, gate: str) -> asyncio.Task[Any]:
    """Start a navigation that waits at a gate of the site, and wait until it is there."""
    navigating: asyncio.Task[Any] = asyncio.ensure_future(session.navigate(site.at(f"/gate/{gate}")))
    await site.records.arrival(f"/gate/{gate}")
    return navigating


async def record_gone(agent: RunningAgent) -> None:
    """Wait until clients cannot find the agent any more."""
    async with asyncio.timeout(10):
        while (agent.runtime_dir / "default" / "agent.json").exists():  # noqa: ASYNC110 -- another process's file
            await asyncio.sleep(0.01)


async def test_sessions_go_on_while_the_agent_drains_until_they_are_closed(
    site: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RunningAgent(drain_timeout=LONG) as agent:
        monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
        together = Together()
        processes: list[psutil.Process] = []

        async def part(flavour: Flavour) -> None:
            gate = f"drain-{flavour.name}"
            async with flavour.local() as client:
                session = await client.browser.create_session()
                processes.extend(processes_of(agent))
                navigating = await begin_behind_gate(session, site, gate)
                await together.once(lambda: agent.process.send_signal(signal.SIGTERM))
                await record_gone(agent)
                with pytest.raises(AgentNotRunningError):
                    async with flavour.local():
                        pytest.fail("a draining agent took a new client")
                for refused in (
                    client.browser.create_session(),
                    client.browser.fetch(site.at("/plain.html")),
                ):
                    with pytest.raises(AgentOfflineError, match="being stopped") as caught:
                        await refused
                    assert caught.value.agent_id == agent.record["instance_id"]
                site.open_gate(gate)
                assert (await navigating).status == 200
                assert (await session.navigate(site.at("/plain.html"))).title == "Plain page"
                assert agent.process.poll() is None
                await session.close()
                assert await ended(agent) == 0

        await in_both(part)
        assert_nothing_left(agent, processes)


async def test_who_waits_for_a_slot_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with RunningAgent(drain_timeout=LONG, max_sessions=2) as agent:
        monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
        together = Together()

        async def part(flavour: Flavour) -> None:
            async with flavour.local() as client, flavour.local() as waiting:
                session = await client.browser.create_session()
                await together.meet()
                creating = asyncio.ensure_future(waiting.browser.create_session(queue_timeout=LONG))
                while await queued() < len(BOTH):
                    assert not creating.done()
                await together.once(lambda: agent.process.send_signal(signal.SIGTERM))
                with pytest.raises(AgentOfflineError, match="being stopped"):
                    await creating
                await session.close()
                assert await ended(agent) == 0

        await in_both(part)


async def queued() -> int:
    """How many wait for a slot of the agent."""
    async with AsyncCMDOPClient.local() as looking:
        return looking.agent_info.pressure.queued


@pytest.mark.parametrize("again", [signal.SIGTERM, signal.SIGINT])
async def test_the_second_signal_ends_it_at_once(
    site: WebSite, monkeypatch: pytest.MonkeyPatch, again: signal.Signals
) -> None:
    with RunningAgent(drain_timeout=LONG) as agent:
        monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
        together = Together()
        processes: list[psutil.Process] = []

        async def part(flavour: Flavour) -> None:
            async with flavour.local() as client:
                session = await client.browser.create_session()
                processes.extend(processes_of(agent))
                navigating = await begin_behind_gate(session, site, f"at-once-{flavour.name}-{again.name}")
                await together.once(lambda: agent.process.send_signal(signal.SIGTERM))
                await record_gone(agent)
                await together.once(lambda: agent.process.send_signal(again))
                with pytest.raises(BrowserSessionClosedError) as closed:
                    await navigating
                assert (closed.value.reason, closed.value.outcome) == (CloseReason.SHUTDOWN, Outcome.UNKNOWN)
                assert await ended(agent) == 0

        await in_both(part)
        assert_nothing_left(agent, processes)


async def test_a_call_that_has_not_begun_at_the_limit_says_so(
    site: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RunningAgent(drain_timeout=0.5) as agent:
        monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
        together = Together()

        async def part(flavour: Flavour) -> None:
            async with flavour.local() as client:
                session = await client.browser.create_session()
                other = await client.browser.get_session(session.id)
                navigating = await begin_behind_gate(session, site, f"turn-{flavour.name}")
                await together.once(lambda: agent.process.send_signal(signal.SIGTERM))
                await record_gone(agent)
                # It is taken while the agent drains, and does not come to its turn.
                with pytest.raises(BrowserSessionClosedError) as closed:
                    await other.click("a")
                assert (closed.value.reason, closed.value.outcome) == (
                    CloseReason.SHUTDOWN,
                    Outcome.NOT_EXECUTED,
                )
                assert closed.value.retryable
                with pytest.raises(BrowserSessionClosedError):
                    await navigating
                assert await ended(agent) == 0

        await in_both(part)


@pytest.mark.parametrize("call", ["fetch", "html"])
async def test_a_large_reply_is_fetched_although_the_drain_began_before(
    site: WebSite, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    with RunningAgent(drain_timeout=LONG) as agent:
        monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
        together = Together()
        ready_to_fetch(monkeypatch, lambda: together.once(lambda: drain(agent)))

        async def part(flavour: Flavour) -> None:
            async with flavour.local() as client:
                if call == "fetch":
                    html = (await client.browser.fetch(site.at(LARGE_PAGE, mb=5))).html
                else:
                    session = await client.browser.create_session()
                    await session.navigate(site.at(LARGE_PAGE, mb=5))
                    html = await session.dom.html()
                    await session.close()
                assert len(html) > wire.INLINE_PAYLOAD_BYTES
                assert await ended(agent) == 0

        await in_both(part)


async def drain(agent: RunningAgent) -> None:
    """Tell an agent to end, and wait until it does."""
    agent.process.send_signal(signal.SIGTERM)
    await record_gone(agent)


def ready_to_fetch(
    monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    """Have something happen between each call and the fetching of what it brought."""
    loop = asyncio.get_running_loop()
    async_receive, receive = AsyncRpc.receive, Rpc.receive

    async def receive_after(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        await meanwhile()
        async for reply in async_receive(*args, **kwargs):
            yield reply

    def receive_after_blocking(*args: Any, **kwargs: Any) -> Iterator[Any]:
        asyncio.run_coroutine_threadsafe(meanwhile(), loop).result()
        yield from receive(*args, **kwargs)

    monkeypatch.setattr(AsyncRpc, "receive", receive_after)
    monkeypatch.setattr(Rpc, "receive", receive_after_blocking)


async def test_a_file_is_used_although_the_drain_began_after_it_was_sent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "some.txt"
    file.write_text("x")
    loop = asyncio.get_running_loop()
    together = Together()

    async def send_and_drain(*args: Any, **kwargs: Any) -> str:
        sent = await async_send(*args, **kwargs)
        await together.once(lambda: drain(agent))
        return sent

    def send_and_drain_blocking(*args: Any, **kwargs: Any) -> str:
        sent = send(*args, **kwargs)
        asyncio.run_coroutine_threadsafe(together.once(lambda: drain(agent)), loop).result()
        return sent

    async_send, send = async_transfers.send_file, transfers.send_file
    monkeypatch.setattr(async_transfers, "send_file", send_and_drain)
    monkeypatch.setattr(transfers, "send_file", send_and_drain_blocking)

    async def part(flavour: Flavour) -> None:
        async with flavour.local() as client, client.browser.create_session() as session:
            await session.evaluate("document.body.innerHTML = '<input type=file>'")
            await session.upload("input", file)
            assert await session.evaluate("document.querySelector('input').files[0].name") == "some.txt"

    with RunningAgent(drain_timeout=LONG) as agent:
        monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
        await in_both(part)
        assert await ended(agent) == 0


async def test_a_client_that_dies_does_not_hold_up_the_drain(
    site: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RunningAgent(drain_timeout=LONG, lease_grace=0.05) as agent:
        monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
        with session_of_another_client() as (_, other):
            agent.process.send_signal(signal.SIGTERM)
            await record_gone(agent)
            other.kill()
            assert await ended(agent) == 0


async def test_a_call_that_outlasts_the_drain_ends_with_the_reason(
    site: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RunningAgent(drain_timeout=0.3) as agent:
        monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
        together = Together()
        processes: list[psutil.Process] = []

        async def part(flavour: Flavour) -> None:
            async with flavour.local() as client:
                session = await client.browser.create_session()
                processes.extend(processes_of(agent))
                navigating = await begin_behind_gate(session, site, f"never-{flavour.name}")
                await together.once(lambda: agent.process.send_signal(signal.SIGTERM))
                with pytest.raises(BrowserSessionClosedError) as closed:
                    await navigating
                assert closed.value.reason is CloseReason.SHUTDOWN
                assert closed.value.outcome is Outcome.UNKNOWN
                assert await ended(agent) == 0

        await in_both(part)
        assert_nothing_left(agent, processes)


@pytest.mark.parametrize("on_crash", ["raise", "restore"])
async def test_who_comes_after_the_end_is_told_the_reason(
    monkeypatch: pytest.MonkeyPatch, on_crash: str
) -> None:
    with RunningAgent(drain_timeout=0) as agent:
        monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
        together = Together()

        async def part(flavour: Flavour) -> None:
            async with flavour.local() as client:
                session = await client.browser.create_session(on_crash=on_crash)
                await session.title()
                other = await client.browser.get_session(session.id)
                await together.once(lambda: agent.process.send_signal(signal.SIGTERM))
                assert await ended(agent) == 0
                await until_offline(client)
                for handle in (session, other):
                    with pytest.raises(BrowserSessionClosedError) as closed:
                        await handle.click("a")
                    assert (closed.value.reason, closed.value.outcome) == (
                        CloseReason.SHUTDOWN,
                        Outcome.NOT_EXECUTED,
                    )
                assert session.is_closed

        await in_both(part)


async def test_an_agent_without_clients_ends_by_itself_when_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with RunningAgent(idle_exit=2.0) as agent:
        monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
        processes: list[psutil.Process] = []
        together = Together()

        async def part(flavour: Flavour) -> None:
            async with flavour.local() as client, client.browser.create_session() as session:
                await session.navigate("about:blank")
                processes.extend(processes_of(agent))
                assert agent.process.poll() is None
                await together.meet()

        await in_both(part)
        assert await ended(agent) == 0
        assert_nothing_left(agent, processes)


async def test_health_tells_alive_from_accepting(site: WebSite, monkeypatch: pytest.MonkeyPatch) -> None:
    serving = health_pb2.HealthCheckResponse.SERVING
    not_serving = health_pb2.HealthCheckResponse.NOT_SERVING
    with RunningAgent() as agent:
        monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
        async with grpc.aio.insecure_channel(
            f"unix:{agent.record['socket']}", options=[("grpc.default_authority", "localhost")]
        ) as channel:
            health: Any = health_pb2_grpc.HealthStub(channel)
            for name in ("", "alive", "accepting"):
                reply = await health.Check(health_pb2.HealthCheckRequest(service=name))
                assert reply.status == serving
            watch = health.Watch(health_pb2.HealthCheckRequest(service="accepting"))
            assert (await watch.read()).status == serving
            agent.process.send_signal(signal.SIGTERM)
            assert (await watch.read()).status == not_serving
        assert await ended(agent) == 0


async def test_a_call_without_the_token_is_refused(agent: RunningAgent) -> None:
    from cmdop_browser.exceptions import InvalidAPIKeyError
    from cmdop_browser.wire.errors import from_rpc_error
    from cmdop_browser.wire.v1 import agent_pb2, agent_pb2_grpc

    async with grpc.aio.insecure_channel(
        f"unix:{agent.record['socket']}", options=[("grpc.default_authority", "localhost")]
    ) as channel:
        stub: Any = agent_pb2_grpc.AgentServiceStub(channel)
        for metadata in ((), (("cmdop-token", "guess"),), (("cmdop-token", ""),)):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await stub.Ping(agent_pb2.PingRequest(), metadata=metadata)
            assert isinstance(from_rpc_error(refused.value), InvalidAPIKeyError)
    assert str(agent.record["token"]) not in agent.log()
