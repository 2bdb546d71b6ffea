"""One Playwright driver with one browser: what lives and dies together.

A driver is a shared queue and a shared fate for every session on it, so there
are several, each started when it is first needed and again after it died.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import time
from collections import Counter
from typing import TYPE_CHECKING

import psutil
from playwright.async_api import Browser, BrowserContext, Playwright
from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser.answers import is_gone
from agent_bridge.browser.crashes import Endings, watch_crashes
from agent_bridge.browser.opening import page_in
from agent_bridge.browser.page import ManagedPage, guarded
from agent_bridge.browser.recycling import Wear
from agent_bridge.browser.refusals import cannot_start, refused
from agent_bridge.browser.starting import spawn_driver, unless_stuck, was_ended
from agent_bridge.browser.vigil import HANG_SECONDS, Vigil
from agent_bridge.diagnosis import texts
from agent_bridge.diagnosis.launch import LaunchFailure, launch_failure
from agent_bridge.supervision import memory, processes
from agent_bridge.supervision.family import Family
from cmdop_browser.exceptions import (
    BrowserSessionClosedError,
    BrowserTimeoutError,
    CloseReason,
    Outcome,
)
from cmdop_browser.exceptions.text import seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent_bridge.browser.grace import Grace
    from agent_bridge.browser.options import ContextOptions
    from agent_bridge.deadline import Deadline
    from agent_bridge.supervision.memory import Usage

log = logging.getLogger(__name__)

# Driver and browser start in 0.5 s on an idle machine; a loaded one may take long.
START_TIMEOUT = 30.0
# A context with its page takes 70 ms; one that takes this long will never come.
OPEN_TIMEOUT = 20.0
# browser.close() on a stopped browser takes 30 s; killing is as good.
STOP_TIMEOUT = 3.0


class Shard:
    """A driver, its browser, and the pages that are open in it."""

    def __init__(
        self,
        executable: str,
        arguments: Sequence[str],
        *,
        sandboxed: bool,
        spawning: asyncio.Lock,
        grace: Grace | None = None,
        patience: float = HANG_SECONDS,
        restarts: Counter[str] | None = None,
    ) -> None:
        # Held while a driver is spawned, by all shards: the new child is then the driver.
        self._spawning = spawning
        self._executable = executable
        self._arguments = list(arguments)
        self._sandboxed = sandboxed
        self._grace = grace
        self._patience = patience
        self._start_lock = asyncio.Lock()
        self._driver: Playwright | None = None
        self._browser: Browser | None = None
        self._family: Family | None = None
        self._clearing: set[asyncio.Task[None]] = set()
        self._browser_processes: list[psutil.Process] = []  # the first of the browser, as a list
        self._watch: processes.ExitWatch | None = None
        self._opening: set[asyncio.Task[ManagedPage]] = set()
        self._reaping: set[asyncio.Task[None]] = set()
        self._driver_pid = 0
        self._began = 0.0
        self._pages_before = 0  # shown by pages that are closed
        self._restarts = restarts if restarts is not None else Counter()
        self._fell: str | None = None  # what was lost and is to be started again
        self._vigil: Vigil | None = None
        self._watching: asyncio.Task[None] | None = None
        self._endings = Endings()
        self.pages: set[ManagedPage] = set()
        self.size = 0
        self.version = ""

    @property
    def load(self) -> int:
        """Pages open or opening."""
        return len(self.pages) + len(self._opening)

    @property
    def wear(self) -> Wear:
        """What the browser that runs now has been through."""
        if self._browser is None:
            return Wear()
        pages = self._pages_before + sum(page.documents for page in self.pages)
        return Wear(pages, time.monotonic() - self._began, self.size)

    async def measure(self) -> list[Usage]:
        """Return what the processes of driver and browser take, and note the sum."""
        usages = await asyncio.to_thread(memory.usage_of, self._driver_pid) if self._driver else []
        self.size = sum(usage.size for usage in usages)
        if self._vigil is not None:
            self._vigil.others = [usage.process for usage in usages[:-1]]
        return usages

    def end_for_memory(self, renderer: psutil.Process) -> None:
        """End a renderer that takes too much; its page says so."""
        self._endings.end(renderer, CloseReason.OUT_OF_MEMORY)

    def _end_halted(self, process: psutil.Process) -> None:
        # A renderer costs its page; the browser starts any other of its helpers anew.
        log.warning("process %d of a browser is halted, and is ended", process.pid)
        self._endings.end(process, CloseReason.RENDERER_HANG)

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
        browser, left = self._browser, lost.context.pages
        if browser is None:
            return None
        try:
            async with asyncio.timeout(deadline.remaining):
                page = await self._page_in(browser, lost.context, lost.options)
        except (TimeoutError, PlaywrightError) as exc:
            log.info("a context makes no other page: %s", texts.first_sentence(str(exc)))
            return None
        self.pages.discard(lost)
        lost.context.remove_listener("dialog", lost.answer_dialogs)
        for old in left:
            page.chore(old.close())
        return page

    async def close(self, page: ManagedPage, reason: CloseReason) -> None:
        """Close *page*, or the whole browser when it does not let go of it."""
        confirmed = await page.close(reason)
        if page in self.pages:
            self.pages.remove(page)
            self._pages_before += page.documents
        if not confirmed:
            log.warning("a context did not close; the browser is started anew")
            self._lose(CloseReason.BROWSER_CRASH)

    async def start(self) -> Browser:
        """Return the running browser, started if need be.

        Raises:
            BrowserNotInstalledError: It cannot be started.
        """
        async with self._start_lock:
            if self._browser is not None:
                return self._browser
            try:
                return await self._start_in_time()
            except PlaywrightError as exc:
                self._lose(CloseReason.DRIVER_CRASH)
                if not was_ended(exc):
                    raise cannot_start(self._executable, launch_failure(exc.message)) from exc
                log.warning("driver or browser was ended while it started, and is started once more")
            try:
                return await self._start_in_time()
            except PlaywrightError as exc:
                self._lose(CloseReason.DRIVER_CRASH)
                raise cannot_start(self._executable, launch_failure(exc.message)) from exc

    async def _start_in_time(self) -> Browser:
        family = Family()
        try:
            async with asyncio.timeout(START_TIMEOUT):
                return await unless_stuck(self._start(family), family)
        except TimeoutError as exc:
            self._lose(CloseReason.DRIVER_CRASH)
            slow = LaunchFailure(f"it did not start within {START_TIMEOUT:g} s")
            raise cannot_start(self._executable, slow) from exc
        except OSError as exc:
            unplaced = LaunchFailure(f"there is no place for its temporary files: {exc.strerror or exc}")
            raise cannot_start(self._executable, unplaced) from exc

    async def stop(self) -> None:
        """End browser and driver; whatever does not end is killed."""
        driver, browser = self._driver, self._browser
        family = self._forget()
        try:
            async with asyncio.timeout(STOP_TIMEOUT):
                with contextlib.suppress(PlaywrightError):  # it is dead already
                    if browser is not None:
                        await browser.close()
                    if driver is not None:
                        await driver.stop()
        except TimeoutError:
            log.warning("the browser did not end within %g s and is killed", STOP_TIMEOUT)
        if family is not None:
            self._clear(family)
        await asyncio.gather(*self._clearing)

    async def _start(self, family: Family) -> Browser:
        try:
            driver, pid = await spawn_driver(family, self._spawning)
        except BaseException:
            self._clear(family)
            raise
        self._driver, self._family = driver, family
        family.take_note(pid)
        self._watch = processes.ExitWatch(pid, lambda: self._lose(CloseReason.DRIVER_CRASH))
        browser = await driver.chromium.launch(
            executable_path=self._executable,
            args=self._arguments,
            chromium_sandbox=self._sandboxed,
            # Signals are the agent's business: it drains before the browser ends.
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )
        family.take_note(pid)
        self._browser_processes = processes.children_of(pid)
        if self._driver is not driver:  # it died meanwhile, and is given up
            self._clear(family)
            raise PlaywrightError("the driver ended while the browser started")
        browser.on("disconnected", guarded(self._on_disconnected))
        cdp = await watch_crashes(browser, self._page_died)
        self._vigil = Vigil(
            driver,
            cdp,
            psutil.Process(pid),
            self._browser_processes,
            lose=self._lose,
            end=self._end_halted,
            patience=self._patience,
        )
        self._watching = asyncio.ensure_future(self._vigil.keep())
        self._browser, self.version = browser, browser.version
        self._driver_pid, self._began, self._pages_before = pid, time.monotonic(), 0
        log.info("browser %s started, driver pid %d", browser.version, pid)
        if self._fell is not None:
            self._restarts[self._fell] += 1
            self._fell = None
        return browser

    def _page_died(self, target_id: str, reason: CloseReason) -> None:
        for page in self.pages:
            if page.frame_id == target_id:
                page.lose(reason)

    def _on_disconnected(self, browser: Browser) -> None:
        if browser is self._browser:
            self._lose(CloseReason.BROWSER_CRASH)

    def _lose(self, reason: CloseReason) -> None:
        """Give up driver and browser with all their pages; the next page starts them anew."""
        if self._driver is None:
            return
        log.warning("browser lost: %s, with %d pages", reason.value, len(self.pages))
        self._fell = "driver" if reason is CloseReason.DRIVER_CRASH else "browser"
        family = self._forget()
        for page in self.pages:
            page.lose(reason)
        self.pages.clear()
        if family is not None:
            family.kill()
            self._clear(family)

    def _forget(self) -> Family | None:
        """Have no driver and no browser any more; returns their processes."""
        if self._watch is not None:
            self._watch.cancel()
        if self._watching is not None and self._watching is not asyncio.current_task():
            self._watching.cancel()
        family = self._family
        self._driver = self._browser = self._watch = self._family = None
        self._vigil = self._watching = None
        return family

    def _clear(self, family: Family) -> None:
        """Remove what is left of *family*, outside the event loop."""

        async def clear() -> None:
            if not await asyncio.to_thread(family.clear):
                log.warning("not all of a lost browser could be removed: %s", family.directory)

        clearing = asyncio.ensure_future(clear())
        self._clearing.add(clearing)
        clearing.add_done_callback(self._clearing.discard)

    async def _open(self, options: ContextOptions) -> ManagedPage:
        for last_try in (False, True):
            browser = await self.start()
            try:
                async with asyncio.timeout(OPEN_TIMEOUT):
                    return await self._open_in(browser, options)
            except TimeoutError as exc:
                if browser is self._browser:
                    self._lose(CloseReason.BROWSER_CRASH)
                raise BrowserTimeoutError(
                    "create_session failed: the browser made no page and was ended",
                    action="create_session",
                    timeout_seconds=OPEN_TIMEOUT,
                    outcome=Outcome.NOT_EXECUTED,
                ) from exc
            except PlaywrightError as exc:
                died = browser is not self._browser or not browser.is_connected() or is_gone(exc)
                if not died:
                    raise refused(exc) from exc
                if browser is self._browser:
                    self._lose(CloseReason.BROWSER_CRASH)
                if last_try:
                    raise BrowserSessionClosedError(
                        "create_session failed: the browser died twice while it made the page",
                        reason=CloseReason.BROWSER_CRASH,
                        action="create_session",
                        outcome=Outcome.NOT_EXECUTED,
                    ) from exc
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
        managed = await page_in(context, options, self._grace)
        managed.why_ended = functools.partial(self._endings.why, self._browser_processes)
        if browser is not self._browser:
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
