"""Whether a page answers at all, and what can be done when it does not.

A page that is slow must not be taken for one that is stuck: stopping its script
would break it, and giving it up would cost the session. So the patience here grows
with the time that the browser itself takes to answer, which is the machine's, and
a script is stopped only when one runs: `_INTERRUPTS` is answered in the middle of
a script, and not while the engine lays out or parses.
"""

from __future__ import annotations

import asyncio
import math
import os
import time
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

import psutil
from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser.answers import Overdue, PageLost, abandon, is_gone
from agent_bridge.browser.silent_ends import lose_if_ended
from agent_bridge.deadline import Deadline
from agent_bridge.supervision import processes
from cmdop_browser.exceptions import CloseReason

if TYPE_CHECKING:
    from agent_bridge.browser.page import ManagedPage

# What a page takes that has nothing else to do.
_AT_WORK: Final = 0.02
# A page at work answers within a few milliseconds, one that lays out a hundred
# thousand elements within a few hundred.
_PATIENCE: Final = 0.35
_MOST_PATIENCE: Final = 0.6  # of the grace
# How much longer than the browser itself a page may take that only shares its machine.
_TIMES_SLOWER: Final = 8
# Chromium hands few methods to a script that runs: ShouldInterruptForMethod in its
# devtools_session.cc. Of them this one changes nothing, and costs nothing when
# the domain is not enabled.
_INTERRUPTS: Final = "Performance.getMetrics"
_BETWEEN_INTERRUPTS: Final = 0.02
# An answer this old still tells what the page does now; one that took longer came after something
# else than a script: layout, or a process that had no processor.
_FRESH: Final = 0.2
# What is kept of the grace for telling a script to stop; it takes 3 to 7 ms, more on a busy machine.
_STOPPING: Final = 0.25
# The share of the grace after which asking is over, whatever is not known by then.
_UNTIL: Final = 0.65
# A page that has not answered for this long after its call is lost, with its session:
# one whose script was told to stop, and one on which the engine itself is at work.
_GIVEN_UP_AFTER: Final = 10.0
_GIVEN_UP_AT_WORK_AFTER: Final = 60.0
# The least that an answer is waited for, as a share of the grace.
_STEP: Final = 0.15


class Pulse(Enum):
    """What a page does when it is asked for a sign of life."""

    ANSWERS = "answers"
    SLOW = "has not answered yet, and nothing says that it is stuck"
    PENDING = "held up by a navigation that has begun and not arrived"
    FREED = "was blocked by a script, which was stopped"
    SILENT = "does not answer, though its script was told to stop"
    STOPPED = "its process has been halted"


async def pulse_of(page: ManagedPage, *, may_hang: bool = True, may_be_pending: bool = True) -> Pulse:
    """Ask the page for a sign of life; stop the script that keeps it from giving one.

    A navigation that is pending holds every call up, and is left alone: the caller
    may be waiting for it.

    Args:
        page: The page.
        may_hang: False when it is known to have answered a moment ago: then
            nothing is stopped.
        may_be_pending: False when its navigation was told to stop: then that is no
            reason for silence.

    Raises:
        PageLost: The page went away meanwhile.
    """
    # One question, kept open: an answer to it counts however late it comes.
    asked = asyncio.ensure_future(page.cdp.send("Runtime.evaluate", {"expression": "1"}))
    script: _RunningScript | None = None
    try:
        if await _answered(page, asked, _AT_WORK):
            return Pulse.ANSWERS
        script = _RunningScript(page)
        browser = await _browsers_own_time(page)
        most = page.grace.part(_MOST_PATIENCE)
        left = _left(page) - page.grace.part(_STOPPING)
        patience = min(max(_PATIENCE, _TIMES_SLOWER * browser), most, left)
        if await _answered(page, asked, patience - browser):
            return Pulse.ANSWERS
        if page.is_loading and may_be_pending:
            return Pulse.PENDING
        if not may_hang:
            return Pulse.SLOW
        if not await script.is_seen(asked, min(_PATIENCE, patience)):
            if asked.done():
                return Pulse.ANSWERS
            await lose_if_ended(page)
            if page.lost.done():
                raise PageLost(page.lost.result())
            if _a_renderer_is_stopped():
                return Pulse.STOPPED
            page.chore(_give_up_when_silent(page, _GIVEN_UP_AT_WORK_AFTER))
            return Pulse.SLOW
        # On a DevTools session that was open before the script began this works
        # within milliseconds; every other way costs the page.
        stopped = asyncio.ensure_future(page.cdp.send("Runtime.terminateExecution"))
        try:
            if await _answered(page, asked, _left(page)):
                return Pulse.FREED
        finally:
            abandon(stopped)
        page.chore(_give_up_when_silent(page, _GIVEN_UP_AFTER))
        return Pulse.SILENT
    finally:
        abandon(asked)
        if script is not None:
            script.forget()


