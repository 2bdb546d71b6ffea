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
                if (silent := await self._silent(asked)) is not None:
                    return silent
            finally:
                abandon(asked)

    async def _silent(self, asked: asyncio.Future[Any]) -> CloseReason | None:
        """Who keeps *asked* from being answered; None when it is answered."""
        both = [self._driver, *self._browser]
        began, computed = time.monotonic(), processes.cpu_seconds(both)
        driver: _DriversAnswer | None = None
        try:
            while not (await asyncio.wait({asked}, timeout=_ASK_SECONDS))[0]:
                driver = driver or _DriversAnswer(self._playwright)
                silence = time.monotonic() - began
                idle = processes.cpu_seconds(both) - computed < _AT_WORK * silence
                if silence > self._patience * (1 if idle else _TIMES_AT_WORK):
                    break
            if asked.done() and asked.exception() is None:
                return None
            # An error means that it has ended: who saw that first has told so, unless nobody did.
            driver = driver or _DriversAnswer(self._playwright)
            if await driver.came():
                log.warning("a browser does not answer")
                return CloseReason.BROWSER_CRASH
            log.warning("a driver does not answer")
            return CloseReason.DRIVER_CRASH
        finally:
            if driver is not None:
                driver.forget()


class _DriversAnswer:
    """Tells a silent driver from a silent browser: by a question that the driver answers alone."""

    def __init__(self, playwright: Playwright) -> None:
        self._until = time.monotonic() + _DRIVER_SECONDS
        self._asked = asyncio.ensure_future(self._ask(playwright))

    async def came(self) -> bool:
        """Whether the answer is there, once it has had its time."""
        done, _ = await asyncio.wait({self._asked}, timeout=max(0.0, self._until - time.monotonic()))
        return bool(done)

    def forget(self) -> None:
        """Wait for it no more."""
        abandon(self._asked)

    async def _ask(self, playwright: Playwright) -> None:
        context = await playwright.request.new_context()
        await context.dispose()
