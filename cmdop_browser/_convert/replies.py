"""Messages of the wire, turned into the models that users see."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from cmdop_browser import models
from cmdop_browser.exceptions import InternalError
from cmdop_browser.wire import values
from cmdop_browser.wire.v1 import sessions_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmdop_browser.wire.v1 import agent_pb2, navigation_pb2

# The smallest first.
_CAUSES: Final = ("page", "context", "browser", "driver", "agent")
_ON_CRASH: Final[dict[int, models.OnCrash]] = {
    sessions_pb2.ON_CRASH_RAISE: "raise",
    sessions_pb2.ON_CRASH_RESTORE: "restore",
}


def agent_info(reply: agent_pb2.AgentInfo) -> models.AgentInfo:
    """Who the agent is."""
    return models.AgentInfo(
        agent=reply.agent,
        instance_id=reply.instance_id,
        version=reply.agent_version,
        protocol=(reply.protocol_min, reply.protocol_max),
        capabilities=frozenset(reply.capabilities),
        pid=reply.pid,
        uptime=reply.uptime_seconds,
        browser=_browser_info(reply.browser),
        pressure=models.Pressure(
            limit=reply.pressure.limit,
            active=reply.pressure.active,
            queued=reply.pressure.queued,
            draining=reply.pressure.draining,
            longest_wait=reply.pressure.longest_wait_seconds,
            clients=reply.pressure.clients,
            away=reply.pressure.clients_away,
            lag=reply.pressure.lag_seconds,
            load=reply.pressure.load,
        ),
        # An agent of an earlier version says nothing of these.
        restarts={cause: reply.restarts[cause] for cause in _CAUSES if cause in reply.restarts},
        losses=dict(sorted(reply.losses.items())),
        recycled=dict(sorted(reply.recycled.items())),
        memory=models.AgentMemory(
            agent=reply.memory.agent,
            browsers=reply.memory.browsers,
            largest_page=reply.memory.largest_page,
            limit=reply.memory.limit,
            page_limit=reply.memory.page_limit,
            artifacts=reply.memory.artifacts,
        ),
        troubles=tuple(
            models.Trouble(what=each.what, problem=each.problem, seconds=each.seconds)
            for each in reply.troubles
        ),
    )


def _browser_info(reply: agent_pb2.BrowserInfo) -> models.BrowserInfo:
    failure = reply.start_failure
    return models.BrowserInfo(
        executable=reply.executable,
        version=reply.version or None,
        sandboxed=reply.sandboxed,
        failed_starts=reply.failed_starts,
        start_failure=models.StartFailure(
            problem=failure.problem, tips=tuple(failure.tips), seconds_ago=failure.seconds_ago
        )
        if reply.HasField("start_failure")
        else None,
    )


def session_info(reply: sessions_pb2.SessionInfo) -> models.SessionInfo:
    """What the agent knows of a session."""
    return models.SessionInfo(
        id=reply.session.session_id,
        name=reply.name,
        epoch=reply.session.epoch,
        url=reply.url,
        title=reply.title,
        client_id=reply.client_id or None,
        age=reply.age_seconds,
        idle=reply.idle_seconds,
        idle_timeout=reply.idle_timeout_seconds,
        timeout=reply.timeout_seconds,
        pages=reply.pages,
        on_crash=_ON_CRASH.get(reply.on_crash, "raise"),
        not_restored=tuple(reply.not_restored),
    )


def navigation_result(reply: navigation_pb2.NavigationReply) -> models.NavigationResult:
    """What a navigation brought."""
    return models.NavigationResult(**_navigation_fields(reply))


def page_result(reply: navigation_pb2.NavigationReply, html: bytes) -> models.PageResult:
    """What a navigation brought, with the HTML."""
    return models.PageResult(**_navigation_fields(reply), html=text(html))


def _navigation_fields(reply: navigation_pb2.NavigationReply) -> dict[str, Any]:
    return {
        "url": reply.url,
        "requested_url": reply.requested_url,
        "status": reply.status,
        "title": reply.title,
        "headers": models.Headers((header.name, header.value) for header in reply.headers),
        "redirects": tuple(reply.redirects),
        "elapsed": reply.elapsed_seconds,
    }


def text(content: bytes) -> str:
    """Text of a page, which may hold halves of surrogate pairs."""
    with _readable():
        return content.decode("utf-8", "surrogatepass")


def elements(content: bytes) -> list[models.Element]:
    """A list of elements."""
    with _readable():
        return [models.Element(**element) for element in json.loads(content)]


def strings(content: bytes) -> list[str]:
    """A list of strings."""
    with _readable():
        return list(json.loads(content))


def rows(content: bytes) -> list[dict[str, str]]:
    """The rows of a table."""
    with _readable():
        return [dict(row) for row in json.loads(content)]


def storage_state(content: bytes) -> models.StorageState:
    """Cookies and storage."""
    with _readable():
        return models.StorageState(json.loads(content))


def value(content: bytes) -> Any:
    """The result of a script."""
    with _readable():
        return values.loads(content)


@contextmanager
def _readable() -> Iterator[None]:
    """What cannot be read is the agent's fault, not the caller's."""
    try:
        yield
    except (ValueError, TypeError, RecursionError) as exc:
        raise InternalError(f"the agent's reply cannot be read: {exc}") from exc
