"""The one boundary where what Playwright raises becomes an error of ours."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from agent_bridge.browser.answers import Overdue, PageLost, is_gone, is_stale_world
from agent_bridge.browser.diagnose import Before, element_error, kind_now, named
from agent_bridge.browser.evidence import evidence_of
from agent_bridge.browser.page import DRIVER_MARGIN, ManagedPage
from agent_bridge.browser.pulse import Pulse, answers, lose, pulse_of
from agent_bridge.browser.silent_ends import lose_if_ended
from agent_bridge.diagnosis import texts
from cmdop_browser.exceptions import (
    BrowserError,
    BrowserScriptError,
    BrowserTimeoutError,
    CloseReason,
    ElementCause,
    Outcome,
)
from cmdop_browser.exceptions.text import seconds

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from agent_bridge.deadline import Deadline
    from agent_bridge.diagnosis.facts import FailedCall

__all__ = [
    "on_element",
    "overdue",
    "raise_if_dead",
    "raise_if_lost",
    "script_error",
    "timed_out",
    "within",
]

log = logging.getLogger(__name__)

T = TypeVar("T")

# The error of a pending call can overtake the event that tells why.
_LOSS_GRACE = 0.25
# How long a page may be silent before it is taken for dead.
_SIGN_OF_LIFE = 0.3


async def within(page: ManagedPage, action: str, deadline: Deadline, call: Awaitable[T]) -> T:
    """Await a call that touches no element in particular.

    Raises:
        PageLost: The page went away.
        BrowserTimeoutError: The time is up.
        BrowserScriptError: Script of the caller or of the page raised.
        BrowserError: Playwright refused for another reason.
    """
    try:
        return await page.guard(call, deadline, margin=page.grace.part(DRIVER_MARGIN))
    except (Overdue, PlaywrightTimeoutError) as exc:
        raise await overdue(page, action, deadline) from exc
    except PlaywrightError as exc:
        await raise_if_lost(page, exc)
        await raise_if_dead(page, exc)
        raise BrowserError(
            f"{action} failed: {texts.first_sentence(exc.message)}",
            action=action,
            evidence=await evidence_of(page, exc.message),
        ) from exc


async def on_element(
    page: ManagedPage,
    call: FailedCall,
    deadline: Deadline,
    act: Callable[[float], Awaitable[T]],
) -> T:
    """Await an action on the element that a selector names.

    Args:
        page: Where.
        call: What was asked for; how it failed is added here.
        deadline: When to give up.
        act: Makes the call on Playwright, given its timeout in milliseconds.

    Raises:
        PageLost: The page went away.
        BrowserElementNotFoundError: With the cause.
        BrowserTimeoutError: The action was done, but what it led to is not.
        BrowserError: Playwright refused for a reason that has no cause.
    """
    before = Before.of(page)
    try:
        return await page.guard(act(deadline.remaining_ms), deadline, margin=page.grace.part(DRIVER_MARGIN))
    except Overdue as exc:
        raise await overdue(page, named(call), deadline, outcome=Outcome.UNKNOWN) from exc
    except PlaywrightError as exc:
        await raise_if_lost(page, exc)
        failed = replace(
            call,
            text=exc.message,
            timed_out=isinstance(exc, PlaywrightTimeoutError),
            waited=deadline.total,
        )
        raise await element_error(page, failed, before) from exc


async def raise_if_lost(page: ManagedPage, exc: PlaywrightError) -> None:
    """Raise PageLost when *exc* says that the page, its browser or its driver is gone."""
    if page.lost.done():
        raise PageLost(page.lost.result()) from exc
    if not is_gone(exc):
        return
    await asyncio.wait({page.lost}, timeout=page.grace.part(_LOSS_GRACE))
    # No event told why: a page that dies alone is a renderer's death.
    page.lose(CloseReason.RENDERER_CRASH)
    raise PageLost(page.lost.result()) from exc


async def raise_if_dead(page: ManagedPage, exc: PlaywrightError) -> None:
    """Raise PageLost when the page, asked for a sign of life, turns out to be dead."""
    if not page.lost.done() and not await answers(page, page.grace.part(_SIGN_OF_LIFE)):
        await lose_if_ended(page)
        await asyncio.wait({page.lost}, timeout=page.grace.part(_LOSS_GRACE))
    if page.lost.done():
        raise PageLost(page.lost.result()) from exc


async def overdue(
    page: ManagedPage,
    action: str,
    deadline: Deadline,
    *,
    outcome: Outcome = Outcome.UNKNOWN,
    look: Callable[[], Awaitable[tuple[str, ...]]] | None = None,
) -> BrowserError:
    """Return the error of a call that got no answer, after freeing the page if a script blocks it.

    Args:
        page: Where.
        action: The public name of the call, and what it was about.
        deadline: What the call had.
        outcome: What became of it.
        look: Finds tips on a page that is alive.

    Raises:
        PageLost: The page answers to nothing: its renderer hangs.
    """
    pulse = await pulse_of(page)
    if pulse is Pulse.STOPPED:
        raise lose(page)
    if pulse in {Pulse.FREED, Pulse.SILENT}:
        freed = pulse is Pulse.FREED
        what = "a script blocked the page, and was stopped" if freed else "the page does not answer"
        return BrowserTimeoutError(
            f"{action} timed out after {seconds(deadline.total)}: {what}",
            action=action.partition(" ")[0],
            timeout_seconds=deadline.total,
            cause=ElementCause.PAGE_HUNG,
            outcome=outcome,
            evidence=await evidence_of(page),
            tips=(
                "the page can be used again, but what its script was doing is lost"
                if freed
                else "if it stays so, the session is ended, and a new one is needed",
            ),
        )
    if pulse is Pulse.PENDING:
        url = texts.shown_url(page.loading_url)
        return BrowserTimeoutError(
            f"{action} timed out after {seconds(deadline.total)}: the page was still on its way to {url}",
            action=action.partition(" ")[0],
            timeout_seconds=deadline.total,
            cause=ElementCause.PAGE_LOADING,
            outcome=outcome,
            evidence=await evidence_of(page),
            tips=("wait until it is there: wait_for_url, or allow more time: timeout=…",),
        )
    tips = await look() if look is not None else ()
    return await timed_out(page, action, deadline, outcome=outcome, tips=tips)


async def timed_out(
    page: ManagedPage,
    action: str,
    deadline: Deadline,
    *,
    outcome: Outcome = Outcome.UNKNOWN,
    tips: tuple[str, ...] = (),
) -> BrowserTimeoutError:
    """Return the error of a call whose time ran out on a page that is alive.

    Args:
        page: Where.
        action: The public name of the call.
        deadline: What the call had.
        outcome: What became of it.
        tips: What is known of what it waited for.
    """
    evidence, kind = await asyncio.gather(evidence_of(page), kind_now(page))
    why = f": {kind.explanation}" if kind is not None else ""
    return BrowserTimeoutError(
        f"{action} timed out after {seconds(deadline.total)}{why}",
        action=action.partition(" ")[0],
        timeout_seconds=deadline.total,
        cause=kind.cause if kind is not None else None,
        outcome=outcome,
        evidence=evidence,
        tips=(
            *(kind.tips if kind is not None else ()),
            *tips,
            "allow more time: timeout=…"
            if action == "evaluate"
            else "what it waited for did not come; raise timeout if it may take longer",
        ),
    )


async def script_error(page: ManagedPage, action: str, text: str) -> BrowserScriptError:
    """Return the error of a script of the caller that raised in the page, or that the page left behind."""
    message, _, stack = texts.first_sentence(text).partition("\n")
    tips: tuple[str, ...] = ()
    if is_stale_world(text):
        message = "the page went elsewhere before it came to its end"
        tips = (
            "it may have done something before that: look before you call it again",
            "wait for the page that comes first: wait_for_url(…) or wait_for(…)",
        )
    return BrowserScriptError(
        f"{action} failed: {message}",
        action=action,
        script_message=message,
        stack=stack,
        evidence=await evidence_of(page),
        tips=tips,
    )
