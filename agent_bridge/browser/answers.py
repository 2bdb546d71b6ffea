"""What a call on Playwright comes to when it comes to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

    from playwright.async_api import Error as PlaywrightError

    from cmdop_browser.exceptions import CloseReason

_GONE = (
    "has been closed",
    "Target crashed",
    "Page crashed",
    "page crashed",
    "Connection closed",
    "Browser closed",
    "disposed",
)
_STALE_WORLD = ("Cannot find context with specified id", "Execution context was destroyed")


class Overdue(Exception):  # noqa: N818 -- not an error yet: the caller decides what it means
    """The browser did not answer before the deadline."""


class PageLost(Exception):  # noqa: N818 -- same
    """The page, its browser or its driver is gone.

    Attributes:
        reason: What took it away.
    """

    def __init__(self, reason: CloseReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class ScriptFailed(Exception):  # noqa: N818 -- same
    """One of our own scripts raised in the page."""


def is_gone(exc: PlaywrightError) -> bool:
    """Whether the call failed because page, browser or driver is gone."""
    return any(text in exc.message for text in _GONE)


def is_stale_world(exc: PlaywrightError) -> bool:
    """Whether the call failed because the document it was meant for has been replaced."""
    return any(text in exc.message for text in _STALE_WORLD)


def abandon(task: asyncio.Future[Any]) -> None:
    """Cancel *task* if it still runs, and never let its late exception go unobserved."""
    if not task.done():
        task.cancel()
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
