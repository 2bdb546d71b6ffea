"""Whether the places that the agent writes to take what is written."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import secrets
import time
from collections import Counter
from typing import TYPE_CHECKING, Final

from agent_bridge.periodic import every

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

log = logging.getLogger(__name__)

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What systems say of a disk, a quota or a limit that is used up."""

# A picture with its HTML takes a few hundred KB.
LEAST_BYTES: Final = 1024 * 1024
# A disk that is full has to be known within a second.
_EVERY: Final = 0.5
_PROBE_BYTES: Final = 4096


class Place:
    """A directory that something is written to.

    It is in trouble when a write failed, or as soon as it has less room than the next write
    may want. It is out of it when there is room again and a small file can be written.

    Attributes:
        name: What is kept there: ``temporary``, ``runtime``.
        problem: What is wrong with it; empty when nothing is.
        failures: How many writes have failed, by the system's name of the error.
    """

    def __init__(
        self,
        name: str,
        directory: Path,
        *,
        least: int = LEAST_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.directory = directory
        self.problem = ""
        self.failures: Counter[str] = Counter()
        self._least = least
        self._clock = clock
        self._since = 0.0
        self._wanted = 0

    @property
    def seconds(self) -> float:
        """For how long it has been in trouble."""
        return self._clock() - self._since if self.problem else 0.0

    def failed(self, error: OSError, wanted: int = 0) -> str:
        """Note that a write of *wanted* bytes failed; returns why, in words."""
        self.failures[errno.errorcode.get(error.errno or 0, "unknown")] += 1
        why = _words(error)
        self._wanted = max(self._wanted, wanted)
        self._in_trouble(why)
        return why

    def look(self) -> None:
        """See how much room there is; blocks for a moment."""
        try:
            room, files = _room(self.directory)
        except FileNotFoundError:
            return  # it is made when there is something to keep
        except OSError as error:
            self._in_trouble(_words(error))
            return
        if short := _shortage(room, self._least, files=files):
            self._in_trouble(short)
        elif self.problem and room >= self._wanted + self._least and self._takes_a_file():
            log.info("%s can be written again after %.1f s", self.directory, self.seconds)
            self.problem, self._wanted = "", 0

    def _in_trouble(self, why: str) -> None:
        if not self.problem:
            self._since = self._clock()
            log.warning("%s files cannot be written to %s: %s", self.name, self.directory, why)
        self.problem = why

    def _takes_a_file(self) -> bool:
        path = self.directory / f".probe-{secrets.token_hex(4)}"
        try:
            with path.open("xb") as file:
                file.write(bytes(_PROBE_BYTES))
        except OSError:
            return False
        finally:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        return True


async def watch(places: Iterable[Place]) -> None:
    """Look at *places* for as long as it is awaited."""
    watched = list(places)
    # In a thread: a file system may take its time, the event loop must not.
    await every(_EVERY, lambda: asyncio.to_thread(_look_at, watched), "the look at the disks")


def _look_at(places: list[Place]) -> None:
    for place in places:
        place.look()


def why_full(directory: Path) -> str:
    """What keeps files from being written there; empty where there seems to be room. Blocks for a moment."""
    try:
        room, files = _room(directory)
    except OSError as error:
        return _words(error)
    return _shortage(room, LEAST_BYTES, files=files)


def _shortage(room: int, least: int, *, files: bool) -> str:
    if not files:
        return "no file can be added"
    return f"no space left: {room // 1024} KiB are free" if room < least else ""


def _room(directory: Path) -> tuple[int, bool]:
    """Bytes that may be written there, and whether files may be added."""
    status = os.statvfs(directory)
    as_root = os.geteuid() == 0
    blocks = status.f_bfree if as_root else status.f_bavail
    files = status.f_ffree if as_root else status.f_favail
    # File systems without a fixed number of files say 0 of 0.
    return blocks * status.f_frsize, bool(files) or not status.f_files


def _words(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
