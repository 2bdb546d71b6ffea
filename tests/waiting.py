"""Waiting for what sends no event: another process's files, and processes that are nobody's children."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

_PAUSE: Final = 0.02


def eventually(holds: Callable[[], object], *, within: float = 10.0) -> float:
    """Wait until *holds*, for *within* seconds at most; returns how long it took."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > within:
            pytest.fail(f"not so within {within:g} s")
        time.sleep(_PAUSE)
    return time.monotonic() - began
