"""Disks of a megabyte or two, that tests fill: real file systems, each seen by one process."""

from __future__ import annotations

import contextlib
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

_CHUNK: Final = bytes(64 * 1024)
# The rest of a word list is what runs there.
_MOUNT: Final = 'mount -t tmpfs -o mode=0700,size="$1" tmpfs "$2" && shift 2 && exec "$@"'
_MOUNT_FULL: Final = (
    'mount -t tmpfs -o mode=0700,size="$1" tmpfs "$2" && { cat /dev/zero > "$2/filler" 2>&-; true; }'
    ' && shift 2 && exec "$@"'
)


@dataclass(frozen=True)
class SmallDisk:
    """A disk that a process and all that it starts find at a directory.

    Attributes:
        at: The directory.
        size: How large it is, as `mount` takes it.
        full: Whether it is full from the beginning.
    """

    at: Path
    size: str = "48m"
    full: bool = False
    _pid: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        tried = subprocess.run(
            ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False
        )
        if tried.returncode:
            pytest.skip(f"no disk can be mounted here: {tried.stderr.decode().strip()}")
        for directory in (*reversed(self.at.parents), self.at):
            if not directory.exists():
                directory.mkdir(mode=0o700)

    @property
    def command(self) -> list[str]:
        """The words of a command that runs another one on the disk, in its own place."""
        script = _MOUNT_FULL if self.full else _MOUNT
        return ["unshare", "-m", "sh", "-c", script, "sh", self.size, str(self.at)]

    def seen_by(self, pid: int) -> Path:
        """The disk as the process *pid* sees it."""
        return Path(f"/proc/{pid}/root{self.at}")

    def fill(self, pid: int) -> None:
        """Leave no room on the disk of the process *pid*."""
        with (self.seen_by(pid) / "filler").open("ab", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(_CHUNK)

    def empty(self, pid: int) -> None:
        """Give the room back."""
        (self.seen_by(pid) / "filler").unlink()
