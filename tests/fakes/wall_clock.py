"""A wall clock of the test's own for whatever processes it starts."""

from __future__ import annotations

import mmap
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Final

import pytest

_SOURCE: Final = Path(__file__).with_name("wall_clock.c")
HOUR: Final = 3600


class WallClock:
    """A wall clock that can be set, below a directory."""

    def __init__(self, directory: Path) -> None:
        compiler = shutil.which("cc")
        if compiler is None:
            pytest.skip("there is no C compiler (cc) to build the clock with")
        self._library = directory / "wall_clock.so"
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", self._library, _SOURCE], check=True)
        self._file = directory / "wall_clock"
        self._file.write_bytes(struct.pack("l", 0))
        with self._file.open("r+b") as file:
            self._ahead = mmap.mmap(file.fileno(), 0)

    @property
    def environment(self) -> dict[str, str]:
        """What puts a process under this clock."""
        return {"LD_PRELOAD": str(self._library), "WALL_CLOCK": str(self._file)}

    def jump(self, seconds: int) -> None:
        """Set the clock ahead, or back, of what the machine's says."""
        self._ahead[:] = struct.pack("l", seconds)
