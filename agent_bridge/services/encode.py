"""From the agent's own types to messages."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cmdop_browser.wire.channel import INLINE_PAYLOAD_BYTES
from cmdop_browser.wire.v1 import agent_pb2, common_pb2, identity_pb2, navigation_pb2, sessions_pb2

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from agent_bridge.browser.navigation import Loaded
    from agent_bridge.browser.shards import Shards
    from agent_bridge.observation.figures import Figures
    from agent_bridge.pool.session import Session
    from agent_bridge.transfers import Transfers


def payload(content: str | bytes, transfers: Transfers) -> common_pb2.Payload:
    """Return *content* inline, or on offer when it is large.

    A page's text may hold lone surrogates, which UTF-8 cannot: each becomes U+FFFD.
    """
    if isinstance(content, str):
        content = _utf8(content)
    if len(content) <= INLINE_PAYLOAD_BYTES:
        return common_pb2.Payload(inline=content)
    return common_pb2.Payload(
        transfer=common_pb2.TransferRef(transfer_id=transfers.offer(content), size_bytes=len(content))
    )


def text(value: str) -> str:
    """Return *value* in a form that a message can carry."""
    return _utf8(value).decode()


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def page_state(session: Session) -> common_pb2.PageState:
    """Return where the session's page is now."""
    return common_pb2.PageState(url=text(session.url), filled=session.has_entries)


def headers(mapping: Mapping[str, str]) -> list[common_pb2.Header]:
    """Return header lines; several of one name stand in one value, with line breaks between."""
    return [common_pb2.Header(name=text(name), value=text(value)) for name, value in mapping.items()]


def navigation(loaded: Loaded, *, filled: bool = False) -> navigation_pb2.NavigationReply:
    """Return the document that is there now, and whether something is *filled* in."""
    return navigation_pb2.NavigationReply(
        url=text(loaded.url),
        requested_url=text(loaded.requested_url),
        status=loaded.status,
        title=text(loaded.title),
        headers=headers(loaded.headers),
        redirects=[text(url) for url in loaded.redirects],
        elapsed_seconds=loaded.elapsed,
        filled=filled,
    )


def session(found: Session, *, owned: bool, title: str = "") -> sessions_pb2.SessionInfo:
    """Return what can be told of a session.

    Args:
        found: The session.
        owned: Whether its client is attached.
        title: Of its page, where that was asked for.
    """
    now, recovery = time.monotonic(), found.recovery
    return sessions_pb2.SessionInfo(
        session=common_pb2.SessionRef(session_id=found.id, epoch=found.epoch),
        name=found.spec.name,
        url=text(found.url),
        title=text(title),
        client_id=found.owner if owned else "",
        age_seconds=now - found.created,
        idle_seconds=found.idle_seconds,
        idle_timeout_seconds=found.spec.idle_timeout,
        timeout_seconds=found.spec.timeout,
        pages=found.page.documents,
        on_crash=sessions_pb2.ON_CRASH_RESTORE if recovery is not None else sessions_pb2.ON_CRASH_RAISE,
        not_restored=[text(what) for what in recovery.not_restored] if recovery is not None else (),
    )


def cookie(found: Mapping[str, Any]) -> identity_pb2.Cookie:
    """Return a cookie of the browser; Playwright's -1 for "until the browser ends" is absence here."""
    message = identity_pb2.Cookie(
        name=text(found["name"]),
        value=text(found["value"]),
        domain=found["domain"],
        path=found["path"],
        http_only=found["httpOnly"],
        secure=found["secure"],
        same_site=found.get("sameSite", ""),
    )
    if found["expires"] >= 0:
        message.expires = found["expires"]
    return message


def _browser(shards: Shards) -> agent_pb2.BrowserInfo:
    message = agent_pb2.BrowserInfo(
        executable=shards.executable,
        version=shards.version,
        sandboxed=shards.sandboxed,
        failed_starts=shards.starts.failed,
    )
    failure = shards.starts.failure
    if failure is not None:
        message.start_failure.problem = failure.message
        message.start_failure.tips.extend(failure.tips)
        message.start_failure.seconds_ago = shards.starts.since_failure
    return message


def agent_figures(figures: Figures, *, draining: bool) -> dict[str, Any]:
    """Return what an agent says of itself in figures: fields of ``AgentInfo``."""
    shards, admission = figures.shards, figures.pool.admission
    limit, page_limit = shards.memory_limits
    return {
        "uptime_seconds": figures.uptime,
        "browser": _browser(shards),
        "pressure": agent_pb2.Pressure(
            limit=admission.limit,
            active=admission.active,
            queued=admission.queued,
            draining=draining,
            longest_wait_seconds=admission.longest_wait,
            clients=figures.leases.attached,
            clients_away=figures.leases.away,
            lag_seconds=figures.lag.worst,
            load=figures.load,
        ),
        "restarts": figures.restarts,
        "losses": shards.losses,
        "recycled": shards.recycled,
        "memory": agent_pb2.Memory(
            agent=figures.own_memory,
            browsers=shards.size,
            largest_page=shards.largest_page,
            limit=limit,
            page_limit=page_limit,
            artifacts=figures.artifacts.size,
        ),
        "troubles": [
            agent_pb2.Trouble(what=each.what, problem=each.problem, seconds=each.seconds)
            for each in figures.troubles
        ],
    }
