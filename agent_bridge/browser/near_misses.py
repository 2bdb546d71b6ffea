"""Selectors near one that matched nothing: collected in the page, ranked here, counted there again."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from dataclasses import dataclass, replace
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser import frame_ways
from agent_bridge.browser.answers import Overdue, PageLost, ScriptFailed
from agent_bridge.diagnosis import nearness, selectors, words
from agent_bridge.diagnosis.likeness import words_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from playwright.async_api import Frame

    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.deadline import Deadline
    from agent_bridge.diagnosis.nearness import NearMiss

log = logging.getLogger(__name__)

MAX_CANDIDATES: Final = 5
# Each takes Playwright a few milliseconds, more where the page is large.
_MAX_COUNTED: Final = 10
_MAX_FRAMES: Final = 4
# Beyond "shown" elements it costs too much to look at each of them closely.
_LIMITS: Final = {"elements": 1200, "text": 160, "attribute": 120, "shown": 15_000}
_MILLISECONDS: Final = 200  # for a grace of a second
_SCRIPT: Final = resources.files(__package__).joinpath("near_misses.js").read_text(encoding="utf-8")
_COUNT: Final = """(selectors) => selectors.map((selector) => {
  try {
    return Document.prototype.querySelectorAll.call(document, selector).length;
  } catch {
    return 0;
  }
})"""
# Browsers forgive in them what they do not know, and Playwright knows.
_FORGIVING: Final = re.compile(r":(?:is|where)\(")


@dataclass(frozen=True, slots=True)
class Search:
    """What a search for near elements came to.

    Attributes:
        misses: What was found, best first; each matches at least one element now.
        was_whole: Whether there was time to look at everything there is.
    """

    misses: tuple[NearMiss, ...] = ()
    was_whole: bool = True


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is looked for in each document."""

    selector: str
    parsed: selectors.ParsedSelector
    action: str


@dataclass(frozen=True, slots=True)
class _Place:
    """A document: the page's own or that of a frame.

    Attributes:
        call: Calls a function in it.
        way: The way into it, "" for the page's own.
    """

    call: Callable[[str, object], Awaitable[Any]]
    way: str = ""

    def reaching(self, selector: str) -> str:
        """Return the selector that gets from the page to *selector* in here."""
        return frame_ways.joined(self.way, selector)


async def near_misses(
    page: ManagedPage,
    selector: str,
    action: str,
    deadline: Deadline,
    *,
    when_read: Callable[[], None] = lambda: None,
) -> Search:
    """Return what *selector* may have been meant to be.

    Frames are looked into when the document itself has nothing near.

    Args:
        page: Where *selector* matched nothing.
        selector: Playwright's selector syntax.
        action: What was to be done; an element that suits it is preferred.
        deadline: When to give up; never raises for want of time.
        when_read: Called once the page's own document has been read.
    """
    way, inner = frame_ways.split(selector)
    parsed = selectors.parse(inner)
    if parsed is None:
        return Search()
    wish = _Wish(inner, parsed, action)
    try:
        if way:
            frame = await frame_ways.frame_at(page, way, deadline)
            return await _in_frame(page, frame, way, wish, deadline) if frame else Search()
        found = await _in_document(page, wish, when_read, deadline)
        return found if found.misses else await _in_frames(page, wish, found, deadline)
    except Overdue:
        return Search(was_whole=False)
    except (PageLost, ScriptFailed, PlaywrightError) as exc:
        log.debug("no near misses: %s", type(exc).__name__)
    except Exception:
        # The call has failed already; what it failed of is still to be told.
        log.exception("near misses could not be found")
    return Search()


async def _in_document(
    page: ManagedPage, wish: _Wish, when_read: Callable[[], None], deadline: Deadline
) -> Search:
    async def call(function: str, argument: object) -> Any:
        answer = await page.evaluate(function, argument, deadline=deadline)
        when_read()
        return answer

    return await _searched(page, _Place(call), wish, deadline)


async def _in_frames(page: ManagedPage, wish: _Wish, found: Search, deadline: Deadline) -> Search:
    """Look into the frames that show, all at once."""
    frames = await frame_ways.shown_frames(page, _MAX_FRAMES, deadline)
    searches = await asyncio.gather(
        *(_in_frame(page, frame, way, wish, deadline) for frame, way in frames), return_exceptions=True
    )
    misses: list[NearMiss] = []
    was_whole = found.was_whole
    for search in searches:
        if isinstance(search, Search):
            misses += search.misses
            was_whole = was_whole and search.was_whole
        elif isinstance(search, (Overdue, PlaywrightError, ValueError)):
            log.debug("a frame was not searched: %s", type(search).__name__)
        else:
            raise search
    return Search(nearness.ranked(misses, wish.action)[:MAX_CANDIDATES], was_whole)


async def _in_frame(page: ManagedPage, frame: Frame, way: str, wish: _Wish, deadline: Deadline) -> Search:
    async def call(function: str, argument: object) -> Any:
        return await page.guard(frame.evaluate(function, argument), deadline)

    return await _searched(page, _Place(call, way), wish, deadline)


async def _searched(page: ManagedPage, place: _Place, wish: _Wish, deadline: Deadline) -> Search:
    limits = {
        **_LIMITS,
        "milliseconds": min(page.grace.part(_MILLISECONDS), deadline.remaining * 500),
        "texts": wish.parsed.wants_text,
    }
    seen = json.loads(await place.call(_SCRIPT, [sorted(_terms(wish.parsed)), limits]))
    misses = nearness.near_selectors(wish.selector, nearness.subjects(seen["rows"]), wish.action)
    # Nearly always the first ones match; the next are for when none of them does.
    found: list[NearMiss] = []
    for some in (misses[:MAX_CANDIDATES], misses[MAX_CANDIDATES:_MAX_COUNTED]):
        if some and not found:
            found = await _counted(page, place, some, deadline, is_composed=bool(seen["composed"]))
    return Search(nearness.ranked(found, wish.action)[:MAX_CANDIDATES], bool(seen["complete"]))


async def _counted(
    page: ManagedPage, place: _Place, misses: Sequence[NearMiss], deadline: Deadline, *, is_composed: bool
) -> list[NearMiss]:
    """Return those of *misses* that match something, as the page has to be asked for them."""
    # Playwright looks into shadow roots, too, which takes long on a large page.
    plain = [] if is_composed else [miss for miss in misses if not _FORGIVING.search(miss.selector)]
    numbers = await place.call(_COUNT, [miss.selector for miss in plain])
    found = {miss: int(number) for miss, number in zip(plain, numbers, strict=True) if number}
    others = [miss for miss in misses if miss not in found]
    counts = await asyncio.gather(*(_count(page, place.reaching(miss.selector), deadline) for miss in others))
    found.update((miss, number) for miss, number in zip(others, counts, strict=True) if number)
    return [
        replace(miss, selector=place.reaching(miss.selector), count=found[miss])
        for miss in misses
        if miss in found
    ]


def _terms(parsed: selectors.ParsedSelector) -> set[str]:
    """What to look for in a page that is too large to be read whole."""
    terms: set[str] = set()
    for term in parsed.terms():
        terms.add(term.lower())
        for word in words_of(term):
            if word not in words.GENERIC:
                terms.update((word, *words.SYNONYMS.get(word, ())))
    return terms


async def _count(page: ManagedPage, selector: str, deadline: Deadline) -> int:
    """Return how many elements match, 0 when that cannot be told."""
    try:
        return await page.guard(page.page.locator(selector).count(), deadline)
    except (Overdue, PlaywrightError) as exc:
        log.debug("not counted: %s", type(exc).__name__)
        return 0
