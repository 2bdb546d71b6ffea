"""The start of a driver with its browser, either of which may be ended, or halted, while it starts."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import async_playwright

from agent_bridge.browser.answers import CLOSED_PIPE, abandon, is_gone
from agent_bridge.browser.vigil import LOOK_SECONDS
from agent_bridge.supervision import processes
from agent_bridge.supervision.family import Family
from cmdop_browser.exceptions import CloseReason

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from playwright.async_api import Playwright

T = TypeVar("T")

log = logging.getLogger(__name__)

# Within so many seconds a start that is at work computes for so many.
_STUCK_SECONDS: Final = 5.0
_AT_WORK: Final = 0.1
_DRIVER_ENDED: Final = "the driver ended"
_LAUNCH: Final = "BrowserType.launch:"
_OUTPUT: Final = "Browser logs:"
_EXITED: Final = "<process did exit: "
# Those that programs send one another, and the system when memory is short.
_KILLED: Final = re.compile(r"signal=SIG(KILL|TERM|INT|HUP)\b")
_FAREWELLS = (
    "Connection closed while reading from the driver",
    # When the agent ends while a browser starts: Playwright writes to a driver that is gone.
    CLOSED_PIPE,
    # When it ends while a driver starts.
    "Connection.initialize_playwright: Target page, context or browser has been closed",
)


class Drivers:
    """Where an agent's drivers come from: one after the other, the first perhaps ahead of need.

    A driver takes as long to start as an agent to load the half of itself, and computes in
    a process of its own: so one is started while the agent still loads.
    """

    def __init__(self, make_place: Callable[[], None] = lambda: None) -> None:
        """Make it; nothing is started yet.

        Args:
            make_place: Sees to it that there is a place for temporary files, or raises `OSError`.
        """
        self._make_place = make_place
        # The new child of this process is then the driver, as Playwright does not name it.
        self._spawning = asyncio.Lock()
        self._ahead: Family | None = None
        self._coming: dict[Family, asyncio.Task[tuple[Playwright, int]]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """End what nobody came for."""
        self._ahead = None
        while self._coming:
            family, coming = self._coming.popitem()
            coming.cancel()
            await asyncio.wait({coming})
            abandon(coming)
            await asyncio.to_thread(family.clear)

    @property
    def has_one(self) -> bool:
        """Whether one is on its way, or there, that nobody has come for yet."""
        return self._ahead is not None

    @property
    def is_up(self) -> bool:
        """Whether the one that nobody has come for has started, or failed to."""
        return self._ahead is not None and self._coming[self._ahead].done()

    def start_ahead(self) -> None:
        """Have a driver on its way for whoever comes first."""
        try:
            family = self._new_family()
        except OSError as exc:
            # Whoever comes first meets the same error, and has a caller to tell.
            log.warning("no driver is started ahead of need: %s", exc)
            return
        self._ahead = family
        self._coming[family] = asyncio.ensure_future(self._spawn(family))

    def family(self) -> Family:
        """Return whose driver is on its way to nobody yet, or a new family.

        Raises:
            OSError: There is no place for its directory.
        """
        family, self._ahead = self._ahead, None
        return family or self._new_family()

    def _new_family(self) -> Family:
        self._make_place()
        return Family()

    async def start(self, family: Family) -> tuple[Playwright, int]:
        """Return the driver of a *family* with its pid, started unless it is on its way.

        Raises:
            Exception: It ended while it started, for which Playwright has no class of its own.
        """
        coming = self._coming.pop(family, None)
        return await (coming if coming is not None else self._spawn(family))

    async def _spawn(self, family: Family) -> tuple[Playwright, int]:
        async with self._spawning:
            # Drivers are started one at a time, so the environment is this one's alone.
            before = processes.children()
            try:
                with family.at_home():
                    driver = await async_playwright().start()
                (pid,) = processes.children() - before
            except BaseException:
                # Given up half-way: nobody else knows of the process.
                for pid in processes.children() - before:
                    processes.kill(processes.tree(pid))
                raise
            return driver, pid


async def unless_stuck(starting: Coroutine[Any, Any, T], family: Family) -> T:
    """Await *starting*, and end the *family* when it is seen to stand still meanwhile.

    That is when a process of it is halted, or none of it computes for seconds: a start
    that takes long on a loaded machine is at work all the time.

    Raises:
        PlaywrightError: It stood still, or did not start.
    """
    task = asyncio.ensure_future(starting)
    halted_before = False
    computed, since = 0.0, time.monotonic()
    try:
        while not (await asyncio.wait({task}, timeout=LOOK_SECONDS))[0]:
            halted, total = await asyncio.to_thread(family.look)
            if total - computed > _AT_WORK:
                computed, since = total, time.monotonic()
            if (halted and halted_before) or time.monotonic() - since > _STUCK_SECONDS:
                log.warning("a browser that starts stands still, and is started anew")
                await asyncio.to_thread(family.end)
                await asyncio.wait({task}, timeout=_STUCK_SECONDS)
                break
            halted_before = bool(halted)
        else:
            return task.result()
    except (PlaywrightError, OSError):
        raise
    except Exception as exc:
        # Playwright has no class for a driver that goes away before it has said anything.
        raise PlaywrightError(f"{_DRIVER_ENDED} while it started: {exc}") from exc
    except asyncio.CancelledError:
        # Its own clean-up is awaited: whoever gave up must not find half of it running.
        task.cancel()
        await asyncio.wait({task})
        raise
    finally:
        abandon(task)
    raise PlaywrightError(f"{_DRIVER_ENDED} while it started, as it stood still")


def ended_early(exc: PlaywrightError) -> CloseReason | None:
    """What was lost, where a start failed because driver or browser was ended meanwhile; else None.

    Of a browser that ends while it is launched Playwright quotes the output, and how it ended if it
    knows by then. Nothing is quoted when the driver is gone, or the browser after it was launched.
    """
    if _DRIVER_ENDED in exc.message:
        return CloseReason.DRIVER_CRASH
    if _EXITED in exc.message:
        return CloseReason.BROWSER_CRASH if _KILLED.search(exc.message) else None
    if is_gone(exc):
        was_driver = exc.message.startswith(_LAUNCH) and _OUTPUT not in exc.message
        return CloseReason.DRIVER_CRASH if was_driver else CloseReason.BROWSER_CRASH
    return None


def may_start_yet(exc: PlaywrightError) -> bool:
    """Whether another attempt may do after one that failed; a crash, too, need not repeat itself."""
    return "signal=SIG" in exc.message or ended_early(exc) is not None


def mute_farewell(loop: asyncio.AbstractEventLoop) -> None:
    """Keep Playwright's last words out of the log.

    When a driver ends, futures and callbacks of Playwright's own that nobody awaits fail,
    and asyncio reports each.
    """

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        said = str(context.get("exception"))
        if any(farewell in said for farewell in _FAREWELLS):
            log.debug("playwright: %.200s", said)
        else:
            loop.default_exception_handler(context)

    loop.set_exception_handler(handle)
