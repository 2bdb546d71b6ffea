"""Whether the agent of a discovery record lives, and the removal of a record whose agent does not."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import struct
from typing import TYPE_CHECKING, Final

from cmdop_browser.exceptions import PermissionDeniedError, StalePortFileError
from cmdop_browser.wire.rendezvous.locks import FileLock
from cmdop_browser.wire.rendezvous.paths import verify_private
from cmdop_browser.wire.rendezvous.processes import boot_id, process_start_time
from cmdop_browser.wire.rendezvous.record import DiscoveryRecord
from cmdop_browser.wire.rendezvous.shortages import is_shortage, told_as_ours

if TYPE_CHECKING:
    from pathlib import Path

_PEER_CREDENTIALS: Final = struct.Struct("3i")  # pid, uid, gid


def why_stale(record: DiscoveryRecord) -> str | None:
    """The first reason why *record* names no living agent, or None when it names one.

    An agent that is stopped or busy counts as living: the kernel accepts connections
    for it.

    Raises:
        PermissionDeniedError: Another user's process listens on the agent's socket.
        OSError: It cannot be looked at, as when this process may open no more files.
    """
    if record.boot_id != boot_id():
        return "is from before the machine was last booted"
    started = process_start_time(record.pid)
    if started is None:
        return f"names process {record.pid}, which has ended"
    if started != record.pid_start_time:
        return f"names process {record.pid}, which is another one by now"
    return _why_unreachable(record)


def remove_stale(path: Path) -> bool:
    """Remove the discovery record at *path* if its agent is really gone.

    Safe to call at any time and by many at once: a record whose agent lives stays, and so
    does everything while an agent holds the lock, be it one that is just starting.

    Returns:
        Whether a record was removed.

    Raises:
        PermissionDeniedError: The record or its directory is another user's.
        ConnectionError: The system refuses it.
    """
    with told_as_ours("what an agent left behind cannot be removed"):
        try:
            verify_private(path.parent)
            with FileLock(path.with_name("agent.lock")) as lock:
                if not lock.try_acquire() or not _is_stale(path):
                    return False
                _remove(path)
        except FileNotFoundError:
            return False
    return True


def _remove(path: Path) -> None:
    if stat.S_ISDIR(path.lstat().st_mode):
        shutil.rmtree(path)
    else:
        path.unlink()


def _is_stale(path: Path) -> bool:
    try:
        return why_stale(DiscoveryRecord.read(path)) is not None
    except StalePortFileError:
        return True


def _why_unreachable(record: DiscoveryRecord) -> str | None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(record.socket)
        except BlockingIOError:
            # The queue of connections is full: someone listens, though slowly.
            return None
        except FileNotFoundError:
            return f"names socket {record.socket}, which is gone"
        except OSError as error:
            if is_shortage(error):
                raise
            return f"names socket {record.socket}, which does not answer ({error.strerror or error})"
        return _why_wrong_peer(record, probe)


def _why_wrong_peer(record: DiscoveryRecord, probe: socket.socket) -> str | None:
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    raw = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER_CREDENTIALS.size)
    pid, uid, _ = _PEER_CREDENTIALS.unpack(raw)
    if uid != os.geteuid():
        raise PermissionDeniedError(
            f"a process of user {uid} listens on {record.socket}, and this is user {os.geteuid()}",
            agent_uid=uid,
            caller_uid=os.geteuid(),
        )
    if pid != record.pid:
        return f"names process {record.pid}, but process {pid} listens on its socket"
    return None
