"""How much memory the agent's processes take, and which of them takes too much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from agent_bridge.supervision import processes

if TYPE_CHECKING:
    from collections.abc import Iterable

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Usage:
    """What one process takes.

    Attributes:
        size: Bytes of its own.
        is_renderer: Whether it runs pages.
    """

    process: psutil.Process
    size: int
    is_renderer: bool


def usage_of(pid: int) -> list[Usage]:
    """Return what the process *pid* and those below it take; blocks for some milliseconds."""
    found = []
    for process in processes.tree(pid):
        try:
            is_renderer = "--type=renderer" in process.cmdline()
            found.append(Usage(process, size_of(process), is_renderer))
        except psutil.Error:  # it ended while it was looked at
            continue
    return found


def too_large(usages: Iterable[Usage], *, each: int, together: int) -> list[Usage]:
    """Return the renderers that have to end, the largest first.

    Args:
        usages: What all processes take.
        each: Bytes that one renderer may take.
        together: Bytes that all processes may take.
    """
    rest = list(usages)
    renderers = sorted((usage for usage in rest if usage.is_renderer), key=lambda usage: -usage.size)
    excess = sum(usage.size for usage in rest) - together
    ending = []
    for usage in renderers:
        if usage.size <= each and excess <= 0:
            break
        ending.append(usage)
        excess -= usage.size
    return ending


def size_of(process: psutil.Process) -> int:
    """Return what ending the process would give back: what is resident, without what is shared.

    That is the proportional set size but for a megabyte or two, and read in 30 µs instead of 2.4 ms.
    """
    used = process.memory_info()
    return int(used.rss) - int(getattr(used, "shared", 0))
