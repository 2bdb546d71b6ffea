"""What an instance of an agent may leave behind when it is killed, and the removal of it."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import stat
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, TypeVar

import psutil

from agent_bridge.supervision import processes
from agent_bridge.supervision.removal import remove_tree
from cmdop_browser.wire.rendezvous import has_directory_of_its_own, is_running, make_private

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from cmdop_browser.wire.rendezvous import AgentPaths, DiscoveryRecord

logger = logging.getLogger(__name__)

# In the environment of everything that an instance starts.
INSTANCE_VARIABLE: Final = "CMDOP_INSTANCE"

_KILL_SECONDS: Final = 2.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Traces:
    """A note of what an instance may leave behind, written before there is any of it."""

    instance_id: str
    pid: int
    pid_start_time: float
    boot_id: str
    socket: str
    temporary: str

    @property
    def alive(self) -> bool:
        """Whether the instance still runs."""
        return is_running(self.pid, self.pid_start_time, self.boot_id)


class Workspace:
    """The temporary directory of an instance: a context manager.

    While it is entered, the directory is where this process and all that it starts keep
    temporary files, and all that it starts carries the mark of the instance. Leaving it
    removes the directory and the instance's socket.

    Attributes:
        directory: The directory.
        note: The note of what is left when the instance is killed.
    """

    def __init__(self, paths: AgentPaths, record: DiscoveryRecord) -> None:
        self.directory = paths.temporary / record.instance_id
        self.note = paths.instances / f"{record.instance_id}.json"
        self._undo = contextlib.ExitStack()
        self._traces = Traces(
            instance_id=record.instance_id,
            pid=record.pid,
            pid_start_time=record.pid_start_time,
            boot_id=record.boot_id,
            socket=record.socket,
            temporary=str(self.directory),
        )

    def __enter__(self) -> Self:
        make_private(self.note.parent)
        self.note.write_text(json.dumps(asdict(self._traces)), encoding="utf-8")
        self._make_directory()
        self._enter_directory()
        return self

    def restore(self) -> None:
        """Make the directory again if somebody has cleared it away; for before something is started in it.

        Raises:
            OSError: It cannot be made, or others could reach it.
        """
        self._make_directory()
        # Also where it was made for a file meanwhile, this process is still in the one that is gone.
        os.chdir(self.directory)

    def _make_directory(self) -> None:
        # From the top: whoever owns a parent could put another directory in its place.
        for directory in (self.directory.parent.parent, self.directory.parent, self.directory):
            make_private(directory)

    def _enter_directory(self) -> None:
        before = {name: os.environ.get(name) for name in (INSTANCE_VARIABLE, "TMPDIR")}
        self._undo.callback(_set_environment, before)
        self._undo.callback(setattr, tempfile, "tempdir", tempfile.tempdir)
        _set_environment({INSTANCE_VARIABLE: self._traces.instance_id, "TMPDIR": str(self.directory)})
        tempfile.tempdir = str(self.directory)
        # Of what is made anew when all was cleared away, nothing is for others, either.
        self._undo.callback(os.umask, os.umask(0o077))
        # Chromium overwrites the environment of its children with their titles, but the
        # working directory stays (unless the sandbox, which cleans up by itself, hides it).
        self._undo.enter_context(contextlib.chdir(self.directory))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()
        try:
            if _remove_files(self._traces):
                self.note.unlink(missing_ok=True)
        except OSError:  # an end in good order all the same: the next instance tries again
            logger.exception("cannot remove all that this instance leaves")


def sweep(paths: AgentPaths) -> list[str]:
    """Remove what dead instances of an agent left: processes, directories, sockets.

    To be called by the one who holds the agent's lock, so that no other instance starts
    meanwhile. Never raises: what cannot be removed is logged and left for the next time.

    Returns:
        The ids of the instances that were swept.
    """
    swept = []
    for note, traces in _notes(sorted(paths.instances.glob("*.json"))):
        if traces.alive:
            logger.info("instance %s ends its sessions as process %d", traces.instance_id, traces.pid)
        elif _clean(note, traces):
            swept.append(traces.instance_id)
    return swept


def clean(note: Path) -> bool:
    """Remove what one instance left, unless it runs; raises nothing either.

    Safe to do by many at once.

    Returns:
        Whether nothing is left of it.
    """
    return all(not traces.alive and _clean(note, traces) for note, traces in _notes([note]))


def _clean(note: Path, traces: Traces) -> bool:
    try:
        kill_marked(traces)
        if _remove_files(traces):
            _draining(note).unlink(missing_ok=True)
            note.unlink(missing_ok=True)
            return True
    except OSError:
        logger.exception("cannot remove all that instance %s left", traces.instance_id)
    return False


def _draining(note: Path) -> Path:
    """The record by which an instance that drained was found."""
    return note.parent.parent / "draining" / note.name


def kill_marked(traces: Traces) -> list[int]:
    """Kill the processes that an instance started and that outlived it.

    Stopped ones are what there is to find: the driver and Chromium end by themselves
    when the agent does, but only if they can run.

    Returns:
        The pids of those that were killed.
    """
    marked = [process for process in _own_processes() if _is_marked(process, traces)]
    victims = {process.pid: process for process in marked}
    for process in marked:
        victims |= {child.pid: child for child in _descendants(process)}
    for process in victims.values():
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    if victims:
        logger.warning("killed %d processes that instance %s left", len(victims), traces.instance_id)
        processes.wait_until_ended(list(victims.values()), _KILL_SECONDS)
    return sorted(victims)


def _notes(notes: list[Path]) -> Iterator[tuple[Path, Traces]]:
    for note in notes:
        try:
            content = json.loads(note.read_text(encoding="utf-8"))
            traces = Traces(**content)
        except FileNotFoundError:  # somebody else was quicker
            continue
        except (OSError, ValueError, TypeError):
            # Cut off while it was written, which is before there was anything to note.
            logger.warning("removing %s, which is no note of an instance", note)
            note.unlink(missing_ok=True)
            continue
        yield note, traces


def _own_processes() -> Iterator[psutil.Process]:
    uid = os.geteuid()
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.uids().effective == uid:
                yield process
        except psutil.Error:
            continue


def _is_marked(process: psutil.Process, traces: Traces) -> bool:
    """Whether the instance started *process*, by any mark that can be read."""
    directory = traces.temporary
    command = _readable(process.cmdline, list[str]())
    if any(argument.startswith(f"--user-data-dir={directory}/") for argument in command):
        return True
    if _readable(process.environ, dict[str, str]()).get(INSTANCE_VARIABLE) == traces.instance_id:
        return True
    # Not any process that works there: somebody may be looking at the files.
    is_child_of_chromium = any(argument.startswith("--type=") for argument in command)
    return is_child_of_chromium and Path(_readable(process.cwd, "/")).is_relative_to(directory)


def _readable(read: Callable[[], T], otherwise: T) -> T:
    try:
        return read()
    except (psutil.Error, OSError):
        return otherwise


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _remove_files(traces: Traces) -> bool:
    """Remove an instance's directory and socket.

    Returns:
        Whether nothing of them is left.
    """
    directory, socket = Path(traces.temporary), Path(traces.socket)
    if directory.name == traces.instance_id:
        remove_tree(directory)
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(socket.lstat().st_mode):
            socket.unlink()
    if has_directory_of_its_own(socket):
        with contextlib.suppress(FileNotFoundError):
            socket.parent.rmdir()
    return not directory.exists()


def _set_environment(values: dict[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
