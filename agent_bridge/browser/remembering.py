"""Looking at cookies and storage while a page is well: of a dead one they cannot be asked any more."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import TYPE_CHECKING, Final, Protocol, TypeVar
from urllib.parse import urldefrag, urlsplit

from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser.answers import Overdue, PageLost, ScriptFailed, driver_may_end
from agent_bridge.browser.keepsake import COOKIES, Keepsake, OriginStorage, Place
from agent_bridge.browser.page import Entries
from agent_bridge.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from agent_bridge.browser.page import ManagedPage

log = logging.getLogger(__name__)

T = TypeVar("T")

# Two messages to the browser, 1 to 3 ms each; a page that is busy is not waited for.
_LOOK_SECONDS: Final = 1.0
# Reads change nothing, but time passes between them, and the page's scripts go on. So a page is looked
# at again so many seconds after a call, and after each look that no call has come since: what it does
# by itself it mostly does soon after a call.
_PAUSES: Final = (1.0, 2.0, 4.0, 8.0)
# Before a page is left: one that is well answers sooner, and one that is not is not waited for.
_LAST_LOOK_SECONDS: Final = 0.5
# Characters of an origin's storage as JSON: sites use some kilobytes, browsers admit ten million.
_MAX_STORAGE: Final = 1_000_000
_STORAGE: Final = (files("agent_bridge.browser") / "storage.js").read_text("utf-8")


class Keeper(Protocol):
    """Where a `Keepsake` outlives the agent.

    Attributes:
        changes: How often something may have changed.
    """

    changes: int

    def changed(self) -> None:
        """Note that something may have changed that is not kept yet."""

    def confirm(self, changes: int) -> None:
        """Note that after so many *changes* all is as it is kept."""

    async def save(self, keepsake: Keepsake, changes: int) -> bool:
        """Keep what there was after so many *changes*; tells whether it is kept."""


class Memory:
    """Keeps a `Keepsake` up to date, beside the calls and not within them, and while none comes.

    Attributes:
        keepsake: What was seen last.
        missing: The page that was lost and is not there yet; the one that is looked at
            is empty then, or elsewhere already.
    """

    def __init__(self, keepsake: Keepsake, keeper: Keeper) -> None:
        """Begin with *keepsake*; *keeper* is given each new one."""
        self.keepsake = keepsake
        self.missing: Place | None = None
        self._keeper = keeper
        self._is_saved = True
        self._changes = 0  # that the keepsake knows of
        self._task: asyncio.Task[None] | None = None
        self._due: ManagedPage | None = None
        self._changed: set[str] = set()
        self._looked_at = -math.inf
        self._looks_alone = 0  # since the last call
        self._next: asyncio.TimerHandle | None = None
        self._has_ended = False
        self._mark = ""
        # The page that was looked at last, and where it was.
        self._looked_at_page: ManagedPage | None = None
        self._origin = ""
        self._is_led = False  # whether a call may have led it elsewhere since
        self._navigated = keepsake.navigated

    def take_up(self, keepsake: Keepsake) -> None:
        """Go on with what another agent has seen."""
        self.keepsake, self._navigated = keepsake, keepsake.navigated

    def place_of(self, page: ManagedPage) -> Place | None:
        """Return where *page* is, or was before it was lost, or is to be; None for an empty page."""
        place, missing = place_of(page), self.missing
        if place is None or missing is None:
            return place or missing
        # While it is loaded again nothing says that it had been filled in.
        return replace(place, filled=place.filled or missing.filled)

    def navigated(self, url: str) -> None:
        """Note what the caller has asked for."""
        self._navigated = url

    def look(self, page: ManagedPage, *, is_read: bool, is_wait: bool = False) -> None:
        """Look at *page* now, or after the look that is under way; for a read not before a pause is over.

        Args:
            page: Where a call has ended.
            is_read: It has changed nothing.
            is_wait: It has led the page nowhere, other than an act may.
        """
        self._looks_alone = 0
        self._is_led = self._is_led or not (is_read or is_wait)
        if is_read and time.monotonic() - self._looked_at < _PAUSES[0]:
            self._plan(page)
            return
        if not is_read:
            self._changed |= {COOKIES, origin_of(page.url)} - {""}
            self._keeper.changed()
        self._begin(page)

    def changing(self) -> None:
        """Note that a call is about to change what is kept."""
        self._keeper.changed()

    async def look_before_leaving(self, page: ManagedPage, seconds: float) -> None:
        """Look at *page* once more, unless that is under way, and wait for it; never fails."""
        if self._task is None or self._task.done():
            self._begin(page)
            seconds = min(seconds, _LAST_LOOK_SECONDS)
        await self.settle(seconds)

    def save_again(self) -> None:
        """Save what was seen last, if that has failed; without another look."""
        if not self._is_saved and (self._task is None or self._task.done()):
            self._task = asyncio.ensure_future(self._save_again())

    def end(self) -> None:
        """Look no more by itself."""
        self._has_ended = True
        self._wait_no_more()

    def _wait_no_more(self) -> None:
        if self._next is not None:
            self._next.cancel()
            self._next = None

    async def settle(self, seconds: float = _LOOK_SECONDS) -> None:
        """Wait until all looks are done that were asked for so far; never fails."""
        if self._task is not None and not self._task.done():
            await asyncio.wait({self._task}, timeout=seconds)

    def _begin(self, page: ManagedPage) -> None:
        self._due = page
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._look())

    def _plan(self, page: ManagedPage) -> None:
        """Look at *page* again after a pause, unless another look is made before."""
        self._wait_no_more()
        pause = _PAUSES[min(self._looks_alone, len(_PAUSES) - 1)]
        delay = self._looked_at + pause - time.monotonic()
        self._next = asyncio.get_running_loop().call_later(max(0.0, delay), self._look_alone, page)

    def _look_alone(self, page: ManagedPage) -> None:
        self._next = None
        if not page.lost.done():
            self._looks_alone += 1
            self._begin(page)

    async def _look(self) -> None:
        page: ManagedPage | None = None
        while self._due is not None:
            page, self._due = self._due, None
            changed, self._changed = frozenset(self._changed), set()
            self._looked_at = time.monotonic()
            self._changes = self._keeper.changes
            is_led, self._is_led = self._is_led, False
            seen = await self._seen(page, changed, is_led=is_led)
            if seen != self.keepsake:
                self.keepsake = seen
                self._is_saved = await self._keeper.save(seen, self._changes)
            elif self._is_saved:
                self._keeper.confirm(self._changes)
        if page is not None and not page.lost.done() and not self._has_ended:
            self._plan(page)

    async def _save_again(self) -> None:
        self._is_saved = await self._keeper.save(self.keepsake, self._changes)
        await self._look()  # what was to be looked at meanwhile

    async def _seen(self, page: ManagedPage, changed: frozenset[str], *, is_led: bool) -> Keepsake:
        deadline = Deadline.after(_LOOK_SECONDS)
        seen = replace(self.keepsake, place=self.place_of(page), navigated=self._navigated)
        unseen = seen.unseen | changed
        cookies, storage = await asyncio.gather(
            _unless_late(page.guard(page.context.cookies(), deadline)),
            _unless_late(page.evaluate(_STORAGE, self._mark, _MAX_STORAGE, deadline=deadline)),
        )
        if not isinstance(cookies, Unseen):
            seen = replace(seen, cookies=tuple(dict(cookie) for cookie in cookies))
            unseen -= {COOKIES}
        if storage is None:  # this document has none
            unseen -= {origin_of(page.url)}
        elif not isinstance(storage, Unseen):
            unseen -= {storage["origin"]}
            if page.returning is not None:
                await page.returning.arrived(storage["origin"])
            if "mark" not in storage:
                log.info("the storage of an origin is too large to be remembered: %d", storage["size"])
                seen = seen.with_origin(storage["origin"], None)
            elif "text" in storage:
                self._mark = storage["mark"]
                seen = seen.with_origin(storage["origin"], _storage(storage["text"]))
        # Where no call led it elsewhere it went by itself, and may have stored something just before.
        before, left = self._looked_at_page, self._origin
        self._looked_at_page, self._origin = page, origin_of(page.url)
        if page is before and left != self._origin and not is_led:
            unseen |= {left} - {""}
        return replace(seen, unseen=unseen)


@dataclass(frozen=True, slots=True)
class Unseen:
    """What a look comes to that was not answered."""

    why: Exception


async def _unless_late(look: Awaitable[T]) -> T | Unseen:
    try:
        return await look
    except (Overdue, PageLost, ScriptFailed, PlaywrightError) as exc:
        log.debug("not seen: %s", exc)
        return Unseen(exc)


def _storage(text: str) -> OriginStorage:
    local, session = (tuple((name, value) for name, value in items) for items in json.loads(text))
    return OriginStorage(local, session)


def origin_of(url: str) -> str:
    """Return the origin of *url* as pages name it; empty when it is not of http or https."""
    scheme, host = urlsplit(url)[:2]
    return f"{scheme}://{host.rpartition('@')[2]}" if scheme in {"http", "https"} else ""


def is_within(shown: str, url: str) -> bool:
    """Whether to navigate from *shown* to *url* leads to another part of the same document."""
    return "#" in url and urldefrag(shown).url == urldefrag(url).url


def place_of(page: ManagedPage) -> Place | None:
    """Return where *page* is, or was before it was lost; None for an empty page."""
    if urlsplit(page.url).scheme not in {"http", "https"}:
        return None
    request = page.response.request if page.response is not None else None
    return Place(
        page.url,
        page.wait_until,
        request.headers.get("referer") if request is not None else None,
        repeatable=request is None or request.method == "GET",
        filled=page.entries is not Entries.NONE,
    )


async def last_cookies(page: ManagedPage, keepsake: Keepsake) -> Keepsake:
    """Return *keepsake* with the cookies of a lost page whose browser lives on."""
    try:
        with driver_may_end():
            async with asyncio.timeout(_LOOK_SECONDS / 2):
                cookies = await page.context.cookies()
    except (TimeoutError, PlaywrightError) as exc:
        log.info("the cookies of a lost page are those seen last: %s", type(exc).__name__)
        return keepsake
    seen = tuple(dict(cookie) for cookie in cookies)
    return replace(keepsake, cookies=seen, unseen=keepsake.unseen - {COOKIES})
