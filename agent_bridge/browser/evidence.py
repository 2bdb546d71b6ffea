"""What can be seen of a page at the moment of failure."""

from __future__ import annotations

import asyncio
import base64
import logging
import math
import time
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, TypeVar

from playwright.async_api import Error as PlaywrightError

from agent_bridge.artifacts import NotKept, keeper
from agent_bridge.browser import console
from agent_bridge.browser.answers import Overdue, PageLost, ScriptFailed
from agent_bridge.deadline import Deadline
from agent_bridge.diagnosis import texts
from cmdop_browser.exceptions import Artifact, Evidence, PageSnapshot
from cmdop_browser.exceptions.redact import redact

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from agent_bridge.artifacts import Artifacts
    from agent_bridge.browser.page import ManagedPage
    from cmdop_browser.exceptions import BrowserError, Candidate

log = logging.getLogger(__name__)

T = TypeVar("T")
_Pictures = dict[str, Any]
_Secrets = asyncio.Future[tuple[str, ...]]

# Shares of the grace. For everything: a picture takes some 50 ms, the rest a few each, so on a page
# that answers all of it is there in time, and one that does not is not waited for.
BUDGET: Final = 0.45
# For all that is no picture: what is known by then is told.
_TEXTS: Final = 0.3
# When looking at the page has to stop.
_UNTIL: Final = 0.8
_LEAST_SECONDS: Final = 0.05
_MAX_HTML: Final = 3_000_000
_MAX_LINE: Final = 300
# Text is legible in it, and a page full of photographs has a tenth of the bytes of PNG.
_PICTURE: Final = {"format": "jpeg", "quality": 80, "optimizeForSpeed": True}
_NOT_SHOWN: Final = NotKept("the page did not show it in time")
_CUT: Final = "\n<!-- cut: the page is longer -->\n"

_STATE_SCRIPT: Final = files(__package__).joinpath("evidence.js").read_text(encoding="utf-8")
_HTML_SCRIPT: Final = (
    "limit => (document.doctype ? '<!DOCTYPE ' + document.doctype.name + '>\\n' : '')"
    " + (document.documentElement ? document.documentElement.outerHTML.slice(0, limit) : '')"
)


async def evidence_of(
    page: ManagedPage, text: str = "", *, candidates: Iterable[Candidate] = (), budget: float = math.inf
) -> Evidence:
    """Return what the page shows at this moment; never fails, never takes long.

    Args:
        page: The page that a call failed on.
        text: What Playwright said, of which the call log is taken.
        candidates: Selectors near the one that matched nothing.
        budget: Seconds to look at the page, if there are less than its share; what is late is left out.
    """
    deadline = Deadline.after(min(budget, page.grace.part(BUDGET), _left_of_the_call(page)))
    keeping = keeper.get()
    # With retries ahead it depends on the error, which is not made yet, whether there are pictures.
    store = keeping.store if keeping is not None and keeping.retries is None else None
    known = asyncio.get_running_loop().create_future()
    evidence, pictures = await asyncio.gather(
        _texts(page, text, deadline, known),
        _pictures(page, store, deadline, known) if store is not None else _no_pictures(),
    )
    return replace(evidence, candidates=tuple(candidates), **pictures)


async def with_pictures(page: ManagedPage, error: BrowserError) -> Evidence:
    """Return the evidence of *error*, with the pictures that were put off until it was known.

    They are for errors that no other attempt follows; of the others nobody would look at them.
    """
    keeping, evidence = keeper.get(), error.evidence
    if keeping is None or keeping.retries is None or keeping.retries.follow(error) or evidence.page is None:
        return evidence
    deadline = Deadline.after(min(page.grace.part(BUDGET), _left_of_the_call(page)))
    known = asyncio.get_running_loop().create_future()
    known.set_result(page.secrets.values())
    return replace(evidence, **await _pictures(page, keeping.store, deadline, known))


