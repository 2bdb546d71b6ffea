"""Pictures and prints of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from agent_bridge.browser.failures import on_element, within
from agent_bridge.diagnosis.facts import FailedCall

if TYPE_CHECKING:
    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.deadline import Deadline

ImageFormat = Literal["png", "jpeg"]


async def screenshot(
    page: ManagedPage, selector: str | None, *, full_page: bool, image_format: ImageFormat, deadline: Deadline
) -> bytes:
    """Return a picture of the viewport, the whole page, or one element."""
    if selector is None:
        return await within(
            page,
            "screenshot",
            deadline,
            page.page.screenshot(full_page=full_page, type=image_format, timeout=deadline.remaining_ms),
        )
    locator = page.page.locator(selector)
    return await on_element(
        page,
        FailedCall("screenshot", selector),
        deadline,
        lambda timeout: locator.screenshot(type=image_format, timeout=timeout),
    )


async def pdf(page: ManagedPage, deadline: Deadline) -> bytes:
    """Return the page printed as PDF, backgrounds included."""
    return await within(page, "pdf", deadline, page.page.pdf(print_background=True))
