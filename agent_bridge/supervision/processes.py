"""The processes below the agent."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.5
# Killed processes are gone in some ten milliseconds.
_WAIT_SECONDS = 0.01


def children() -> set[int]:
    """Return the pids of what the agent itself started, not those of orphans that came to it.

    Those come from a browser, which has a process group of its own.
    """
    group_of_agent = os.getpgrp()
    return {child.pid for child in psutil.Process().children() if group(child) == group_of_agent}


def tree(pid: int) -> list[psutil.Process]:
    """Return the process *pid* and all below it, deepest first; empty when it is gone."""
    try:
        root = psutil.Process(pid)
        return [*reversed(root.children(recursive=True)), root]
    except psutil.NoSuchProcess:
        return []


def children_of(pid: int) -> list[psutil.Process]:
    """Return the direct children of the process *pid*; empty when it is gone."""
    try:
        return psutil.Process(pid).children()
    except psutil.NoSuchProcess:
        return []


def first_below(found: Iterable[psutil.Process], word: str) -> psutil.Process | None:
    """Return a process below one of *found* that has *word* in its command line; None without one."""
    for process in found:
        with contextlib.suppress(psutil.Error):  # it has ended
            for below in process.children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    if word in below.cmdline():
                        return below
    return None


def group(process: psutil.Process) -> int | None:
    """Return the process group of *process*; None when it is gone."""
    try:
        return os.getpgid(process.pid)
    except ProcessLookupError:
        return None


def lives(process: psutil.Process) -> bool:
    """Whether *process* runs or could run again; a zombie could not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def is_stopped(process: psutil.Process) -> bool:
    """Whether *process* was halted, as by SIGSTOP: it lives, and does nothing."""
    try:
        return process.status() == psutil.STATUS_STOPPED
    except psutil.Error:  # it has ended
        return False


def cpu_seconds(found: Iterable[psutil.Process]) -> float:
    """Return the time that *found* have computed so far; those that have ended count for nothing."""
    total = 0.0
    for process in found:
        try:
            used = process.cpu_times()
        except psutil.Error:
            continue
        total += used.user + used.system
    return total


def wait_until_ended(found: Iterable[psutil.Process], limit: float) -> list[psutil.Process]:
    """Block until *found* have ended, for *limit* seconds at most; returns those that have not.

    Unlike psutil's own it takes no exit code away from whoever started them, and does not
    wait for somebody to ask for it.
    """
    deadline = time.monotonic() + limit
    while (living := [process for process in found if lives(process)]) and time.monotonic() < deadline:
        time.sleep(_WAIT_SECONDS)
    return living


def any_ended(processes: Iterable[psutil.Process]) -> bool:
    """Whether one of *processes* does not run any more, also when nobody has seen to it yet."""
    return not all(map(lives, processes))


def ended(pid: int) -> bool:
    """Whether a process does not run any more."""
    try:
        return any_ended([psutil.Process(pid)])
    except psutil.NoSuchProcess:
        return True


def kill(processes: Iterable[psutil.Process]) -> None:
    """Kill processes; psutil makes sure that a pid used anew is spared."""
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
        except psutil.AccessDenied:
            log.warning("process %d could not be killed", process.pid)


class ExitWatch:
    """Calls back once when a process ends, at once where the system can tell."""

    def __init__(self, pid: int, on_exit: Callable[[], None]) -> None:
        self._pid = pid
        self._on_exit = on_exit
        self._loop = asyncio.get_running_loop()
        self._fd: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        if hasattr(os, "pidfd_open"):
            try:
                self._fd = os.pidfd_open(pid)
            except ProcessLookupError:
                self._loop.call_soon(self._exited)
            else:
                self._loop.add_reader(self._fd, self._exited)
        else:
            self._poll()

    def cancel(self) -> None:
        """Stop watching; harmless when the process has ended."""
        if self._fd is not None:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _exited(self) -> None:
        self.cancel()
        self._on_exit()

    def _poll(self) -> None:
        if psutil.pid_exists(self._pid):
            self._timer = self._loop.call_later(_POLL_SECONDS, self._poll)
        else:
            self._exited()
