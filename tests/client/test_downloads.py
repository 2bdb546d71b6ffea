"""Replies that come in parts, and calls that fail while their connection is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser import _methods as methods
from cmdop_browser.exceptions import (
    ConnectionLostError,
    InternalError,
)
from cmdop_browser.wire import channel as wire
from cmdop_browser.wire.v1 import (
    agent_pb2,
    common_pb2,
    dom_pb2,
    navigation_pb2,
    transfers_pb2,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.agent import FakeAgent
    from tests.flavours import Flavour


async def test_what_is_large_is_fetched_in_chunks(session: Any, fake_agent: FakeAgent) -> None:
    page = "x" * (5 * wire.MIB) + "é"

    def download(request: transfers_pb2.DownloadRequest) -> Iterator[transfers_pb2.Chunk]:
        assert request.transfer_id == "t-1"
        content = page.encode()
        for start in range(0, len(content), wire.CHUNK_BYTES):
            yield transfers_pb2.Chunk(data=content[start : start + wire.CHUNK_BYTES])

    fake_agent.streams[methods.DOWNLOAD] = download
    fake_agent.answers[methods.HTML] = lambda _: dom_pb2.ContentReply(
        content=common_pb2.Payload(
            transfer=common_pb2.TransferRef(transfer_id="t-1", size_bytes=len(page.encode()))
        )
    )
    assert await session.dom.html() == page


@pytest.mark.parametrize("on_crash", ["raise", "restore"])
async def test_a_download_that_ends_early_is_an_error_and_no_loss(
    flavour: Flavour, fake_agent: FakeAgent, on_crash: str
) -> None:
    reply = common_pb2.Payload(transfer=common_pb2.TransferRef(transfer_id="t-1", size_bytes=3))
    fake_agent.streams[methods.DOWNLOAD] = lambda _: iter([transfers_pb2.Chunk(data=b"xy")])
    fake_agent.answers |= {
        methods.HELLO: lambda _: agent_pb2.AgentInfo(
            instance_id=fake_agent.instance_id, protocol_min=1, protocol_max=1, capabilities=["restore"]
        ),
        methods.FETCH: lambda _: navigation_pb2.FetchReply(html=reply),
        methods.HTML: lambda _: dom_pb2.ContentReply(content=reply),
        methods.COUNT: lambda _: dom_pb2.CountReply(count=3),
    }
    async with flavour.local() as client:
        session = await client.browser.create_session(on_crash=on_crash)
        with pytest.raises(InternalError, match="2 of 3 bytes") as caught:
            await client.browser.fetch("http://a.test/", on_crash=on_crash)
        assert not caught.value.retryable
        with pytest.raises(InternalError, match="2 of 3 bytes"):
            await session.dom.html()
        # Neither was asked for again, and the session is what it was.
        assert await session.dom.count("a") == 3
    assert (len(fake_agent.of(methods.FETCH)), len(fake_agent.of(methods.HTML))) == (1, 1)
    assert len(fake_agent.of(methods.DOWNLOAD)) == 2


async def test_a_call_that_fails_on_a_whole_connection_does_not_wait_for_its_end(
    client: Any, fake_agent: FakeAgent
) -> None:
    fake_agent.raises[methods.FETCH] = ConnectionLostError("so says the agent")
    with pytest.raises(ConnectionLostError, match="so says the agent"):
        await client.browser.fetch("http://a.test/", timeout=5, queue_timeout=0)
    assert len(fake_agent.of(methods.FETCH)) == 1
