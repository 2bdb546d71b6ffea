"""Connecting, the lease, and what a client does when it is closed, forked or misused."""

from __future__ import annotations

import asyncio
import builtins
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from cmdop_browser import AsyncCMDOPClient, CMDOPClient
from cmdop_browser import _methods as methods
from cmdop_browser.exceptions import (
    AgentNotRunningError,
    BadRequestError,
    CMDOPError,
    ConnectionError,
    ConnectionTimeoutError,
    MethodNotFoundError,
    PermissionDeniedError,
    StalePortFileError,
)
from cmdop_browser.wire import channel as wire
from cmdop_browser.wire.v1 import agent_pb2
from tests.fakes.agent import FakeAgent
from tests.waiting import eventually, until_offline

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flavours import Flavour


async def test_a_connected_client_knows_its_agent(flavour: Flavour, fake_agent: FakeAgent) -> None:
    async with flavour.local() as client:
        assert client.mode == "local"
        assert client.agent_info.instance_id == fake_agent.instance_id
        assert client.agent_info.protocol == (1, 1)
        assert 0 < await client.ping() < 10


async def test_local_can_be_awaited_too(flavour: Flavour, fake_agent: FakeAgent) -> None:
    client = await flavour.local()
    await client.close()
    assert len(fake_agent.of(methods.DETACH)) == 1


async def test_each_call_carries_token_client_and_a_request_id(
    flavour: Flavour, fake_agent: FakeAgent
) -> None:
    async with flavour.local() as client:
        await client.ping()
        await client.ping()
    headers = [call.metadata for call in fake_agent.calls]
    assert {header[wire.TOKEN_KEY] for header in headers} == {fake_agent.token}
    assert len({header[wire.CLIENT_ID_KEY] for header in headers}) == 1
    assert len({header[wire.REQUEST_ID_KEY] for header in headers}) == len(headers)


async def test_two_clients_of_one_process_hold_leases_of_their_own(
    flavour: Flavour, fake_agent: FakeAgent
) -> None:
    async with flavour.local(), flavour.local():
        first, second = await asyncio.to_thread(fake_agent.wait_for, methods.ATTACH, 2)
    assert first.metadata[wire.CLIENT_ID_KEY] != second.metadata[wire.CLIENT_ID_KEY]
    assert first.request != second.request  # their secrets


async def test_no_agent(flavour: Flavour, runtime_dir: Path) -> None:
    with pytest.raises(AgentNotRunningError) as caught:
        await flavour.local()
    assert caught.value.agent == "default"
    assert str(runtime_dir) in caught.value.searched[0]


async def test_a_stale_record_is_named_and_can_be_cleaned_up(flavour: Flavour, runtime_dir: Path) -> None:
    with FakeAgent(runtime_dir):
        pass
    with pytest.raises(StalePortFileError) as caught:
        await flavour.local()
    assert caught.value.cleanup() is True
    with pytest.raises(AgentNotRunningError):
        await flavour.local()


async def test_an_agent_that_dies_while_it_is_greeted_is_a_stale_one(
    flavour: Flavour, runtime_dir: Path
) -> None:
    with FakeAgent(runtime_dir) as dying:

        def die(_: object) -> agent_pb2.AgentInfo:
            dying.hang_up()
            dying.release.wait(30)
            return agent_pb2.AgentInfo()

        dying.answers[methods.HELLO] = die
        with pytest.raises(StalePortFileError):
            await flavour.local()


async def test_another_instance_than_the_recorded_one_is_refused(
    flavour: Flavour, fake_agent: FakeAgent
) -> None:
    fake_agent.announced_instance_id = "somebody-else"
    with pytest.raises(StalePortFileError):
        await flavour.local()
    assert not fake_agent.of(methods.ATTACH)


async def test_a_protocol_of_the_future_is_refused(flavour: Flavour, fake_agent: FakeAgent) -> None:
    fake_agent.answers[methods.HELLO] = lambda _: agent_pb2.AgentInfo(
        instance_id=fake_agent.instance_id, agent_version="9.0.0", protocol_min=7, protocol_max=9
    )
    with pytest.raises(MethodNotFoundError) as caught:
        await flavour.local()
    assert caught.value.agent_version == "9.0.0"


