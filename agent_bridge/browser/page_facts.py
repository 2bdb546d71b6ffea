"""What is to be seen of a page as a whole, read in one go when a call on it has failed."""

from __future__ import annotations

import logging
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser.answers import Overdue, PageLost, ScriptFailed
from agent_bridge.diagnosis import challenges
from agent_bridge.diagnosis.page_seen import PageFacts, seen_of

if TYPE_CHECKING:
    from playwright.async_api import Response

    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.deadline import Deadline

log = logging.getLogger(__name__)

_SCRIPT: Final = resources.files(__package__).joinpath("page_facts.js").read_text(encoding="utf-8")
# What of a page can be read in a tenth of a second is enough to know what kind it is.
_MILLISECONDS: Final = 120  # for a grace of a second
_MAX_NODES: Final = 6000
_MAX_REDIRECTS: Final = 30


async def page_facts(page: ManagedPage, deadline: Deadline) -> PageFacts:
    """Return what shows of the page; never raises.

    A page that does not answer in time leaves what is known from the network.
    """
    asked = {
        "marks": challenges.MARKS,
        "needles": challenges.NEEDLES,
        "javascript": page.options.javascript,
        "milliseconds": page.grace.part(_MILLISECONDS),
        "nodes": _MAX_NODES,
    }
    seen: dict[str, Any] = {}
    try:
        seen = seen_of(await page.evaluate(_SCRIPT, asked, deadline=deadline))
    except (Overdue, PageLost, ScriptFailed, PlaywrightError) as exc:
        log.debug("the page did not say what it is: %s", type(exc).__name__)
    except (TypeError, ValueError, AttributeError) as exc:
        # A page may have replaced what the script builds on.
        log.info("the page said nothing that makes sense: %s", exc)
    response = page.response
    known = {
        "requested_url": page.requested_url,
        "arrived_url": page.arrived_url,
        "missed_url": page.missed[0],
        "missed_why": page.missed[1],
        "url": page.url,
        "status": page.status,
        "javascript": page.options.javascript,
        "is_loading": page.is_loading,
        "has_acted": page.has_acted,
        **_of_response(response),
    }
    known.update((name, value) for name, value in seen.items() if value or name not in known)
    return PageFacts(**known)


def _of_response(response: Response | None) -> dict[str, Any]:
    """Return what the response to the document says; nothing here asks the browser."""
    if response is None:
        return {}
    request = response.request
    for _ in range(_MAX_REDIRECTS):
        if request.redirected_from is None:
            break
        request = request.redirected_from
    headers = tuple(
        (name, value[:200]) for name, value in response.headers.items() if name in challenges.HEADERS
    )
    return {"asked_url": request.url, "document_url": response.url, "headers": headers}
