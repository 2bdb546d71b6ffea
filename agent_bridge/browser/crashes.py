"""Why a renderer ended, which its page's own events do not tell.

The browser tells it to those who follow its targets. That costs one message of the
browser a navigation, 0.4 ms of 64 within the noise of what was measured.
"""

from __future__ import annotations

import logging
import signal
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from agent_bridge.browser.page import guarded
from agent_bridge.supervision import processes
from cmdop_browser.exceptions import CloseReason

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import psutil
    from playwright.async_api import Browser, CDPSession

    from agent_bridge.supervision.cgroup import Cgroup

log = logging.getLogger(__name__)

# The browser tells the end of a renderer within some milliseconds.
_TOLD_WITHIN: Final = 2.0
# More than a browser has pages.
_MAX_UNTOLD: Final = 100


class Endings:
    """Why renderers were ended here, of which the browser tells no more than that they died."""

    def __init__(self) -> None:
        # The reason and the time of each that no page has been lost for yet.
        self._untold: deque[tuple[CloseReason, float]] = deque(maxlen=_MAX_UNTOLD)

    def end(self, process: psutil.Process, reason: CloseReason) -> None:
        """Kill a process of the browser; a page that it runs is lost for that reason."""
        self._untold.append((reason, time.monotonic()))
        processes.kill([process])

    def why(self, browser: Sequence[psutil.Process]) -> CloseReason | None:
        """Why a renderer of *browser* ended just now: with the browser, or because it was ended here.

        Each ending answers for one page: the next one that dies may do so by itself.
        """
        if processes.any_ended(browser):
            return CloseReason.BROWSER_CRASH
        while self._untold:
            reason, at = self._untold.popleft()
            if time.monotonic() - at < _TOLD_WITHIN:
                return reason
        return None


class OomKills:
    """The kernel's ends of processes for want of memory, of which it tells only how many there were."""

    def __init__(self, cgroup: Cgroup, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._cgroup = cgroup
        self._clock = clock
        self._seen = cgroup.oom_kills()
        self._risen_at: float | None = None

    def look(self) -> None:
        """See whether there were any: of other browsers, too, or not of a browser at all."""
        count = self._cgroup.oom_kills()
        if count > self._seen:
            self._seen, self._risen_at = count, self._clock()

    def came(self) -> bool:
        """Whether there was one just now, if it is looked often; one of long ago explains nothing."""
        self.look()
        return self._risen_at is not None and self._clock() - self._risen_at < _TOLD_WITHIN


async def watch_crashes(
    browser: Browser, kills: OomKills, on_crash: Callable[[str, CloseReason], None]
) -> CDPSession:
    """Call *on_crash* with target and reason whenever a page's renderer ends by itself, but a popup's.

    Returns:
        The DevTools session of the browser that tells it.

    Raises:
        PlaywrightError: The browser died meanwhile.
    """
    session = await browser.new_browser_cdp_session()
    popups: set[str] = set()  # whose ends cost no page that a session has or waits for

    def created(event: dict[str, Any]) -> None:
        if event["targetInfo"].get("openerId"):
            popups.add(event["targetInfo"]["targetId"])

    def crashed(event: dict[str, Any]) -> None:
        status, code = str(event.get("status", "")), int(event.get("errorCode", 0))
        reason = reason_of(status, code, oom_killed=kills.came())
        log.info("a renderer ended: %s, %d", status, code)
        if event["targetId"] not in popups:
            on_crash(event["targetId"], reason)

    session.on("Target.targetCreated", guarded(created))
    session.on("Target.targetDestroyed", guarded(lambda event: popups.discard(event["targetId"])))
    session.on("Target.targetCrashed", guarded(crashed))
    await session.send("Target.setDiscoverTargets", {"discover": True, "filter": [{"type": "page"}]})
    return session


def reason_of(status: str, code: int, *, oom_killed: bool) -> CloseReason:
    """Return what the end of a renderer means.

    Args:
        status: What the browser calls it: "crashed", "killed", "oom", ….
        code: The signal that ended it.
        oom_killed: Whether the kernel has ended a process here for want of memory.
    """
    if status == "oom":
        return CloseReason.OUT_OF_MEMORY
    # V8 and the allocators end the process by a trap when memory is used up. A failed
    # assertion of Chromium's looks the same, and is rare in a released browser.
    if status == "crashed" and code == signal.SIGTRAP:
        return CloseReason.OUT_OF_MEMORY
    if code == signal.SIGKILL and oom_killed:
        return CloseReason.OUT_OF_MEMORY
    return CloseReason.RENDERER_CRASH
