"""Calls that arrive twice at a real agent, as a client's retry or a broken connection would have it."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from typing import TYPE_CHECKING, Any

import grpc.aio
import pytest

from cmdop_browser import _methods as methods
from cmdop_browser._convert import requests
from cmdop_browser.exceptions import (
    BrowserScriptError,
    IdempotencyMismatchError,
    Outcome,
    SessionInterruptedError,
)
from cmdop_browser.wire.v1 import sessions_pb2, transfers_pb2
from tests.process.wire import Wire, creation

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.agents import RunningAgent
    from tests.site import WebSite

POST = "url => fetch(url, {method: 'POST'}).then(answer => answer.text())"


@pytest.fixture
async def client(agent: RunningAgent, site: WebSite) -> AsyncIterator[Wire]:
    """A client with a session that is on the test site."""
    client = Wire(agent)
    made = await client.call(methods.CREATE, creation(), "")
    client.session_id = made.session.session_id
    await client.call(methods.NAVIGATE, requests.navigate(client.head(), site.url, "load", None), "")
    yield client
    closing = sessions_pb2.CloseSessionRequest(session_id=client.session_id)
    await client.call(methods.CLOSE, closing, "")
    await client.channel.close()


@pytest.fixture
def gate() -> str:
    """A path on the site that answers when it is told to."""
    return f"idempotent-{uuid.uuid4().hex[:6]}"


async def test_a_duplicate_joins_the_call_that_runs_and_a_late_one_gets_its_result(
    client: Wire, site: WebSite, gate: str
) -> None:
    request = client.evaluate(POST, site.at(f"/gate/{gate}"))
    calls = [asyncio.ensure_future(client.call(methods.EVALUATE, request, "one")) for _ in range(3)]
    await site.records.arrival(f"/gate/{gate}")
    site.open_gate(gate)
    replies = await asyncio.gather(*calls)
    shorter = client.evaluate(POST, site.at(f"/gate/{gate}"), seconds=5.0)
    assert [await client.call(methods.EVALUATE, shorter, "one")] * 3 == replies
    assert len(site.records.requests(f"/gate/{gate}")) == 1


async def test_the_same_key_for_something_else_is_refused(client: Wire) -> None:
    await client.call(methods.EVALUATE, client.evaluate("1"), "one")
    with pytest.raises(IdempotencyMismatchError) as caught:
        await client.call(methods.EVALUATE, client.evaluate("2"), "one")
    assert caught.value.idempotency_key == "one"
    with pytest.raises(IdempotencyMismatchError):
        await client.call(methods.CLEAR_COOKIES, client.evaluate("1").call, "one")


async def test_a_failure_is_told_again(client: Wire, site: WebSite, gate: str) -> None:
    site.open_gate(gate)
    script = f"url => ({POST})(url).then(() => {{ throw new Error('no') }})"
    request = client.evaluate(script, site.at(f"/gate/{gate}"))
    for _ in range(2):
        with pytest.raises(BrowserScriptError, match="no"):
            await client.call(methods.EVALUATE, request, "one")
    assert len(site.records.requests(f"/gate/{gate}")) == 1


@pytest.mark.parametrize("way", ["cancelled", "connection lost"])
async def test_a_duplicate_of_an_act_that_was_given_up_does_not_repeat_it(
    client: Wire, site: WebSite, gate: str, way: str
) -> None:
    request = client.evaluate(POST, site.at(f"/gate/{gate}"))
    first = client.begin(methods.EVALUATE, request, "one")
    waiting = asyncio.ensure_future(_ended(first))
    await site.records.arrival(f"/gate/{gate}")
    if way == "cancelled":
        first.cancel()
    else:
        await client.break_off()
    await waiting
    # The agent may learn of it a moment later: until then the duplicate joins.
    duplicate = asyncio.ensure_future(client.call(methods.EVALUATE, request, "one"))
    await asyncio.wait({duplicate}, timeout=1.0)
    site.open_gate(gate)
    await asyncio.wait({duplicate})
    if (refused := duplicate.exception()) is not None:
        assert isinstance(refused, SessionInterruptedError)
        assert refused.outcome is Outcome.UNKNOWN
    assert len(site.records.requests(f"/gate/{gate}")) == 1


async def _ended(call: Any) -> None:
    with contextlib.suppress(grpc.aio.AioRpcError, asyncio.CancelledError):
        await call


async def test_a_file_that_is_sent_twice_is_there_once(client: Wire) -> None:
    def parts(content: bytes) -> list[Any]:
        header = transfers_pb2.UploadHeader(
            session_id=client.session_id, file_name="a.txt", size_bytes=len(content)
        )
        return [
            transfers_pb2.UploadChunk(header=header),
            *(transfers_pb2.UploadChunk(data=content[at : at + 4]) for at in range(0, len(content), 4)),
        ]

    first = await client.call(methods.SEND_FILE, parts(b"some text"), "file")
    assert await client.call(methods.SEND_FILE, parts(b"some text"), "file") == first
    other = await client.call(methods.SEND_FILE, parts(b"some text"), "another")
    assert other.transfer_id != first.transfer_id
    with pytest.raises(IdempotencyMismatchError):
        await client.call(methods.SEND_FILE, parts(b"some test"), "file")


async def test_a_session_that_is_asked_for_twice_is_made_once_and_can_be_taken_back(client: Wire) -> None:
    before = await client.sessions()
    first, second = await asyncio.gather(
        *(client.call(methods.CREATE, creation(), "session") for _ in range(2))
    )
    assert first.session == second.session
    assert await client.sessions() - before == {first.session.session_id}
    back = sessions_pb2.CloseSessionRequest(creation_key="session")
    assert (await client.call(methods.CLOSE, back, "")).was_open
    assert await client.sessions() == before
    assert not (await client.call(methods.CLOSE, back, "")).was_open
