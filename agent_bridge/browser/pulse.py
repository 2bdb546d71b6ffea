"""Whether a page answers at all, and what can be done when it does not."""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import TYPE_CHECKING, Final

from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser.page import Overdue, abandon, is_gone
from agent_bridge.deadline import Deadline

if TYPE_CHECKING:
    from agent_bridge.browser.page import ManagedPage

# A page at work answers within a few milliseconds, one that lays out a hundred
# thousand elements within a few hundred: stopping that would do harm.
_PATIENCE: Final = 0.35
# Stopping a script takes 3 to 7 ms; the rest is for a machine that is busy. A page
# that is silent even then counts as lost, with its session.
_FREEING: Final = 0.4
# Each step of freeing a page that is to leave anyway.
_STEP: Final = 0.15


class Pulse(Enum):
    """What a page does when it is asked for a sign of life."""

    ANSWERS = "answers"
    PENDING = "held up by a navigation that has begun and not arrived"
    FREED = "was blocked by a script, which was stopped"
    NONE = "does not answer, whatever is done"


async def pulse_of(page: ManagedPage) -> Pulse:
    """Ask the page for a sign of life; stop the script that keeps it from giving one.

    A navigation that is pending holds every call up, and is left alone: the caller
    may be waiting for it.

    Raises:
        PageLost: The page went away meanwhile.
    """
    # One question, kept open: an answer to it counts however late it comes.
    asked = asyncio.ensure_future(page.cdp.send("Runtime.evaluate", {"expression": "1"}))
    try:
        if await _answered(page, asked, _PATIENCE):
            return Pulse.ANSWERS
        if page.is_loading:
            return Pulse.PENDING
        # On a DevTools session that was open before the script began this works
        # within milliseconds; every other way costs the page.
        stopped = asyncio.ensure_future(page.cdp.send("Runtime.terminateExecution"))
        try:
            if await _answered(page, asked, _FREEING):
                return Pulse.FREED
            return Pulse.PENDING if page.is_loading else Pulse.NONE
        finally:
            abandon(stopped)
    finally:
        abandon(asked)


async def answers(page: ManagedPage, seconds: float) -> bool:
    """Whether the page gives a sign of life within *seconds*; nothing is stopped."""
    asked = asyncio.ensure_future(page.cdp.send("Runtime.evaluate", {"expression": "1"}))
    try:
        return await _answered(page, asked, seconds)
    finally:
        abandon(asked)


async def _answered(page: ManagedPage, asked: asyncio.Future[object], seconds: float) -> bool:
    try:
        await page.guard(asyncio.shield(asked), Deadline.after(seconds))
    except Overdue:
        return False
    except PlaywrightError as exc:
        # "The document was just replaced" is an answer, too.
        return not is_gone(exc)
    return True


async def unblock(page: ManagedPage) -> bool | None:
    """Free a page whose own navigation is given up: stop that, then the script that blocks it.

    Returns:
        None when the page answers by then, True when a script had to be stopped,
        False when it cannot be freed.
    """
    if await answers(page, _STEP):
        return None
    await _attempt(page, "Page.stopLoading")
    if await answers(page, _STEP):
        return None
    await _attempt(page, "Runtime.terminateExecution")
    return await answers(page, _STEP)


async def _attempt(page: ManagedPage, method: str) -> None:
    asked = asyncio.ensure_future(page.cdp.send(method))
    try:
        await _answered(page, asked, _STEP)
    finally:
        abandon(asked)
