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
from urllib.parse import urlsplit

from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser.answers import Overdue, PageLost
from agent_bridge.browser.page import guarded
from agent_bridge.diagnosis.urls import LOADABLE

if TYPE_CHECKING:
    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.deadline import Deadline

log = logging.getLogger(__name__)

_NEWS_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said last.

    Attributes:
        status: 0 when that is not known.
        location: Where it redirects to.
        arrived: Whether there was a document, this time.
    """

    status: int = 0
    location: str | None = None
    arrived: bool = False


async def look_again(page: ManagedPage, url: str, referer: str | None, deadline: Deadline) -> Answer:
    """Load *url* by GET once more and return what the server answers; never fails."""
    # Headers come from another process than the rest, in no certain order.
    answers: dict[str, list[Answer]] = {}
    news = asyncio.Event()

    def on_answer(event: dict[str, Any]) -> None:
        headers = {name.lower(): value for name, value in event["headers"].items()}
        answer = Answer(event["statusCode"], headers.get("location"))
        answers.setdefault(event["requestId"], []).append(answer)
        news.set()

    listener = guarded(on_answer)
    page.cdp.on("Network.responseReceivedExtraInfo", listener)
    arguments = {"url": url, **({"referrer": referer} if referer else {})}
    try:
        await page.guard(page.cdp.send("Network.enable"), deadline)
        reply = await page.guard(page.cdp.send("Page.navigate", arguments), deadline)
        if "errorText" not in reply:
            return Answer(arrived=True)
        while not _is_last(answers.get(reply["loaderId"])):
            news.clear()
            async with asyncio.timeout(_NEWS_SECONDS):
                await news.wait()
        return answers[reply["loaderId"]][-1]
    except (Overdue, PageLost, PlaywrightError, TimeoutError) as exc:
        log.info("a second look did not end: %s", type(exc).__name__)
        return Answer()
    finally:
        page.cdp.remove_listener("Network.responseReceivedExtraInfo", listener)
        if "ads" not in page.options.block:  # that needs it
            page.chore(page.cdp.send("Network.disable"))


def _is_last(answers: list[Answer] | None) -> bool:
    """Whether the browser went no further than the last of *answers*."""
    if not answers:
        return False
    target = answers[-1].location
    return target is None or urlsplit(target).scheme not in {"", *LOADABLE}
