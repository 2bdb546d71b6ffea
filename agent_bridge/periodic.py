"""What is looked at again and again for as long as the agent lives."""

from __future__ import annotations

import asyncio
import inspect
import logging
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)


async def every(seconds: float, look: Callable[[], object], what: str) -> NoReturn:
    """Look now and *seconds* after each look, for as long as it is awaited.

    One that fails is logged, and the next one is made all the same: an agent that has stopped
    looking would seem to be well. Of several failures in a row the first is logged.

    Args:
        seconds: Between two looks.
        look: What is called; what it returns is awaited, if it can be.
        what: The look is, for the log.
    """
    has_failed = False
    while True:
        try:
            looking = look()
            if inspect.isawaitable(looking):
                await looking
        except Exception:
            if not has_failed:
                log.exception("%s failed; it is tried again every %g s", what, seconds)
            has_failed = True
        else:
            has_failed = False
        await asyncio.sleep(seconds)
