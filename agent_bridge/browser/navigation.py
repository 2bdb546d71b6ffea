"""Loading documents: navigate, back, forward, reload."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Request, Response
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from agent_bridge.browser.failures import evidence_of, raise_if_lost
from agent_bridge.browser.page import DRIVER_MARGIN, ManagedPage, Overdue, ScriptFailed, guarded
from agent_bridge.deadline import Deadline
from agent_bridge.diagnosis import navigation as diagnosis
from agent_bridge.diagnosis import texts
from cmdop_browser.exceptions import BrowserNavigationError, NavigationCause
from cmdop_browser.exceptions.redact import redact_url

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
class _Trace:
    """What the main request did while a navigation was under way."""

    last: Request | None = None
    response: Response | None = None
    committed: bool = False
    failed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def failure(self) -> str:
        return (self.last.failure or "") if self.last is not None else ""

    @property
    def redirect(self) -> str | None:
        if self.response is None or not 300 <= self.response.status < 400:
            return None
        return self.response.headers.get("location")


@contextlib.contextmanager
def _tracing(page: ManagedPage) -> Iterator[_Trace]:
    trace = _Trace()

    def on_request(request: Request) -> None:
        if page.is_main_request(request):
            trace.last, trace.response = request, None

    def on_response(response: Response) -> None:
        if page.is_main_request(response.request):
            trace.response = response

    def on_failed(request: Request) -> None:
        if page.is_main_request(request):
            trace.last = request
            trace.failed.set()

    def on_navigated(frame: object) -> None:
        if frame == page.page.main_frame and trace.last is not None:
            trace.committed = True

    listeners = (
        ("request", guarded(on_request)),
        ("response", guarded(on_response)),
        ("requestfailed", guarded(on_failed)),
        ("framenavigated", guarded(on_navigated)),
    )
    for name, listener in listeners:
        page.page.on(name, listener)  # type: ignore[call-overload]  # the overloads want literals
    try:
        yield trace
    finally:
        for name, listener in listeners:
            page.page.remove_listener(name, listener)


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
        raise BrowserNavigationError(
            f"navigate to {texts.shorten(redact_url(url))!r} failed: {refusal.message}",
            action="navigate",
            url=texts.shorten(redact_url(url)),
            cause=refusal.cause,
            tips=refusal.tips,
        )
    return await _load(
        page,
        "navigate",
        url,
        lambda timeout: page.page.goto(url, wait_until=wait_until, referer=referer, timeout=timeout),
        deadline,
    )


async def traverse(page: ManagedPage, direction: Direction, *, wait_until: WaitUntil, deadline: Deadline) -> Loaded:
    """Go back or forward in the history, or load the document again.

    Raises:
        BrowserNavigationError: There is nothing to go to, or it did not arrive.
        PageLost: The page went away.
    """
    move = {"back": page.page.go_back, "forward": page.page.go_forward, "reload": page.page.reload}[direction]
    if direction != "reload":
        await _require_history(page, direction, deadline)
    return await _load(page, direction, page.url, lambda timeout: move(wait_until=wait_until, timeout=timeout), deadline)


async def _require_history(page: ManagedPage, direction: Direction, deadline: Deadline) -> None:
    try:
        history = await page.guard(page.cdp.send("Page.getNavigationHistory"), deadline)
    except Overdue as exc:
        raise await _failure(page, direction, page.url, _Trace(), deadline, "", NavigationCause.HUNG) from exc
    step = -1 if direction == "back" else 1
    if not 0 <= history["currentIndex"] + step < len(history["entries"]):
        raise BrowserNavigationError(
            f"{direction} failed: the session's history has no page to go {direction} to",
            action=direction,
            url=texts.shorten(redact_url(page.url)),
            cause=NavigationCause.NO_CONTENT,
            evidence=await evidence_of(page),
        )


async def _load(
    page: ManagedPage,
    action: str,
    url: str,
    start: Callable[[float], Awaitable[Response | None]],
    deadline: Deadline,
) -> Loaded:
    began = time.monotonic()
    with _tracing(page) as trace:
        try:
            response = await page.guard(_race(start(deadline.remaining_ms), trace), deadline, margin=DRIVER_MARGIN)
        except asyncio.CancelledError:
            # The browser would go on loading, and commit in the middle of the next call.
            await asyncio.shield(stop_loading(page))
            raise
        except (Overdue, PlaywrightTimeoutError) as exc:
            raise await _timeout(page, action, url, trace, deadline) from exc
        except _BodyBroke as exc:
            await stop_loading(page)
            cause = diagnosis.cause_of(diagnosis.NavigationFacts(trace.failure, in_body=True))
            raise await _failure(page, action, url, trace, deadline, trace.failure, cause) from exc
        except PlaywrightError as exc:
            await raise_if_lost(page, exc)
            facts = _facts(trace, exc.message)
            raise await _failure(page, action, url, trace, deadline, exc.message, diagnosis.cause_of(facts)) from exc
        response = response or page.response
        return Loaded(
            url=page.url,
            requested_url=url,
            status=response.status if response is not None else 0,
            title=await title_of(page, Deadline.after(min(_TITLE_SECONDS, deadline.remaining + _STOP_SECONDS))),
            headers=dict(response.headers) if response is not None else {},
            redirects=_redirects(response),
            elapsed=time.monotonic() - began,
        )


class _BodyBroke(Exception):  # noqa: N818 -- a signal within this module
    pass


async def _race(goto: Awaitable[Response | None], trace: _Trace) -> Response | None:
    """Await the navigation, but not beyond the failure of its main request.

    A body that breaks off fails the request at once, while goto would wait for
    its whole timeout.
    """
    task = asyncio.ensure_future(goto)
    broke = asyncio.ensure_future(trace.failed.wait())
    try:
        await asyncio.wait({task, broke}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            await asyncio.wait({task}, timeout=_OWN_ERROR_GRACE)
        if not task.done():
            raise _BodyBroke
        return task.result()
    finally:
        broke.cancel()
        if not task.done():
            task.cancel()
        task.add_done_callback(lambda done: done.cancelled() or done.exception())


def _facts(trace: _Trace, text: str) -> diagnosis.NavigationFacts:
    return diagnosis.NavigationFacts(
        text=text,
        status=trace.response.status if trace.response is not None else None,
        redirect=trace.redirect,
        committed=trace.committed,
    )


async def _timeout(
    page: ManagedPage, action: str, url: str, trace: _Trace, deadline: Deadline
) -> BrowserNavigationError:
    facts = diagnosis.NavigationFacts(
        "",
        timed_out=True,
        status=trace.response.status if trace.response is not None else None,
        committed=trace.committed,
    )
    await stop_loading(page)
    text = f"timed out after {deadline.total:g} s"
    return await _failure(page, action, url, trace, deadline, text, diagnosis.cause_of(facts))


async def _failure(
    page: ManagedPage,
    action: str,
    url: str,
    trace: _Trace,
    deadline: Deadline,
    text: str,
    cause: NavigationCause,
) -> BrowserNavigationError:
    shown = texts.shorten(redact_url(url), 300)
    what = texts.first_sentence(text).removesuffix(f" at {url}") or "no answer"
    return BrowserNavigationError(
        f"{action} to {shown} failed: {what}",
        action=action,
        url=shown,
        cause=cause,
        evidence=await evidence_of(page, text),
        details={
            "elapsed_seconds": round(deadline.elapsed, 3),
            **({"status": trace.response.status} if trace.response is not None else {}),
        },
    )


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
    except (Overdue, ScriptFailed) as exc:
        log.debug("no title: %s", exc)
        return ""
    except PlaywrightError as exc:
        await raise_if_lost(page, exc)
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
