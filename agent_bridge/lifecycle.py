"""The life of an agent as others see it: its lock, its record, its heartbeat, its end."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import logging
import os
import secrets
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from agent_bridge.periodic import every
from agent_bridge.supervision import notify
from cmdop_browser.exceptions import (
    AgentExistsError,
    AgentStartError,
    PermissionDeniedError,
    StalePortFileError,
)
from cmdop_browser.wire.channel import PROTOCOL_MAX
from cmdop_browser.wire.rendezvous import (
    DiscoveryRecord,
    FileLock,
    boot_id,
    heartbeat,
    make_private,
    new_socket_path,
    process_start_time,
)

if TYPE_CHECKING:
    from types import TracebackType

    from cmdop_browser.exceptions import CMDOPError
    from cmdop_browser.wire.rendezvous import AgentPaths

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS: Final = 1.0

# Clients hold the lock for a moment while they remove a stale record.
_LOCK_SECONDS: Final = 0.3
_LOCK_PAUSE: Final = 0.01


class AgentLock:
    """What makes an agent the only one of its name; a context manager that gives it back."""

    def __init__(self, lock: FileLock) -> None:
        self._lock = lock

    @classmethod
    def acquire(cls, paths: AgentPaths, turn_fd: int | None = None) -> AgentLock:
        """Take the lock of the agent whose files are at *paths*; makes its directory.

        Args:
            paths: See there.
            turn_fd: The lock by which nobody else starts an agent; it is held until this one
                is, and closed in any case, since what the agent starts would keep it.

        Raises:
            AgentExistsError: Another agent holds it.
            PermissionDeniedError: The directory is another user's.
            AgentStartError: The directory cannot be written.
        """
        try:
            return cls(_acquired(paths))
        finally:
            if turn_fd is not None:
                os.close(turn_fd)

    @property
    def lost(self) -> bool:
        """Whether the lock file was removed or replaced, so that it keeps nobody out."""
        return not self._lock.still_named()

    def touch(self) -> None:
        """Give a sign of life, also to cleaners of temporary directories: the file is in use."""
        self._lock.touch()
        # On a full disk there may be no room for the first one; the record's time goes on.
        with contextlib.suppress(OSError):
            heartbeat.beat(self._lock)

    def release(self) -> None:
        """Give the lock back; does nothing the second time."""
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def new_record(paths: AgentPaths, agent: str) -> DiscoveryRecord:
    """A record for this process: a new instance, with a token and a socket path of its own.

    The socket's path is not bound yet; when it lies in a directory made for it, that
    directory is made now.

    Raises:
        AgentStartError: There is no place for the socket.
    """
    pid = os.getpid()
    started = process_start_time(pid)
    if started is None:
        raise AgentStartError(agent=agent, reason="the system does not say when this process was started")
    instance_id = uuid.uuid4().hex
    try:
        socket = new_socket_path(paths, instance_id)
    except OSError as error:
        raise AgentStartError(agent=agent, reason=f"no place for its socket: {error}") from error
    return DiscoveryRecord(
        instance_id=instance_id,
        pid=pid,
        pid_start_time=started,
        boot_id=boot_id(),
        uid=os.geteuid(),
        socket=str(socket),
        protocol=PROTOCOL_MAX,
        token=secrets.token_urlsafe(32),
        ready_at=time.time(),  # noqa: TID251 -- told to people; nothing is measured by it
    )


class Publication:
    """An agent that can be found: an async context manager.

    Entering it publishes the record, leaving it withdraws it. Meanwhile the record's
    modification time is the agent's heartbeat. `retire` makes room for another agent.

    Attributes:
        record: What is published, with the time of it.
        lost: Set when the agent cannot be found any more because somebody removed its
            directory or its socket. It should end, since another may start.
    """

    def __init__(self, paths: AgentPaths, record: DiscoveryRecord, lock: AgentLock | None = None) -> None:
        self.record = record
        self.lost = asyncio.Event()
        self._paths = paths
        self._lock = lock
        self._file = paths.record
        self._heart: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        now = time.time()  # noqa: TID251 -- see there
        self.record = dataclasses.replace(self.record, ready_at=now)
        if self._lock is not None:
            self._lock.touch()
        self.record.write(self._file)
        self._heart = asyncio.create_task(self._beat(), name="heartbeat")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._heart is not None:
            self._heart.cancel()
            await asyncio.wait({self._heart})
        self._remove(self._file)

    def retire(self) -> None:
        """Leave the name to the next agent, and go on for those who are connected.

        Clients that come from now on find no agent until another one is started, which may
        be at once. Where this one is to be found is told beside, for those who know of it.
        """
        published, self._file = self._file, self._paths.draining / f"{self.record.instance_id}.json"
        if not self.lost.is_set():
            try:
                make_private(self._file.parent)
                self.record.write(self._file)
            except (OSError, PermissionDeniedError):
                logger.exception("cannot tell in %s that this agent drains", self._file)
        self._remove(published)
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _remove(self, path: Path) -> None:
        """Remove the record, if it is still this instance's; one that cannot be removed stays."""
        try:
            if DiscoveryRecord.read(path).instance_id == self.record.instance_id:
                path.unlink(missing_ok=True)
        except (FileNotFoundError, StalePortFileError):
            return
        except OSError:
            logger.exception("cannot remove %s", path)

    async def _beat(self) -> None:
        await every(HEARTBEAT_SECONDS, self._show_life, "the heartbeat")

    def _show_life(self) -> None:
        if self.lost.is_set():
            return
        # One that has retired need not be found, and its socket goes before it does.
        is_retired = self._file != self._paths.record
        lock_lost = self._lock is not None and self._lock.lost
        if not is_retired and (lock_lost or not Path(self.record.socket).exists()):
            logger.error("the files of this agent were removed from %s", self._paths.directory)
            self.lost.set()
            return
        # First: that a disk cannot be written to is no reason to be ended.
        notify.notify(notify.ALIVE)
        if self._lock is not None:
            self._lock.touch()
        try:
            os.utime(self._file)
            what = "damaged" if self._is_damaged() else ""
        except FileNotFoundError:
            what = "removed"
        if what:
            logger.warning("%s was %s; publishing it again", self._file, what)
            self.record.write(self._file)

    def _is_damaged(self) -> bool:
        """Whether the file is not what this agent wrote; that of a successor is."""
        try:
            found = DiscoveryRecord.read(self._file)
        except (StalePortFileError, PermissionDeniedError):
            return True
        return found.instance_id == self.record.instance_id and found != self.record


