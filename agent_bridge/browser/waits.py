"""Waiting for the page to get somewhere."""

from __future__ import annotations

import logging
from collections import Counter, deque
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, Literal

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from agent_bridge.browser.answers import Overdue, PageLost, ScriptFailed, is_stale_world
from agent_bridge.browser.evidence import evidence_of
from agent_bridge.browser.failures import on_element, overdue, raise_if_lost, script_error
from agent_bridge.browser.page import DRIVER_MARGIN, guarded
from agent_bridge.deadline import Deadline
from agent_bridge.diagnosis import texts
from agent_bridge.diagnosis.facts import FailedCall
from cmdop_browser.exceptions import (
    BrowserElementNotFoundError,
    BrowserError,
    BrowserTimeoutError,
    ElementCause,
    Outcome,
)
from cmdop_browser.exceptions.text import seconds

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from playwright.async_api import Request

    from agent_bridge.browser.page import ManagedPage

log = logging.getLogger(__name__)

# Requests of the time of waiting that are remembered.
_REMEMBERED: Final = 200
_SHOWN: Final = 3
_LOOK: Final = 0.2  # of the grace
_PENDING: Final = (resources.files(__package__) / "pending.js").read_text(encoding="utf-8")
_NO_IDLE: Final = "a page like this never rests: wait for what is needed instead, wait_for(selector)"

ElementState = Literal["visible", "hidden", "attached", "detached"]

# A timeout that is about what the element should not be.
_STAYS = frozenset({"hidden", "detached"})


async def for_selector(page: ManagedPage, selector: str, state: ElementState, deadline: Deadline) -> None:
    """Wait until the first match of *selector* is in *state*.

    Raises:
        BrowserElementNotFoundError: It did not come, with the cause.
        BrowserTimeoutError: It should have gone away and stayed.
        PageLost: The page went away.
    """
    locator = page.page.locator(selector).first
    try:
        await on_element(
            page,
            FailedCall("wait_for", selector, state=state),
            deadline,
            lambda timeout: locator.wait_for(state=state, timeout=timeout),
        )
    except BrowserElementNotFoundError as exc:
        if state not in _STAYS or exc.cause is ElementCause.INVALID_SELECTOR:
            raise
        raise BrowserTimeoutError(
            f"wait_for {texts.shorten(selector)!r} to be {state} timed out after {seconds(deadline.total)}:"
            " it is still there",
            action="wait_for",
            timeout_seconds=deadline.total,
            outcome=Outcome.NOT_EXECUTED,
            evidence=exc.evidence,
            tips=("the element may need an act to go away; look at a screenshot",),
        ) from exc


async def for_url(page: ManagedPage, pattern: str | Callable[[str], bool], deadline: Deadline) -> None:
    """Wait until the page's URL matches a glob or satisfies a condition.

    Raises:
        BrowserTimeoutError: It did not, with the URL where the page is.
        PageLost: The page went away.
    """
    await _until(
        page,
        f"wait_for_url {texts.shown_url(pattern)!r}" if isinstance(pattern, str) else "wait_for_url",
        deadline,
        page.page.wait_for_url(pattern, wait_until="commit", timeout=deadline.remaining_ms),
        lambda: _where(page),
    )


async def _where(page: ManagedPage) -> tuple[str, ...]:
    if page.is_loading:
        return (f"the page is on its way to {texts.shown_url(page.loading_url)}",)
    return (f"the page is at {texts.shown_url(page.url)}",)


async def for_function(page: ManagedPage, expression: str, argument: object, deadline: Deadline) -> Any:
    """Wait until *expression* gives a truthy value and return it."""
    named = f"wait_for_function {texts.shorten(expression, texts.MAX_URL)!r}"
    while True:
        try:
            handle = await page.guard(
                page.page.wait_for_function(expression, arg=argument, timeout=deadline.remaining_ms),
                deadline,
                margin=page.grace.part(DRIVER_MARGIN),
            )
            return await page.guard(handle.json_value(), deadline)
        except Overdue as exc:
            raise await overdue(page, named, deadline) from exc
        except PlaywrightTimeoutError as exc:
            raise await overdue(page, named, deadline, outcome=Outcome.NOT_EXECUTED) from exc
        except PlaywrightError as exc:
            await raise_if_lost(page, exc)
            # The document was replaced between two messages: it is waited for in the next one.
            if not (is_stale_world(exc.message) and deadline.remaining):
                raise await script_error(page, "wait_for_function", exc.message) from exc


async def for_idle(page: ManagedPage, deadline: Deadline) -> None:
    """Wait until no request has been under way for half a second.

    Raises:
        BrowserTimeoutError: There always was one, with those that there were.
        PageLost: The page went away.
    """
    # Requests are told anyway; this only keeps them.
    begun: deque[Request] = deque(maxlen=_REMEMBERED)
    listener = guarded(begun.append)
    page.page.on("request", listener)
    try:
        await _until(
            page,
            "wait_for_idle",
            deadline,
            page.page.wait_for_load_state("networkidle", timeout=deadline.remaining_ms),
            lambda: _what_runs(page, begun),
        )
    finally:
        page.page.remove_listener("request", listener)


async def _until(
    page: ManagedPage,
    action: str,
    deadline: Deadline,
    call: Awaitable[object],
    look: Callable[[], Awaitable[tuple[str, ...]]],
) -> None:
    try:
        await page.guard(call, deadline, margin=page.grace.part(DRIVER_MARGIN))
    except (Overdue, PlaywrightTimeoutError) as exc:
        raise await overdue(page, action, deadline, outcome=Outcome.NOT_EXECUTED, look=look) from exc
    except PlaywrightError as exc:
        await raise_if_lost(page, exc)
        raise BrowserError(
            f"{action} failed: {texts.first_sentence(exc.message)}",
            action=action.partition(" ")[0],
            evidence=await evidence_of(page, exc.message),
        ) from exc


async def _what_runs(page: ManagedPage, begun: Iterable[Request]) -> tuple[str, ...]:
    """Return what keeps the network busy: requests without an end, else those that come again and again."""
    try:
        seen = await page.evaluate(_PENDING, _REMEMBERED, deadline=Deadline.after(page.grace.part(_LOOK)))
        done = set(seen["done"])
    except (Overdue, PageLost, ScriptFailed, PlaywrightError, KeyError, TypeError) as exc:
        log.debug("what is loading is not known: %s", type(exc).__name__)
        return ()
    running = [request.url for request in begun if request.url not in done and request.failure is None]
    if running:
        return (f"still running: {_listed(running)}", _NO_IDLE)
    again = Counter(request.url.partition("?")[0] for request in begun)
    if again:
        return (f"requests keep coming: {_listed([url for url, _ in again.most_common()])}", _NO_IDLE)
    return ("a request that began before has no end, such as a stream", _NO_IDLE)


def _listed(urls: list[str]) -> str:
    shown = ", ".join(texts.shown_url(url) for url in dict.fromkeys(urls[:_SHOWN]))
    return f"{shown} and {len(urls) - _SHOWN} more" if len(urls) > _SHOWN else shown
