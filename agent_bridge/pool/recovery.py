"""A session that outlives its page: what it remembers, and how it is rebuilt."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from agent_bridge.browser.keepsake import COOKIES, Keepsake, Place
from agent_bridge.browser.page import Entries
from agent_bridge.browser.remembering import Memory, is_within, origin_of
from agent_bridge.browser.returning import equip, go_back
from agent_bridge.pool.entries import admit
from agent_bridge.pool.ladder import LOSSES, Losses, climb
from cmdop_browser.exceptions import CloseReason
from cmdop_browser.wire.acts import FILLS_IN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from agent_bridge.browser.options import ContextOptions
    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.browser.remembering import Keeper
    from agent_bridge.deadline import Deadline
    from agent_bridge.pool.ladder import Rebuilt
    from agent_bridge.pool.pages import Pages

    Adopt = Callable[[ManagedPage | None], bool]

log = logging.getLogger(__name__)

# Calls that need no page, or bring one themselves: they load no other one before.
_WITHOUT_PAGE: Final = frozenset(
    {"clear_cookies", "cookies", "info", "navigate", "set_cookies", "storage_state"}
)
# What these have done is remembered before they say that it is done.
_REMEMBERED_AT_ONCE: Final = frozenset({"clear_cookies", "set_cookies"})
_CHANGES_NOTHING: Final = frozenset({"cookies", "info", "pdf", "screenshot", "storage_state", "title", "url"})
# What these have set going, a form that is sent for instance, mostly begins within this time.
_SETS_GOING: Final = frozenset({"check", "click", "evaluate", "press", "select_option", "uncheck"})
_SET_GOING_SECONDS: Final = 1.0
_GOES_THROUGH_HISTORY: Final = frozenset({"back", "forward"})
# Looks take some milliseconds, and end by themselves when a page does not answer.
_LAST_LOOK_SECONDS: Final = 2.0

PAGE_NOT_RESTORED: Final = "the page: what brought it was no plain GET"
OUTDATED: Final = "the latest changes of cookies and storage: they were not written down when the agent ended"
NEVER_RESTORED: Final = (
    "form contents",
    "state of the page's scripts",
    "history",
    "open dialogs",
    "popups",
    "storage that the page changed by itself in its last seconds",
)
_OF_THE_CONTEXT: Final = (
    "IndexedDB and caches",
    "storage of frames from other sites",
    "cookies that changed by themselves in the page's last seconds",
)


@dataclass(frozen=True, slots=True)
class Lost:
    """A session of an earlier instance of the agent, as its client knows it.

    Attributes:
        epoch: The epoch that it had.
        url: Where its page was last; empty for an empty page.
        navigated: What was last navigated to.
        by_navigation: Whether that led to *url*: it is a GET then.
        filled: Whether something was filled in there, or may have been.
    """

    session_id: str
    epoch: int
    url: str = ""
    navigated: str = ""
    by_navigation: bool = False
    filled: bool = False


class Recovery:
    """What a session has that is to be restored after a crash; others have none.

    Attributes:
        memory: What is remembered of the session.
    """

    def __init__(self, pages: Pages, options: ContextOptions, keeper: Keeper) -> None:
        self.memory = Memory(Keepsake.of(options), keeper)
        self._pages = pages
        self._options = options
        self._losses = Losses()
        self._rebuilding: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._not_restored: tuple[str, ...] = ()
        self._is_told = False  # whether the caller has asked for these
        self._taken_up = False
        self._is_unseen = self._is_outdated = False
        self._is_looked_at = False  # what the call under way has changed
        self._last_act, self._last_acted = "", -math.inf
        self._knows_of_entries = False  # the caller, that what was filled in went with the page
        self._act_was_recent = False  # when the page was lost

    @property
    def missing(self) -> Place | None:
        """The page that was lost and is not there yet: the next call that needs it loads it.

        A navigation to elsewhere never asks the old site again.
        """
        return self.memory.missing

    @property
    def not_restored(self) -> tuple[str, ...]:
        """What rebuilds could not bring back since the caller was told; empty before the first."""
        if self.missing is not None and not self.missing.repeatable:
            return (*self._not_restored, PAGE_NOT_RESTORED)
        return self._not_restored

    # -- the first page ----------------------------------------------------------

    def take_up(self, keepsake: Keepsake | None, lost: Lost) -> None:
        """Go on where a session of an earlier agent ended.

        Args:
            keepsake: What that agent has remembered, if anything.
            lost: What its client knows.
        """
        if keepsake is not None:
            self.memory.take_up(keepsake)
            self._is_outdated = keepsake.is_outdated
        if keepsake is not None and (not keepsake.is_outdated or keepsake.navigated == lost.navigated):
            place, filled = keepsake.place, keepsake.is_outdated and lost.filled
            self.memory.missing = replace(place, filled=place.filled or filled) if place else None
        elif origin_of(lost.url):  # remembered too early, or not at all: then the client knows better
            self.memory.missing = Place(lost.url, repeatable=lost.by_navigation, filled=lost.filled)
        self._is_unseen = keepsake is None
        self._taken_up = True

    async def open(self, deadline: Deadline) -> ManagedPage:
        """Return the first page; raises as `Pages.open`."""
        if not self._taken_up:
            return await self._pages.open(self._options, deadline)
        keepsake = self.memory.keepsake
        page = await self._pages.open(keepsake.options(self._options), deadline)
        try:
            await self._equip(page, keepsake, beside=None)
        except BaseException:
            self._close_soon(page, CloseReason.CLOSED_BY_CALLER)  # nobody else knows of it
            raise
        return page

    # -- around each call -------------------------------------------------------

    async def bring_back(self, action: str, page: ManagedPage, deadline: Deadline) -> None:
        """Have the page that was lost, if the call *action* needs it.

        Raises:
            BrowserNavigationError: It cannot be loaded again.
            PageLost: The new page went away, too.
        """
        if action == "info":  # tells what is remembered, too
            await self.memory.settle(deadline.remaining)
            self._is_told = True
        elif not _is_read(action):
            # It may leave the page, and with it what was not looked at there.
            await self.memory.look_before_leaving(page, min(_LAST_LOOK_SECONDS, deadline.remaining / 2))
        if self.missing is None or action in _WITHOUT_PAGE:
            return
        page.call_deadline = deadline
        try:
            await go_back(page, self.missing, action, deadline)
        finally:
            # Also where the document has come, and not all of what belongs to it.
            if self.missing.filled and origin_of(page.url):
                page.entries = Entries.TOLD if self._knows_of_entries else Entries.GONE
        self.memory.missing = None

    def admit(self, action: str, page: ManagedPage) -> bool:
        """Note that the call *action* is about to be made, unless what it counts on is gone with the page."""
        if not admit(action, page):
            return False
        page.is_going_through_history = action in _GOES_THROUGH_HISTORY
        page.is_being_filled_in = action in FILLS_IN
        if page.is_being_filled_in:
            self.memory.changing()  # should the agent be killed before it is done
        return True

    def has_entries(self, page: ManagedPage) -> bool:
        """Whether something was filled in on *page*, or on the one that it takes the place of."""
        if self.missing is not None and (not origin_of(page.url) or self._is_within_missing(page)):
            return self.missing.filled
        return page.entries is not Entries.NONE

    async def remember(self, action: str, page: ManagedPage) -> None:
        """Note that a call is done, and wait until it is remembered what it has done that no page shows."""
        if action in _SETS_GOING:
            self._last_act, self._last_acted = action, time.monotonic()
        if action in _REMEMBERED_AT_ONCE:
            self.memory.look(page, is_read=False)
            self._is_looked_at = True
            await self.memory.settle()

    def look(self, action: str, page: ManagedPage) -> None:
        """Begin to look at what a call has changed, beside the next one, unless that is done."""
        page.is_being_filled_in = page.is_going_through_history = False
        is_done, self._is_looked_at = self._is_looked_at, False
        if is_done or page.lost.done():
            return
        if self.missing is not None and origin_of(page.url):
            if self.missing.filled and self._is_within_missing(page):
                page.entries = Entries.GONE
            self.memory.missing = None
        if action == "navigate":
            self.memory.navigated(page.requested_url)
        self.memory.look(page, is_read=_is_read(action), is_wait=action.startswith("wait_for"))

    def _is_within_missing(self, page: ManagedPage) -> bool:
        """Whether what *page* was led to would have loaded nothing on the page that was lost."""
        return self.missing is not None and is_within(self.missing.url, page.requested_url)

    # -- after a loss -----------------------------------------------------------

    def begin(self, lost: ManagedPage, reason: CloseReason, adopt: Adopt) -> bool:
        """Begin to rebuild.

        Args:
            lost: The page that is beyond use.
            reason: What took it away.
            adopt: Given the new page, or None when there is none to be had; tells
                whether the page has found a session.

        Returns:
            False when the session ends instead: it was to end, or was lost too often.
        """
        if reason not in LOSSES:
            return False
        if self._losses.are_too_many():
            log.warning("a session was lost too often and is given up")
            return False
        self.memory.missing = self.memory.place_of(lost)
        self._knows_of_entries = lost.entries is Entries.TOLD
        self._act_was_recent = time.monotonic() - self._last_acted < _SET_GOING_SECONDS
        self._rebuilding = asyncio.ensure_future(self._rebuild(lost, reason, adopt))
        return True

    async def ready(self, deadline: Deadline) -> bool:
        """Wait until there is a page; False when that takes longer than the deadline."""
        if self._rebuilding is None or self._rebuilding.done():
            return True
        done, _ = await asyncio.wait({self._rebuilding}, timeout=deadline.remaining)
        return bool(done)

    async def stop(self) -> None:
        """Rebuild no more, and let what is under way come to its end: the session has ended."""
        self.memory.end()
        if self._rebuilding is not None and not self._rebuilding.done():
            self._rebuilding.cancel()
            await asyncio.wait({self._rebuilding})
        if self._closing:
            await asyncio.wait(self._closing)
        await self.memory.settle()

    async def _equip(self, page: ManagedPage, keepsake: Keepsake, *, beside: ManagedPage | None) -> None:
        """Give a new page what is remembered of the lost one, and note what is not.

        The lost one is *beside* it where both are in the same context.
        """
        in_same_context = beside is not None
        await equip(page, keepsake, beside=beside)
        lost = [*NEVER_RESTORED]
        if self._act_was_recent:
            lost.append(f"what {self._last_act} had set going just before")
        if not in_same_context:
            lost += _OF_THE_CONTEXT
            lost += ("cookies", "local storage") if self._is_unseen else ()
            lost += (OUTDATED,) if self._is_outdated else ()
            lost += (f"storage of {origin}: too large" for origin in sorted(keepsake.too_large))
            self._is_unseen = self._is_outdated = False
        lost += _unseen(sorted(keepsake.unseen), in_same_context=in_same_context)
        # Of two losses in a row the second may have cost less.
        before = () if self._is_told else self._not_restored
        self._not_restored, self._is_told = tuple(dict.fromkeys([*before, *lost])), False

    async def _rebuild(self, lost: ManagedPage, reason: CloseReason, adopt: Adopt) -> None:
        rebuilt: Rebuilt | None = None
        adopted = False
        try:
            # What was not answered any more is told with the rest, and not known before.
            await self.memory.settle()
            rebuilt = await climb(self._pages, lost, reason, self._options, self.memory.keepsake)
            if rebuilt is not None:
                page = rebuilt.page
                beside = lost if rebuilt.in_same_context else None
                await self._equip(page, rebuilt.keepsake, beside=beside)
                page.documents = lost.documents
                page.secrets.inherit(lost.secrets)
        except Exception:
            log.exception("a session could not be rebuilt")
        finally:
            # Also when it is cancelled: whatever is not taken over is closed.
            adopted = adopt(rebuilt.page if rebuilt is not None else None)
            if rebuilt is None or not rebuilt.in_same_context:
                self._close_soon(lost, reason)
            if rebuilt is not None and not adopted:
                self._close_soon(rebuilt.page, reason)

    def _close_soon(self, page: ManagedPage, reason: CloseReason) -> None:
        closing = asyncio.ensure_future(self._pages.close(page, reason))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)


def _is_read(action: str) -> bool:
    return action in _CHANGES_NOTHING or action.startswith("dom.")


def _unseen(what: Iterable[str], *, in_same_context: bool) -> Iterator[str]:
    """Tell what was changed last and not seen; a context that lives on has kept all but session storage."""
    for name in what:
        if name != COOKIES:
            kind = "session storage" if in_same_context else "storage"
            yield f"the latest changes of {kind} of {name}: the page could not be asked in time"
        elif not in_same_context:
            yield "the latest changes of cookies: the browser could not be asked in time"
