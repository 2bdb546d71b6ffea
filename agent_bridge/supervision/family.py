"""A driver, the browser below it and their temporary files: what starts and ends together."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

from agent_bridge.supervision import adoption, processes
from agent_bridge.supervision.removal import remove_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

# Killed processes are gone in some ten milliseconds; a loaded machine may take many times that.
_CLEAR_SECONDS: Final = 5.0


class Family:
    """The processes of one shard, and the directory that is theirs alone.

    The directory is also their mark: it is in the environment of driver and browser. What
    the browser starts overwrites its environment with its title, but stays in the process
    group that the driver made for the browser, also when the browser is dead and the
    group's members are the agent's by adoption.

    Attributes:
        directory: Where they keep temporary files.
    """

    def __init__(self) -> None:
        """Make the directory.

        Raises:
            OSError: There is no place for it.
        """
        self.directory = Path(tempfile.mkdtemp(prefix="browser-"))
        self._known: list[psutil.Process] = []
        self._groups: set[int] = set()

    @contextlib.contextmanager
    def at_home(self) -> Iterator[None]:
        """What is started during the block keeps its temporary files in the directory."""
        before = os.environ.get("TMPDIR")
        os.environ["TMPDIR"] = str(self.directory)
        try:
            yield
        finally:
            if before is None:
                del os.environ["TMPDIR"]
            else:
                os.environ["TMPDIR"] = before

    def take_note(self, driver: int) -> None:
        """Remember the driver of this pid and all that runs below it now."""
        self._known = processes.tree(driver)
        self._groups |= _groups_of(self._known)

    def kill(self) -> None:
        """Kill what is known, at once; `clear` sees to the rest."""
        processes.kill(self._known)

    def look(self) -> tuple[list[psutil.Process], float]:
        """Return those that are halted and the seconds that all have computed; not for the event loop.

        Those just starting are included.
        """
        living = self._living()
        return [process for process in living if processes.is_stopped(process)], processes.cpu_seconds(living)

    def end(self) -> None:
        """Kill all that lives of it, the directory stays; not for the event loop."""
        processes.kill(self._living())

    def clear(self, *, but: int = 0) -> bool:
        """Kill what is left, wait until it is gone, and remove the directory.

        Looks through all processes below the agent and waits: not for the event loop.

        Args:
            but: The pid of a process that is spared, and with it the directory, which is emptied.

        Returns:
            Whether nothing is left; False, too, where the spared one has lost its directory.
        """
        deadline = time.monotonic() + _CLEAR_SECONDS
        while (living := self._living(but)) and time.monotonic() < deadline:
            processes.kill(living)
            processes.wait_until_ended(living, deadline - time.monotonic())
        adoption.collect()
        if but:
            # A number that was a group's may be another's by now.
            self._known, self._groups = [], set()
            try:
                left = list(self.directory.iterdir())
            except FileNotFoundError:
                return False
            for path in left:
                remove_tree(path)
            return not living
        remove_tree(self.directory)
        return not living and not self.directory.exists()

    def _living(self, but: int = 0) -> list[psutil.Process]:
        """Those that run: known ones, those of a group of theirs, those with the mark."""
        # All of them are below the agent, which adopts them; nothing else can be meant.
        own = processes.tree(os.getpid())[:-1]
        marked = [process for process in own if self._is_marked(process)]
        self._groups |= _groups_of(marked)
        members = [process for process in own if processes.group(process) in self._groups]
        found = {process.pid: process for process in (*self._known, *marked, *members)}
        return [process for process in found.values() if process.pid != but and processes.lives(process)]

    def _is_marked(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get("TMPDIR") == str(self.directory)
        except (psutil.Error, OSError):
            return False


def _groups_of(found: list[psutil.Process]) -> set[int]:
    """The process groups that *found* made for themselves.

    The driver stays in the agent's group, which is none of them.
    """
    return {process.pid for process in found if processes.group(process) == process.pid}
