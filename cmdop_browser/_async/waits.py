"""Waiting for the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmdop_browser import _methods as methods
from cmdop_browser._convert import replies, requests
from cmdop_browser._deadline import Deadline

if TYPE_CHECKING:
    import re

    from cmdop_browser._async.handle import AsyncHandle
    from cmdop_browser.models import ElementState


class AsyncWaits:
    """Waits, which end as soon as there is nothing left to wait for."""

    _handle: AsyncHandle

    async def wait_for(
        self, selector: str, *, state: ElementState = "visible", timeout: float | None = None
    ) -> None:
        """Wait until an element is in a state.

        Args:
            selector: The element.
            state: "visible", "hidden", "attached" or "detached".
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserElementNotFoundError: It did not appear in time; `cause` says why.
            BrowserTimeoutError: It did not go away in time.
            BrowserSessionClosedError: The session is gone.
            BadRequestError: An argument is not what it should be.
        """
        request = requests.wait_for(self._handle.begin("wait_for", timeout), selector, state)
        await self._handle.act("wait_for", methods.FOR_SELECTOR, request)

    async def wait_for_url(self, pattern: str | re.Pattern[str], *, timeout: float | None = None) -> None:
        """Wait until the page is at a URL that matches; it may be there already.

        Args:
            pattern: A glob (`*` within a segment, `**` across them), or a compiled regular
                expression that is searched in the URL.
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserTimeoutError: It did not get there in time.
            BrowserSessionClosedError: The session is gone.
            BadRequestError: An argument is not what it should be.
        """
        request = requests.wait_for_url(self._handle.begin("wait_for_url", timeout), pattern)
        await self._handle.act("wait_for_url", methods.FOR_URL, request)

    async def wait_for_function(self, js: str, arg: object = None, *, timeout: float | None = None) -> Any:
        """Wait until a script gives something true, and return that.

        Args:
            js: An expression, or a function that is called with *arg*.
            arg: Passed as a value, never as source.
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserTimeoutError: It gave nothing true in time.
            BrowserScriptError: The script failed.
            BrowserSessionClosedError: The session is gone.
            BadRequestError: An argument is not what it should be, or cannot be passed to a page.
        """
        call = self._handle.begin("wait_for_function", timeout)
        deadline = Deadline.after(call.timeout_seconds)
        request = requests.wait_for_function(call, js, arg)
        reply = await self._handle.send("wait_for_function", methods.FOR_FUNCTION, request)
        return replies.value(await self._handle.receive("wait_for_function", reply.value, deadline))

    async def wait_for_idle(self, *, timeout: float | None = None) -> None:
        """Wait until the page has made no requests for half a second.

        Args:
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserTimeoutError: It did not come to rest in time.
            BrowserSessionClosedError: The session is gone.
            BadRequestError: *timeout* is not what it should be.
        """
        call = self._handle.begin("wait_for_idle", timeout)
        await self._handle.act("wait_for_idle", methods.FOR_IDLE, call)
