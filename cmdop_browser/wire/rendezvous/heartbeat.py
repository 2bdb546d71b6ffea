"""The agent's sign of life: when it was last given, on a clock that nobody sets.

It is the time of the record, by the wall clock, and the content of the lock file, by the
monotonic clock, which is one for all processes of the machine. The first alone would make a
running agent look dead for a second when the wall clock jumps ahead, and a stopped one look
alive for hours when it is set back. While a machine is suspended neither side's clock runs.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

from cmdop_browser.wire.mounts import is_read_only

if TYPE_CHECKING:
    from pathlib import Path

    from cmdop_browser.wire.rendezvous.locks import FileLock

_DIGITS: Final = 20


def beat(lock: FileLock) -> None:
    """Give a sign of life in the lock file, which the agent holds.

    Raises:
        OSError: It cannot be written.
    """
    # Always of the same length: only the first one needs room on the disk.
    lock.overwrite(f"{time.monotonic_ns():0{_DIGITS}d}".encode())


def age(record: Path, lock: Path) -> float | None:
    """Seconds since the last sign of life; None where there is no record."""
    try:
        touched = record.stat().st_mtime
    except OSError:
        return None
    # All that agents of earlier versions give; one that seems to be in the future says nothing.
    by_wall_clock = time.time() - touched  # noqa: TID251 -- times of files have no other
    ages = [each for each in (by_wall_clock, _by_monotonic_clock(lock)) if each is not None and each >= 0]
    return min(ages, default=0.0)


def is_missing(record: Path, lock: Path, seconds: float) -> bool:
    """Whether there was no sign of life for so long, although one could have been given."""
    try:
        # On a disk that cannot be written to any more no agent can give one.
        if is_read_only(record.parent):
            return False
    except OSError:
        return False
    known = age(record, lock)
    return known is not None and known > seconds


def _by_monotonic_clock(lock: Path) -> float | None:
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            content = os.pread(descriptor, _DIGITS, 0)
        finally:
            os.close(descriptor)
    except OSError:
        return None
    return (time.monotonic_ns() - int(content)) / 1e9 if content.isdigit() else None