class Report:
    """The pipe to whoever started this agent, on which one line is said."""

    def __init__(self, fd: int | None) -> None:
        """Take over the pipe *fd*; without one nobody is told."""
        self._fd = fd

    def ready(self, record: DiscoveryRecord) -> None:
        """Tell that this agent can be used; nothing after that is told here."""
        self._say({"ready": record.to_dict()})

    def failure(self, error: CMDOPError) -> None:
        """Tell why this agent cannot be used, if it never could."""
        self._say({"error": error.to_dict()})

    def _say(self, content: dict[str, Any]) -> None:
        # Once: its number is another file's by then.
        fd, self._fd = self._fd, None
        if fd is None:
            return
        try:
            with os.fdopen(fd, "wb") as pipe:
                pipe.write(json.dumps(content).encode() + b"\n")
        except BrokenPipeError:
            logger.info("the process that started this agent is gone")


def _holder(paths: AgentPaths) -> str:
    try:
        return f" by process {DiscoveryRecord.read(paths.record).pid}"
    except (OSError, StalePortFileError):
        return ""


def _acquired(paths: AgentPaths) -> FileLock:
    paths.create()
    lock = FileLock(paths.lock)
    deadline = time.monotonic() + _LOCK_SECONDS
    try:
        while not lock.try_acquire():
            if time.monotonic() > deadline:
                raise AgentExistsError(
                    agent=paths.agent, backend="process", reason=f"{paths.lock} is held{_holder(paths)}"
                )
            time.sleep(_LOCK_PAUSE)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise AgentStartError(agent=paths.agent, reason=f"cannot lock {paths.lock}: {why}") from error
    return lock
