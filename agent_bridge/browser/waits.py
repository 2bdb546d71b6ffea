"""Waiting for the page to get somewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from agent_bridge.browser.failures import on_element, overdue, raise_if_lost, script_error, within
from agent_bridge.browser.page import DRIVER_MARGIN, Overdue
from agent_bridge.diagnosis import texts
from agent_bridge.diagnosis.facts import FailedCall
from cmdop_browser.exceptions import BrowserElementNotFoundError, BrowserTimeoutError, ElementCause, Outcome
from cmdop_browser.exceptions.text import seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.deadline import Deadline

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
    """Wait until the page's URL matches a glob or satisfies a condition."""
    await within(
        page,
        "wait_for_url",
        deadline,
        page.page.wait_for_url(pattern, wait_until="commit", timeout=deadline.remaining_ms),
    )


async def for_function(page: ManagedPage, expression: str, argument: object, deadline: Deadline) -> Any:
    """Wait until *expression* gives a truthy value and return it."""
    try:
        handle = await page.guard(
            page.page.wait_for_function(expression, arg=argument, timeout=deadline.remaining_ms),
            deadline,
            margin=DRIVER_MARGIN,
        )
        return await page.guard(handle.json_value(), deadline)
    except Overdue as exc:
        raise await overdue(page, "wait_for_function", deadline) from exc
    except PlaywrightTimeoutError as exc:
        raise await overdue(page, "wait_for_function", deadline, outcome=Outcome.NOT_EXECUTED) from exc
    except PlaywrightError as exc:
        await raise_if_lost(page, exc)
        raise await script_error(page, "wait_for_function", exc.message) from exc


async def for_idle(page: ManagedPage, deadline: Deadline) -> None:
    """Wait until no request has been under way for half a second."""
    await within(
        page,
        "wait_for_idle",
        deadline,
        page.page.wait_for_load_state("networkidle", timeout=deadline.remaining_ms),
    )
