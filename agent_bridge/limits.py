"""How much suits this machine, where the settings do not say."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from cmdop_browser.settings import Settings

_CGROUP_MEMORY = Path("/sys/fs/cgroup/memory.max")
_GIB = 2**30

# A page at work wants about an eighth of a core; an idle one only its memory.
_SESSIONS_PER_CPU = 8
# A session on an ordinary page takes some 25 MB over the browser's 200, a heavy
# one ten times that: four a GiB leave room for half of them being heavy.
_SESSIONS_PER_GIB = 4
_LEAST_SESSIONS = 2


def max_sessions(settings: Settings) -> int:
    """Return how many sessions may be open at once."""
    if settings.max_sessions is not None:
        return settings.max_sessions
    by_memory = int(memory_bytes() / _GIB * _SESSIONS_PER_GIB)
    return max(_LEAST_SESSIONS, min(cpus() * _SESSIONS_PER_CPU, by_memory))


def shards(settings: Settings) -> int:
    """Return how many browsers the sessions are spread over: one for two cores."""
    return settings.shards if settings.shards is not None else max(1, cpus() // 2)


def cpus() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_bytes() -> int:
    """Return the memory of the machine, or of the container when that is less."""
    total = int(psutil.virtual_memory().total)
    try:
        limit = _CGROUP_MEMORY.read_text(encoding="ascii").strip()
    except OSError:
        return total
    return min(total, int(limit)) if limit.isdigit() else total
