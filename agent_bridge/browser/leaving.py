"""Ending what a page is loading, so that the next call finds it at rest."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser.answers import Overdue, PageLost
from agent_bridge.deadline import Deadline

if TYPE_CHECKING:
    from agent_bridge.browser.page import ManagedPage

log = logging.getLogger(__name__)

_STOP_SECONDS = 0.3
# Stopping once leaves a quarter of the pages such that the next navigation is
# "interrupted by another"; stopping twice, this far apart, none of 24.
_STOP_PAUSE = 0.1
BLANK: Final = "about:blank"
_LOOKS = 30
_LOOK_PAUSE = 0.01


async def stop_loading(page: ManagedPage) -> None:
    """End a pending navigation, which would hold up every later call on the page."""
    for pause in (_STOP_PAUSE, 0.0):
        try:
            await page.guard(page.cdp.send("Page.stopLoading"), Deadline.after(_STOP_SECONDS))
        except (Overdue, PlaywrightError) as exc:
            log.info("a navigation could not be stopped: %s", exc)
            return
        await asyncio.sleep(pause)


async def leave(page: ManagedPage, deadline: Deadline) -> None:
    """Go to an empty page from one that replaces itself without end.

    Its next document is on its way at any moment and would win over ours; with
    scripts off, and meta refreshes ended by stopping, there is none. What is not
    done by the deadline, the next navigation does: it leaves the page once more.
    """
    scripts_are_on = page.options.javascript
    try:
        if scripts_are_on:
            await page.guard(_switch_scripts(page, off=True), deadline)
        await page.guard(page.cdp.send("Page.stopLoading"), deadline)
        while page.url != BLANK and deadline.remaining:
            await page.guard(page.cdp.send("Page.stopLoading"), deadline)
            await page.guard(page.cdp.send("Page.navigate", {"url": BLANK}), deadline)
            # Another one that is sent before the news of it arrives would interrupt what comes next.
            for _ in range(_LOOKS):
                if page.url == BLANK:
                    break
                await asyncio.sleep(_LOOK_PAUSE)
    except (Overdue, PageLost, PlaywrightError) as exc:
        log.info("a page that reloads itself could not be left: %s", exc)
    finally:
        if scripts_are_on:
            page.chore(_switch_scripts(page, off=False))


async def _switch_scripts(page: ManagedPage, *, off: bool) -> None:
    await page.cdp.send("Emulation.setScriptExecutionDisabled", {"value": off})