async def _texts(page: ManagedPage, text: str, deadline: Deadline, known: _Secrets) -> Evidence:
    soon = Deadline.after(min(page.grace.part(_TEXTS), deadline.remaining))
    try:
        state, cookies, messages = await asyncio.gather(
            _unless_late(lambda: page.evaluate(_STATE_SCRIPT, deadline=soon), "its state"),
            _unless_late(lambda: page.guard(page.cdp.send("Network.getAllCookies"), soon), "its cookies"),
            console.messages(page, soon),
        )
        state = state or {}
        page.secrets.seen(
            (cookies or {}).get("cookies") or (),
            state.get("secrets") or (),
            (page.url, page.requested_url),
        )
    finally:
        known.set_result(page.secrets.values())
    secrets = known.result()
    return Evidence(
        call_log=texts.call_log(text),
        page=PageSnapshot(
            url=texts.shown_url(page.url),
            title=state.get("title") or "",
            status=page.status or None,
            ready_state=state.get("readyState"),
        ),
        console=tuple(_shown(message, secrets) for message in messages),
        failed_requests=tuple(_shown(line, secrets) for line in page.failed_requests),
    )


async def _pictures(page: ManagedPage, store: Artifacts, deadline: Deadline, known: _Secrets) -> _Pictures:
    screenshot, html = await asyncio.gather(
        _in_time(lambda: _screenshot(page, store, deadline), deadline),
        _in_time(lambda: _html(page, store, deadline, known), deadline),
    )
    found = {"screenshot": screenshot, "html": html}
    missing = tuple(f"{name}: {part.why}" for name, part in found.items() if isinstance(part, NotKept))
    return {name: part for name, part in found.items() if isinstance(part, Artifact)} | {"missing": missing}


async def _no_pictures() -> _Pictures:
    return {}


async def _screenshot(page: ManagedPage, store: Artifacts, deadline: Deadline) -> Artifact | NotKept:
    picture = await _unless_late(
        lambda: page.guard(page.cdp.send("Page.captureScreenshot", _PICTURE), deadline), "its picture"
    )
    return (
        _NOT_SHOWN if picture is None else await store.keep(base64.b64decode(picture["data"]), "image/jpeg")
    )


async def _html(
    page: ManagedPage, store: Artifacts, deadline: Deadline, known: _Secrets
) -> Artifact | NotKept:
    html = await _unless_late(lambda: page.evaluate(_HTML_SCRIPT, _MAX_HTML, deadline=deadline), "its HTML")
    if not html:
        return _NOT_SHOWN
    if len(html) >= _MAX_HTML:
        html += _CUT
    # Others await it, too: it must not be cancelled with this picture.
    secrets = await asyncio.shield(known)
    return await store.keep(await asyncio.to_thread(_masked, html, secrets), "text/html")


def _masked(html: str, secrets: tuple[str, ...]) -> bytes:
    return redact(html, secrets).encode("utf-8", "replace")


def _shown(line: str, secrets: tuple[str, ...]) -> str:
    # Masked before it is cut: half a secret is no longer recognised.
    return texts.shorten(redact(line, secrets), _MAX_LINE)


def _left_of_the_call(page: ManagedPage) -> float:
    """Seconds until a failing call has to have ended."""
    return max(_LEAST_SECONDS, page.call_deadline.at + page.grace.part(_UNTIL) - time.monotonic())


# Both take what makes a coroutine rather than the coroutine, which would be left over
# unawaited when the task is cancelled before it begins.


async def _in_time(
    make: Callable[[], Awaitable[Artifact | NotKept]], deadline: Deadline
) -> Artifact | NotKept:
    try:
        async with asyncio.timeout(deadline.remaining):
            return await make()
    except TimeoutError:
        log.debug("a picture of a failed page was not kept in time")
        return NotKept("it was not there in time")


async def _unless_late(look: Callable[[], Awaitable[T]], what: str) -> T | None:
    try:
        return await look()
    except (Overdue, PageLost, ScriptFailed, PlaywrightError) as exc:
        log.debug("the page did not show %s: %s", what, type(exc).__name__)
        return None
