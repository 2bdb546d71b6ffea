"""One Playwright driver with its browser: started, seen to end, and started anew.

A browser that dies leaves its driver, which takes five times as long to start: it gets
another browser. A driver that dies takes its browser along.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import psutil
from playwright.async_api import Browser, Playwright
from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser.answers import driver_may_end
from agent_bridge.browser.crashes import Endings, OomKills, watch_crashes
from agent_bridge.browser.page import guarded
from agent_bridge.browser.refusals import cannot_start, never_ready
from agent_bridge.browser.starting import Drivers, ended_early, may_start_yet, unless_stuck
from agent_bridge.browser.vigil import Vigil
from agent_bridge.diagnosis.launch import LaunchFailure, launch_failure
from agent_bridge.supervision import memory, processes
from agent_bridge.supervision.cgroup import Cgroup
from cmdop_browser.exceptions import CloseReason, CMDOPError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from agent_bridge.browser.starts import Starts
    from agent_bridge.supervision.family import Family
    from agent_bridge.supervision.memory import Usage

log = logging.getLogger(__name__)

# Driver and browser start in 0.5 s on an idle machine; a loaded one may take long.
START_TIMEOUT = 30.0
# browser.close() on a stopped browser takes 30 s; killing is as good.
STOP_TIMEOUT = 3.0
# In the command line of the process that Chromium's network service runs in.
_NETWORK: Final = "--utility-sub-type=network.mojom.NetworkService"


@dataclass(frozen=True, slots=True)
class Make:
    """What an engine runs, and how.

    Attributes:
        executable: The browser.
        arguments: For the browser.
        sandboxed: Whether the browser's sandbox is on.
        drivers: Where drivers come from, for all browsers of the agent.
        patience: Seconds that a browser which is not at work may not answer.
        starts: Where it is noted how its starts went.
    """

    executable: str
    arguments: Sequence[str]
    sandboxed: bool
    drivers: Drivers
    patience: float
    starts: Starts


class Engine:
    """A driver and its browser.

    Attributes:
        browser: The browser that runs; None while there is none.
        version: Of the browser; empty before it has run.
        began: When the browser was started, as `time.monotonic` has it.
        processes: The first process of the browser, as a list.
        endings: Why renderers were ended here.
        keeps_ready: Whether what is lost in use is started anew at once, not when it is needed.
    """

    def __init__(
        self,
        make: Make,
        *,
        on_lost: Callable[[CloseReason], bool],
        on_crash: Callable[[str, CloseReason], None],
        restarts: Counter[str] | None = None,
    ) -> None:
        """Make one; nothing is started yet.

        Args:
            make: What it runs.
            on_lost: Called when the browser is lost; tells whether it was in use.
            on_crash: Called with target and reason when a page's renderer ended by itself.
            restarts: Where it is counted that something took the place of what was lost.
        """
        self.browser: Browser | None = None
        self.version = ""
        self.began = 0.0
        self.processes: list[psutil.Process] = []
        self.endings = Endings()
        self.keeps_ready = True
        self._make = make
        self._on_lost = on_lost
        self._on_crash = on_crash
        self._oom_kills = OomKills(Cgroup())
        self._restarts = restarts if restarts is not None else Counter()
        self._fell: str | None = None  # what was lost and is to be started again
        self._start_lock = asyncio.Lock()
        self._driver: Playwright | None = None
        self._driver_pid = 0
        self._family: Family | None = None
        self._watch: processes.ExitWatch | None = None
        self._network: processes.ExitWatch | None = None
        self._vigil: Vigil | None = None
        self._watching: asyncio.Task[None] | None = None
        self._clearing: set[asyncio.Task[None]] = set()
        self._reviving: asyncio.Task[None] | None = None

    async def measure(self) -> list[Usage]:
        """Return what the processes of driver and browser take; to be asked often."""
        self._oom_kills.look()
        usages = await asyncio.to_thread(memory.usage_of, self._driver_pid) if self._driver else []
        await self.watch_network()
        if self._vigil is not None:
            self._vigil.others = [usage.process for usage in usages[:-1]]
        return usages

    # Starting

    async def start(self) -> Browser:
        """Return the running browser, started if need be.

        Raises:
            BrowserNotInstalledError: It cannot be started.
            BrowserSessionClosedError: It was ended while it started, time and again.
        """
        async with self._start_lock:
            if self.browser is not None:
                return self.browser
            # One that is there, or comes, without having been asked for now may as well be gone.
            anew = self._driver is None and not self._make.drivers.has_one
            try:
                return await self._start_in_time()
            except PlaywrightError as exc:
                self.lose(CloseReason.DRIVER_CRASH)
                if anew and not may_start_yet(exc):
                    raise self._did_not_start(exc) from exc
                log.warning("driver or browser was ended while it started, and is started once more")
            try:
                return await self._start_in_time()
            except PlaywrightError as exc:
                self.lose(CloseReason.DRIVER_CRASH)
                raise self._did_not_start(exc) from exc

    async def _start_in_time(self) -> Browser:
        try:
            family = self._family or self._make.drivers.family()
            async with asyncio.timeout(START_TIMEOUT):
                return await unless_stuck(self._start(family), family)
        except TimeoutError as exc:
            self.lose(CloseReason.DRIVER_CRASH)
            slow = LaunchFailure(f"it did not start within {START_TIMEOUT:g} s")
            raise self._cannot_start(slow) from exc
        except OSError as exc:
            self.lose(CloseReason.DRIVER_CRASH)
            unplaced = LaunchFailure(f"there is no place for its temporary files: {exc.strerror or exc}")
            raise self._cannot_start(unplaced) from exc

    async def _start(self, family: Family) -> Browser:
        driver = self._driver
        if driver is None:
            driver = await self._start_driver(family)
        elif not await asyncio.to_thread(family.clear, but=self._driver_pid):
            raise PlaywrightError("what a browser left cannot be removed")
        pid = self._driver_pid
        browser = await driver.chromium.launch(
            executable_path=self._make.executable,
            args=list(self._make.arguments),
            chromium_sandbox=self._make.sandboxed,
            # Signals are the agent's business: it drains before the browser ends.
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )
        family.take_note(pid)
        self.processes = processes.children_of(pid)
        if self._driver is not driver:  # it died meanwhile, and is given up
            self._clear(family)
            raise PlaywrightError("the driver ended while the browser started")
        browser.on("disconnected", guarded(self._on_disconnected))
        cdp = await watch_crashes(browser, self._oom_kills, self._on_crash)
        self._vigil = Vigil(
            driver,
            cdp,
            psutil.Process(pid),
            self.processes,
            lose=self.lose,
            end=self._end_halted,
            patience=self._make.patience,
        )
        self._watching = asyncio.ensure_future(self._vigil.keep())
        self.browser, self.version, self.began = browser, browser.version, time.monotonic()
        self._make.starts.worked()
        log.info("browser %s started, driver pid %d", browser.version, pid)
        if self._fell is not None:
            self._restarts[self._fell] += 1
            self._fell = None
        return browser

    async def _start_driver(self, family: Family) -> Playwright:
        try:
            driver, pid = await self._make.drivers.start(family)
        except BaseException:
            self._clear(family)
            raise
        self._driver, self._driver_pid, self._family = driver, pid, family
        family.take_note(pid)
        self._watch = processes.ExitWatch(pid, lambda: self.lose(CloseReason.DRIVER_CRASH))
        return driver

    def _did_not_start(self, exc: PlaywrightError) -> CMDOPError:
        failure = launch_failure(exc.message)
        lost = None if failure.is_lasting else ended_early(exc)
        return self._cannot_start(failure) if lost is None else self._noted(never_ready(lost))

    def _cannot_start(self, failure: LaunchFailure) -> CMDOPError:
        return self._noted(cannot_start(self._make.executable, failure))

    def _noted(self, error: CMDOPError) -> CMDOPError:
        self._make.starts.did_not(error)
        return error

    # Losing

    def _on_disconnected(self, browser: Browser) -> None:
        if browser is not self.browser:
            return
        if processes.ended(self._driver_pid):  # Playwright says the same of its browsers then
            self.lose(CloseReason.DRIVER_CRASH)
        else:
            self.lose(CloseReason.BROWSER_CRASH, driver_goes_on=True)

    async def watch_network(self) -> None:
        """Watch the process that has the cookies of all sessions; it is there when a page is.

        The browser would start another one, which has none, and tell nobody.
        """
        browser, first = self.browser, self.processes
        if browser is None or self._network is not None:
            return
        found = await asyncio.to_thread(processes.first_below, first, _NETWORK)
        if found is not None and browser is self.browser and self._network is None:
            self._network = processes.ExitWatch(found.pid, self._on_network_ended)

    def _on_network_ended(self) -> None:
        # It ends with its browser, which ends with its driver: each tells of that itself.
        if processes.ended(self._driver_pid) or processes.any_ended(self.processes):
            return
        log.warning("the network process of a browser has ended, and with it all cookies")
        self.lose(CloseReason.BROWSER_CRASH, driver_goes_on=True)

    def _end_halted(self, process: psutil.Process) -> None:
        # A renderer costs its page; the browser starts any other of its helpers anew.
        log.warning("process %d of a browser is halted, and is ended", process.pid)
        self.endings.end(process, CloseReason.RENDERER_HANG)

    def lose(self, reason: CloseReason, *, driver_goes_on: bool = False) -> None:
        """Give up the browser with all its pages.

        What was in use is started anew at once, in the same driver if that one goes on: its
        sessions, or those that take their place, come within moments. What was not is given
        up with its driver and waits until it is needed, so nothing that dies at every start
        is started again and again.
        """
        if self._driver is None:
            return
        self._fell = "driver" if reason is CloseReason.DRIVER_CRASH else "browser"
        had_browser = self.browser is not None
        self.browser = None
        revived = self._on_lost(reason) and had_browser and self.keeps_ready
        if revived and driver_goes_on:
            self._forget_browser()  # what is left of it is cleared before the next one starts
        else:
            family = self._forget()
            if family is not None:
                family.kill()
                self._clear(family)
        if revived:
            self._reviving = asyncio.ensure_future(self._revive())

    async def _revive(self) -> None:
        try:
            await self.start()
        except CMDOPError as error:
            # Whoever needs it meets the same error, and is told.
            log.warning("what was lost does not start: %s", error.message)

    async def stop(self) -> None:
        """End browser and driver; whatever does not end is killed."""
        self.keeps_ready = False
        if self._reviving is not None:
            self._reviving.cancel()
            await asyncio.wait({self._reviving})
        driver, browser = self._driver, self.browser
        family = self._forget()
        try:
            async with asyncio.timeout(STOP_TIMEOUT):
                with contextlib.suppress(PlaywrightError), driver_may_end():  # it is dead already
                    if browser is not None:
                        await browser.close()
                    if driver is not None:
                        await driver.stop()
        except TimeoutError:
            log.warning("the browser did not end within %g s and is killed", STOP_TIMEOUT)
        finally:
            if family is not None:
                self._clear(family)
        await asyncio.gather(*self._clearing)

    def _forget_browser(self) -> None:
        if self._watching is not None and self._watching is not asyncio.current_task():
            self._watching.cancel()
        if self._network is not None:
            self._network.cancel()
            self._network = None
        self.browser = self._vigil = self._watching = None

    def _forget(self) -> Family | None:
        """Have no driver and no browser any more; returns their processes."""
        self._forget_browser()
        if self._watch is not None:
            self._watch.cancel()
        family = self._family
        self._driver = self._watch = self._family = None
        return family

    def _clear(self, family: Family) -> None:
        """Remove what is left of *family*, outside the event loop."""

        async def clear() -> None:
            if not await asyncio.to_thread(family.clear):
                log.warning("not all of a lost browser could be removed: %s", family.directory)

        clearing = asyncio.ensure_future(clear())
        self._clearing.add(clearing)
        clearing.add_done_callback(self._clearing.discard)
