"""Loading documents: navigate, back, forward, reload."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from agent_bridge.browser.evidence import evidence_of
from agent_bridge.browser.failures import raise_if_dead, raise_if_lost
from agent_bridge.browser.page import DRIVER_MARGIN, ManagedPage, Overdue, ScriptFailed, abandon, guarded
from agent_bridge.deadline import Deadline
from agent_bridge.diagnosis import navigation as diagnosis
from agent_bridge.diagnosis import texts
from cmdop_browser.exceptions import BrowserNavigationError, NavigationCause
from cmdop_browser.exceptions.text import seconds
from cmdop_browser.exceptions.tips import phrase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from playwright.async_api import Frame, Request, Response

log = logging.getLogger(__name__)

WaitUntil = Literal["load", "domcontentloaded", "networkidle", "commit"]
Direction = Literal["back", "forward", "reload"]

# A goto that is to fail by itself does so within this time after the failed
# request; its own message says more.
_OWN_ERROR_GRACE = 0.05
_TITLE_SECONDS = 0.5
_STOP_SECONDS = 0.3
# Stopping once leaves a quarter of the pages such that the next navigation is
# "interrupted by another"; stopping twice, this far apart, none of 24.
_STOP_PAUSE = 0.1
# How often a navigation is begun again after something left over interrupted it.
_INTERRUPTIONS = 8


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


@dataclass
class _Journey:
    """One navigation under way, and what its main request did."""

    page: ManagedPage
    action: str
    url: str
    deadline: Deadline
    request: Request | None = None
    response: Response | None = None
    committed: bool = False
    replaced: bool = False
    broke: asyncio.Event = field(default_factory=asyncio.Event)

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Follow the main request."""
        listeners = (
            ("request", guarded(self._on_request)),
            ("response", guarded(self._on_response)),
            ("requestfailed", guarded(self._on_failed)),
            ("framenavigated", guarded(self._on_navigated)),
        )
        page: Any = self.page.page  # its overloads want literal names
        for name, listener in listeners:
            page.on(name, listener)
        try:
            yield
        finally:
            for name, listener in listeners:
                page.remove_listener(name, listener)

    def _on_request(self, request: Request) -> None:
        if self.page.is_main_request(request):
            self.replaced = self.request is not None and request.redirected_from is None
            self.request, self.response = request, None

    def _on_response(self, response: Response) -> None:
        if self.page.is_main_request(response.request):
            self.response = response

    def _on_failed(self, request: Request) -> None:
        # An aborted request is one that another took the place of, or that goto reports itself.
        if request == self.request and request.failure != "net::ERR_ABORTED":
            self.broke.set()

    def _on_navigated(self, frame: Frame) -> None:
        if frame == self.page.page.main_frame and self.request is not None:
            self.committed = True

    def cause(self, text: str, *, timed_out: bool = False, broke: bool = False) -> NavigationCause:
        """Return why it failed."""
        return diagnosis.cause_of(
            diagnosis.NavigationFacts(
                text,
                timed_out=timed_out,
                status=self.response.status if self.response is not None else None,
                redirect=self._redirect(),
                committed=self.committed,
                in_body=broke and self.response is not None,
                replaced=self.replaced,
            )
        )

    async def failure(self, text: str, cause: NavigationCause) -> BrowserNavigationError:
        """Return the error."""
        shown = texts.shown_url(self.url)
        said = texts.first_sentence(text).partition(" at http")[0]
        details: dict[str, object] = {"elapsed_seconds": round(self.deadline.elapsed, 3)}
        if self.response is not None:
            details["status"] = self.response.status
        return BrowserNavigationError(
            f"{self.action} to {shown} failed: {phrase(cause)}{f' ({said})' if said else ''}",
            action=self.action,
            url=shown,
            cause=cause,
            evidence=await evidence_of(self.page, text),
            details=details,
        )

    def _redirect(self) -> str | None:
        if self.response is None or not 300 <= self.response.status < 400:
            return None
        return self.response.headers.get("location")


