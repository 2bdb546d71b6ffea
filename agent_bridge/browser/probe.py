"""A look at the elements of a selector: what they are, what is in their way, where else they are.

One script does the looking. For plain CSS it runs in a world of our own, where no
patch of the page reaches it; for what only Playwright's engines find, in the
page's, which is where Playwright hands over what it found.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from importlib import resources
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser import frame_ways
from agent_bridge.browser.answers import Overdue, PageLost, ScriptFailed
from agent_bridge.diagnosis import mistakes, syntax, texts
from agent_bridge.diagnosis.facts import (
    Closer,
    CoverFacts,
    ElementFacts,
    FrameMatch,
    Need,
    Sibling,
    Syntax,
    element_facts,
)
from cmdop_browser.exceptions import Candidate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playwright.async_api import Frame

    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.deadline import Deadline
    from agent_bridge.diagnosis.facts import FailedCall

log = logging.getLogger(__name__)

# What a look may end with instead of an answer.
UNANSWERED: Final = (Overdue, PageLost, ScriptFailed, PlaywrightError)

_MAX_FRAMES: Final = 30
_MAX_NAMED_FRAMES: Final = 3
_MAX_CLOSERS: Final = 3
_MAX_TRIED: Final = 8
_MAX_TEXT: Final = 400
_ASK_PLAYWRIGHT: Final = "cmdop:ask-playwright"


def _script(*names: str) -> str:
    folder = resources.files(__package__) / "probe_scripts"
    return "\n".join((folder / f"{name}.js").read_text(encoding="utf-8") for name in names)


_NAMES: Final = _script("names")
_LOOK: Final = f"async (elements, ask) => {{ {_script('names', 'states', 'covers', 'elements')} }}"
_LOOK_BY_CSS: Final = f"""async (selector, ask) => {{
  let found;
  try {{
    found = Array.from(document.querySelectorAll(selector));
  }} catch {{
    return '{_ASK_PLAYWRIGHT}';
  }}
  for (const element of document.querySelectorAll('*')) {{
    if (element.shadowRoot) return '{_ASK_PLAYWRIGHT}';
  }}
  return ({_LOOK})(found, ask);
}}"""
# The scripts ask for a call; here there is none.
_FRAME_COVER: Final = (
    f"(body) => {{ const ask = {{}}; {_script('names', 'states', 'covers', 'frame_cover')} }}"
)
SELECTOR_OF: Final = f"function () {{ {_NAMES} return selectorOf(this); }}"
_IN_FRAMES: Final = f"(selector) => {{ {_NAMES} {_script('frames')} }}"
_BELOW_ROOTS: Final = f"(xpath) => {{ {_NAMES} {_script('below_roots')} }}"


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at the main document showed.

    Attributes:
        answered: Whether the page answered.
        count: How many elements match.
        visible: How many of them show.
        element: The first.
        siblings: The first few of several.
        refused: What Playwright said, when it did not take the selector.
    """

    answered: bool = False
    count: int = 0
    visible: int = 0
    element: ElementFacts | None = None
    siblings: tuple[Sibling, ...] = ()
    refused: str = ""


async def look(page: ManagedPage, call: FailedCall, deadline: Deadline) -> Look:
    """Look at what the call's selector matches; never raises, but for cancellation."""
    ask = {
        "action": call.action,
        "position": None if call.position is None else list(call.position),
        "pointer": Need.POINTER in call.needs,
        "stable": Need.STABLE in call.needs,
    }
    try:
        seen = await page.evaluate(_LOOK_BY_CSS, call.selector, ask, deadline=deadline)
        if seen == _ASK_PLAYWRIGHT:
            locator = page.page.locator(call.selector)
            seen = await page.guard(locator.evaluate_all(_LOOK, ask), deadline)
        return _read(seen)
    except PlaywrightError as exc:
        return Look(refused=exc.message)
    except (Overdue, PageLost, ScriptFailed) as exc:
        log.debug("no look at the elements: %s", type(exc).__name__)
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        # The page patched what the answer is made of.
        log.debug("the page answered nonsense: %s", exc)
    return Look()


