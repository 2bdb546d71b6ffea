"""The machine and the versions that figures are from, and the numbers of a series."""

from __future__ import annotations

import os
import platform
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
