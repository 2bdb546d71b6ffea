"""What an agent keeps of sessions beyond its own end, and the end of that.

Cookies are in it, so it may not lie about for longer than somebody could come for it. An
agent that runs sees to that itself. Where none runs, whoever looks next does.
"""

from __future__ import annotations

import json
import logging
import os
import time
from typing import TYPE_CHECKING, Any, Final

from cmdop_browser.exceptions import CMDOPError, StalePortFileError
from cmdop_browser.wire.rendezvous.locks import FileLock
from cmdop_browser.wire.rendezvous.processes import boot_id, is_running
from cmdop_browser.wire.rendezvous.record import DiscoveryRecord

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

    from cmdop_browser.wire.rendezvous.paths import AgentPaths

log = logging.getLogger(__name__)

_FILES: Final = "s-*"
# The time comes first and is always of the same length: another one in its place needs no room.
_BEFORE_TIME: Final = '{"at": '
_TIME_DIGITS: Final = 20


def head(owner: str, keep_seconds: float) -> str:
    """The first line of a file that is kept from now on, for so long after its agent's end."""
    rest = json.dumps({"owner": owner, "keep_seconds": keep_seconds, "boot_id": boot_id()})
    return f"{_BEFORE_TIME}{_now()}, {rest[1:]}"


def renew(path: Path) -> None:
    """Have a file be kept from now on; does nothing where there is none.

    Raises:
        OSError: It cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        before = _BEFORE_TIME.encode()
        if os.pread(descriptor, len(before), 0) == before:
            os.pwrite(descriptor, _now().encode(), len(before))
    finally:
        os.close(descriptor)


def _now() -> str:
    # A clock that nobody sets; what it counts from is told by the boot id.
    return f"{time.monotonic():>{_TIME_DIGITS}.3f}"


def sweep(paths: AgentPaths, but: Container[str] = ()) -> int:
    """Remove what nobody came for in time, and what can be of use to nobody.

    Nothing is removed while another instance of the agent ends its sessions: which of the
    files are of those it alone knows.

    Args:
        paths: Those of the agent.
        but: The ids of sessions that are open, which are kept for as long as they are.

    Returns:
        How many files were removed.
    """
    removed = 0
    for path in _files(paths):
        # Whether one drains is looked at late: most often there is nothing to remove.
        if path.stem not in but and _has_expired(path) and not _drains(paths):
            try:
                path.unlink(missing_ok=True)
                removed += 1
            except OSError as exc:
                log.warning("cannot remove %s: %s", path, exc.strerror)
    return removed


def sweep_after(paths: AgentPaths) -> int:
    """Do the same for an agent that does not run; does nothing where one does, and raises nothing.

    Returns:
        How many files were removed.
    """
    try:
        if not _files(paths):
            return 0
        paths.verify()
        # Held, so that none starts meanwhile and takes up what is just being removed.
        with FileLock(paths.lock) as lock:
            return sweep(paths) if lock.try_acquire() else 0
    except (OSError, CMDOPError) as exc:
        log.warning("what agent %r kept of sessions cannot be removed: %s", paths.agent, exc)
        return 0


def remove_all(paths: AgentPaths) -> int:
    """Remove what an agent that does not run has kept, expired or not; its lock must be held.

    Returns:
        How many files were removed.

    Raises:
        OSError: One of them cannot be removed.
    """
    if _drains(paths):
        return 0
    found = _files(paths)
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


def is_left(paths: AgentPaths) -> bool:
    """Whether anything is kept."""
    return bool(_files(paths))


def _files(paths: AgentPaths) -> list[Path]:
    return sorted(paths.kept.glob(_FILES))


def _has_expired(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8") as file:
            times: dict[str, Any] = json.loads(file.readline())
        # With the machine, all clients that could come for it have ended.
        return bool(times["boot_id"] != boot_id() or time.monotonic() - times["at"] > times["keep_seconds"])
    except FileNotFoundError:
        return False
    except (OSError, ValueError, KeyError, TypeError) as exc:
        log.warning("removing %s, which keeps no session: %s", path, type(exc).__name__)
        return True


def _drains(paths: AgentPaths) -> bool:
    return any(_lives(path) for path in paths.draining.glob("*.json"))


def _lives(path: Path) -> bool:
    try:
        record = DiscoveryRecord.read(path)
    except (FileNotFoundError, StalePortFileError):
        return False  # it has just ended
    return is_running(record.pid, record.pid_start_time, record.boot_id)
