"""Orphans come to the agent, which collects them when they end.

Below a browser processes have children of their own. When their parent is killed they
become children of the nearest ancestor that asked for that, else of process 1, which in
a container is often no init: they would stay zombies there for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from typing import TYPE_CHECKING, Final, Self

from agent_bridge.periodic import every
from agent_bridge.supervision import prctl

if TYPE_CHECKING:
    from types import TracebackType

_TICK_SECONDS: Final = 0.5


def collect() -> list[int]:
    """Collect the adopted children that have ended; returns their pids.

    What the agent starts itself is in its process group, and left to whoever started it:
    an exit code can be asked for only once. Adopted ones come from a browser's group.
    """
    collected: list[int] = []
    if sys.platform != "linux":  # nobody is adopted
        return collected
    own_group = os.getpgrp()
    with contextlib.suppress(ChildProcessError, ProcessLookupError):
        while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if os.getpgid(ended.si_pid) == own_group:
                break  # whoever started it sees to it at once; those behind it come next time
            os.waitpid(ended.si_pid, os.WNOHANG)
            collected.append(ended.si_pid)
    return collected


class Adoption:
    """Makes this process the parent of orphans below it: a context manager, inside an event loop."""

    def __init__(self) -> None:
        self._collecting: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        if prctl.adopt_orphans():
            self._collecting = asyncio.create_task(
                every(_TICK_SECONDS, collect, "the collecting of zombies"), name="adoption"
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._collecting is not None:
            self._collecting.cancel()
        collect()
