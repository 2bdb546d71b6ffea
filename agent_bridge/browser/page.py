"""One browser context with its page: the unit that a session drives.

Every await on Playwright goes through `ManagedPage.guard`: Playwright's own
timeouts live in its driver process and stop with it, and several of its calls
have none.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urldefrag

from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser.answers import Overdue, ScriptFailed, answer_to, is_stale_world
from agent_bridge.browser.grace import Grace
from agent_bridge.browser.known_secrets import KnownSecrets
from agent_bridge.browser.options import ContextOptions
from agent_bridge.deadline import Deadline
from cmdop_browser.exceptions import CloseReason

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from playwright.async_api import (
        BrowserContext,
        CDPSession,
        Dialog,
        Download,
        Frame,
        Page,
        Request,
        Response,
    )

    from agent_bridge.browser.navigation import WaitUntil
    from agent_bridge.browser.returning import StorageReturn

log = logging.getLogger(__name__)

T = TypeVar("T")

# How much later than Playwright's own timeout ours fires, as a share of the grace: long enough
# that its error, which carries the call log, wins whenever the driver is alive.
DRIVER_MARGIN = 0.35
# A page that opens windows without end must not eat the machine.
MAX_POPUPS = 5
# context.close() took at most 71 ms in every fault that leaves the browser alive.
CLOSE_TIMEOUT = 3.0
# A page that closes together with its browser is the browser's loss; the news of
# the browser, and of why a renderer ended, follows within a few milliseconds.
CLOSE_GRACE = 0.1
# Enough to see what is missing, and no more than a page without end can fill.
MAX_FAILED_REQUESTS = 30
MAX_URL_KEPT = 1000
# Pages that Chromium remembers of a history (kMaxSessionHistoryEntries).
MAX_HISTORY = 50
_WORLD = "cmdop"


class Entries(Enum):
    """What is known of the fields of a document, in a session that is restored."""

    NONE = "none"  # the caller has filled in nothing
    FILLED = "filled"  # the caller has, or may have
    GONE = "gone"  # the document was loaded again, without what the caller had filled in
    TOLD = "told"  # the same, and the caller knows


class ManagedPage:
    """A context, its page, and the DevTools session that was opened with it.

    Attributes:
        lost: Resolved with the reason once the page is beyond use.
        why_ended: Tells why a renderer ended, where more is known of it than that.
        documents: How many documents were loaded.
        options: What the context was made with.
        grace: How long it may take after a call has failed to find out why.
        response: The response that brought the document now shown, if one did.
        requested_url: What `navigate` was last asked for; "" before that.
        arrived_url: Where that led, HTTP redirects included; "" until it did.
        missed: URL of the last document that did not come, and why; "" and "" when one came since.
        has_acted: Whether a call since then may have led elsewhere: a click, a script.
        entries: What is known of the fields of this document.
        is_being_filled_in: Whether a call fills in something: that may be in a document that comes meanwhile.
        is_going_through_history: Whether a call does: what comes so has its fields as they were left.
        is_restless: Whether it was found to replace itself without end, and was not left for another since.
        loading_url: What the page is on its way to; "" when it is not on its way.
        call_deadline: Of the call that has the page.
        failed_requests: The latest requests of this document that failed or were answered with an error.
        frame_id: The browser's name of the main frame, and of the page as a target.
        secrets: What no text about this page may show.
        wait_until: What `navigate` last waited for.
        returning: Storage that waits for the origins it belongs to, in a session that was rebuilt.
    """

    def __init__(
        self,
        context: BrowserContext,
        page: Page,
        cdp: CDPSession,
        options: ContextOptions | None = None,
        frame_id: str = "",
        *,
        grace: Grace | None = None,
    ) -> None:
        self.context = context
        self.options = options or ContextOptions()
        self.grace = grace or Grace()
        self.page = page
        self.cdp = cdp
        self.lost: asyncio.Future[CloseReason] = asyncio.get_running_loop().create_future()
        self.why_ended: Callable[[], CloseReason | None] = lambda: None
        self.documents = 0
        self.response: Response | None = None
        self.requested_url = ""
        self.arrived_url = ""
        self.missed = ("", "")
        self.has_acted = False
        self.entries = Entries.NONE
        self.is_being_filled_in = self.is_going_through_history = False
        self._left_filled: deque[str] = deque(maxlen=MAX_HISTORY)
        self.is_restless = False
        self.call_deadline = Deadline.after(0)
        self.failed_requests: deque[str] = deque(maxlen=MAX_FAILED_REQUESTS)
        self.secrets = KnownSecrets(self.options)
        self.wait_until: WaitUntil = "load"
        self.returning: StorageReturn | None = None
        self._arriving: Response | None = None
        # Whether a document has been asked for that has not come yet.
        self.is_loading = False
        self.loading_url = ""
        self.frame_id = frame_id
        self._world: int | None = None
        self._popups: deque[Page] = deque()
        self._chores: set[asyncio.Task[None]] = set()
        self._closing: asyncio.Task[None] | None = None
        self.answer_dialogs = guarded(self._on_dialog)
        self._listen()

    @property
    def url(self) -> str:
        """The URL of the committed document."""
        return self.page.url

    @property
    def status(self) -> int:
        """The HTTP status of the document now shown, 0 when none was fetched."""
        return self.response.status if self.response is not None else 0

    def lose(self, reason: CloseReason) -> None:
        """Note that the page is gone; the first reason stays."""
        if self.lost.done():
            return
        if reason is CloseReason.RENDERER_CRASH:
            reason = self.why_ended() or reason  # the news of which is still on its way
        self.lost.set_result(reason)

    # -- calls ---------------------------------------------------------------

    async def guard(self, awaitable: Awaitable[T], deadline: Deadline, *, margin: float = 0.0) -> T:
        """Await *awaitable* until the deadline or the loss of the page.

        Args:
            awaitable: A call on Playwright.
            deadline: When to give up.
            margin: Seconds added for a call that has a timeout of Playwright's own.

        Raises:
            Overdue: No answer in time.
            PageLost: The page went away meanwhile.
            PlaywrightError: The call failed.
        """
        return await answer_to(awaitable, self.lost, deadline.remaining + margin)

    async def evaluate(self, function: str, *arguments: object, deadline: Deadline) -> Any:
        """Call a function of ours in a world of its own, where no page script can reach it.

        Much cheaper than Playwright's own evaluation for the first read of a
        document, which compiles Playwright's injected bundle in it.

        Args:
            function: Source of a JavaScript function.
            arguments: Values that JSON can carry; passed as data.
            deadline: When to give up.

        Raises:
            Overdue: The page did not answer in time.
            PageLost: The page went away.
            ScriptFailed: The function raised.
        """
        while True:
            try:
                return await self._evaluate_once(function, arguments, deadline)
            except PlaywrightError as exc:
                if not is_stale_world(exc.message):
                    raise
                # The document was replaced between two messages; the deadline bounds the loop.
                self._world = None
                if not deadline.remaining:
                    raise Overdue from exc

    async def _evaluate_once(self, function: str, arguments: tuple[object, ...], deadline: Deadline) -> Any:
        if self._world is None:
            self._world = await self._make_world(deadline)
        reply = await self.guard(
            self.cdp.send(
                "Runtime.callFunctionOn",
                {
                    "functionDeclaration": function,
                    "executionContextId": self._world,
                    "arguments": [{"value": value} for value in arguments],
                    "returnByValue": True,
                    "awaitPromise": True,
                },
            ),
            deadline,
        )
        if "exceptionDetails" in reply:
            raise ScriptFailed(_exception_text(reply["exceptionDetails"]))
        return reply["result"].get("value")

    async def _make_world(self, deadline: Deadline) -> int:
        if not self.frame_id:
            tree = await self.guard(self.cdp.send("Page.getFrameTree"), deadline)
            self.frame_id = tree["frameTree"]["frame"]["id"]
        # Asking again for a world of the same name returns the one there is.
        world = await self.guard(
            self.cdp.send("Page.createIsolatedWorld", {"frameId": self.frame_id, "worldName": _WORLD}),
            deadline,
        )
        context_id: int = world["executionContextId"]
        return context_id

    # -- end -----------------------------------------------------------------

    async def close(self, reason: CloseReason) -> bool:
        """Close the context and everything in it.

        Returns:
            Whether the browser confirmed it in time; if not, the browser is not
            to be trusted with further pages.
        """
        self.lose(reason)
        # Cancelling context.close() leaks the context for good, so it runs in a
        # task of its own and a second caller waits for the same one.
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._close_context())
        done, _ = await asyncio.wait({self._closing}, timeout=CLOSE_TIMEOUT)
        return bool(done)

    async def _close_context(self) -> None:
        try:
            await self.context.close()
        except PlaywrightError as exc:  # whatever it says, the context is gone with its browser
            log.debug("closing a context: %s", str(exc).partition("\n")[0])

    # -- events --------------------------------------------------------------

    def _listen(self) -> None:
        self.page.on("crash", guarded(self._on_end))
        self.page.on("close", guarded(self._on_end))
        self.page.on("framenavigated", guarded(self._on_navigated))
        self.page.on("request", guarded(lambda request: self._on_main_request(request, loading=True)))
        self.page.on("requestfailed", guarded(lambda request: self._on_main_request(request, loading=False)))
        self.page.on("requestfailed", guarded(self._on_request_failed))
        self.page.on("response", guarded(self._on_response))
        self.page.on("popup", guarded(self._on_popup))
        self.page.on("download", guarded(self._on_download))
        self.context.on("dialog", self.answer_dialogs)

    def _on_end(self, _page: Page) -> None:
        # Whoever knows better, such as that memory ran out, says so within the grace time.
        asyncio.get_running_loop().call_later(CLOSE_GRACE, self.lose, CloseReason.RENDERER_CRASH)

    def _on_main_request(self, request: Request, *, loading: bool) -> None:
        if self.is_main_request(request):
            self.is_loading = loading
            self.loading_url = request.url[:MAX_URL_KEPT] if loading else ""
            if not loading:
                self._arriving = None
            elif request.redirected_from is None:
                self.failed_requests.clear()  # they were those of the document before

    def _on_request_failed(self, request: Request) -> None:
        failure = request.failure or ""
        if self.is_main_request(request):
            self.missed = (request.url[:MAX_URL_KEPT], failure)
        # Broken off by the page itself, or refused because the caller asked for that: no failures.
        if "ERR_ABORTED" not in failure and "ERR_BLOCKED_BY_CLIENT" not in failure:
            self._note_request(request, failure)

    def _note_request(self, request: Request, what: str) -> None:
        self.failed_requests.append(f"{request.method} {request.url[:MAX_URL_KEPT]} {what}")

    def _on_response(self, response: Response) -> None:
        # A response need not become a document: 204, a download.
        if self.is_main_request(response.request):
            if not self.is_loading and urldefrag(self.page.url).url == response.url:
                self._take(response)  # the news of its document came first
            else:
                self._arriving = response
        if response.status >= 400:
            self._note_request(response.request, f"{response.status} {response.status_text}".rstrip())

    def _on_navigated(self, frame: Frame) -> None:
        if frame != self.page.main_frame:
            return
        self._world = None
        self.is_loading = False
        self.loading_url = ""
        arrived, self._arriving = self._arriving, None
        if not frame.url.startswith(("http:", "https:")):
            self._leave()  # for the browser's own page
        elif arrived is not None:
            self._take(arrived)

    def _leave(self) -> None:
        if self.response is not None and self.entries is Entries.FILLED:
            self._left_filled.append(self.response.url)
        self.response, self.entries = None, Entries.NONE

    def _take(self, response: Response) -> None:
        self._leave()
        self.response = response
        is_as_left = self.is_going_through_history and response.url in self._left_filled
        if self.is_being_filled_in or is_as_left:
            self.entries = Entries.FILLED
        self.documents += 1
        self.missed = ("", "")

    def is_main_request(self, request: Request) -> bool:
        """Whether *request* is for the document of this page itself."""
        if not request.is_navigation_request():
            return False
        try:
            return request.frame == self.page.main_frame
        except PlaywrightError:  # a frame that is gone by now was not the main frame
            return False

    def _on_popup(self, popup: Page) -> None:
        self._popups.append(popup)
        if len(self._popups) > MAX_POPUPS:
            self.chore(self._popups.popleft().close())

    def _on_download(self, download: Download) -> None:
        # Nobody can ask for the file; it would only fill the disk.
        self.chore(download.cancel())

    def _on_dialog(self, dialog: Dialog) -> None:
        # A dialog that nobody answers blocks the page for good. Leaving a page
        # goes on; every other question is answered with "cancel".
        self.chore(dialog.accept() if dialog.type == "beforeunload" else dialog.dismiss())

    def chore(self, awaitable: Awaitable[object]) -> None:
        """Await something in the background that may as well fail."""

        async def run() -> None:
            with contextlib.suppress(PlaywrightError):  # the popup or dialog went away by itself
                await awaitable

        task = asyncio.ensure_future(run())
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)


def guarded(listener: Callable[[Any], None]) -> Callable[[Any], None]:
    """Wrap a listener so that it cannot raise.

    Playwright hands an exception in a listener to the next call on the same
    driver, whichever session makes it.
    """

    def call(event: Any) -> None:
        try:
            listener(event)
        except Exception:
            log.exception("a browser event listener failed")

    return call


def _exception_text(details: dict[str, Any]) -> str:
    exception = details.get("exception") or {}
    return str(exception.get("description") or details.get("text") or "script failed")
