"""Replies that come in parts, and calls that fail while their connection is whole."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser import CMDOPClient
from cmdop_browser import _methods as methods
from cmdop_browser._async.handle import AsyncHandle
from cmdop_browser._sync.handle import Handle
from cmdop_browser.exceptions import (
    BrowserSessionClosedError,
    ConnectionLostError,
    ConnectionTimeoutError,
    InternalError,
    Outcome,
)
from cmdop_browser.wire import channel as wire
from cmdop_browser.wire.v1 import (
    common_pb2,
    dom_pb2,
    navigation_pb2,
    script_pb2,
    transfers_pb2,
)
from tests.fakes.agent import FakeAgent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.flavours import Flavour


def reply_in_chunks(agent: FakeAgent, page: str) -> None:
    """Have the agent answer with a page that is to be fetched."""
    content = page.encode()

    def download(request: transfers_pb2.DownloadRequest) -> Iterator[transfers_pb2.Chunk]:
        assert request.transfer_id == "t-1"
        for start in range(0, len(content), wire.CHUNK_BYTES):
            yield transfers_pb2.Chunk(data=content[start : start + wire.CHUNK_BYTES])

    agent.streams[methods.DOWNLOAD] = download
    agent.answers[methods.HTML] = lambda _: dom_pb2.ContentReply(
        content=common_pb2.Payload(
            transfer=common_pb2.TransferRef(transfer_id="t-1", size_bytes=len(content))
        )
    )


async def test_what_is_large_is_fetched_in_chunks(session: Any, fake_agent: FakeAgent) -> None:
    page = "x" * (5 * wire.MIB) + "é"
    reply_in_chunks(fake_agent, page)
    assert await session.dom.html() == page


def test_a_blocking_client_fetches_also_where_no_thread_can_look_at_the_agent(
    fake_agent: FakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        """Start no thread of ours, as when the interpreter is about to end."""
        if thread.name == "cmdop-looks":
            raise RuntimeError("can't create new thread at interpreter shutdown")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    page = "x" * (5 * wire.MIB)
    reply_in_chunks(fake_agent, page)
    with CMDOPClient.local() as client, client.browser.create_session() as session:
        assert session.dom.html() == page


@pytest.mark.parametrize("on_crash", ["raise", "restore"])
async def test_a_download_that_ends_early_is_an_error_and_no_loss(
    flavour: Flavour, fake_agent: FakeAgent, on_crash: str
) -> None:
    reply = common_pb2.Payload(transfer=common_pb2.TransferRef(transfer_id="t-1", size_bytes=3))
    fake_agent.streams[methods.DOWNLOAD] = lambda _: iter([transfers_pb2.Chunk(data=b"xy")])
    fake_agent.capabilities = ("restore",)
    fake_agent.answers |= {
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


async def test_an_act_whose_reply_does_not_come_in_time_may_not_be_repeated(
    flavour: Flavour, fake_agent: FakeAgent
) -> None:
    silence = threading.Event()

    def hold(_request: object) -> Iterator[transfers_pb2.Chunk]:
        yield transfers_pb2.Chunk(data=b"abc")
        silence.wait(30)

    reply = common_pb2.Payload(transfer=common_pb2.TransferRef(transfer_id="t-1", size_bytes=6))
    fake_agent.answers[methods.EVALUATE] = lambda _: script_pb2.EvaluateReply(value=reply)
    fake_agent.streams[methods.DOWNLOAD] = hold
    async with flavour.local() as client:
        session = await client.browser.create_session()
        with pytest.raises(ConnectionTimeoutError) as caught:
            await session.evaluate("document.forms[0].submit()", timeout=2.0)
        assert (caught.value.outcome, caught.value.safe_to_repeat) == (Outcome.EXECUTED, False)
        silence.set()


async def test_an_act_whose_reply_goes_with_its_agent_may_not_be_repeated(
    flavour: Flavour, runtime_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = common_pb2.Payload(transfer=common_pb2.TransferRef(transfer_id="t-1", size_bytes=6))
    with FakeAgent(runtime_dir) as agent:
        agent.answers[methods.EVALUATE] = lambda _: script_pb2.EvaluateReply(value=reply)
        client = await flavour.local()
        session = await client.browser.create_session()

        def receive(handle: Any, *given: Any) -> Any:
            agent.stop()
            return receives[type(handle)](handle, *given)

        receives: dict[type, Any] = {AsyncHandle: AsyncHandle.receive, Handle: Handle.receive}
        for handles in receives:
            monkeypatch.setattr(handles, "receive", receive)
        with pytest.raises(BrowserSessionClosedError) as caught:
            await session.evaluate("document.forms[0].submit()")
        assert (caught.value.outcome, caught.value.safe_to_repeat) == (Outcome.UNKNOWN, False)
        await client.close()
