"""From a failed call to its error: look at the page, let the rules decide, keep the evidence.

All of it shares one budget. Whatever does not answer in time is left out, and
nothing here fails by itself: a worse error now is better than a good one late.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from agent_bridge.browser import probe
from agent_bridge.browser.answers import Overdue, PageLost
from agent_bridge.browser.closed_roots import closed_roots_with
from agent_bridge.browser.evidence import evidence_of
from agent_bridge.browser.near_misses import Search, near_misses
from agent_bridge.browser.page_facts import page_facts
from agent_bridge.browser.pulse import Pulse, lose, pulse_of
from agent_bridge.deadline import Deadline
from agent_bridge.diagnosis import pages, texts
from agent_bridge.diagnosis.calllog import Sign, said
from agent_bridge.diagnosis.elements import Verdict, verdict_of
from agent_bridge.diagnosis.facts import FailedCall, Scene
from cmdop_browser.exceptions import (
    BrowserElementNotFoundError,
    BrowserError,
    BrowserTimeoutError,
    Evidence,
    PageSnapshot,
)
from cmdop_browser.exceptions.text import seconds

if TYPE_CHECKING:
    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.diagnosis.facts import ElementFacts, Syntax
    from agent_bridge.diagnosis.page_seen import PageFacts
    from agent_bridge.diagnosis.pages import PageKind

log = logging.getLogger(__name__)

# Shares of the grace. For everything together; a page at work is done in a third of it.
_BUDGET: Final = 0.5
_UNANSWERING: Final = frozenset({Pulse.PENDING, Pulse.SLOW, Pulse.SILENT})
# When looking is over; the rest is for the way back.
_UNTIL: Final = 0.65


@dataclass(frozen=True, slots=True)
class Before:
    """Where the page was when the call began.

    Attributes:
        documents: How many documents had been loaded.
    """

    documents: int

    @classmethod
    def of(cls, page: ManagedPage) -> Before:
        """Note where *page* is."""
        return cls(page.documents)


async def element_error(page: ManagedPage, call: FailedCall, before: Before | None = None) -> BrowserError:
    """Return the error of a call on an element, diagnosed.

    Args:
        page: Where it failed, as it is now.
        call: The call.
        before: Where the page was when the call began; None when it has not waited.

    Raises:
        PageLost: The page answers to nothing: its renderer hangs.
    """
    pulse = await pulse_of(page, may_hang=said(call.text).is_asking)
    if pulse is Pulse.STOPPED:
        raise lose(page)
    scene, evidence = await _scene(page, call, before, pulse)
    verdict = verdict_of(scene)
    if verdict is None:
        return BrowserError(
            f"{named(call)} failed: {texts.first_sentence(call.text)}", action=call.action, evidence=evidence
        )
    return error_of(call, verdict, evidence)


def error_of(call: FailedCall, verdict: Verdict, evidence: Evidence) -> BrowserError:
    """Return the error that says *verdict*."""
    if verdict.cause is None:
        return BrowserTimeoutError(
            f"{named(call)} {verdict.explanation}",
            action=call.action,
            timeout_seconds=call.waited,
            outcome=verdict.outcome,
            evidence=evidence,
            tips=verdict.tips,
        )
    after = f" after {seconds(call.waited)}" if call.timed_out else ""
    return BrowserElementNotFoundError(
        f"{named(call)} failed{after}: {verdict.explanation}",
        action=call.action,
        selector=texts.shorten(call.selector),
        cause=verdict.cause,
        matches=verdict.matches,
        candidates=verdict.candidates,
        evidence=replace(evidence, candidates=verdict.candidates),
        tips=verdict.tips,
        outcome=verdict.outcome,
    )


def named(call: FailedCall) -> str:
    """Return the call as messages name it: ``click 'button.buy'``."""
    return f"{call.action} {texts.shorten(call.selector, texts.MAX_URL)!r}"


async def kind_now(page: ManagedPage) -> PageKind | None:
    """Return what the page is at this moment, if anything special."""
    return pages.kind_of(await page_facts(page, _deadline(page)))


def _deadline(page: ManagedPage) -> Deadline:
    left = page.call_deadline.at + page.grace.part(_UNTIL)
    now = Deadline.after(page.grace.part(_BUDGET))
    return Deadline(now.total, min(now.at, left)) if page.call_deadline.total else now


async def _scene(
    page: ManagedPage, call: FailedCall, before: Before | None, pulse: Pulse
) -> tuple[Scene, Evidence]:
    if pulse in _UNANSWERING:
        pending = texts.shown_url(page.loading_url) if pulse is Pulse.PENDING else ""
        hung = pulse is Pulse.SILENT
        return Scene(call, probed=False, pending_url=pending, hung=hung, freed=False), _bare(page, call)
    deadline = _deadline(page)
    evidence, seen = await asyncio.gather(_evidence(page, call), _seen(page, call, before, deadline))
    shown = str(evidence.page) if evidence.page is not None else ""
    hung = pulse is Pulse.FREED
    pending = texts.shown_url(page.loading_url) if page.is_loading else ""
    return replace(seen, hung=hung, freed=hung, pending_url=pending, page=shown), evidence


async def _evidence(page: ManagedPage, call: FailedCall) -> Evidence:
    """Return the evidence, without what is late."""
    try:
        return await page.guard(evidence_of(page, call.text), _deadline(page))
    except (Overdue, PageLost) as exc:
        log.debug("evidence came too late: %s", type(exc).__name__)
        return _bare(page, call)


def _bare(page: ManagedPage, call: FailedCall) -> Evidence:
    """Return what is known without asking the page."""
    return Evidence(
        call_log=texts.call_log(call.text),
        page=PageSnapshot(url=texts.shown_url(page.url), status=page.status or None),
    )


async def _seen(page: ManagedPage, call: FailedCall, before: Before | None, deadline: Deadline) -> Scene:
    look = await probe.look(page, call, deadline)
    scene = Scene(
        call,
        probed=look.answered,
        refused=bool(look.refused),
        count=look.count,
        visible=look.visible,
        element=await _finished(page, look.element, deadline),
        siblings=look.siblings,
    )
    what_was_said = said(call.text)
    if look.refused or ">>" in call.selector or Sign.UNPARSABLE in what_was_said.signs:
        syntax = await probe.syntax_of(page, call.selector, look.refused, deadline)
    else:
        syntax = None
    if syntax is None and not look.count:
        syntax = await probe.mistake_in(page, call.selector, deadline)
    if syntax is not None:
        return replace(scene, syntax=await _with_near(page, call, syntax, deadline))
    if look.count or not look.answered:
        return scene
    moved_on = before is not None and page.documents != before.documents and what_was_said.found
    frames, closed_roots, below_root, (search, facts) = await asyncio.gather(
        probe.frames_with(page, call.selector, deadline),
        closed_roots_with(page, call.selector, deadline),
        probe.below_root(page, call.selector, deadline),
        _search_and_facts(page, call, deadline),
    )
    return replace(
        scene,
        frames=frames,
        closed_roots=closed_roots,
        below_root=below_root,
        near=search.misses,
        searched_whole=search.was_whole,
        kind=pages.kind_of(facts),
        moved_to=texts.shown_url(page.url) if moved_on else "",
    )


async def _with_near(page: ManagedPage, call: FailedCall, syntax: Syntax, deadline: Deadline) -> Syntax:
    """Propose what is near a correction where no correction matches."""
    if not syntax.corrections or any(correction.count for correction in syntax.corrections):
        return syntax
    search = await near_misses(page, syntax.corrections[0].selector, call.action, deadline)
    near = tuple(miss.candidate() for miss in search.misses[:2])
    return replace(syntax, corrections=near or syntax.corrections)


async def _search_and_facts(
    page: ManagedPage, call: FailedCall, deadline: Deadline
) -> tuple[Search, PageFacts]:
    # The page does one thing after the other: on a very large one what was meant,
    # which is more to the point, would come too late behind what the page is.
    was_read = asyncio.Event()

    async def search() -> Search:
        try:
            return await near_misses(page, call.selector, call.action, deadline, when_read=was_read.set)
        finally:
            was_read.set()

    async def facts() -> PageFacts:
        await was_read.wait()
        return await page_facts(page, deadline)

    return await asyncio.gather(search(), facts())


async def _finished(
    page: ManagedPage, element: ElementFacts | None, deadline: Deadline
) -> ElementFacts | None:
    if element is None or element.cover is None:
        return element
    element = await probe.with_verified_closers(page, element, deadline)
    if element.cover is None:
        return element
    looks = pages.looks_like(element.cover)
    closers = pages.ranked_closers(looks, element.cover.closers)
    return replace(element, cover=replace(element.cover, looks=looks, closers=closers))
