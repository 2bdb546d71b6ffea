"""A command as process 1 of a process name space of its own, as in a container without an init."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Final, Self

import psutil

from agent_bridge.supervision.processes import lives
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

_END_SECONDS: Final = 40.0
# An ordinary user may have one only as the root of a user name space of its own.
_UNPRIVILEGED: Final = () if os.geteuid() == 0 else ("--user", "--map-root-user")


class Container:
    """Process 1 and all below it; whatever is left ends with the block.

    Attributes:
        first: Process 1, as it is seen from outside.
    """

    def __init__(self, command: list[str], environment: Mapping[str, str]) -> None:
        self._outside = subprocess.Popen(
            ["unshare", *_UNPRIVILEGED, "--pid", "--fork", "--kill-child", "--mount-proc", *command],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
        )
        eventually(lambda: psutil.Process(self._outside.pid).children())
        (self.first,) = psutil.Process(self._outside.pid).children()

    def run(self, command: list[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run another command in it to its end."""
        user = ("--user", "--preserve-credentials") if _UNPRIVILEGED else ()
        inside = ["nsenter", f"--target={self.first.pid}", *user, "--pid", "--mount"]
        return subprocess.run(
            [*inside, *command],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=_END_SECONDS,
        )

    def processes(self) -> list[psutil.Process]:
        """All that is below process 1, zombies among them."""
        return self.first.children(recursive=True)

    def wait(self) -> int:
        """Wait for process 1 to end; returns its exit code."""
        return self._outside.wait(_END_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if lives(self.first):
            self.first.kill()
        self._outside.wait(_END_SECONDS)
