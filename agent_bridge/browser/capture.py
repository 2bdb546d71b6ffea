"""Pictures and prints of the page."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser.failures import on_element, within
from agent_bridge.browser.rereading import made_again
from agent_bridge.diagnosis.facts import FailedCall
from agent_bridge.observation import storage
from cmdop_browser.exceptions import FileError

if TYPE_CHECKING:
    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.deadline import Deadline

ImageFormat = Literal["png", "jpeg"]

# Chromium prints into a temporary file, and this is how it says that there is none to read from.
_UNREAD: Final = "(IO.read)"


@made_again
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


@made_again
async def pdf(page: ManagedPage, deadline: Deadline) -> bytes:
    """Return the page printed as PDF, backgrounds included.

    Raises:
        FileError: The disk does not take what the browser prints.
    """
    return await within(page, "pdf", deadline, _printed(page))


async def _printed(page: ManagedPage) -> bytes:
    try:
        return await page.page.pdf(print_background=True)
    except PlaywrightError as exc:
        if _UNREAD not in exc.message:
            raise
        place = Path(tempfile.gettempdir())  # where this agent and its browsers keep temporary files
        why = await asyncio.to_thread(storage.why_full, place)
        raise FileError(
            f"the browser cannot keep what it prints: {why or 'its temporary file cannot be read'}",
            path=str(place),
            retryable=bool(why),
            tips=(f"make room where the agent keeps temporary files: {place}",),
        ) from exc
