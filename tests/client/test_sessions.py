"""The life of a session as its client sees it: begun, used, lost, closed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser import AsyncCMDOPClient
from cmdop_browser import _methods as methods
from cmdop_browser.exceptions import (
    BadRequestError,
    BrowserElementNotFoundError,
    BrowserSessionClosedError,
    CloseReason,
    ConnectionError,
    ConnectionTimeoutError,
    ElementCause,
    FeatureNotAvailableError,
    InternalError,
    Outcome,
    SessionInterruptedError,
)
from cmdop_browser.wire import channel as wire
from cmdop_browser.wire.v1 import common_pb2, navigation_pb2, sessions_pb2
from tests.fakes.agent import FakeAgent
from tests.waiting import until_offline

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flavours import Flavour


# gRPC gives a little more time than it was told; a busy machine may have used any part of it.
ROUNDED = 0.5


async def test_creating_waits_for_queue_and_work_under_one_deadline(
    client: Any, fake_agent: FakeAgent
) -> None:
    await client.browser.create_session(timeout=5.0, queue_timeout=7.0)
    (call,) = fake_agent.of(methods.CREATE)
    assert call.request.timeout_seconds == 5.0
    assert call.request.queue_timeout_seconds == 7.0
    assert 7.0 + wire.RPC_GRACE < (call.time_remaining or 0.0) <= 12.0 + wire.RPC_GRACE + ROUNDED


async def test_a_call_gives_the_agent_its_time_and_gets_the_answer_a_little_later(
    client: Any, fake_agent: FakeAgent
) -> None:
    session = await client.browser.create_session(timeout=11.0)
    await session.navigate("http://site.test/")
    await session.navigate("http://site.test/", timeout=3.0)
    default, own = fake_agent.of(methods.NAVIGATE)
    assert default.request.call.timeout_seconds == 11.0
    assert own.request.call.timeout_seconds == 3.0
    assert 0.0 < (own.time_remaining or 0.0) <= 3.0 + wire.RPC_GRACE + ROUNDED
    assert own.request.call.session.session_id == session.id
    assert own.request.call.session.epoch == 1


async def test_an_agent_that_takes_longer_to_diagnose_is_given_the_time(
    flavour: Flavour, fake_agent: FakeAgent
) -> None:
    fake_agent.diagnosis_seconds = 6.0
    async with flavour.local() as client:
        session = await client.browser.create_session()
        await session.navigate("http://site.test/", timeout=3.0)
    (call,) = fake_agent.of(methods.NAVIGATE)
    assert call.request.call.timeout_seconds == 3.0
    assert 3.0 + wire.RPC_GRACE < (call.time_remaining or 0.0) <= 3.0 + 6.0 * wire.RPC_GRACE + ROUNDED


async def test_acts_carry_a_fresh_key_and_reads_none(session: Any, fake_agent: FakeAgent) -> None:
    await session.click("a")
    await session.click("a")
    await session.url()
    first, second = (call.metadata[wire.IDEMPOTENCY_KEY] for call in fake_agent.of(methods.CLICK))
    assert first != second
    assert wire.IDEMPOTENCY_KEY not in fake_agent.of(methods.LOCATION)[0].metadata


@pytest.mark.parametrize("bad", [0, -1, float("nan"), float("inf"), True, "5", 10**400], ids=repr)
async def test_a_timeout_that_is_none_is_refused(session: Any, fake_agent: FakeAgent, bad: object) -> None:
    with pytest.raises(BadRequestError) as caught:
        await session.click("a", timeout=bad)
    assert caught.value.field == "timeout"
    assert not fake_agent.of(methods.CLICK)


async def test_errors_of_the_agent_arrive_as_they_were_raised(session: Any, fake_agent: FakeAgent) -> None:
    fake_agent.raises[methods.CLICK] = BrowserElementNotFoundError(
        selector="a", action="click", cause=ElementCause.HIDDEN, tips=("unhide it",)
    )
    with pytest.raises(BrowserElementNotFoundError) as caught:
        await session.click("a")
    assert caught.value.cause is ElementCause.HIDDEN
    assert caught.value.tips == ("unhide it",)
    assert caught.value.__cause__ is not None
    assert not session.is_closed


async def test_a_session_that_the_agent_ended_stays_ended(session: Any, fake_agent: FakeAgent) -> None:
    fake_agent.raises[methods.NAVIGATE] = BrowserSessionClosedError(
        session_id=session.id,
        reason=CloseReason.RENDERER_CRASH,
        outcome=Outcome.UNKNOWN,
        last_action="navigate",
    )
    with pytest.raises(BrowserSessionClosedError):
        await session.navigate("http://site.test/")
    assert session.is_closed
    with pytest.raises(BrowserSessionClosedError) as caught:
        await session.title()
    assert caught.value.reason is CloseReason.RENDERER_CRASH
    assert caught.value.outcome is Outcome.NOT_EXECUTED
    assert caught.value.action == "title"
    assert caught.value.last_action == "navigate"
    assert not fake_agent.of(methods.LOCATION)


async def test_leaving_a_session_closes_it(client: Any, fake_agent: FakeAgent) -> None:
    async with client.browser.create_session(name="cart") as session:
        assert not session.is_closed
        assert session.name == "cart"
    assert session.is_closed
    await session.close()
    assert len(fake_agent.of(methods.CLOSE)) == 1
    for call in (session.url(), session.dom.html(), session.click("a"), session.evaluate("1")):
        with pytest.raises(BrowserSessionClosedError) as caught:
            await call
        assert caught.value.reason is CloseReason.CLOSED_BY_CALLER
        assert not caught.value.retryable


async def test_a_failing_close_is_a_note_on_the_error_of_the_body(client: Any, fake_agent: FakeAgent) -> None:
    fake_agent.raises[methods.CLOSE] = InternalError("no such luck")

    async def body() -> None:
        async with client.browser.create_session():
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        await body()
    assert "no such luck" in caught.value.__notes__[0]


async def test_a_failing_close_is_raised_when_the_body_was_fine(client: Any, fake_agent: FakeAgent) -> None:
    fake_agent.raises[methods.CLOSE] = InternalError("no such luck")

    async def body() -> None:
        async with client.browser.create_session():
            pass

    with pytest.raises(InternalError):
        await body()


async def test_a_session_goes_quietly_with_its_client(flavour: Flavour, fake_agent: FakeAgent) -> None:
    async with flavour.local() as client:
        session = await client.browser.create_session()
    await session.close()
    assert not fake_agent.of(methods.CLOSE)


async def test_a_session_of_a_closed_client_says_so(flavour: Flavour, fake_agent: FakeAgent) -> None:
    async with flavour.local() as client:
        session = await client.browser.create_session()
    with pytest.raises(ConnectionError, match="closed"):
        await session.url()


@pytest.mark.parametrize("action", ["click", "title"])
async def test_an_agent_lost_in_mid_call(flavour: Flavour, runtime_dir: Path, action: str) -> None:
    with FakeAgent(runtime_dir) as agent:
        client = await flavour.local()
        session = await client.browser.create_session()
        agent.held |= {methods.CLICK, methods.TITLE}
        running = asyncio.ensure_future(session.click("a") if action == "click" else session.title())
        await asyncio.to_thread(agent.arrived.wait)
        agent.cut()
        with pytest.raises(BrowserSessionClosedError) as caught:
            await running
    error = caught.value
    assert error.reason is CloseReason.AGENT_RESTART
    assert error.outcome is Outcome.UNKNOWN
    assert error.safe_to_repeat is (action == "title")
    assert error.last_action == error.action == action
    assert error.session_id == session.id
    assert error.request_id
    assert bool(error.idempotency_key) is (action == "click")
    assert session.is_closed
    await session.close()
    await client.close()


async def test_an_agent_that_was_gone_before_the_call(flavour: Flavour, runtime_dir: Path) -> None:
    with FakeAgent(runtime_dir):
        client = await flavour.local()
        session = await client.browser.create_session()
    await until_offline(client)
    with pytest.raises(BrowserSessionClosedError) as caught:
        await session.click("a")
    assert caught.value.outcome is Outcome.NOT_EXECUTED
    await client.close()


async def test_a_session_does_not_live_on_in_another_instance(flavour: Flavour, runtime_dir: Path) -> None:
    with FakeAgent(runtime_dir):
        client = await flavour.local()
        session = await client.browser.create_session()
    with FakeAgent(runtime_dir) as other:
        await client.reconnect()
        with pytest.raises(BrowserSessionClosedError) as caught:
            await session.click("a")
        assert caught.value.reason is CloseReason.AGENT_RESTART
        assert caught.value.outcome is Outcome.NOT_EXECUTED
        assert not other.of(methods.CLICK)
        await session.close()
        await client.close()
        assert not other.of(methods.CLOSE)


async def test_a_call_without_an_answer_times_out_and_leaves_the_session(
    session: Any, fake_agent: FakeAgent
) -> None:
    fake_agent.held.add(methods.CLICK)
    with pytest.raises(ConnectionTimeoutError) as caught:
        await session.click("a", timeout=0.2)
    assert caught.value.timeout_seconds == 0.2
    assert caught.value.operation == "click"
    assert caught.value.idempotency_key
    assert not caught.value.retryable
    assert not session.is_closed
    fake_agent.release.set()


async def test_restoring_needs_an_agent_that_can(flavour: Flavour, fake_agent: FakeAgent) -> None:
    async with flavour.local() as client:
        with pytest.raises(FeatureNotAvailableError) as caught:
            await client.browser.create_session(on_crash="restore")
        assert caught.value.mode == "local"
        with pytest.raises(FeatureNotAvailableError):
            await client.browser.fetch("http://site.test/", on_crash="restore")
    fake_agent.capabilities = ("restore",)
    async with flavour.local() as client:
        await client.browser.create_session(on_crash="restore")
    assert fake_agent.of(methods.CREATE)[-1].request.options.on_crash == sessions_pb2.ON_CRASH_RESTORE


async def test_a_session_whose_rebuilding_was_cut_off_is_taken_back_when_it_is_closed(
    flavour: Flavour, runtime_dir: Path
) -> None:
    with FakeAgent(runtime_dir) as first:
        first.capabilities = ("restore",)
        client = await flavour.local()
        session = await client.browser.create_session(on_crash="restore")
    with FakeAgent(runtime_dir) as other:
        other.held.add(methods.CREATE)
        with pytest.raises(SessionInterruptedError):
            await session.title(timeout=2.0)
        # Not at once: the next call would go on with what was made.
        assert not other.of(methods.CLOSE)
        await session.close()
        (made,) = other.of(methods.CREATE)
        (taken_back,) = await asyncio.to_thread(other.wait_for, methods.CLOSE)
        assert taken_back.request.creation_key == made.metadata[wire.IDEMPOTENCY_KEY]
        other.release.set()
        await client.close()


async def test_a_session_can_be_had_by_name(client: Any, fake_agent: FakeAgent) -> None:
    fake_agent.answers[methods.GET] = lambda request: sessions_pb2.SessionInfo(
        session=common_pb2.SessionRef(session_id="s-1", epoch=4), name=request.id_or_name, timeout_seconds=6.0
    )
    session = await client.browser.get_session("cart")
    await session.url()
    call = fake_agent.of(methods.LOCATION)[0].request
    assert (call.session.session_id, call.session.epoch, call.timeout_seconds) == ("s-1", 4, 6.0)


async def test_the_repr_says_where_the_session_is_without_its_secrets(
    session: Any, fake_agent: FakeAgent
) -> None:
    fake_agent.answers[methods.NAVIGATE] = lambda _: navigation_pb2.NavigationReply(
        url="http://ada:s3cret@site.test/x", status=200
    )
    result = await session.navigate("http://site.test/")
    assert session.id in repr(session)
    assert "site.test/x" in repr(session)
    shown = session._repr_html_()
    assert session.id in shown
    assert "s3cret" not in repr(session) + shown + repr(result) + result._repr_html_()
    await session.close()
    assert "CLOSED_BY_CALLER" in session._repr_html_()


async def test_a_session_may_be_opened_by_a_task(fake_agent: FakeAgent) -> None:
    async with AsyncCMDOPClient.local() as client:
        session = await asyncio.create_task(client.browser.create_session())
        assert not session.is_closed
        client.browser.create_session().close()  # as any coroutine that is not wanted any more
