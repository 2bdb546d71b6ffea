"""Whether somebody starts the agent again when it crashes, so that nobody else should."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cmdop_browser.wire.rendezvous.locks import FileLock
from cmdop_browser.wire.rendezvous.processes import is_halted, process_start_time

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


class Delay(NamedTuple):
    """Why there is no agent yet, though a supervisor starts it again.

    Attributes:
        reason: A clause that follows the agent's name.
        tips: What to do about it.
    """

    reason: str
    tips: tuple[str, ...]


def why_not_yet(paths: AgentPaths) -> Delay | None:
    """Return what keeps the supervisor from having the agent ready; None where there is no supervisor."""
    if not is_supervised(paths):
        return None
    pid = supervisor_pid(paths)
    started = process_start_time(pid) if pid is not None else None
    if pid is not None and started is not None and is_halted(pid, started):
        return Delay(
            f"its supervisor, process {pid}, is stopped",
            (f"let it run on: kill -CONT {pid}", "or end it: cmdop-browser agents stop --force"),
        )
    return Delay(
        "its supervisor has not got it ready",
        (
            "try again in a moment; after several crashes it waits for longer, up to half a minute",
            "what the supervisor writes tells why the last one ended",
        ),
    )
