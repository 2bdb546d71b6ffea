"""Loading documents: navigate, back, forward, reload."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from agent_bridge.browser.answers import Overdue, ScriptFailed, abandon
from agent_bridge.browser.failed_navigation import ArrivesAfterAll, bare_answer, failure, timeout
from agent_bridge.browser.failures import raise_if_dead, raise_if_lost
from agent_bridge.browser.journey import Journey, redirects_to
from agent_bridge.browser.leaving import leave, stop_loading
from agent_bridge.browser.page import DRIVER_MARGIN, ManagedPage
from agent_bridge.browser.pulse import Pulse, pulse_of
from agent_bridge.deadline import Deadline
from agent_bridge.diagnosis import texts
from agent_bridge.diagnosis.urls import refusal_of
from cmdop_browser.exceptions import BrowserNavigationError, NavigationCause
from cmdop_browser.exceptions.tips import phrase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from playwright.async_api import Response

log = logging.getLogger(__name__)

WaitUntil = Literal["load", "domcontentloaded", "networkidle", "commit"]
Direction = Literal["back", "forward", "reload"]

# A goto that is to fail by itself does so within this time after the failed
# request; its own message says more.
_OWN_ERROR_GRACE = 0.05
# What asking the page that came may take: of the grace, or of the caller's time where there is more.
_TITLE = 0.5
_TITLE_SECONDS = 5.0
_LEAVE_SECONDS = 10.0
# How often a navigation is begun again after something left over interrupted it.
_INTERRUPTIONS = 8
# How often one is made again that the browser dropped without a word.
_DROPS = 2
_REST_SECONDS = 2.0
# Answers that ask who one is; some come with a page, which is a result.
_ASKS_WHO = frozenset({401, 407})


@dataclass(frozen=True, slots=True)
class Loaded:
    """A document that arrived.

    Attributes:
        status: 0 when none was fetched, as for about:blank.
        redirects: The URLs that answered with a redirect, in order.
        elapsed: Seconds.
    """

    url: str
    requested_url: str
    status: int
    title: str
    headers: dict[str, str]
    redirects: tuple[str, ...]
    elapsed: float


async def navigate(
    page: ManagedPage, url: str, *, wait_until: WaitUntil, referer: str | None, deadline: Deadline
) -> Loaded:
    """Load *url*.

    Raises:
        BrowserNavigationError: No document, or not the whole of it, arrived.
        PageLost: The page went away.
    """
    refusal = refusal_of(url)
    if refusal is not None:
        shown = texts.shown_url(url)
        raise BrowserNavigationError(
            f"navigate to {shown!r} failed: {refusal.message}",
            action="navigate",
            url=shown,
            cause=refusal.cause,
            tips=refusal.tips,
        )
    if page.is_restless:
        # It may have come back on a busy machine: as long as it reloads itself nothing else is loaded.
        await leave(page, Deadline.after(min(_LEAVE_SECONDS, deadline.remaining / 2)))
        page.is_restless = False
    elif page.is_loading:
        # A page that reloads itself for ever would commit in our place.
        await stop_loading(page)
    before = (page.documents, page.requested_url, page.arrived_url)
    page.requested_url, page.arrived_url, page.wait_until = url, "", wait_until
    try:
        loaded = await _load(
            Journey(page, "navigate", url, deadline, wait_until, referer),
            lambda milliseconds: page.page.goto(
                url, wait_until=wait_until, referer=referer, timeout=milliseconds
            ),
        )
    except BrowserNavigationError as exc:
        page.missed = (url, phrase(exc.cause))
        if page.documents == before[0]:  # the page from before is still there
            page.requested_url, page.arrived_url = before[1:]
        raise
    page.arrived_url = loaded.url
    return loaded


async def traverse(
    page: ManagedPage, direction: Direction, *, wait_until: WaitUntil, deadline: Deadline
) -> Loaded:
    """Go back or forward in the history, or load the document again.

    Raises:
        BrowserNavigationError: There is nothing to go to, or it did not arrive.
        PageLost: The page went away.
    """
    move = {"back": page.page.go_back, "forward": page.page.go_forward, "reload": page.page.reload}[direction]
    if direction != "reload":
        await _require_history(page, direction, deadline)
    return await _load(
        Journey(page, direction, page.url, deadline, wait_until),
        lambda milliseconds: move(wait_until=wait_until, timeout=milliseconds),
    )


async def _require_history(page: ManagedPage, direction: Direction, deadline: Deadline) -> None:
    journey = Journey(page, direction, page.url, deadline)
    try:
        history = await page.guard(page.cdp.send("Page.getNavigationHistory"), deadline)
    except Overdue as exc:
        raise await timeout(journey) from exc
    step = -1 if direction == "back" else 1
    if not 0 <= history["currentIndex"] + step < len(history["entries"]):
        raise BrowserNavigationError(
            f"{direction} failed: the history has no page to go {direction} to",
            action=direction,
            url=texts.shown_url(page.url),
            cause=NavigationCause.NO_CONTENT,
            tips=("navigate to the address itself",),
        )


async def _load(journey: Journey, start: Callable[[float], Awaitable[Response | None]]) -> Loaded:
    await _free(journey)
    # What interrupts a navigation is left over from the page before: its error page
    # that commits late, or a redirect of its own. The caller's wish is the newer one.
    for _ in range(_INTERRUPTIONS):
        try:
            return await _load_once(journey, start)
        except _InterruptedError as exc:
            log.info("navigating again: %s", exc)
            if isinstance(exc, _LedAstrayError) or journey.attempt > 1:
                # From an empty page nothing leads elsewhere. It stays in the history.
                await leave(journey.page, Deadline.after(min(_REST_SECONDS, journey.deadline.remaining / 2)))
            else:
                await stop_loading(journey.page)
            journey = journey.again()
    return await _load_once(journey, start, last=True)


async def _free(journey: Journey) -> None:
    """Stop a script that blocks the page from before, and would keep the new one from coming.

    Once an answer waits for the page, the browser hands that nothing else, not even the order to
    stop its script.
    """
    began = time.monotonic()
    if await pulse_of(journey.page, may_be_pending=False) is Pulse.FREED:
        log.info("a script that blocked the page was stopped, as %s leaves it", journey.action)
        # What has little time may well run out of it for that alone.
        journey.held_up = time.monotonic() - began > journey.deadline.remaining


async def _load_once(
    journey: Journey, start: Callable[[float], Awaitable[Response | None]], *, last: bool = False
) -> Loaded:
    page, deadline = journey.page, journey.deadline
    began = time.monotonic()
    with journey.watched():
        try:
            response = await page.guard(
                _unbroken(start(deadline.remaining_ms), journey),
                deadline,
                margin=page.grace.part(DRIVER_MARGIN),
            )
        except asyncio.CancelledError:
            # The browser would go on loading, and commit in the middle of the next call.
            await asyncio.shield(stop_loading(page))
            raise
        except (Overdue, PlaywrightTimeoutError) as exc:
            raise await timeout(journey) from exc
        except _BodyBroke as exc:
            raise await failure(journey, str(exc), broke=True) from exc
        except PlaywrightError as exc:
            await raise_if_lost(page, exc)
            if "is interrupted by another navigation" in exc.message and deadline.remaining and not last:
                raise _InterruptedError(texts.first_sentence(exc.message)) from exc
            if "ERR_ABORTED" in exc.message:
                # The death of a renderer looks like this, too, some milliseconds before it is told.
                await raise_if_dead(page, exc)
            may_go_again = bool(deadline.remaining) and journey.attempt <= _DROPS
            try:
                raise await failure(journey, exc.message, may_go_again=may_go_again) from exc
            except ArrivesAfterAll:
                # So it was no answer of the site's: the renderer that was to take it had ended, for instance.
                await _come_to_rest(journey)
                raise _InterruptedError("the browser dropped it") from exc
        response = response or page.response
        if response is not None and response.status in _ASKS_WHO:
            await _require_page(journey, response)
        title = await _title_in_time(journey)
        shown = response
        if response is not None and _has_led_on(journey, response):
            await _require_state(journey)
            title = await _title_in_time(journey)
            shown = await _latest_response(journey) or response
    if journey.action == "navigate" and response is not None and journey.was_led_astray(response):
        astray = "the page that was left has led elsewhere by itself"
        if last or not deadline.remaining:
            raise await failure(journey, astray)
        raise _LedAstrayError(astray)
    return Loaded(
        url=page.url,
        requested_url=journey.url,
        status=shown.status if shown is not None else 0,
        title=title,
        headers=dict(shown.headers) if shown is not None else {},
        redirects=redirects_to(response.request if response is not None else None),
        elapsed=time.monotonic() - began,
    )


def _has_led_on(journey: Journey, response: Response) -> bool:
    """Whether the document of *response* has been replaced by another one that it has led to."""
    is_another = journey.request is not None and journey.request != response.request
    return journey.action == "navigate" and is_another and not journey.page.is_loading


async def _latest_response(journey: Journey) -> Response | None:
    if journey.request is None:
        return None
    try:
        return await journey.page.guard(journey.request.response(), journey.deadline)
    except (Overdue, PlaywrightError) as exc:
        log.debug("no response of the page that was led to: %s", exc)
        return None


async def _require_state(journey: Journey) -> None:
    """Wait until what the page has led on to is there as far as the caller wants it.

    Raises:
        BrowserNavigationError: It is not in time.
        PageLost: The page went away.
    """
    page, deadline, state = journey.page, journey.deadline, journey.waited_for
    if state == "commit":
        return
    waiting = page.page.wait_for_load_state(state, timeout=deadline.remaining_ms)
    try:
        await page.guard(waiting, deadline, margin=page.grace.part(DRIVER_MARGIN))
    except (Overdue, PlaywrightTimeoutError) as exc:
        raise await timeout(journey) from exc
    except PlaywrightError as exc:
        await raise_if_lost(page, exc)
        log.debug("what a page has led on to was not waited for: %s", exc)


async def _title_in_time(journey: Journey) -> str:
    patience = max(journey.page.grace.part(_TITLE), min(journey.deadline.remaining, _TITLE_SECONDS))
    return await title_of(journey.page, Deadline.after(patience))


async def _come_to_rest(journey: Journey) -> None:
    """Wait for the document that another look has brought: it would interrupt the next attempt."""
    limit = Deadline.after(min(_REST_SECONDS, journey.deadline.remaining))
    try:
        await journey.page.guard(journey.arrived.wait(), limit)
        loaded = journey.page.page.wait_for_load_state(timeout=limit.remaining_ms)
        await journey.page.guard(loaded, limit)
    except (Overdue, PlaywrightError) as exc:
        log.debug("a page did not come to rest: %s", exc)


async def _require_page(journey: Journey, response: Response) -> None:
    """Raise when an answer that asks who one is brought no page that says more."""
    if response.headers.get("content-length") != "0":
        if journey.waited_for == "commit":
            return  # what there will be of a page is not there yet
        page = journey.page
        script = "() => document.body?.childNodes.length ?? 0"
        try:
            if await page.evaluate(script, deadline=Deadline.after(page.grace.part(_TITLE))):
                return
        except (Overdue, ScriptFailed, PlaywrightError) as exc:
            log.debug("an answer of %d could not be looked at: %s", response.status, exc)
            return
    raise await bare_answer(journey)


class _InterruptedError(Exception):
    pass


class _LedAstrayError(_InterruptedError):
    pass


class _BodyBroke(Exception):  # noqa: N818 -- a signal within this module
    pass


async def _unbroken(goto: Awaitable[Response | None], journey: Journey) -> Response | None:
    """Await the navigation, but not beyond the failure of its main request.

    A body that breaks off fails the request at once, while goto would wait for
    its whole timeout.
    """
    task = asyncio.ensure_future(goto)
    broke = asyncio.ensure_future(journey.broke.wait())
    either: set[asyncio.Future[Any]] = {task, broke}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            await asyncio.wait({task}, timeout=_OWN_ERROR_GRACE)
        if not task.done():
            failure = journey.request.failure if journey.request is not None else None
            raise _BodyBroke(failure or "the transfer broke off")
        return task.result()
    finally:
        broke.cancel()
        abandon(task)


async def title_of(page: ManagedPage, deadline: Deadline) -> str:
    """Return the document's title, or an empty one when the page is too busy to tell.

    Playwright's own `title()` answers "Loading <url>" during a navigation.

    Raises:
        PageLost: The page went away.
    """
    try:
        return str(await page.evaluate("() => document.title", deadline=deadline))
    except (Overdue, ScriptFailed, PlaywrightError) as exc:
        log.debug("no title: %s", exc)
        return ""


__all__ = ["Direction", "Loaded", "WaitUntil", "navigate", "stop_loading", "title_of", "traverse"]
