"""What a server answers to a navigation that the browser drops without a word.

A 304 to a request without conditions, and a redirect to `javascript:`, end as
ERR_ABORTED with no response that Playwright would report. DevTools would: but only
to a session that follows the network, which costs every navigation that succeeds.
So the address is asked a second time, with eyes open; a GET changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser.page import Overdue, PageLost, guarded

if TYPE_CHECKING:
    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.deadline import Deadline

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Answer:
    """What the server said last: a status, 0 for nothing, and where it redirects to."""

    status: int = 0
    location: str | None = None
    arrived: bool = False


async def look_again(page: ManagedPage, url: str, referer: str | None, deadline: Deadline) -> Answer:
    """Load *url* by GET once more and return what the server answers; never fails."""
    seen = Answer()
    request_id = ""

    def on_request(event: dict[str, Any]) -> None:
        nonlocal request_id
        if event.get("type") == "Document" and not request_id:
            request_id = event["requestId"]

    def on_answer(event: dict[str, Any]) -> None:
        if event["requestId"] == request_id:
            headers = {name.lower(): value for name, value in event["headers"].items()}
            seen.status, seen.location = event["statusCode"], headers.get("location")

    def on_document(event: dict[str, Any]) -> None:
        seen.arrived = seen.arrived or event["requestId"] == request_id

    listeners = (
        ("Network.requestWillBeSent", guarded(on_request)),
        ("Network.responseReceivedExtraInfo", guarded(on_answer)),
        ("Network.loadingFinished", guarded(on_document)),
    )
    for name, listener in listeners:
        page.cdp.on(name, listener)
    arguments = {"url": url, **({"referrer": referer} if referer else {})}
    try:
        await page.guard(page.cdp.send("Network.enable"), deadline)
        await page.guard(page.cdp.send("Page.navigate", arguments), deadline)
        await asyncio.sleep(0)
    except (Overdue, PageLost, PlaywrightError) as exc:
        log.info("a second look did not end: %s", type(exc).__name__)
    finally:
        for name, listener in listeners:
            page.cdp.remove_listener(name, listener)
        if "ads" not in page.options.block:  # that needs it
            page.chore(page.cdp.send("Network.disable"))
    return seen
