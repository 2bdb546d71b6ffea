"""What changes the page or the server behind it: clicks, text, keys, files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from agent_bridge.browser.diagnose import element_error
from agent_bridge.browser.failures import on_element, within
from agent_bridge.diagnosis import keys
from agent_bridge.diagnosis.facts import FailedCall

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from playwright.async_api import Position

    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.deadline import Deadline

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
    await on_element(
        page,
        FailedCall("click", selector, force=how.force, position=how.position),
        deadline,
        lambda timeout: locator.click(
            button=how.button,
            click_count=how.count,
            position=position,
            modifiers=how.modifiers or None,
            force=how.force,
            timeout=timeout,
        ),
    )


async def fill(page: ManagedPage, selector: str, value: str, deadline: Deadline) -> None:
    """Set the value of a text field at once."""
    page.secrets.filled(selector, value)
    locator = page.page.locator(selector)
    await on_element(
        page, FailedCall("fill", selector), deadline, lambda timeout: locator.fill(value, timeout=timeout)
    )


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
    return await on_element(
        page,
        FailedCall("select_option", selector, options=(*(choice.values or ()), *(choice.labels or ()))),
        deadline,
        lambda timeout: locator.select_option(
            value=choice.values, label=choice.labels, index=choice.indexes, timeout=timeout
        ),
    )


async def upload(page: ManagedPage, selector: str, files: Sequence[Path], deadline: Deadline) -> None:
    """Put files into a file input."""
    locator = page.page.locator(selector)
    await on_element(
        page,
        FailedCall("upload", selector),
        deadline,
        lambda timeout: locator.set_input_files(list(files), timeout=timeout),
    )
