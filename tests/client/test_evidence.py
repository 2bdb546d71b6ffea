"""What the client says about pictures of failures, and where it fetches them."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser import CMDOPClient
from cmdop_browser import _methods as methods
from cmdop_browser.exceptions import (
    AgentOfflineError,
    Artifact,
    BrowserElementNotFoundError,
    BrowserNavigationError,
    BrowserTimeoutError,
    CMDOPError,
    ElementCause,
    Evidence,
    NavigationCause,
)
from cmdop_browser.exceptions import FileNotFoundError as MissingFileError
from cmdop_browser.models import Image
from cmdop_browser.retry import NEVER, exponential, retry
from cmdop_browser.wire import channel as wire
from cmdop_browser.wire.evidence import Retries
from cmdop_browser.wire.v1 import transfers_pb2

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.agent import FakeAgent

QUICK = exponential(attempts=3, initial=0.001)


def _said(agent: FakeAgent) -> list[str | None]:
    return [call.metadata.get(wire.EVIDENCE_KEY) for call in agent.of(methods.LOCATION)]


async def _fail_repeatedly(session: Any, decorate: Callable[[Any], Any]) -> None:
    @decorate
    async def look() -> None:
        await session.url()

    with pytest.raises(CMDOPError):
        await look()


async def test_a_plain_call_says_nothing(session: Any, fake_agent: FakeAgent) -> None:
    await session.url()
    assert _said(fake_agent) == [None]


async def test_attempts_before_the_last_say_what_is_tried_again(session: Any, fake_agent: FakeAgent) -> None:
    fake_agent.raises[methods.LOCATION] = BrowserNavigationError(cause=NavigationCause.RESET)
    await _fail_repeatedly(session, retry(QUICK))
    *early, last = _said(fake_agent)
    assert last is None
    assert len(early) == 2
    for header in early:
        retries = Retries.decode(str(header))
        assert retries is not None
        assert retries.follow(BrowserNavigationError(cause=NavigationCause.RESET))
        assert not retries.follow(BrowserNavigationError(cause=NavigationCause.TLS_EXPIRED))


async def test_all_attempts_are_pictured_when_asked(session: Any, fake_agent: FakeAgent) -> None:
    fake_agent.raises[methods.LOCATION] = BrowserNavigationError(cause=NavigationCause.RESET)
    await _fail_repeatedly(session, retry(QUICK, evidence=True))
    assert _said(fake_agent) == [None, None, None]


async def test_calls_after_the_retries_say_nothing(session: Any, fake_agent: FakeAgent) -> None:
    await _succeed(session)
    await session.url()
    assert _said(fake_agent)[1:] == [None]


async def _succeed(session: Any) -> None:
    @retry
    async def look() -> None:
        await session.url()

    await look()


def test_blocking_functions_in_threads(fake_agent: FakeAgent) -> None:
    """Each thread has its own attempt, and leaves nothing behind."""
    fake_agent.raises[methods.LOCATION] = BrowserNavigationError(cause=NavigationCause.RESET)
    with CMDOPClient.local() as client:
        session = client.browser.create_session()

        @retry(QUICK)
        def look() -> None:
            session.url()

        def run() -> None:
            with pytest.raises(BrowserNavigationError):
                look()

        threads = [threading.Thread(target=run) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with pytest.raises(BrowserNavigationError):
            session.url()
    said = _said(fake_agent)
    assert len(said) == 10
    assert said.count(None) == 4
    assert said[-1] is None


async def test_off_is_said_with_each_call(
    flavour: Any, fake_agent: FakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMDOP_EVIDENCE", "off")
    async with flavour.local() as client:
        session = await client.browser.create_session()
        await session.url()
        await _succeed(session)
    assert _said(fake_agent) == ["off", "off"]


@pytest.mark.parametrize(
    ("error", "followed"),
    [
        (BrowserNavigationError(cause=NavigationCause.RESET), True),
        (BrowserNavigationError(cause=NavigationCause.DNS), False),
        (BrowserElementNotFoundError(cause=ElementCause.NO_MATCH), True),
        (BrowserElementNotFoundError(cause=ElementCause.TYPO), False),
        (BrowserTimeoutError(), False),
        (BrowserTimeoutError(idempotency_key="k"), False),
    ],
)
def test_policies_by_cause_decide(error: CMDOPError, followed: bool) -> None:
    seen: list[str] = []

    @retry(
        QUICK,
        by_cause={ElementCause.NO_MATCH: QUICK, NavigationCause.DNS: NEVER, BrowserTimeoutError: NEVER},
    )
    def job() -> None:
        from cmdop_browser.wire.evidence import retries_ahead

        retries = retries_ahead.get()
        assert retries is not None
        seen.append(retries.encode())

    job()
    retries = Retries.decode(seen[0])
    assert retries is not None
    assert retries.follow(error) is followed


@pytest.mark.parametrize("header", ["", "off", "on", "later,perhaps"])
def test_what_is_no_list_says_nothing_of_retries(header: str) -> None:
    assert Retries.decode(header) is None


# Fetching


async def _failed_call(session: Any, agent: FakeAgent) -> BrowserElementNotFoundError:
    evidence = Evidence(screenshot=Artifact("a-1", "image/jpeg", 6), html=Artifact("a-2", "text/html", 6))
    agent.raises[methods.LOCATION] = BrowserElementNotFoundError("nothing matches", evidence=evidence)
    with pytest.raises(BrowserElementNotFoundError) as caught:
        await session.url()
    return caught.value


async def test_a_screenshot_is_fetched_when_it_is_read(session: Any, fake_agent: FakeAgent) -> None:
    fake_agent.streams[methods.READ_ARTIFACT] = lambda request: iter(
        [transfers_pb2.Chunk(data=request.artifact_id.encode()), transfers_pb2.Chunk(data=b"abc")]
    )
    error = await _failed_call(session, fake_agent)
    assert error.evidence.screenshot is not None
    assert error.evidence.html is not None
    assert not fake_agent.of(methods.READ_ARTIFACT)
    image = await asyncio.to_thread(error.evidence.screenshot.read)
    assert isinstance(image, Image)
    assert (bytes(image), image.format) == (b"a-1abc", "jpeg")
    assert await asyncio.to_thread(error.evidence.screenshot.read) is image
    assert await asyncio.to_thread(error.evidence.html.read) == b"a-2abc"
    assert len(fake_agent.of(methods.READ_ARTIFACT)) == 2


async def test_what_the_agent_has_forgotten(session: Any, fake_agent: FakeAgent) -> None:
    error = await _failed_call(session, fake_agent)
    fake_agent.raises[methods.READ_ARTIFACT] = MissingFileError(
        "the agent does not keep it any more", tips=("soon",)
    )
    assert error.evidence.screenshot is not None
    with pytest.raises(MissingFileError) as caught:
        await asyncio.to_thread(error.evidence.screenshot.read)
    assert caught.value.tips == ("soon",)


async def test_an_agent_that_is_gone(session: Any, fake_agent: FakeAgent) -> None:
    error = await _failed_call(session, fake_agent)
    fake_agent.record.unlink()
    assert error.evidence.screenshot is not None
    with pytest.raises(AgentOfflineError) as caught:
        await asyncio.to_thread(error.evidence.screenshot.read)
    assert "screenshot" in caught.value.message
    assert caught.value.tips


async def test_another_instance_is_not_asked(session: Any, fake_agent: FakeAgent) -> None:
    error = await _failed_call(session, fake_agent)
    fake_agent.record.write_text(
        fake_agent.record.read_text().replace(fake_agent.instance_id, "0" * 32), encoding="utf-8"
    )
    assert error.evidence.screenshot is not None
    with pytest.raises(AgentOfflineError):
        await asyncio.to_thread(error.evidence.screenshot.read)
    assert not fake_agent.of(methods.READ_ARTIFACT)