def _read(seen: Any) -> Look:
    element = seen["element"]
    return Look(
        answered=True,
        count=int(seen["count"]),
        visible=int(seen["visible"]),
        element=None if element is None else element_facts(element),
        siblings=tuple(
            Sibling(str(other["selector"]), str(other["markup"]), bool(other["visible"]))
            for other in seen["siblings"]
        ),
    )


async def syntax_of(page: ManagedPage, selector: str, refused: str, deadline: Deadline) -> Syntax | None:
    """Return what is wrong with a selector, None when it parses.

    Playwright evaluates a chain part by part, and never gets to the later parts when
    an earlier one matches nothing: so each is tried by itself.

    Args:
        page: Where to try it.
        selector: As the caller wrote it.
        refused: What Playwright has said of it already, if anything.
        deadline: When to give up.
    """
    if not syntax.why_of(refused):  # a page on its way elsewhere refuses whatever it is asked
        refused = await _refusal(page, selector, deadline)
    where, parts = "", [part for part in syntax.parts_of(selector) if part != frame_ways.ENTER]
    if len(parts) > 1:
        refusals = await asyncio.gather(*(_refusal(page, part, deadline) for part in parts[:_MAX_TRIED]))
        for part, refusal in zip(parts, refusals, strict=False):
            if refusal:
                where, refused = part, refusal
                break
    if not refused:
        return None
    return Syntax(
        texts.shorten(where, texts.MAX_URL),
        syntax.why_of(refused),
        await _corrections(page, syntax.corrections_of(selector), deadline),
        tips=mistakes.reading_tips(selector),
    )


async def mistake_in(page: ManagedPage, selector: str, deadline: Deadline) -> Syntax | None:
    """Return why a selector that parses and matched nothing never will, None when it may."""
    mistake = mistakes.mistake_in(selector)
    if mistake is None:
        return None
    corrections = await _corrections(page, mistake.corrections, deadline)
    if not mistake.is_certain and not any(correction.count for correction in corrections):
        return None
    where = texts.shorten(mistake.where, texts.MAX_URL)
    return Syntax(where, mistake.why, corrections, parses=True, tips=mistake.tips)


async def _corrections(
    page: ManagedPage, proposals: Iterable[str], deadline: Deadline
) -> tuple[Candidate, ...]:
    """Return what parses of the proposals: those that match something, else the first ones."""
    tried = list(islice(proposals, _MAX_TRIED))
    counts = await asyncio.gather(*(count(page, proposal, deadline) for proposal in tried))
    parsed = [
        Candidate(proposal, count=number, why="corrected syntax")
        for proposal, number in zip(tried, counts, strict=True)
        if number is not None and all([not await _refusal(page, part, deadline) for part in _later(proposal)])
    ]
    return tuple([each for each in parsed if each.count] or parsed)[:2]


def _later(selector: str) -> list[str]:
    parts = syntax.parts_of(selector)
    return parts[1:] if len(parts) > 1 else []


async def _refusal(page: ManagedPage, selector: str, deadline: Deadline) -> str:
    """Return why Playwright does not take a selector, "" when it does or does not say."""
    try:
        await page.guard(page.page.locator(selector).count(), deadline)
    except (Overdue, PageLost) as exc:
        log.debug("a selector was not tried: %s", type(exc).__name__)
    except PlaywrightError as exc:
        return texts.bounded(exc.message)
    return ""


async def count(page: ManagedPage, selector: str, deadline: Deadline) -> int | None:
    """Return how many elements match, None when the selector is refused or there is no answer."""
    try:
        return await page.guard(page.page.locator(selector).count(), deadline)
    except UNANSWERED as exc:
        log.debug("not counted: %s", type(exc).__name__)
        return None


async def frames_with(page: ManagedPage, selector: str, deadline: Deadline) -> tuple[FrameMatch, ...]:
    """Return the frames in which the selector matches."""
    if len(page.page.frames) < 2:
        return ()
    return await _in_own_frames(page, selector, deadline) or await _in_any_frame(page, selector, deadline)


