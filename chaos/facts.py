"""The machine and the versions that figures are from, and the numbers of a series."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from collections.abc import Sequence


def facts() -> dict[str, Any]:
    """What figures depend on, and cannot be read without."""
    return {
        "cpus": len(os.sched_getaffinity(0)),
        "memory_mib": psutil.virtual_memory().total // 2**20,
        "load": [round(each, 2) for each in os.getloadavg()],
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        **{name: version(name) for name in ("cmdop-browser", "playwright", "grpcio")},
    }


class Stolen:
    """Tells how much of the processors' time the host of this machine gives to others, from now on."""

    def __init__(self) -> None:
        self._before = _stolen_seconds()
        self._began = time.monotonic()

    def share(self) -> float:
        """The share since the beginning; 0 where the system does not tell."""
        possible = (time.monotonic() - self._began) * (os.cpu_count() or 1)
        return round((_stolen_seconds() - self._before) / possible, 3) if possible else 0.0


def _stolen_seconds() -> float:
    return float(getattr(psutil.cpu_times(), "steal", 0.0))


def quantiles(values: Sequence[float]) -> dict[str, float] | None:
    """Median, 95th percentile and maximum; None of nothing."""
    if not values:
        return None
    known = sorted(values)
    return {
        "p50": round(known[(len(known) - 1) // 2], 3),
        # The smallest value that 19 of 20 do not exceed.
        "p95": round(known[max(0, -(-len(known) * 95 // 100) - 1)], 3),
        "max": round(known[-1], 3),
    }