def lose(page: ManagedPage) -> PageLost:
    """Give up a page whose process does not run."""
    page.lose(CloseReason.RENDERER_HANG)
    return PageLost(page.lost.result())


async def _browsers_own_time(page: ManagedPage) -> float:
    """Return how long the browser, rather than the page, takes to answer."""
    began = time.monotonic()
    asked = asyncio.ensure_future(page.cdp.send("Target.getTargetInfo"))
    try:
        await _answered(page, asked, _PATIENCE)
    finally:
        abandon(asked)
    return time.monotonic() - began


class _RunningScript:
    """Looks for a script that runs in a page, by asking again and again what only a script answers.

    One that is seen for a moment is not what blocks the page: when a long layout is over,
    short scripts run before the page answers to anything else, observers of the page or a
    search of a call that has ended. So a script counts when it ran for some time on end.
    """

    def __init__(self, page: ManagedPage) -> None:
        self._page = page
        self._began = math.inf
        self._seen_at = -math.inf
        self._answered = asyncio.Event()
        self._asking = asyncio.ensure_future(self._ask())

    async def is_seen(self, asked: asyncio.Future[Any], on_end: float) -> bool:
        """Wait until a script is seen to hold *asked* up, for *on_end* seconds on end.

        False when *asked* comes first, or neither does.
        """
        seen = asyncio.ensure_future(self._lasts(on_end))
        either = asyncio.ensure_future(asyncio.wait({asked, seen}, return_when=asyncio.FIRST_COMPLETED))
        try:
            return await _answered(self._page, either, _left(self._page)) and not asked.done()
        finally:
            abandon(either)
            abandon(seen)

    def forget(self) -> None:
        """Ask no more."""
        abandon(self._asking)

    async def _lasts(self, on_end: float) -> None:
        while self._seen_at - self._began < on_end or time.monotonic() - self._seen_at > _FRESH:
            self._answered.clear()
            await self._answered.wait()

    async def _ask(self) -> None:
        while True:
            asked_at = time.monotonic()
            await self._page.cdp.send(_INTERRUPTS)
            self._seen_at = time.monotonic()
            if self._seen_at - asked_at > _FRESH or self._began == math.inf:
                self._began = self._seen_at
            self._answered.set()
            await asyncio.sleep(_BETWEEN_INTERRUPTS)


def _left(page: ManagedPage) -> float:
    left = page.call_deadline.at + page.grace.part(_UNTIL) - time.monotonic()
    return min(max(page.grace.part(_STEP), left), page.grace.part(_MOST_PATIENCE))


def _a_renderer_is_stopped() -> bool:
    """Whether a renderer of this agent has been halted, as by SIGSTOP.

    Which page it runs the browser does not tell; asked is for one that gives no sign.
    """
    for process in processes.tree(os.getpid()):
        try:
            if processes.is_stopped(process) and "--type=renderer" in process.cmdline():
                return True
        except psutil.Error:  # it ended while it was looked at
            continue
    return False


async def _give_up_when_silent(page: ManagedPage, after: float) -> None:
    try:
        if not await answers(page, after):
            page.lose(CloseReason.RENDERER_HANG)
    except PageLost:
        return


async def answers(page: ManagedPage, seconds: float) -> bool:
    """Whether the page gives a sign of life within *seconds*; nothing is stopped."""
    asked = asyncio.ensure_future(page.cdp.send("Runtime.evaluate", {"expression": "1"}))
    try:
        return await _answered(page, asked, seconds)
    finally:
        abandon(asked)


async def _answered(page: ManagedPage, asked: asyncio.Future[Any], seconds: float) -> bool:
    try:
        await page.guard(asyncio.shield(asked), Deadline.after(seconds))
    except Overdue:
        return False
    except PlaywrightError as exc:
        # "The document was just replaced" is an answer, too.
        return not is_gone(exc)
    return True
