"""Finding the local agent, from the client's side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cmdop_browser.exceptions import AgentNotRunningError, PermissionDeniedError, StalePortFileError
from cmdop_browser.wire.rendezvous import (
    AgentPaths,
    DiscoveryRecord,
    heartbeat,
    shortages,
    why_not_yet,
    why_stale,
)

if TYPE_CHECKING:
    from cmdop_browser.settings import Settings

_START: Final = ("start one: cmdop-browser agents start", "or pass start=True to CMDOPClient.local()")

__all__ = ["draining", "find", "heartbeat_age"]


def find(agent: str, settings: Settings) -> DiscoveryRecord:
    """Find the running agent called *agent*.

    That the process behind the socket is the recorded instance, and not only one of the
    same pid and user, is for the first call to settle.

    Raises:
        AgentNotRunningError: None has published itself.
        StalePortFileError: One has, and is gone.
        PermissionDeniedError: It is another user's.
        ConnectionError: It cannot be looked for, as when this process may open no more files.
        ConfigurationError: The runtime directory cannot be one.
        BadRequestError: *agent* is no name for an agent.
    """
    paths = AgentPaths.of(agent, settings.runtime_dir)
    with shortages.told_as_ours(f"agent {agent!r} cannot be looked for"):
        try:
            paths.verify()
            record = DiscoveryRecord.read(paths.record)
        except FileNotFoundError as error:
            delay = why_not_yet(paths)
            why = f"there is no {paths.record}" if delay is None else delay.reason
            raise AgentNotRunningError(
                f"no agent {agent!r} is running: {why}",
                agent=agent,
                searched=(str(paths.record),),
                tips=_START if delay is None else delay.tips,
            ) from error
        reason = why_stale(record)
        delay = why_not_yet(paths) if reason is not None else None
    if reason is not None:
        raise StalePortFileError(
            f"{paths.record} {reason}" + (f", and {delay.reason}" if delay is not None else ""),
            discovery_path=str(paths.record),
            reason=reason,
            tips=delay.tips if delay is not None else (),
        )
    return record


def draining(paths: AgentPaths) -> list[DiscoveryRecord]:
    """The agents of the name that take nothing new and have sessions left."""
    found = []
    for path in sorted(paths.draining.glob("*.json")):
        try:
            record = DiscoveryRecord.read(path)
            if why_stale(record) is None:
                found.append(record)
        except (FileNotFoundError, StalePortFileError, PermissionDeniedError):
            continue  # it has just ended, or is nobody's whom this user could ask
    return found


def heartbeat_age(paths: AgentPaths, instance_id: str = "") -> float | None:
    """Seconds since an agent last showed that it runs, or None when it has no record.

    A running agent renews its record every second, a stopped one does not.

    Args:
        paths: The files of all agents of the name.
        instance_id: The one that is meant, if it may drain while there is another.
    """
    record = paths.record_of(instance_id) if instance_id else paths.record
    # The lock is not its own any more when it drains: then the time of the record has to do.
    return heartbeat.age(record, paths.lock if record == paths.record else record)
