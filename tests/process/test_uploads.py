"""Files that arrive slowly, and sessions that end meanwhile or would be idle."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser import _methods as methods
from cmdop_browser.exceptions import BadRequestError, BrowserSessionClosedError, CloseReason
from cmdop_browser.wire.rendezvous import AgentPaths
from cmdop_browser.wire.v1 import sessions_pb2, transfers_pb2
from tests.process.wire import Wire, creation
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.agents import RunningAgent


class SlowFile:
    """A file of two parts, the second of which is sent when it is told to.

    Attributes:
        rest: Set to send it.
        place: Where the agent keeps what it has received for the session.
    """

    def __init__(self, agent: RunningAgent, session_id: str) -> None:
        self.rest = asyncio.Event()
        temporary = AgentPaths.of("default", agent.runtime_dir).temporary
        self.place: Path = temporary / str(agent.record["instance_id"]) / "uploads" / session_id
        self._session_id = session_id

    async def parts(self) -> AsyncIterator[transfers_pb2.UploadChunk]:
        yield self.header(size=8)
        yield transfers_pb2.UploadChunk(data=b"some")
        await self.rest.wait()
        yield transfers_pb2.UploadChunk(data=b"text")

    def header(self, size: int) -> transfers_pb2.UploadChunk:
        return transfers_pb2.UploadChunk(
            header=transfers_pb2.UploadHeader(session_id=self._session_id, file_name="a.txt", size_bytes=size)
        )

    async def is_on_its_way(self) -> None:
        """Wait until the agent has begun to write it."""
        await asyncio.to_thread(eventually, lambda: list(self.place.rglob("a.txt")))


@pytest.fixture
async def client(agent: RunningAgent) -> AsyncIterator[Wire]:
    client = Wire(agent)
    yield client
    for session_id in await client.sessions():
        await close(client, session_id)
    await client.channel.close()


async def create(client: Wire, **options: Any) -> str:
    made = await client.call(methods.CREATE, creation(**options))
    return str(made.session.session_id)


async def close(client: Wire, session_id: str) -> None:
    await client.call(methods.CLOSE, sessions_pb2.CloseSessionRequest(session_id=session_id))


async def test_a_file_whose_session_ends_meanwhile_is_not_kept(client: Wire, agent: RunningAgent) -> None:
    session_id = await create(client)
    file = SlowFile(agent, session_id)
    sending = asyncio.ensure_future(client.call(methods.SEND_FILE, file.parts(), "file"))
    await file.is_on_its_way()
    await close(client, session_id)
    file.rest.set()
    with pytest.raises(BrowserSessionClosedError) as caught:
        await sending
    assert caught.value.reason is CloseReason.CLOSED_BY_CALLER
    assert not file.place.exists()


async def test_a_session_is_not_idle_while_a_file_arrives(client: Wire, agent: RunningAgent) -> None:
    session_id = await create(client, idle_timeout=2.0)
    file = SlowFile(agent, session_id)
    sending = asyncio.ensure_future(client.call(methods.SEND_FILE, file.parts(), "file"))
    await file.is_on_its_way()
    later = await create(client, idle_timeout=2.0)
    async with asyncio.timeout(20):
        while later in await client.sessions():
            pass
    assert session_id in await client.sessions()
    file.rest.set()
    assert (await sending).size_bytes == 8


async def test_nothing_is_left_of_a_first_file_that_does_not_arrive(
    client: Wire, agent: RunningAgent
) -> None:
    session_id = await create(client)
    file = SlowFile(agent, session_id)
    with pytest.raises(BadRequestError):
        await client.call(methods.SEND_FILE, [file.header(size=8)], "file")
    await close(client, session_id)
    assert not file.place.exists()