async def navigate(
    page: ManagedPage, url: str, *, wait_until: WaitUntil, referer: str | None, deadline: Deadline
) -> Loaded:
    """Load *url*.

    Raises:
        BrowserNavigationError: No document, or not the whole of it, arrived.
        PageLost: The page went away.
    """
    refusal = diagnosis.refusal_of(url)
    if refusal is not None:
        shown = texts.shown_url(url)
        raise BrowserNavigationError(
            f"navigate to {shown!r} failed: {refusal.message}",
            action="navigate",
            url=shown,
            cause=refusal.cause,
            tips=refusal.tips,
        )
    if page.is_loading:
        # A page that reloads itself for ever would commit in our place.
        await stop_loading(page)
    page.requested_url, page.arrived_url = url, ""
    loaded = await _load(
        _Journey(page, "navigate", url, deadline),
        lambda timeout: page.page.goto(url, wait_until=wait_until, referer=referer, timeout=timeout),
    )
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
        _Journey(page, direction, page.url, deadline),
        lambda timeout: move(wait_until=wait_until, timeout=timeout),
    )


async def _require_history(page: ManagedPage, direction: Direction, deadline: Deadline) -> None:
    journey = _Journey(page, direction, page.url, deadline)
    try:
        history = await page.guard(page.cdp.send("Page.getNavigationHistory"), deadline)
    except Overdue as exc:
        raise await journey.failure("", NavigationCause.HUNG) from exc
    step = -1 if direction == "back" else 1
    if not 0 <= history["currentIndex"] + step < len(history["entries"]):
        raise await journey.failure(
            f"the history has no page to go {direction} to", NavigationCause.NO_CONTENT
        )


async def _load(journey: _Journey, start: Callable[[float], Awaitable[Response | None]]) -> Loaded:
    # What interrupts a navigation is left over from the page before: its error page
    # that commits late, or a redirect of its own. The caller's wish is the newer one.
    for _ in range(_INTERRUPTIONS):
        try:
            return await _load_once(journey, start)
        except _InterruptedError as exc:
            log.info("navigating again: %s", exc)
            await stop_loading(journey.page)
    return await _load_once(journey, start, last=True)


async def _load_once(
    journey: _Journey, start: Callable[[float], Awaitable[Response | None]], *, last: bool = False
) -> Loaded:
    page, deadline = journey.page, journey.deadline
    began = time.monotonic()
    with journey.watched():
        try:
            response = await page.guard(
                _unbroken(start(deadline.remaining_ms), journey), deadline, margin=DRIVER_MARGIN
            )
        except asyncio.CancelledError:
            # The browser would go on loading, and commit in the middle of the next call.
            await asyncio.shield(stop_loading(page))
            raise
        except (Overdue, PlaywrightTimeoutError) as exc:
            await stop_loading(page)
            text = f"timed out after {seconds(deadline.total)}"
            raise await journey.failure(text, journey.cause(text, timed_out=True)) from exc
        except _BodyBroke as exc:
            await stop_loading(page)
            text = str(exc)
            raise await journey.failure(text, journey.cause(text, broke=True)) from exc
        except PlaywrightError as exc:
            await raise_if_lost(page, exc)
            if "is interrupted by another navigation" in exc.message and deadline.remaining and not last:
                raise _InterruptedError(texts.first_sentence(exc.message)) from exc
            if "ERR_ABORTED" in exc.message and journey.response is None:
                # The death of a renderer that has no document yet looks like this, too.
                await raise_if_dead(page, exc)
            raise await journey.failure(exc.message, journey.cause(exc.message)) from exc
    response = response or page.response
    return Loaded(
        url=page.url,
        requested_url=journey.url,
        status=response.status if response is not None else 0,
        title=await title_of(page, Deadline.after(_TITLE_SECONDS)),
        headers=dict(response.headers) if response is not None else {},
        redirects=_redirects(response),
        elapsed=time.monotonic() - began,
    )


class _InterruptedError(Exception):
    pass


class _BodyBroke(Exception):  # noqa: N818 -- a signal within this module
    pass


async def _unbroken(goto: Awaitable[Response | None], journey: _Journey) -> Response | None:
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


async def stop_loading(page: ManagedPage) -> None:
    """End a pending navigation, which would hold up every later call on the page."""
    for pause in (_STOP_PAUSE, 0.0):
        try:
            await page.guard(page.cdp.send("Page.stopLoading"), Deadline.after(_STOP_SECONDS))
        except (Overdue, PlaywrightError) as exc:
            log.info("a navigation could not be stopped: %s", exc)
            return
        await asyncio.sleep(pause)


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


def _redirects(response: Response | None) -> tuple[str, ...]:
    urls: list[str] = []
    request = response.request.redirected_from if response is not None else None
    while request is not None:
        urls.append(request.url)
        request = request.redirected_from
    return tuple(reversed(urls))


__all__ = ["Direction", "Loaded", "WaitUntil", "navigate", "stop_loading", "title_of", "traverse"]
