"""Whether somebody starts the agent again when it crashes, so that nobody else should."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmdop_browser.wire.rendezvous.locks import FileLock

if TYPE_CHECKING:
    from cmdop_browser.wire.rendezvous.paths import AgentPaths


def is_supervised(paths: AgentPaths) -> bool:
    """Whether a supervisor runs that starts the agent whose files are at *paths*."""
    return not FileLock.is_free(paths.supervisor_lock)


def supervisor_pid(paths: AgentPaths) -> int | None:
    """The pid of that supervisor; None when there is none."""
    if not is_supervised(paths):
        return None
    try:
        return int(paths.supervisor_lock.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):  # it has just taken the lock, or given it back
        return None
