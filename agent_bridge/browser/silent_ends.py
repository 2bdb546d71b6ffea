"""Renderers whose end the browser tells nobody.

One that ends in the very moment in which its document takes the place of another is not told:
1 % of those that are killed while a page is left for another site. Its page answers to nothing
from then on, and looks like one at work. But the browser knows that there is nothing to show.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser.answers import Overdue, PageLost
from agent_bridge.deadline import Deadline
from cmdop_browser.exceptions import CloseReason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agent_bridge.browser.page import ManagedPage

# Answered by the browser itself, in a millisecond, also for a page that is busy: no picture is
# taken. Chromium's PageHandler::CaptureScreenshot asks first whether there is something to show,
# and then for the size.
_NOTHING: Final = {"clip": {"x": 0, "y": 0, "width": 0, "height": 0, "scale": 1}}
_NO_RENDERER: Final = "Internal error"
_ANSWER_SECONDS: Final = 0.5
# The moment may be just after a look.
_LOOKS: Final = 2


async def lose_if_ended(page: ManagedPage) -> None:
    """Lose the page if it has no renderer any more; not when the browser does not say."""
    if await _has_ended(page):
        page.lose(CloseReason.RENDERER_CRASH)


async def _has_ended(page: ManagedPage) -> bool:
    deadline = Deadline.after(_ANSWER_SECONDS)
    try:
        await page.guard(page.cdp.send("Page.captureScreenshot", _NOTHING), deadline)
    except PlaywrightError as exc:
        return _NO_RENDERER in exc.message
    except (Overdue, PageLost):
        return False
    return False


class SilentEnds:
    """Looks for such pages among those that got another document; to be asked often."""

    def __init__(self) -> None:
        # How many documents each had, and how often it was looked at since.
        self._looked_at: dict[ManagedPage, tuple[int, int]] = {}
        self._looking: asyncio.Task[None] | None = None

    def look(self, pages: Iterable[ManagedPage]) -> None:
        """Begin to look, unless that is under way; those of *pages* without a renderer are lost."""
        if self._looking is not None and not self._looking.done():
            return
        before, self._looked_at = self._looked_at, {}
        due = []
        for page in pages:
            documents, looks = before.get(page, (-1, 0))
            if documents != page.documents or page.is_loading:
                looks = 0
            if looks < _LOOKS:
                due.append(page)
            self._looked_at[page] = (page.documents, min(looks + 1, _LOOKS))
        if due:
            self._looking = asyncio.ensure_future(_look_at(due))

    def stop(self) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.cancel()


async def _look_at(pages: list[ManagedPage]) -> None:
    await asyncio.gather(*map(lose_if_ended, pages))
