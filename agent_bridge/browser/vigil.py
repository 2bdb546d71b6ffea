"""Whether driver and browser run at all, which Playwright does not tell.

A process that is halted, or that hangs, ends nothing and breaks no connection: its
pages just do not answer. What is halted is seen in the system's table of processes,
within half a second. What hangs is asked for a sign of life; it may as well be at work,
so it has longer, and longest while it computes.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any, Final

from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser.answers import abandon
from agent_bridge.supervision import processes
from cmdop_browser.exceptions import CloseReason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import psutil
    from playwright.async_api import CDPSession, Playwright

log = logging.getLogger(__name__)

# Reading a process's state takes 20 µs. Seen twice, so that what is halted for a moment
# and goes on is left alone; together this stays below half a second.
LOOK_SECONDS: Final = 0.2
_LOOKS: Final = 2
_ASK_SECONDS: Final = 1.0
# The largest reply that there is holds a driver up for two seconds, on a loaded machine for several.
HANG_SECONDS: Final = 5.0
# So many times as long for one that computes.
_TIMES_AT_WORK: Final = 4
# Of one core: what sleeps or stands still takes less, what computes takes more.
_AT_WORK: Final = 0.2
# Between the driver's own answer, which takes a few milliseconds, and none.
_DRIVER_SECONDS: Final = 3.0


class Stops:
    """Counts the looks at which a process was found halted."""

    def __init__(self) -> None:
        self._seen: dict[psutil.Process, int] = {}

    def among(self, watched: Iterable[psutil.Process]) -> list[psutil.Process]:
        """Look once; returns those that were halted at the look before, too."""
        halted = [process for process in watched if processes.is_stopped(process)]
        self._seen = {process: self._seen.get(process, 0) + 1 for process in halted}
        return [process for process, looks in self._seen.items() if looks >= _LOOKS]


class Vigil:
    """Watches one driver with its browser for as long as `keep` is awaited.

    Attributes:
        others: The further processes of the browser: pages, network, graphics.
    """

    def __init__(
        self,
        playwright: Playwright,
        cdp: CDPSession,
        driver: psutil.Process,
        browser: Sequence[psutil.Process],
        *,
        lose: Callable[[CloseReason], None],
        end: Callable[[psutil.Process], None],
        patience: float = HANG_SECONDS,
    ) -> None:
        """Make a vigil.

        Args:
            playwright: The driver, as it is talked to.
            cdp: A DevTools session of the browser.
            driver: The driver's process.
            browser: The first process of the browser.
            lose: Called with the reason when driver or browser are beyond use.
            end: Called with another process of the browser that is halted.
            patience: Seconds without an answer from one that is not at work.
        """
        self.others: list[psutil.Process] = []
        self._playwright = playwright
        self._cdp = cdp
        self._driver = driver
        self._browser = list(browser)
        self._lose = lose
        self._end = end
        self._patience = patience
        self._stops = Stops()

    async def keep(self) -> None:
        """Watch; never returns before one of them is lost."""
        asking = asyncio.ensure_future(self._ask())
        try:
            while not asking.done():
                await asyncio.sleep(LOOK_SECONDS)
                if reason := self._halted():
                    self._lose(reason)
                    return
            self._lose(asking.result())
        finally:
            abandon(asking)

    def _halted(self) -> CloseReason | None:
        halted = self._stops.among([self._driver, *self._browser, *self.others])
        if self._driver in halted:
            return CloseReason.DRIVER_CRASH
        if any(process in halted for process in self._browser):
            return CloseReason.BROWSER_CRASH
        for process in halted:
            self._end(process)
        return None

    async def _ask(self) -> CloseReason:
        """Ask for signs of life; returns when there are none."""
        while True:
            await asyncio.sleep(_ASK_SECONDS)
            asked = asyncio.ensure_future(self._cdp.send("Browser.getVersion"))
            try:
                if not await self._is_answered(asked):
                    return await self._who_is_silent()
            except PlaywrightError:
                return await self._who_is_silent()  # it has ended; who saw it first has told so
            finally:
                abandon(asked)

    async def _is_answered(self, asked: asyncio.Future[Any]) -> bool:
        began = time.monotonic()
        both = [self._driver, *self._browser]
        computed = processes.cpu_seconds(both)
        while (silence := time.monotonic() - began) < _TIMES_AT_WORK * self._patience:
            done, _ = await asyncio.wait({asked}, timeout=_ASK_SECONDS)
            if done:
                asked.result()
                return True
            idle = processes.cpu_seconds(both) - computed < _AT_WORK * silence
            if silence > self._patience and idle:
                return False
        return False

    async def _who_is_silent(self) -> CloseReason:
        """Which of the two, by a question that the driver answers without the browser."""
        asked = asyncio.ensure_future(self._playwright.request.new_context())
        done, _ = await asyncio.wait({asked}, timeout=_DRIVER_SECONDS)
        abandon(asked)
        if not done:
            log.warning("a driver does not answer")
            return CloseReason.DRIVER_CRASH
        log.warning("a browser does not answer")
        return CloseReason.BROWSER_CRASH
