"""How much suits this machine, where the settings do not say."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

import psutil

from agent_bridge.supervision.cgroup import Cgroup
from agent_bridge.supervision.memory import MIB

if TYPE_CHECKING:
    from cmdop_browser.settings import Settings

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
    return max(_LEAST_SESSIONS, min(_usable_cpus() * _SESSIONS_PER_CPU, by_memory))


def shards(settings: Settings) -> int:
    """Return how many browsers the sessions are spread over: one for two cores, at most one for a GiB."""
    if settings.shards is not None:
        return settings.shards
    memory = settings.memory * MIB if settings.memory is not None else memory_bytes()
    return max(1, min(_usable_cpus() // 2, memory // _GIB))


def cpus() -> int:
    """Return how many processors this process may run on, be it for a part of their time."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _usable_cpus() -> int:
    """Return how many of them it has the time of."""
    quota = Cgroup().cpus()
    return cpus() if quota is None else min(cpus(), max(1, math.ceil(quota)))


def memory_bytes() -> int:
    """Return the memory of the machine, or of the container when that is less."""
    total = int(psutil.virtual_memory().total)
    limit = Cgroup().memory()
    return total if limit is None else min(total, limit)
