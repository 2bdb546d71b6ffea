"""A page in a context: the unit that a session drives, with the DevTools session that belongs to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_bridge.browser import blocking
from agent_bridge.browser.page import ManagedPage

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

    from agent_bridge.browser.grace import Grace
    from agent_bridge.browser.options import ContextOptions


async def page_in(context: BrowserContext, options: ContextOptions, grace: Grace | None) -> ManagedPage:
    """Return a new page in *context*.

    Raises:
        PlaywrightError: The browser made none.
    """
    page = await context.new_page()
    cdp = await context.new_cdp_session(page)
    tree = await cdp.send("Page.getFrameTree")
    if options.block:
        await blocking.block(cdp, options.block)
    return ManagedPage(context, page, cdp, options, tree["frameTree"]["frame"]["id"], grace=grace)
