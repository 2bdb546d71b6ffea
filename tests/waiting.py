"""Waiting for what sends no event: files of others, processes that are nobody's children, a broken line."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

import pytest

from cmdop_browser.exceptions import AgentOfflineError, CMDOPError

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


async def until_offline(client: Any, *, within: float = 40.0) -> None:
    """Wait until a client knows that its agent does not answer: until then its calls are sent."""
    async with asyncio.timeout(within):
        while True:
            try:
                await client.ping()
            except AgentOfflineError:
                return
            except CMDOPError:  # sent on a connection that was breaking
                await asyncio.sleep(_PAUSE)
