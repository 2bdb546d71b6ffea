"""Client and agent of different versions: a minor difference works, a major one is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser import _methods as methods
from cmdop_browser import _versions
from cmdop_browser._async import connection as async_connection
from cmdop_browser._sync import connection
from cmdop_browser._version import __version__
from cmdop_browser.exceptions import (
    BrowserSessionClosedError,
    FeatureNotAvailableError,
    MethodNotFoundError,
    SessionNotFoundError,
)
from cmdop_browser.wire import channel as wire
from cmdop_browser.wire.v1 import navigation_pb2, sessions_pb2
from tests.agents import RunningAgent
from tests.fakes.other_version import UNKNOWN_FIELD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.agent import FakeAgent
    from tests.flavours import Flavour
    from tests.site import WebSite

NEWER = "0.99.0"
OLDER = "0.0.9"


def agent_of(version: str, kind: str) -> RunningAgent:
    return RunningAgent(module=f"tests.fakes.other_version {version} {kind}")


@pytest.fixture(scope="module")
def newer() -> Iterator[RunningAgent]:
    with agent_of(NEWER, "newer") as agent:
        yield agent


@pytest.fixture(scope="module")
def older() -> Iterator[RunningAgent]:
    with agent_of(OLDER, "older") as agent:
        yield agent


@pytest.fixture
def newer_agent(newer: RunningAgent, monkeypatch: pytest.MonkeyPatch) -> RunningAgent:
    monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(newer.runtime_dir))
    return newer


@pytest.fixture
def older_agent(older: RunningAgent, monkeypatch: pytest.MonkeyPatch) -> RunningAgent:
    monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(older.runtime_dir))
    return older


async def test_a_newer_agent_does_all_that_this_client_asks(
    flavour: Flavour, site: WebSite, newer_agent: RunningAgent
) -> None:
    async with flavour.local() as client:
        assert client.agent_info.version == NEWER
        assert "teleport" in client.agent_info.capabilities
        async with client.browser.create_session(on_crash="restore") as session:
            assert (await session.navigate(site.at("/plain.html"))).title == "Plain page"
            await session.wait_for_idle()


async def test_what_an_older_agent_cannot_do_is_refused_by_name(
    flavour: Flavour, site: WebSite, older_agent: RunningAgent
) -> None:
    async with flavour.local() as client:
        with pytest.raises(FeatureNotAvailableError) as lacking:
            await client.browser.create_session(on_crash="restore")
        assert_both_named(lacking.value, "on_crash='restore'")
        async with client.browser.create_session() as session:
            assert (await session.navigate(site.at("/plain.html"))).title == "Plain page"
            with pytest.raises(FeatureNotAvailableError) as unknown:
                await session.wait_for_idle()
            assert_both_named(unknown.value, "wait_for_idle")
            assert unknown.value.request_id
            assert await session.title() == "Plain page"


def assert_both_named(error: FeatureNotAvailableError, feature: str) -> None:
    """The error names the feature, both versions, and what to do."""
    assert (error.feature, error.mode, error.retryable) == (feature, "local", False)
    assert error.details == {"client_version": __version__, "agent_version": OLDER}
    for text in (feature, OLDER, __version__):
        assert text in error.message
    assert "agents restart" in error.tips[0]


async def test_a_newer_client_is_served_as_far_as_the_agent_goes(
    flavour: Flavour, site: WebSite, agent: RunningAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (async_connection, connection, _versions):
        monkeypatch.setattr(module, "__version__", NEWER)
    monkeypatch.setattr(wire, "PROTOCOL_MAX", wire.PROTOCOL_MAX + 1)
    # It sends what this agent has never heard of.
    send = navigation_pb2.NavigateRequest.SerializeToString
    later = methods.Method(
        "NavigationService", "Teleport", sessions_pb2.ListSessionsRequest, sessions_pb2.ListSessionsReply
    )
    with_more: Any = _WithMore(send)
    navigate: methods.Method[Any, Any] = methods.Method(
        "NavigationService", "Navigate", with_more, navigation_pb2.NavigationReply
    )
    monkeypatch.setattr(methods, "NAVIGATE", navigate)
    async with flavour.local() as client, client.browser.create_session() as session:
        assert (await session.navigate(site.at("/plain.html"))).title == "Plain page"
        monkeypatch.setattr(methods, "LIST", later)
        with pytest.raises(FeatureNotAvailableError) as unknown:
            await client.browser.list_sessions()
        assert unknown.value.details == {"client_version": NEWER, "agent_version": __version__}


class _WithMore:
    """A class of requests that have one more field than this code knows."""

    def __init__(self, send: Any) -> None:
        self.SerializeToString = lambda request: send(request) + UNKNOWN_FIELD


@pytest.mark.parametrize("protocols", [(2, 3), (0, 0)])
async def test_a_client_of_another_major_version_is_refused(
    flavour: Flavour, agent: RunningAgent, monkeypatch: pytest.MonkeyPatch, protocols: tuple[int, int]
) -> None:
    monkeypatch.setattr(wire, "PROTOCOL_MIN", protocols[0])
    monkeypatch.setattr(wire, "PROTOCOL_MAX", protocols[1])
    with pytest.raises(MethodNotFoundError) as refused:
        await flavour.local()
    assert (refused.value.client_version, refused.value.agent_version) == (__version__, __version__)
    assert "agents stop" in refused.value.tips[0]


async def test_an_agent_of_another_major_version_is_refused(flavour: Flavour, fake_agent: FakeAgent) -> None:
    from cmdop_browser.wire.v1 import agent_pb2

    fake_agent.answers[methods.HELLO] = lambda _: agent_pb2.AgentInfo(
        instance_id=fake_agent.instance_id, agent_version="9.0.0", protocol_min=7, protocol_max=9
    )
    with pytest.raises(MethodNotFoundError, match=r"9\.0\.0.*7 to 9") as refused:
        await flavour.local()
    assert "same version" in refused.value.tips[0]


# What an agent may say that this client has never heard of


async def test_an_error_of_a_later_version_is_the_nearest_of_this_one(
    flavour: Flavour, fake_agent: FakeAgent
) -> None:
    class LaterError(SessionNotFoundError):
        code = "LATER_ERROR"

    fake_agent.raises[methods.TITLE] = LaterError("it went on holiday", tips=("wait for it",))
    async with flavour.local() as client:
        session = await client.browser.create_session()
        with pytest.raises(SessionNotFoundError, match="holiday") as caught:
            await session.title()
    assert caught.value.tips == ("wait for it",)


async def test_a_reason_of_a_later_version_is_left_out(flavour: Flavour, fake_agent: FakeAgent) -> None:
    closed = BrowserSessionClosedError(session_id="s-1")
    closed.__dict__["reason"] = "PREEMPTED"
    fake_agent.raises[methods.TITLE] = closed
    async with flavour.local() as client:
        session = await client.browser.create_session()
        with pytest.raises(BrowserSessionClosedError) as caught:
            await session.title()
        assert caught.value.session_id