async def test_a_refused_lease_shows_with_a_later_call(flavour: Flavour, fake_agent: FakeAgent) -> None:
    fake_agent.refuses_lease = PermissionDeniedError("the secret is another one")

    async def ping_on() -> None:
        while True:
            await client.ping()

    async with flavour.local() as client:
        with pytest.raises(PermissionDeniedError):
            await ping_on()


async def test_connecting_to_an_agent_that_does_not_answer_takes_no_longer_than_asked(
    flavour: Flavour, fake_agent: FakeAgent
) -> None:
    fake_agent.held.add(methods.HELLO)
    with pytest.raises(ConnectionTimeoutError) as caught:
        await flavour.local(timeout=0.3)
    assert caught.value.timeout_seconds == 0.3
    assert isinstance(caught.value, TimeoutError)


@pytest.mark.parametrize(
    "options",
    [{"timeout": 0}, {"timeout": -1}, {"timeout": True}, {"agent": "../etc"}, {"agent": 7}, {"start": "yes"}],
    ids=repr,
)
async def test_bad_arguments_are_refused(
    flavour: Flavour, runtime_dir: Path, options: dict[str, object]
) -> None:
    with pytest.raises(BadRequestError) as caught:
        await flavour.local(**options)
    assert caught.value.field == next(iter(options))


async def test_a_silent_agent_is_told_from_a_slow_call(flavour: Flavour, fake_agent: FakeAgent) -> None:
    async with flavour.local() as client:
        fake_agent.held.add(methods.PING)
        os.utime(fake_agent.record)
        with pytest.raises(ConnectionTimeoutError) as caught:
            await client.ping(timeout=0.2)
        assert "alive" in caught.value.tips[0]
        os.utime(fake_agent.record, (0, 0))
        with pytest.raises(ConnectionTimeoutError) as caught:
            await client.ping(timeout=0.2)
        assert "no sign of life" in caught.value.tips[0]
        fake_agent.release.set()


async def test_a_lease_that_ended_is_taken_again(flavour: Flavour, fake_agent: FakeAgent) -> None:
    fake_agent.says_attached = False
    async with flavour.local() as client:
        await asyncio.to_thread(fake_agent.wait_for, methods.ATTACH)
        fake_agent.end_leases()
        while len(fake_agent.of(methods.ATTACH)) < 2:
            await client.ping()
        first, second = fake_agent.of(methods.ATTACH)[:2]
    assert first.request == second.request  # the same secret, so the same lease


async def test_calls_after_close_are_refused(flavour: Flavour, fake_agent: FakeAgent) -> None:
    async with flavour.local() as client:
        # Connecting does not wait for the lease, which would else count as made after the end.
        await asyncio.to_thread(eventually, lambda: fake_agent.of(methods.ATTACH))
    calls = len(fake_agent.calls)
    await client.close()
    for call in (
        client.ping(),
        client.reconnect(),
        client.browser.list_sessions(),
        client.browser.create_session(),
    ):
        with pytest.raises(ConnectionError, match="closed") as caught:
            await call
        assert isinstance(caught.value, builtins.ConnectionError)
    assert len(fake_agent.calls) == calls


async def test_closing_during_a_call_ends_it_with_an_error_of_ours(
    flavour: Flavour, fake_agent: FakeAgent
) -> None:
    client = await flavour.local()
    fake_agent.held.add(methods.LIST)
    running = asyncio.ensure_future(client.browser.list_sessions())
    await asyncio.to_thread(fake_agent.arrived.wait)
    await client.close()
    with pytest.raises(ConnectionError):
        await running


async def test_closing_a_client_whose_agent_is_gone_is_fine(flavour: Flavour, runtime_dir: Path) -> None:
    with FakeAgent(runtime_dir):
        client = await flavour.local()
    await client.close()


