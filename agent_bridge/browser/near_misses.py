"""Selectors near one that matched nothing: collected in the page, ranked here, counted by Playwright."""

from __future__ import annotations

import asyncio
import json
import logging
from importlib import resources
from typing import TYPE_CHECKING, Final

from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser.page import Overdue, PageLost, ScriptFailed
from agent_bridge.diagnosis import nearness, selectors, words
from agent_bridge.diagnosis.likeness import words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.deadline import Deadline
    from agent_bridge.diagnosis.nearness import NearMiss

log = logging.getLogger(__name__)

MAX_CANDIDATES: Final = 5
# Each takes Playwright a few milliseconds, more where the page is large.
_MAX_COUNTED: Final = 10
# Beyond "shown" elements it costs too much to ask which of them are rendered.
_LIMITS: Final = {"elements": 1200, "text": 160, "attribute": 120, "shown": 20_000}
_MILLISECONDS: Final = 200
_SCRIPT: Final = resources.files(__package__).joinpath("near_misses.js").read_text(encoding="utf-8")


async def near_misses(
    page: ManagedPage, selector: str, action: str, deadline: Deadline
) -> tuple[NearMiss, ...]:
    """Return what *selector* may have been meant to be, best first.

    Each one matches at least one element now. Frames are left out: a selector
    for what is in a frame is none for the page.

    Args:
        page: Where *selector* matched nothing.
        selector: Playwright's selector syntax.
        action: What was to be done; an element that suits it is preferred.
        deadline: When to give up; never raises for want of time.
    """
    parsed = selectors.parse(selector)
    if parsed is None:
        return ()
    try:
        limits = {
            **_LIMITS,
            "milliseconds": min(_MILLISECONDS, deadline.remaining * 500),
            "texts": parsed.wants_text,
        }
        written = await page.evaluate(_SCRIPT, sorted(_terms(parsed)), limits, deadline=deadline)
        elements = nearness.subjects(json.loads(written)["rows"])
        misses = nearness.near_selectors(selector, elements, action)
        # Nearly always the first ones match; the next are for when none of them does.
        found = await _counted(page, misses[:MAX_CANDIDATES], deadline)
        if not found:
            found = await _counted(page, misses[MAX_CANDIDATES:_MAX_COUNTED], deadline)
    except (Overdue, PageLost, ScriptFailed, PlaywrightError) as exc:
        log.debug("no near misses: %s", type(exc).__name__)
        return ()
    except Exception:
        # The call has failed already; what it failed of is still to be told.
        log.exception("near misses could not be found")
        return ()
    return nearness.ranked(found, action)[:MAX_CANDIDATES]


def _terms(parsed: selectors.ParsedSelector) -> set[str]:
    """What to look for in a page that is too large to be read whole."""
    terms: set[str] = set()
    for term in parsed.terms():
        terms.add(term.lower())
        for word in words_of(term):
            if word not in words.GENERIC:
                terms.update((word, *words.SYNONYMS.get(word, ())))
    return terms


async def _counted(page: ManagedPage, misses: Sequence[NearMiss], deadline: Deadline) -> list[NearMiss]:
    """Return those of *misses* that match something."""
    counts = await asyncio.gather(*(_count(page, miss.selector, deadline) for miss in misses))
    return [miss.counted(count) for miss, count in zip(misses, counts, strict=True) if count]


async def _count(page: ManagedPage, selector: str, deadline: Deadline) -> int:
    """Return how many elements match, 0 when that cannot be told."""
    try:
        return await page.guard(page.page.locator(selector).count(), deadline)
    except (Overdue, PlaywrightError) as exc:
        log.debug("not counted: %s", type(exc).__name__)
        return 0
