"""A page in a context: the unit that a session drives, with the DevTools session that belongs to it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

from agent_bridge.browser import blocking
from agent_bridge.browser.answers import PageLost, answer_to
from agent_bridge.browser.page import ManagedPage
from cmdop_browser.exceptions import CloseReason

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

    from agent_bridge.browser.grace import Grace
    from agent_bridge.browser.options import ContextOptions

# Most of what a renderer leaves undone fails at once when it ends, and a page takes 70 ms.
_GIVEN_UP_AFTER: Final = 1.0
# More than a browser makes pages at once.
_MAX_ENDED: Final = 100


class Births:
    """The pages that are being made in one browser.

    Who makes a page is told that its renderer ended, but for some moments: what is
    under way then comes to nothing, ever. Only the browser tells, by an id that nobody
    else knows until the page is there.
    """

    def __init__(self, grace: Grace | None) -> None:
        self._grace = grace
        # Each is resolved when its page is given up.
        self._under_way: set[asyncio.Future[CloseReason]] = set()
        self._ended: deque[str] = deque(maxlen=_MAX_ENDED)

    async def make(self, context: BrowserContext, options: ContextOptions) -> ManagedPage:
        """Return a new page in *context*.

        Raises:
            PageLost: The page's renderer ended.
            PlaywrightError: The browser made none.
        """
        given_up: asyncio.Future[CloseReason] = asyncio.get_running_loop().create_future()
        self._under_way.add(given_up)
        try:
            page = await answer_to(page_in(context, options, self._grace), given_up)
        finally:
            self._under_way.discard(given_up)
        if page.lost.done() or page.frame_id in self._ended:
            raise PageLost(CloseReason.RENDERER_CRASH)
        return page

    def renderer_ended(self, target_id: str) -> None:
        """Note the end of a renderer whose page is not there yet."""
        self._ended.append(target_id)
        loop = asyncio.get_running_loop()
        for given_up in self._under_way:
            loop.call_later(_GIVEN_UP_AFTER, _give_up, given_up)


def _give_up(given_up: asyncio.Future[CloseReason]) -> None:
    if not given_up.done():
        given_up.set_result(CloseReason.RENDERER_CRASH)


async def page_in(context: BrowserContext, options: ContextOptions, grace: Grace | None) -> ManagedPage:
    """Return a new page in *context*, or wait for ever when its renderer ends at the wrong moment.

    Raises:
        PlaywrightError: The browser made none.
    """
    page = await context.new_page()
    cdp = await context.new_cdp_session(page)
    tree = await cdp.send("Page.getFrameTree")
    if options.block:
        await blocking.block(cdp, options.block)
    return ManagedPage(context, page, cdp, options, tree["frameTree"]["frame"]["id"], grace=grace)
