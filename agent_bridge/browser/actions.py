"""What changes the page or the server behind it: clicks, text, keys, files."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, cast

from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser import act_scripts
from agent_bridge.browser.answers import Overdue, PageLost, ScriptFailed
from agent_bridge.browser.diagnose import element_error
from agent_bridge.browser.failures import on_element, within
from agent_bridge.deadline import Deadline
from agent_bridge.diagnosis import keys
from agent_bridge.diagnosis.facts import FailedCall

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from playwright.async_api import JSHandle, Locator, Position

    from agent_bridge.browser.page import ManagedPage

log = logging.getLogger(__name__)

# How long the page is asked what became of an act that is done.
_LOOK: Final = 0.25  # of the grace
# What every input takes; of other texts some drop all or a part.
_NUMBER: Final = re.compile(r"[+-]?\d+(?:\.\d+)?")
# The longest value of a date, time, colour or range is shorter.
_LONGEST_TYPED_VALUE: Final = 100

Button = Literal["left", "middle", "right"]
Modifier = Literal["Alt", "Control", "ControlOrMeta", "Meta", "Shift"]


@dataclass(frozen=True, slots=True)
class Click:
    """How to click."""

    button: Button = "left"
    count: int = 1
    position: tuple[float, float] | None = None
    modifiers: tuple[Modifier, ...] = ()
    force: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """Which options to select: exactly one of the three is given."""

    values: tuple[str, ...] | None = None
    labels: tuple[str, ...] | None = None
    indexes: tuple[int, ...] | None = None


async def click(page: ManagedPage, selector: str, how: Click, deadline: Deadline) -> None:
    """Click the one element that *selector* matches."""
    position: Position | None = None
    if how.position is not None:
        position = {"x": how.position[0], "y": how.position[1]}
    locator = page.page.locator(selector)
    call = FailedCall("click", selector, force=how.force, position=how.position)

    async def act(timeout: float) -> None:
        await locator.click(
            button=how.button,
            click_count=how.count,
            position=position,
            modifiers=how.modifiers or None,
            force=how.force,
            timeout=timeout,
        )

    if not how.force:
        await on_element(page, call, deadline, act)
        return
    watch = await on_element(page, call, deadline, lambda timeout: _watch_press(locator, timeout))
    await on_element(page, call, deadline, act)
    if await _pressed(page, watch) is False:
        gone = replace(call, text="element was detached from the DOM", timed_out=False)
        raise await element_error(page, gone)


async def _watch_press(locator: Locator, timeout: float) -> JSHandle:
    """Have the page note where the press of a forced click arrives.

    Playwright presses blindly then: an element that goes away when the pointer
    reaches it would count as clicked.
    """
    return await locator.evaluate_handle(act_scripts.WATCH_PRESS, timeout=timeout)


async def _pressed(page: ManagedPage, watch: JSHandle) -> bool | None:
    """Whether the element was there when it was pressed; None when that cannot be told any more."""
    try:
        return cast(
            "bool | None",
            await page.guard(watch.evaluate(act_scripts.PRESSED), Deadline.after(page.grace.part(_LOOK))),
        )
    except (Overdue, PageLost, PlaywrightError) as exc:
        # The click led to another document, most likely.
        log.debug("what a click did is not known: %s", type(exc).__name__)
        return None


async def fill(page: ManagedPage, selector: str, value: str, deadline: Deadline) -> None:
    """Set the value of a text field at once."""
    page.secrets.filled(selector, value)
    locator = page.page.locator(selector)
    call = FailedCall("fill", selector)
    await on_element(page, call, deadline, lambda timeout: locator.fill(value, timeout=timeout))
    if await _was_refused(page, selector, value.strip()):
        raise await element_error(page, replace(call, text="Malformed value", timed_out=False))


async def _was_refused(page: ManagedPage, selector: str, value: str) -> bool:
    """Whether an input of a kind that drops unfit texts silently has dropped *value*."""
    if not value:
        return False
    soon = Deadline.after(page.grace.part(_LOOK))
    try:
        refused = await page.evaluate(
            act_scripts.REFUSED_TEXT, selector, value[:_LONGEST_TYPED_VALUE], deadline=soon
        )
    except (Overdue, PageLost, ScriptFailed, PlaywrightError) as exc:
        # Filling may have sent the form, and the page is on its way elsewhere.
        log.debug("what was filled in is not known: %s", type(exc).__name__)
        return False
    return refused not in {None, "ask"}


async def type_text(
    page: ManagedPage, selector: str, text: str, *, delay: float, clear: bool, deadline: Deadline
) -> None:
    """Type *text* key by key, with *delay* seconds between them."""
    page.secrets.filled(selector, text)
    locator = page.page.locator(selector)
    if clear:
        # Clearing is filling with nothing: it asks for a field that takes text.
        await on_element(
            page, FailedCall("type", selector), deadline, lambda timeout: locator.clear(timeout=timeout)
        )
    await on_element(
        page,
        FailedCall("type", selector),
        deadline,
        lambda timeout: locator.press_sequentially(text, delay=delay * 1000, timeout=timeout),
    )
    if not _NUMBER.fullmatch(text) and await _was_refused(page, selector, text.strip()):
        raise await element_error(page, FailedCall("type", selector, text="Malformed value", timed_out=False))


async def press(page: ManagedPage, key: str, selector: str | None, deadline: Deadline) -> None:
    """Press *key* on an element, or on whatever has the focus."""
    unknown = keys.unknown_key(key)
    if unknown is not None:
        # Playwright finds out only when it has found and focused the element.
        call = FailedCall(
            "press", selector or key, text=f'Unknown key: "{unknown}"', timed_out=False, key=key
        )
        raise await element_error(page, call)
    if selector is None:
        await within(page, "press", deadline, page.page.keyboard.press(key))
    else:
        locator = page.page.locator(selector)
        await on_element(
            page,
            FailedCall("press", selector, key=key),
            deadline,
            lambda timeout: locator.press(key, timeout=timeout),
        )


async def hover(page: ManagedPage, selector: str, deadline: Deadline) -> None:
    """Move the pointer over the element."""
    locator = page.page.locator(selector)
    await on_element(
        page, FailedCall("hover", selector), deadline, lambda timeout: locator.hover(timeout=timeout)
    )


async def set_checked(page: ManagedPage, selector: str, deadline: Deadline, *, checked: bool) -> None:
    """Check or uncheck a box or radio button."""
    locator = page.page.locator(selector)
    await on_element(
        page,
        FailedCall("check" if checked else "uncheck", selector),
        deadline,
        lambda timeout: locator.set_checked(checked, timeout=timeout),
    )


async def select_option(page: ManagedPage, selector: str, choice: Choice, deadline: Deadline) -> list[str]:
    """Select options of a list and return the values now selected."""
    locator = page.page.locator(selector)
    call = FailedCall("select_option", selector, options=(*(choice.values or ()), *(choice.labels or ())))
    selected = await on_element(
        page,
        call,
        deadline,
        lambda timeout: locator.select_option(
            value=choice.values, label=choice.labels, index=choice.indexes, timeout=timeout
        ),
    )
    asked = set(choice.values or choice.labels or choice.indexes or ())
    if len(selected) == 1 < len(asked):
        # The browser keeps one of them without a word.
        raise await element_error(page, replace(call, text="Non-multiple select", timed_out=False))
    return selected


async def upload(page: ManagedPage, selector: str, files: Sequence[Path], deadline: Deadline) -> None:
    """Put files into a file input."""
    locator = page.page.locator(selector)
    call = FailedCall("upload", selector)
    # Playwright gives files to a disabled input, too, where they are of no effect.
    if not await on_element(page, call, deadline, lambda timeout: locator.is_enabled(timeout=timeout)):
        raise await element_error(page, replace(call, text="element is not enabled", timed_out=False))
    await on_element(
        page,
        call,
        deadline,
        lambda timeout: locator.set_input_files(list(files), timeout=timeout),
    )