async def _in_own_frames(page: ManagedPage, selector: str, deadline: Deadline) -> tuple[FrameMatch, ...]:
    """Look into frames of the page's own origin, which takes one script for all of them."""
    try:
        found = await page.evaluate(_IN_FRAMES, selector, deadline=deadline)
        return tuple(
            await asyncio.gather(
                *(
                    _verified(
                        page, _match(match["way"], str(match["url"]), int(match["count"]), selector), deadline
                    )
                    for match in (found or ())[:_MAX_NAMED_FRAMES]
                )
            )
        )
    except UNANSWERED as exc:
        log.debug("the page's own frames were not searched: %s", type(exc).__name__)
        return ()


async def _verified(page: ManagedPage, match: FrameMatch, deadline: Deadline) -> FrameMatch:
    return match if await count(page, match.selector, deadline) else replace(match, selector="")


def _match(path: list[str], url: str, number: int, selector: str) -> FrameMatch:
    return FrameMatch(" >> ".join(path), texts.shown_url(url), number, frame_ways.joined(*path, selector))


async def _in_any_frame(page: ManagedPage, selector: str, deadline: Deadline) -> tuple[FrameMatch, ...]:
    frames = page.page.frames[1 : _MAX_FRAMES + 1]
    counts = await asyncio.gather(*(_count_in(page, frame, selector, deadline) for frame in frames))
    holding = [(frame, number) for frame, number in zip(frames, counts, strict=True) if number]
    return tuple(
        await asyncio.gather(
            *(
                _match_in(page, frame, number, selector, deadline)
                for frame, number in holding[:_MAX_NAMED_FRAMES]
            )
        )
    )


async def _count_in(page: ManagedPage, frame: Frame, selector: str, deadline: Deadline) -> int:
    try:
        return await page.guard(frame.locator(selector).count(), deadline)
    except UNANSWERED as exc:
        log.debug("a frame was not searched: %s", type(exc).__name__)
        return 0


async def _match_in(
    page: ManagedPage, frame: Frame, number: int, selector: str, deadline: Deadline
) -> FrameMatch:
    try:
        path = await frame_ways.way_into(page, frame, deadline)
    except UNANSWERED as exc:
        log.debug("a frame was not named: %s", type(exc).__name__)
        return FrameMatch(frame.name, texts.shown_url(frame.url), number)
    return await _verified(page, _match(path, frame.url, number, selector), deadline)


async def below_root(page: ManagedPage, selector: str, deadline: Deadline) -> str:
    """Return the host of an open shadow root in which an XPath would match; "" without one."""
    path = selector.strip().removeprefix("xpath=").strip()
    if path == selector.strip() and not path.startswith(("//", "(//")):
        return ""
    try:
        return str(await page.evaluate(_BELOW_ROOTS, path, deadline=deadline))
    except UNANSWERED as exc:
        log.debug("shadow roots were not searched: %s", type(exc).__name__)
        return ""


async def with_verified_closers(page: ManagedPage, element: ElementFacts, deadline: Deadline) -> ElementFacts:
    """Keep those ways to close a cover that match exactly one element."""
    if element.cover is None:
        return element
    cover = await _with_its_frame(page, element.cover, deadline)
    tried = cover.closers[:_MAX_CLOSERS]
    counts = await asyncio.gather(*(count(page, closer.selector, deadline) for closer in tried))
    closers = tuple(closer for closer, number in zip(tried, counts, strict=True) if number == 1)
    return replace(element, cover=replace(cover, closers=closers))


async def _with_its_frame(page: ManagedPage, cover: CoverFacts, deadline: Deadline) -> CoverFacts:
    """Add what the frame in a cover says and offers: consent is asked for in one, often of another origin."""
    if not cover.frame or cover.closers:
        return cover
    try:
        body = page.page.locator(frame_ways.joined(cover.frame, "body"))
        seen = await page.guard(body.evaluate(_FRAME_COVER), deadline)
        closers = tuple(
            Closer(str(closer["text"]), frame_ways.joined(cover.frame, str(closer["selector"])))
            for closer in seen["closers"]
        )
        return replace(cover, text=cover.text or texts.shorten(str(seen["text"]), _MAX_TEXT), closers=closers)
    except UNANSWERED as exc:
        log.debug("the frame in front was not looked into: %s", type(exc).__name__)
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        log.debug("the frame in front answered nonsense: %s", exc)
    return cover
