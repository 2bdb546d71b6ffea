"""What a call on Playwright comes to when it comes to nothing."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Final, TypeVar

from playwright.async_api import Error as PlaywrightError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

    from cmdop_browser.exceptions import CloseReason

T = TypeVar("T")

# What uvloop says to whoever writes to a process that has ended; asyncio's own pipes say nothing.
CLOSED_PIPE: Final = "unable to perform operation on <WriteUnixTransport closed=True"
_GONE = (
    "has been closed",
    "Target crashed",
    "Page crashed",
    "page crashed",
    "Connection closed",
    "Browser closed",
    "disposed",
)
_STALE_WORLD = (
    "Cannot find context with specified id",
    "Execution context was destroyed",
    "Inspected target navigated or closed",
)


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


class DriverEnded(PlaywrightError):  # noqa: N818 -- same
    """The driver has ended, and Playwright does not know it yet."""


def is_gone(exc: PlaywrightError) -> bool:
    """Whether the call failed because page, browser or driver is gone."""
    return any(text in exc.message for text in _GONE)


def is_stale_world(message: str) -> bool:
    """Whether a call failed with *message* because the document it was meant for has been replaced."""
    return any(text in message for text in _STALE_WORLD)


@contextlib.contextmanager
def driver_may_end() -> Iterator[None]:
    """Have a call on Playwright fail in one way, whoever notices first that the driver has ended.

    The pipe to it closes some turns of the event loop before Playwright knows, which until
    then hands on what the pipe says.

    Raises:
        DriverEnded: The pipe was closed.
    """
    try:
        yield
    except RuntimeError as exc:
        if CLOSED_PIPE not in str(exc):
            raise
        raise DriverEnded("Connection closed: the driver has ended") from exc


async def answer_to(call: Awaitable[T], lost: asyncio.Future[CloseReason], seconds: float | None = None) -> T:
    """Await a call on Playwright for as long as what it is made on is there.

    Args:
        call: Some calls on a page or a browser that ends meanwhile never come to an end themselves.
        lost: Resolved with the reason when it is gone.
        seconds: How long to wait; None for as long as it takes.

    Raises:
        Overdue: No answer in time.
        PageLost: It is gone, and the call has not ended.
        DriverEnded: The driver is gone.
    """
    task = asyncio.ensure_future(call)
    try:
        either: set[asyncio.Future[Any]] = {task, lost}
        await asyncio.wait(either, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            with driver_may_end():
                return task.result()
        if lost.done():
            raise PageLost(lost.result())
        raise Overdue
    finally:
        abandon(task)


def abandon(task: asyncio.Future[Any]) -> None:
    """Cancel *task* if it still runs, and never let its late exception go unobserved."""
    if not task.done():
        task.cancel()
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
