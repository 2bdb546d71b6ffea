"""Waiting for the page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from cmdop_browser import _methods as methods
from cmdop_browser._convert import replies, requests
from cmdop_browser._deadline import Deadline
from cmdop_browser.exceptions import BrowserTimeoutError, InternalError, Outcome
from cmdop_browser.exceptions.redact import redact
from cmdop_browser.exceptions.text import seconds
from cmdop_browser.wire.v1 import common_pb2

if TYPE_CHECKING:
    from cmdop_browser._async.handle import AsyncHandle
    from cmdop_browser.models import ElementState

# A step of a wait whose time is over: enough to learn where the page is.
_LEAST_SECONDS: Final = 0.05
_MAX_SHOWN: Final = 200


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

        Its document has begun then, and may have nothing in it yet: `wait_for` what is needed of it.

        Args:
            pattern: A glob (`*` within a segment, `**` across them), or a compiled regular
                expression that is searched in the URL.
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserTimeoutError: It did not get there in time.
            BrowserSessionClosedError: The session is gone.
            BadRequestError: An argument is not what it should be.
        """
        call = self._handle.begin("wait_for_url", timeout)
        if isinstance(pattern, re.Pattern) and isinstance(pattern.pattern, str):
            await self._wait_for_match(call, pattern)
        else:
            await self._handle.act("wait_for_url", methods.FOR_URL, requests.wait_for_glob(call, pattern))

    async def _wait_for_match(self, call: common_pb2.SessionCall, pattern: re.Pattern[str]) -> None:
        deadline = Deadline.after(call.timeout_seconds)
        shown = redact(pattern.pattern[:_MAX_SHOWN])
        timed_out = f"wait_for_url {shown!r} timed out after {seconds(deadline.seconds)}"
        url = ""
        while True:
            step = common_pb2.SessionCall(
                session=call.session, timeout_seconds=max(deadline.remaining(), _LEAST_SECONDS)
            )
            try:
                reply = await self._handle.send(
                    "wait_for_url", methods.FOR_URL, requests.wait_for_other_url(step, url)
                )
            except BrowserTimeoutError as exc:
                exc.message = timed_out
                exc.timeout_seconds = deadline.seconds
                raise
            self._handle.journal.committed(reply)
            if pattern.search(reply.url):
                return
            if reply.url == url:
                raise InternalError("the agent said that the page had moved on, and it had not")
            if not deadline.remaining():
                # A page that moves on faster than a step takes would never let one time out.
                last = self._handle.journal.shown_url()
                raise BrowserTimeoutError(
                    timed_out,
                    session_id=self._handle.id,
                    action="wait_for_url",
                    timeout_seconds=deadline.seconds,
                    outcome=Outcome.NOT_EXECUTED,
                    tips=(f"the page goes from one URL to the next, and was at {last} last",),
                )
            url = reply.url

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
        request = requests.wait_for_function(call, js, arg)
        value = await self._handle.read(
            "wait_for_function", methods.FOR_FUNCTION, request, lambda reply: reply.value
        )
        return replies.value(value)

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
