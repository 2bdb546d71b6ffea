"""Which process is meant, although pids are reused and machines reboot."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from cmdop_browser.wire.rendezvous.shortages import is_of_the_system

if TYPE_CHECKING:
    from collections.abc import Callable

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_ENDED_STATES = frozenset("ZXx")
_HALTED = "T"


def process_start_time(pid: int) -> float | None:
    """When process *pid* was started, in a unit that only compares with itself.

    On Linux these are clock ticks since boot, which no change of the clock can shift.

    Returns:
        None when there is no such process, or only its zombie.

    Raises:
        OSError: It cannot be looked at, as when this process may open no more files: that
            says nothing of it.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None if Path("/proc/self/stat").exists() else _portable_start_time(pid)
    # The command name stands in parentheses and may hold both blanks and parentheses.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in _ENDED_STATES else float(fields[19])


def is_halted(pid: int, start_time: float) -> bool:
    """Whether that very process stands still because of a signal, as of SIGSTOP or Ctrl-Z.

    It takes connections all the same, and answers nothing. What cannot be looked at, because it
    is gone or because this process may open no more files, does not: a look ends no call.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError as error:
        if not is_of_the_system(error):
            raise
        return False
    fields = stat.rpartition(")")[2].split()
    return fields[0] == _HALTED and float(fields[19]) == start_time


def end_halted(pid: int, start_time: float) -> bool:
    """Kill that very process if it stands still; returns whether it was killed."""
    return end_if(pid, start_time, lambda: is_halted(pid, start_time))


def end_if(pid: int, start_time: float, holds: Callable[[], bool]) -> bool:
    """Kill that very process if *holds* is true of it; returns whether it was killed."""
    # The number may be another process's by the time the signal is sent; the descriptor is not.
    try:
        process = os.pidfd_open(pid)
    except (AttributeError, OSError):
        return False
    try:
        if process_start_time(pid) != start_time or not holds():
            return False
        signal.pidfd_send_signal(process, signal.SIGKILL)
    except OSError:
        return False
    finally:
        os.close(process)
    return True


def is_running(pid: int, start_time: float, boot: str) -> bool:
    """Whether the very process that was recorded as these three still runs."""
    return boot == boot_id() and process_start_time(pid) == start_time


def boot_id() -> str:
    """A text that is the same until the machine boots again."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        import psutil  # noqa: PLC0415 -- only systems without /proc pay for it

        return str(int(psutil.boot_time()))


def _portable_start_time(pid: int) -> float | None:
    import psutil  # noqa: PLC0415 -- only systems without /proc pay for it

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.NoSuchProcess:
        return None
