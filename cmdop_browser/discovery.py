"""Finding the local agent, from the client's side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmdop_browser.exceptions import AgentNotRunningError, StalePortFileError
from cmdop_browser.wire.rendezvous import AgentPaths, DiscoveryRecord, heartbeat, why_stale

if TYPE_CHECKING:
    from cmdop_browser.settings import Settings

__all__ = ["find", "heartbeat_age"]


def find(agent: str, settings: Settings) -> DiscoveryRecord:
    """Find the running agent called *agent*.

    That the process behind the socket is the recorded instance, and not only one of the
    same pid and user, is for the first call to settle.

    Raises:
        AgentNotRunningError: None has published itself.
        StalePortFileError: One has, and is gone.
        PermissionDeniedError: It is another user's.
        ConfigurationError: The runtime directory cannot be one.
        BadRequestError: *agent* is no name for an agent.
    """
    paths = AgentPaths.of(agent, settings.runtime_dir)
    try:
        paths.verify()
        record = DiscoveryRecord.read(paths.record)
    except FileNotFoundError as error:
        raise AgentNotRunningError(
            f"no agent {agent!r} is running: there is no {paths.record}",
            agent=agent,
            searched=(str(paths.record),),
            tips=("start one: cmdop-browser agents start", "or pass start=True to CMDOPClient.local()"),
        ) from error
    reason = why_stale(record)
    if reason is not None:
        raise StalePortFileError(f"{paths.record} {reason}", discovery_path=str(paths.record), reason=reason)
    return record


def heartbeat_age(paths: AgentPaths) -> float | None:
    """Seconds since the agent last showed that it runs, or None when it has no record.

    A running agent renews its record every second, a stopped one does not.
    """
    return heartbeat.age(paths.record, paths.lock)
