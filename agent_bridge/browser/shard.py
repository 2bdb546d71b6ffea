"""The pages of one browser: what is lost together.

A driver with its browser is a shared queue and a shared fate for every session on it,
so there are several, each started when it is first needed and again after it died.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from typing import TYPE_CHECKING

from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser.answers import DriverEnded, Overdue, PageLost, answer_to, is_gone
from agent_bridge.browser.engine import Engine, Make
from agent_bridge.browser.opening import Births
from agent_bridge.browser.recycling import Wear
from agent_bridge.browser.refusals import refused
from agent_bridge.browser.silent_ends import SilentEnds
from agent_bridge.browser.starts import Starts
from agent_bridge.browser.vigil import HANG_SECONDS
from agent_bridge.diagnosis import texts
from cmdop_browser.exceptions import (
    BrowserSessionClosedError,
    BrowserTimeoutError,
    CloseReason,
    Outcome,
)
from cmdop_browser.exceptions.text import seconds

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    import psutil
    from playwright.async_api import Browser, BrowserContext

    from agent_bridge.browser.grace import Grace
    from agent_bridge.browser.options import ContextOptions
    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.browser.starting import Drivers
    from agent_bridge.deadline import Deadline
    from agent_bridge.supervision.memory import Usage

log = logging.getLogger(__name__)

# A context with its page takes 70 ms; one that takes this long will never come.
OPEN_TIMEOUT = 20.0
# A renderer that ends costs its page. Where the next one of the same browser ends, too, it
# may be the browser's doing: the third page is made in another one.
_OPEN_ATTEMPTS = 3


class Shard:
    """A driver, its browser, and the pages that are open in it."""

    def __init__(
        self,
        executable: str,
        arguments: Sequence[str],
        *,
        sandboxed: bool,
        drivers: Drivers,
        grace: Grace | None = None,
        patience: float = HANG_SECONDS,
        restarts: Counter[str] | None = None,
        starts: Starts | None = None,
    ) -> None:
        make = Make(executable, arguments, sandboxed, drivers, patience, starts or Starts())
        self._engine = Engine(make, on_lost=self._lost, on_crash=self._page_died, restarts=restarts)
        self._births = Births(grace)
        self._silent_ends = SilentEnds()
        self._opening: set[asyncio.Task[ManagedPage]] = set()
        self._reaping: set[asyncio.Task[None]] = set()
        self._pages_before = 0  # shown by pages that are closed
        self._loss = _not_lost()  # the browser that runs now, or comes next
        self.pages: set[ManagedPage] = set()
        self.size = 0

    @property
    def version(self) -> str:
        """The browser's version, empty before it has run."""
        return self._engine.version

    @property
    def load(self) -> int:
        """Pages open or opening."""
        return len(self.pages) + len(self._opening)

    @property
    def wear(self) -> Wear:
        """What the browser that runs now has been through."""
        if self._engine.browser is None:
            return Wear()
        pages = self._pages_before + sum(page.documents for page in self.pages)
        return Wear(pages, time.monotonic() - self._engine.began, self.size)

    async def measure(self) -> list[Usage]:
        """Return what the processes of driver and browser take, and note the sum; to be asked often."""
        self._silent_ends.look(self.pages)
        usages = await self._engine.measure()
        self.size = sum(usage.size for usage in usages)
        return usages

    def end_for_memory(self, renderer: psutil.Process) -> None:
        """End a renderer that takes too much; its page says so."""
        self._engine.endings.end(renderer, CloseReason.OUT_OF_MEMORY)

    async def open(self, options: ContextOptions, deadline: Deadline) -> ManagedPage:
        """Return a page in a fresh context.

        Raises:
            BadRequestError: The browser refuses an option.
            BrowserNotInstalledError: The browser cannot be started.
            BrowserTimeoutError: It did not come in time.
        """
        # A cancelled new_context() still makes the context: it runs to its end in
        # a task of its own, and what nobody waits for any more is closed again.
        task = asyncio.ensure_future(self._open(options))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)
        try:
            done, _ = await asyncio.wait({task}, timeout=deadline.remaining)
        except asyncio.CancelledError:
            self._reap(task)
            raise
        if not done:
            self._reap(task)
            raise BrowserTimeoutError(
                f"create_session timed out after {seconds(deadline.total)}: the browser made no page",
                action="create_session",
                timeout_seconds=deadline.total,
                outcome=Outcome.NOT_EXECUTED,
                tips=("the machine may be overloaded; raise timeout",),
            )
        return task.result()

    async def reopen(self, lost: ManagedPage, deadline: Deadline) -> ManagedPage | None:
        """Return another page in the context of *lost*, whose renderer ended; None when it makes none.

        With a page, the old one and its popups are given up; without one, *lost* still has to be closed.
        """
        browser, left = self._engine.browser, lost.context.pages
        if browser is None:
            return None
        making = self._page_in(browser, lost.context, lost.options)
        try:
            page = await answer_to(making, self._loss, deadline.remaining)
        except (Overdue, PageLost, PlaywrightError) as exc:
            log.info("a context makes no other page: %s", texts.first_sentence(str(exc)))
            return None
        self.pages.discard(lost)
        lost.context.remove_listener("dialog", lost.answer_dialogs)
        for old in left:
            page.chore(old.close())
        return page

    async def close(self, page: ManagedPage, reason: CloseReason) -> None:
        """Close *page*, or the whole browser when it does not let go of it."""
        if page not in self.pages:
            page.lose(reason)  # it went with its browser, which closes nothing any more
            return
        try:
            confirmed = await answer_to(page.close(reason), self._loss)
        except PageLost:
            return
        if page not in self.pages:  # another caller has closed it meanwhile
            return
        self.pages.remove(page)
        self._pages_before += page.documents
        if not confirmed:
            log.warning("a context did not close; the browser is started anew")
            self._engine.lose(CloseReason.BROWSER_CRASH)

    async def start(self) -> None:
        """Have the browser run, also when nobody needs it yet.

        Raises:
            BrowserNotInstalledError: It cannot be started.
        """
        await self._engine.start()

    def retire(self) -> None:
        """Start nothing anew that is lost from now on, but for a page that is opened here."""
        self._engine.keeps_ready = False

    async def stop(self) -> None:
        """End browser and driver; whatever does not end is killed."""
        self._silent_ends.stop()
        await self._engine.stop()

    def _page_died(self, target_id: str, reason: CloseReason) -> None:
        for page in self.pages:
            if page.frame_id == target_id:
                page.lose(reason)
                return
        # It has no page that asks; left untold, it would be the reason of the next one that dies.
        self._engine.endings.why(self._engine.processes)
        self._births.renderer_ended(target_id)

    def _lost(self, reason: CloseReason) -> bool:
        in_use = self.load > 0 or self._pages_before > 0
        log.warning("browser lost: %s, with %d pages", reason.value, len(self.pages))
        self._loss.set_result(reason)
        self._loss = _not_lost()
        for page in self.pages:
            page.lose(reason)
        self.pages.clear()
        self._pages_before = 0
        return in_use

    async def _open(self, options: ContextOptions) -> ManagedPage:
        failed_in: Browser | None = None
        for attempt in range(1, _OPEN_ATTEMPTS + 1):
            browser = await self._engine.start()
            try:
                return await answer_to(self._open_in(browser, options), self._loss, OPEN_TIMEOUT)
            except Overdue as exc:
                if browser is self._engine.browser:
                    self._engine.lose(CloseReason.BROWSER_CRASH)
                raise BrowserTimeoutError(
                    "create_session failed: the browser made no page and was ended",
                    action="create_session",
                    timeout_seconds=OPEN_TIMEOUT,
                    outcome=Outcome.NOT_EXECUTED,
                ) from exc
            except (PageLost, PlaywrightError) as exc:
                if isinstance(exc, DriverEnded) and browser is self._engine.browser:
                    # Before the system has told of its process.
                    self._engine.lose(CloseReason.DRIVER_CRASH)
                runs, connected = browser is self._engine.browser, browser.is_connected()
                if runs and connected and isinstance(exc, PlaywrightError) and not is_gone(exc):
                    raise refused(exc) from exc
                log.info("page, browser or driver ended while a page was made")
                if runs and (browser is failed_in or not connected):
                    self._engine.lose(CloseReason.BROWSER_CRASH, driver_goes_on=not connected)
                failed_in = browser
                if attempt == _OPEN_ATTEMPTS:
                    raise _made_no_page(browser_died=not (runs and connected)) from exc
        raise AssertionError("unreachable")

    async def _open_in(self, browser: Browser, options: ContextOptions) -> ManagedPage:
        context = await browser.new_context(**options.as_playwright())
        try:
            return await self._page_in(browser, context, options)
        except BaseException:
            # Half-built: the context must not outlive the attempt.
            closing = asyncio.ensure_future(context.close())
            closing.add_done_callback(lambda done: done.cancelled() or done.exception())
            raise

    async def _page_in(
        self, browser: Browser, context: BrowserContext, options: ContextOptions
    ) -> ManagedPage:
        managed = await self._births.make(context, options)
        await self._engine.watch_network()
        managed.why_ended = functools.partial(self._engine.endings.why, self._engine.processes)
        if browser is not self._engine.browser:
            managed.lose(CloseReason.BROWSER_CRASH)
        self.pages.add(managed)
        return managed

    def _reap(self, task: asyncio.Task[ManagedPage]) -> None:
        async def reap() -> None:
            try:
                page = await task
            except Exception as exc:  # noqa: BLE001 -- nobody waits for it; the log is where it can go
                log.info("a page that nobody waits for failed to open: %s", exc)
            else:
                await self.close(page, CloseReason.CLOSED_BY_CALLER)

        reaping = asyncio.ensure_future(reap())
        self._reaping.add(reaping)
        reaping.add_done_callback(self._reaping.discard)


def _not_lost() -> asyncio.Future[CloseReason]:
    return asyncio.get_running_loop().create_future()


def _made_no_page(*, browser_died: bool) -> BrowserSessionClosedError:
    died = "browser" if browser_died else "page"
    return BrowserSessionClosedError(
        f"create_session failed: in the last of {_OPEN_ATTEMPTS} attempts the {died} died",
        reason=CloseReason.BROWSER_CRASH if browser_died else CloseReason.RENDERER_CRASH,
        action="create_session",
        outcome=Outcome.NOT_EXECUTED,
    )
