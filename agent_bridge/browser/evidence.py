"""What can be seen of a page at the moment of failure."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser.page import Overdue, PageLost, ScriptFailed
from agent_bridge.deadline import Deadline
from agent_bridge.diagnosis import texts
from cmdop_browser.exceptions import Evidence, PageSnapshot

if TYPE_CHECKING:
    from agent_bridge.browser.page import ManagedPage

log = logging.getLogger(__name__)

# A page that may be stuck is not waited for.
_PROBE_SECONDS = 0.15
_PAGE_STATE = "() => [document.title.slice(0, 200), document.readyState]"


async def evidence_of(page: ManagedPage, text: str = "") -> Evidence:
    """Return what the page shows at this moment; never fails, never takes long."""
    title, ready_state = "", None
    try:
        title, ready_state = await page.evaluate(_PAGE_STATE, deadline=Deadline.after(_PROBE_SECONDS))
    except (Overdue, PageLost, ScriptFailed, PlaywrightError) as exc:
        log.debug("the page told no title: %s", type(exc).__name__)
    return Evidence(
        call_log=texts.call_log(text),
        page=PageSnapshot(
            url=texts.shown_url(page.url), title=title, status=page.status or None, ready_state=ready_state
        ),
    )
