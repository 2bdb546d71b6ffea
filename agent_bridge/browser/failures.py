"""The one boundary where what Playwright raises becomes an error of ours."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, TypeVar

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from agent_bridge.browser.evidence import evidence_of
from agent_bridge.browser.page import (
    DRIVER_MARGIN,
    ManagedPage,
    Overdue,
    PageLost,
    is_gone,
    is_stale_world,
)
from agent_bridge.deadline import Deadline
from agent_bridge.diagnosis import elements, texts
from cmdop_browser.exceptions import (
    BrowserElementNotFoundError,
    BrowserError,
    BrowserScriptError,
    BrowserTimeoutError,
    CloseReason,
    ElementCause,
    Evidence,
    Outcome,
)
from cmdop_browser.exceptions.text import seconds

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

T = TypeVar("T")

# The error of a pending call can overtake the event that tells why.
_LOSS_GRACE = 0.25
# Each step of looking at a page that may be stuck.
_PROBE_SECONDS = 0.15


async def within(page: ManagedPage, action: str, deadline: Deadline, call: Awaitable[T]) -> T:
    """Await a call that touches no element in particular.

    Raises:
        PageLost: The page went away.
        BrowserTimeoutError: The time is up.
        BrowserScriptError: Script of the caller or of the page raised.
        BrowserError: Playwright refused for another reason.
    """
    try:
        return await page.guard(call, deadline, margin=DRIVER_MARGIN)
    except Overdue as exc:
        raise await overdue(page, action, deadline) from exc
    except PlaywrightTimeoutError as exc:
        raise await timed_out(page, action, deadline) from exc
    except PlaywrightError as exc:
        await raise_if_lost(page, exc)
        raise BrowserError(
            f"{action} failed: {texts.first_sentence(exc.message)}",
            action=action,
            evidence=await evidence_of(page, exc.message),
        ) from exc


async def on_element(
    page: ManagedPage,
    action: str,
    selector: str,
    deadline: Deadline,
    call: Callable[[float], Awaitable[T]],
) -> T:
    """Await an action on the element that *selector* names.

    Args:
        page: Where.
        action: The public name of the call, for messages.
        selector: As the caller gave it.
        deadline: When to give up.
        call: Makes the call on Playwright, given its timeout in milliseconds.

    Raises:
        PageLost: The page went away.
        BrowserElementNotFoundError: With the cause that Playwright's texts show.
        BrowserTimeoutError: The action was done, but what it led to is not.
    """
    try:
        return await page.guard(call(deadline.remaining_ms), deadline, margin=DRIVER_MARGIN)
    except Overdue as exc:
        raise await overdue(
            page, f"{action} {texts.shorten(selector, texts.MAX_URL)!r}", deadline, outcome=Outcome.UNKNOWN
        ) from exc
    except PlaywrightError as exc:
        await raise_if_lost(page, exc)
        timed_out = isinstance(exc, PlaywrightTimeoutError)
        raise await _element_error(
            page, action, selector, deadline, exc.message, timed_out=timed_out
        ) from exc


async def _element_error(
    page: ManagedPage, action: str, selector: str, deadline: Deadline, text: str, *, timed_out: bool
) -> BrowserError:
    verdict = elements.verdict_of(text, waited=deadline.total, timed_out=timed_out)
    what = f"{action} {texts.shorten(selector, texts.MAX_URL)!r}"
    evidence = await evidence_of(page, text)
    if verdict.cause is None:
        return BrowserTimeoutError(
            f"{what} {verdict.explanation}",
            action=action,
            timeout_seconds=deadline.total,
            outcome=verdict.outcome,
            evidence=evidence,
            tips=verdict.tips,
        )
    if verdict.cause is ElementCause.PAGE_HUNG:
        await unblock(page)
    return element_error(
        f"{what} failed{f' after {seconds(deadline.total)}' if timed_out else ''}: {verdict.explanation}",
        action=action,
        selector=selector,
        verdict=verdict,
        evidence=evidence,
    )


def element_error(
    message: str, *, action: str, selector: str, verdict: elements.Verdict, evidence: Evidence
) -> BrowserElementNotFoundError:
    """Build the error of a verdict."""
    return BrowserElementNotFoundError(
        message,
        action=action,
        selector=texts.shorten(selector),
        cause=verdict.cause,
        matches=verdict.matches,
        evidence=evidence,
        tips=verdict.tips,
        details={"outcome": verdict.outcome.value},
    )


async def raise_if_lost(page: ManagedPage, exc: PlaywrightError) -> None:
    """Raise PageLost when *exc* says that the page, its browser or its driver is gone."""
    if page.lost.done():
        raise PageLost(page.lost.result()) from exc
    if not is_gone(exc):
        return
    await asyncio.wait({page.lost}, timeout=_LOSS_GRACE)
    # No event told why: a page that dies alone is a renderer's death.
    page.lose(CloseReason.RENDERER_CRASH)
    raise PageLost(page.lost.result()) from exc


async def raise_if_dead(page: ManagedPage, exc: PlaywrightError) -> None:
    """Raise PageLost when the page, asked for a sign of life, turns out to be dead."""
    if not page.lost.done() and not await _answers(page):
        await asyncio.wait({page.lost}, timeout=_LOSS_GRACE)
    if page.lost.done():
        raise PageLost(page.lost.result()) from exc


async def overdue(
    page: ManagedPage, action: str, deadline: Deadline, *, outcome: Outcome = Outcome.UNKNOWN
) -> BrowserError:
    """Return the error of a call that got no answer, after freeing the page if a script blocks it.

    Raises:
        PageLost: The page answers to nothing: its renderer hangs.
    """
    freed = await unblock(page)
    if freed is None:
        return await timed_out(page, action, deadline, outcome=outcome)
    if freed:
        return BrowserTimeoutError(
            f"{action} timed out after {seconds(deadline.total)}: a script blocked the page, and was stopped",
            action=action,
            timeout_seconds=deadline.total,
            cause=ElementCause.PAGE_HUNG,
            outcome=outcome,
            evidence=await evidence_of(page),
            tips=("the page can be used again, but what its script was doing is lost",),
        )
    page.lose(CloseReason.RENDERER_HANG)
    raise PageLost(CloseReason.RENDERER_HANG)


async def timed_out(
    page: ManagedPage, action: str, deadline: Deadline, *, outcome: Outcome = Outcome.UNKNOWN
) -> BrowserTimeoutError:
    """Return the error of a call whose time ran out on a page that is alive."""
    return BrowserTimeoutError(
        f"{action} timed out after {seconds(deadline.total)}",
        action=action,
        timeout_seconds=deadline.total,
        outcome=outcome,
        evidence=await evidence_of(page),
        tips=("what it waited for did not come; raise timeout if it may take longer",),
    )


async def unblock(page: ManagedPage) -> bool | None:
    """Free a page that a script or a pending navigation blocks.

    Stopping the script works within milliseconds on a DevTools session that was
    open before the script began; every other way costs the page.

    Returns:
        None when nothing blocked the page, True when it was freed, False when it
        cannot be.
    """
    if await _answers(page):
        return None
    await _attempt(page, page.cdp.send("Page.stopLoading"))
    if await _answers(page):
        return None
    await _attempt(page, page.cdp.send("Runtime.terminateExecution"))
    return await _answers(page)


async def _answers(page: ManagedPage) -> bool:
    return await _attempt(page, page.cdp.send("Runtime.evaluate", {"expression": "1"}))


async def _attempt(page: ManagedPage, call: Awaitable[object]) -> bool:
    try:
        await page.guard(call, Deadline.after(_PROBE_SECONDS))
    except Overdue:
        return False
    except PlaywrightError as exc:
        # An answer that says "the document was just replaced" is an answer.
        return is_stale_world(exc)
    return True


async def script_error(page: ManagedPage, action: str, text: str) -> BrowserScriptError:
    """Return the error of a script of the caller that raised in the page."""
    message, _, stack = texts.first_sentence(text).partition("\n")
    return BrowserScriptError(
        f"{action} failed: {message}",
        action=action,
        script_message=message,
        stack=stack,
        evidence=await evidence_of(page),
    )