async def test_reconnecting_reaches_a_new_instance_as_the_same_client(
    flavour: Flavour, runtime_dir: Path
) -> None:
    with FakeAgent(runtime_dir) as old:
        client = await flavour.local()
        (before,) = await asyncio.to_thread(old.wait_for, methods.ATTACH)
    await until_offline(client)
    with FakeAgent(runtime_dir) as new:
        await client.reconnect()
        assert client.agent_info.instance_id == new.instance_id
        (after,) = await asyncio.to_thread(new.wait_for, methods.ATTACH)
        assert before.metadata[wire.CLIENT_ID_KEY] == after.metadata[wire.CLIENT_ID_KEY]
        await client.close()


async def test_reconnecting_keeps_a_connection_that_works(flavour: Flavour, fake_agent: FakeAgent) -> None:
    async with flavour.local() as client:
        await asyncio.gather(*(client.reconnect() for _ in range(5)))
        assert len(fake_agent.of(methods.HELLO)) == 1


async def test_a_failed_reconnection_leaves_a_client_that_can_try_again(
    flavour: Flavour, runtime_dir: Path
) -> None:
    with FakeAgent(runtime_dir):
        client = await flavour.local()
    with pytest.raises(StalePortFileError):
        await client.reconnect()
    with pytest.raises(CMDOPError):
        await client.ping()
    with FakeAgent(runtime_dir):
        await client.reconnect()
        await client.ping()
        await client.close()


async def test_an_error_in_the_body_is_never_masked(flavour: Flavour, fake_agent: FakeAgent) -> None:
    async def body() -> None:
        async with flavour.local():
            fake_agent.stop()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await body()


def test_an_async_client_says_when_it_is_on_another_loop(fake_agent: FakeAgent) -> None:
    async def connect() -> AsyncCMDOPClient:
        return await AsyncCMDOPClient.local()

    client = asyncio.run(connect())
    with pytest.raises(ConnectionError, match="another event loop"):
        asyncio.run(client.ping())


async def test_the_sync_client_works_inside_a_running_loop(fake_agent: FakeAgent) -> None:
    with CMDOPClient.local() as client:
        assert client.ping() < 10


def test_threads_may_share_a_sync_client(fake_agent: FakeAgent) -> None:
    def use(client: CMDOPClient) -> None:
        for _ in range(20):
            client.ping()
            client.browser.list_sessions()

    with CMDOPClient.local() as client, ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(use, client) for _ in range(8)]:
            done.result()


_FORK = """
import os, sys
from cmdop_browser import CMDOPClient
from cmdop_browser.exceptions import ConnectionError
client = CMDOPClient.local()
session = client.browser.create_session()
child = os.fork()
if child == 0:
    try:
        session.url()
    except ConnectionError as error:
        assert "fork" in error.message and "spawn" in str(error), error
        client.close()
        with CMDOPClient.local() as own:
            own.ping()
        sys.exit(7)  # through all that the interpreter does at its end
    sys.exit(1)
_, status = os.waitpid(child, 0)
client.ping()
client.close()
sys.exit(os.waitstatus_to_exitcode(status))
"""

_FORGETFUL = """
import asyncio, sys
from cmdop_browser import AsyncCMDOPClient, CMDOPClient
client = CMDOPClient.local()
client.browser.create_session()
async def main():
    global left
    left = await AsyncCMDOPClient.local()
asyncio.run(main())
"""


async def _run(script: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-c", script, stderr=asyncio.subprocess.PIPE
    )
    _, stderr = await process.communicate()
    return process.returncode, stderr.decode()


async def test_a_forked_child_is_told_and_exits_cleanly(fake_agent: FakeAgent) -> None:
    code, stderr = await _run(_FORK)
    assert code == 7, stderr


async def test_a_program_that_forgets_to_close_its_clients_ends(fake_agent: FakeAgent) -> None:
    code, stderr = await _run(_FORGETFUL)
    assert code == 0, stderr
    assert "Traceback" not in stderr
