"""A browser session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from cmdop_browser import _files as files
from cmdop_browser import _methods as methods
from cmdop_browser._async.actions import AsyncActions
from cmdop_browser._async.dom import AsyncDom
from cmdop_browser._async.handle import AsyncHandle
from cmdop_browser._async.identity import AsyncCookieJar
from cmdop_browser._async.waits import AsyncWaits
from cmdop_browser._convert import replies, requests
from cmdop_browser._deadline import Deadline
from cmdop_browser._display import table
from cmdop_browser._journal import SessionState
from cmdop_browser.exceptions import CMDOPError
from cmdop_browser.models import Image

if TYPE_CHECKING:
    from os import PathLike
    from types import TracebackType

    from cmdop_browser._async.rpc import AsyncRpc
    from cmdop_browser.models import (
        ImageFormat,
        NavigationResult,
        SessionInfo,
        WaitUntil,
    )
    from cmdop_browser.wire.v1 import sessions_pb2


class AsyncBrowserSession(AsyncActions, AsyncWaits, AsyncCookieJar):
    """A page of its own in the agent's browser, with cookies and storage of its own.

    Made by `client.browser.create_session`. Its calls keep their order, also when several
    threads or tasks make them. Leaving it as a context manager closes it.

    Attributes:
        id: Names it to the agent.
        name: As it was given when the session was made; "" without.
        dom: Reads of the document.

    Example:
        async with AsyncCMDOPClient.local(start=True) as client:
            async with client.browser.create_session() as session:
                await session.navigate("https://shop.test/login")
                await session.fill("#user", "ada")
                await session.click("text=Log in")
                await session.wait_for_url("**/account")
    """

    def __init__(
        self,
        rpc: AsyncRpc,
        info: SessionInfo,
        instance_id: str,
        options: sessions_pb2.SessionOptions | None = None,
    ) -> None:
        self._handle = AsyncHandle(rpc, info, instance_id, options)
        self.id = info.id
        self.name = info.name
        self.dom = AsyncDom(self._handle)

    # State

    @property
    def is_closed(self) -> bool:
        """Whether the session has ended, as far as the client knows without asking."""
        return self._handle.journal.state is not SessionState.OPEN

    async def url(self, *, timeout: float | None = None) -> str:
        """Where the page is.

        Args:
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserSessionClosedError: The session is gone.
            BadRequestError: *timeout* is not what it should be.
        """
        call = self._handle.begin("url", timeout)
        return (await self._handle.send("url", methods.LOCATION, call)).url

    async def title(self, *, timeout: float | None = None) -> str:
        """The document's title.

        Args:
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserTimeoutError: The page does not answer.
            BrowserSessionClosedError: The session is gone.
            BadRequestError: *timeout* is not what it should be.
        """
        call = self._handle.begin("title", timeout)
        return (await self._handle.send("title", methods.TITLE, call)).title

    async def info(self, *, timeout: float | None = None) -> SessionInfo:
        """What the agent knows of the session.

        Args:
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserSessionClosedError: The session is gone.
            BadRequestError: *timeout* is not what it should be.
        """
        call = self._handle.begin("info", timeout)
        return replies.session_info(await self._handle.send("info", methods.INFO, call))

    async def close(self) -> None:
        """End the session; closing one that has ended is fine.

        Raises:
            ConnectionTimeoutError: The agent does not answer.
        """
        await self._handle.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.close()
        except CMDOPError as failure:
            if error is None:
                raise
            error.add_note(f"closing session {self.name or self.id} failed too: {failure.message}")

    def __repr__(self) -> str:
        journal = self._handle.journal
        named = f" {self.name!r}" if self.name else ""
        return f"<{type(self).__name__} {self.id}{named} {journal.state.value} {journal.shown_url()}>"

    def _repr_html_(self) -> str:
        journal = self._handle.journal
        rows = {"id": self.id, "state": journal.state.value, "page": journal.shown_url()}
        if journal.reason is not None:
            rows["ended by"] = journal.reason.value
        return table(f"session {self.name or self.id}", rows)

    # Navigation

    async def navigate(
        self,
        url: str,
        *,
        wait_until: WaitUntil = "load",
        timeout: float | None = None,
        referer: str | None = None,
    ) -> NavigationResult:
        """Load *url* and return what came back, whatever its status.

        Args:
            url: Of http or https.
            wait_until: "load", "domcontentloaded", "networkidle" or "commit".
            timeout: Seconds for the whole call; the session's default when None.
            referer: Sent as the referring page.

        Raises:
            BrowserNavigationError: No document arrived; `cause` says why.
            BrowserSessionClosedError: The session is gone.
            BadRequestError: An argument is not what it should be.
        """
        request = requests.navigate(self._handle.begin("navigate", timeout), url, wait_until, referer)
        reply = await self._handle.send("navigate", methods.NAVIGATE, request)
        self._handle.journal.committed(reply, navigated=reply.requested_url)
        return replies.navigation_result(reply)

    async def back(self, *, wait_until: WaitUntil = "load", timeout: float | None = None) -> NavigationResult:
        """Go back in the page's history.

        Args:
            wait_until: "load", "domcontentloaded", "networkidle" or "commit".
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserNavigationError: There is nothing to go back to, or no document arrived.
            BrowserSessionClosedError: The session is gone.
            BadRequestError: An argument is not what it should be.
        """
        return await self._traverse("back", wait_until, timeout)

    async def forward(
        self, *, wait_until: WaitUntil = "load", timeout: float | None = None
    ) -> NavigationResult:
        """Go forward in the page's history.

        Args:
            wait_until: "load", "domcontentloaded", "networkidle" or "commit".
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserNavigationError: There is nothing to go to, or no document arrived.
            BrowserSessionClosedError: The session is gone.
            BadRequestError: An argument is not what it should be.
        """
        return await self._traverse("forward", wait_until, timeout)

    async def reload(
        self, *, wait_until: WaitUntil = "load", timeout: float | None = None
    ) -> NavigationResult:
        """Load the page again.

        Args:
            wait_until: "load", "domcontentloaded", "networkidle" or "commit".
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserNavigationError: No document arrived; `cause` says why.
            BrowserSessionClosedError: The session is gone.
            BadRequestError: An argument is not what it should be.
        """
        return await self._traverse("reload", wait_until, timeout)

    async def _traverse(
        self, direction: str, wait_until: WaitUntil, timeout: float | None
    ) -> NavigationResult:
        request = requests.traverse(self._handle.begin(direction, timeout), direction, wait_until)
        reply = await self._handle.send(direction, methods.TRAVERSE, request)
        self._handle.journal.committed(reply)
        return replies.navigation_result(reply)

    # Script

    async def evaluate(self, js: str, arg: object = None, *, timeout: float | None = None) -> Any:
        """Run a script in the page and return its result; a promise is waited for.

        What JSON can hold comes back, also dates, regular expressions, URLs, byte arrays and
        BigInt. What it cannot comes as Playwright has it: functions and symbols as None, maps and
        sets as {}, elements as a word such as "ref: <Node>".

        Args:
            js: An expression, or a function that is called with *arg*.
            arg: Passed as a value, never as source: what JSON can hold, also dates,
                compiled regular expressions, parsed URLs and bytes. Integers must be
                what JavaScript's numbers hold exactly, as all below 2**53 are.
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserScriptError: The script failed.
            BrowserTimeoutError: It did not end in time.
            BrowserSessionClosedError: The session is gone; `outcome` says whether it ran.
            BadRequestError: An argument is not what it should be, or cannot be passed to a page.
        """
        call = self._handle.begin("evaluate", timeout)
        deadline = Deadline.after(call.timeout_seconds)
        request = requests.evaluate(call, js, arg)
        reply = await self._handle.send("evaluate", methods.EVALUATE, request)
        return replies.value(await self._handle.receive("evaluate", reply.value, deadline))

    # Capture

    async def screenshot(
        self,
        selector: str | None = None,
        *,
        full_page: bool = False,
        format: ImageFormat = "png",
        path: str | PathLike[str] | None = None,
        timeout: float | None = None,
    ) -> Image:
        """Take a picture of an element, of what is in view, or of the whole page.

        Args:
            selector: The element; what is in view when None.
            full_page: The whole page, however long.
            format: "png" or "jpeg".
            path: Also write it to this file, whole or not at all.
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserElementNotFoundError: The element is not there, or not visible.
            BrowserSessionClosedError: The session is gone.
            FileError: The file cannot be written.
            BadRequestError: An argument is not what it should be.
        """
        call = self._handle.begin("screenshot", timeout)
        request = requests.screenshot(call, selector, full_page=full_page, format=format)
        target = files.target(path)
        content = await self._handle.read(
            "screenshot", methods.SCREENSHOT, request, lambda reply: reply.content
        )
        image = Image(content, format)
        if target is not None:
            files.write_file(target, image)
        return image

    async def pdf(self, path: str | PathLike[str] | None = None, *, timeout: float | None = None) -> bytes:
        """Print the page.

        Args:
            path: Also write it to this file, whole or not at all.
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserSessionClosedError: The session is gone.
            FileError: The file cannot be written, or the agent has no room for what it prints.
            BadRequestError: An argument is not what it should be.
        """
        call = self._handle.begin("pdf", timeout)
        target = files.target(path)
        document = await self._handle.read("pdf", methods.PDF, call, lambda reply: reply.content)
        if target is not None:
            files.write_file(target, document)
        return document
