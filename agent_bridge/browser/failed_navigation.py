"""A navigation that failed: looking at why, and leaving the page fit for the next one."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser.answers import Overdue, PageLost, ScriptFailed
from agent_bridge.browser.evidence import BUDGET, evidence_of
from agent_bridge.browser.leaving import leave, stop_loading
from agent_bridge.browser.pulse import Pulse, lose, pulse_of
from agent_bridge.browser.second_look import look_again
from agent_bridge.deadline import Deadline
from agent_bridge.diagnosis import navigation as diagnosis
from agent_bridge.diagnosis import texts
from agent_bridge.diagnosis.connection import Connection, connect
from agent_bridge.diagnosis.navigation_facts import net_error
from agent_bridge.diagnosis.urls import LOADABLE
from cmdop_browser.exceptions import BrowserNavigationError, NavigationCause
from cmdop_browser.exceptions.text import seconds

if TYPE_CHECKING:
    from agent_bridge.browser.journey import Journey
    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.diagnosis.navigation_facts import NavigationFacts, NavigationVerdict
    from cmdop_browser.exceptions import Evidence

log = logging.getLogger(__name__)

# Shares of the grace.
_LOOK = 0.25
_CONNECT = 0.4  # beside the rest of the diagnosis, which takes as long
_SECOND_LOOK = 0.4
_MOVING = 0.15
# Storing what was seen and stopping the page take as long again.
_LOOK_UNTIL = 0.45
_LEFT_UNTIL = 0.75
_LEAST_SECONDS = 0.05
_SECOND_LOOK_LIMIT_SECONDS = 2.0  # where the caller's own time allows it
_MAX_STATIONS = 20
_MAX_PENDING = 10


async def timeout(journey: Journey) -> BrowserNavigationError:
    """Return the error of a navigation whose time ran out, and end it.

    Raises:
        PageLost: The page answers to nothing: its renderer hangs, or has ended.
    """
    page = journey.page
    facts = journey.facts("", timed_out=True)
    reaching = _reaching(journey, facts)
    if not facts.committed:
        # As long as it waits for an answer, the page itself gives none.
        await stop_loading(page)
        blocked = await _was_blocked(page, answered=facts.status is not None)
        facts = replace(facts, blocked=blocked or journey.held_up)
    elif not (facts.documents and diagnosis.verdict_of(facts).cause is NavigationCause.RELOADING):
        facts = await _what_it_waits_for(journey, facts)
    evidence = await _evidence(journey, facts)
    facts = replace(facts, connection=await reaching) if reaching is not None else facts
    verdict = diagnosis.verdict_of(facts)
    if verdict.cause is NavigationCause.RELOADING:
        page.is_restless = True
        await leave(page, Deadline.after(_left(journey, _LEFT_UNTIL)))
    elif facts.committed and (journey.held_up or not facts.blocked):
        await stop_loading(page)
    return _error(journey, facts, verdict, evidence, waited=f" after {seconds(journey.deadline.total)}")


class ArrivesAfterAll(Exception):  # noqa: N818 -- a fact, of which the caller makes the best
    """What the browser gave up without a word arrives when it is asked for again."""


async def failure(
    journey: Journey, text: str, *, broke: bool = False, may_go_again: bool = False
) -> BrowserNavigationError:
    """Return the error of a navigation that the browser gave up.

    Args:
        journey: What was seen of it.
        text: What the browser said.
        broke: Whether the answer had begun.
        may_go_again: Whether there is time for another attempt, and it is not the last one.

    Raises:
        ArrivesAfterAll: Another attempt is worth it.
        PageLost: The page had ended.
    """
    facts = journey.facts(text, broke=broke)
    reaching = _reaching(journey, facts)
    arrives = _was_cut_off(journey, facts)
    if _is_unexplained(journey, facts):
        facts, arrives = await _second_look(journey, facts)
    if arrives and may_go_again and not journey.page.lost.done():
        raise ArrivesAfterAll
    evidence = await _evidence(journey, facts)
    facts = replace(facts, connection=await reaching) if reaching is not None else facts
    if broke:
        await stop_loading(journey.page)
    return _error(journey, facts, diagnosis.verdict_of(facts), evidence)


async def bare_answer(journey: Journey) -> BrowserNavigationError:
    """Return the error of an answer that asks who one is and brings no page."""
    facts = journey.facts("")
    return _error(journey, facts, diagnosis.bare_answer(facts), await _evidence(journey, facts))


def _error(
    journey: Journey,
    facts: NavigationFacts,
    verdict: NavigationVerdict,
    evidence: Evidence,
    *,
    waited: str = "",
) -> BrowserNavigationError:
    if journey.page.lost.done():  # that was why, and the news of it came while it was looked into
        raise PageLost(journey.page.lost.result())
    shown = texts.shown_url(journey.url)
    details: dict[str, object] = {"elapsed_seconds": round(journey.deadline.elapsed, 3)}
    if facts.status is not None:
        details["status"] = facts.status
    if code := net_error(facts.text):
        details["net_error"] = code
    if facts.stations:
        details["redirects"] = [texts.shown_url(url) for url in facts.stations[:_MAX_STATIONS]]
    if facts.pending is not None and facts.pending.requests:
        pending = facts.pending.requests[:_MAX_PENDING]
        details["pending"] = [f"{request.kind} {texts.shown_url(request.url)}" for request in pending]
    return BrowserNavigationError(
        f"{journey.action} to {shown} failed{waited}: {verdict.explanation}",
        action=journey.action,
        url=shown,
        cause=verdict.cause,
        evidence=evidence,
        details=details,
        tips=verdict.tips,
    )


async def _evidence(journey: Journey, facts: NavigationFacts) -> Evidence:
    grace = journey.page.grace
    most = grace.part(BUDGET)
    if facts.timed_out and facts.documents > 1 and facts.still_replacing:
        # Whatever is looked at is gone in a moment, and the processor is busy with it.
        most = grace.part(_MOVING)
    budget = min(most, _left(journey, _LOOK_UNTIL))
    return await evidence_of(journey.page, facts.text, budget=budget)


def _left(journey: Journey, share: float) -> float:
    """Return the seconds until *share* of the grace is used up: the page has to be at rest in time, too."""
    until = journey.deadline.at + journey.page.grace.part(share)
    return max(_LEAST_SECONDS, until - time.monotonic())


def _reaching(journey: Journey, facts: NavigationFacts) -> asyncio.Task[Connection] | None:
    """Begin to connect where the browser failed to, if that would tell more."""
    if not diagnosis.wants_connection(facts):
        return None
    task = asyncio.ensure_future(connect(journey.last_url, journey.proxy, journey.page.grace.part(_CONNECT)))
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task


async def _was_blocked(page: ManagedPage, *, answered: bool = False) -> bool:
    """Whether a script, which is stopped, kept the page from what it was to do.

    A page that cannot take an answer looks like a server that gives none.

    Args:
        page: The page.
        answered: Whether the server's answer waits for the page to take it. Until it does,
            the browser hands the page nothing else, not even the order to stop its script.

    Raises:
        PageLost: The page answers to nothing.
    """
    pulse = await pulse_of(page, may_be_pending=False)
    if pulse in {Pulse.STOPPED, Pulse.SILENT} or (answered and pulse is Pulse.SLOW):
        raise lose(page)
    return pulse is Pulse.FREED


async def _what_it_waits_for(journey: Journey, facts: NavigationFacts) -> NavigationFacts:
    page = journey.page
    try:
        return replace(facts, pending=await journey.pending(Deadline.after(page.grace.part(_LOOK))))
    except (ScriptFailed, PlaywrightError) as exc:
        log.debug("the page does not tell what it waits for: %s", exc)
        return facts
    except Overdue:
        return replace(facts, pending=journey.unanswered(), blocked=await _was_blocked(page))


def _is_dropped(journey: Journey, facts: NavigationFacts) -> bool:
    """Whether the browser gave the navigation up, and no other took its place."""
    return "ERR_ABORTED" in facts.text and not facts.replaced and journey.action == "navigate"


def _is_unexplained(journey: Journey, facts: NavigationFacts) -> bool:
    """Whether the browser dropped the navigation without saying what the server answered."""
    return (
        _is_dropped(journey, facts)
        and facts.status is None
        and journey.last_url.partition(":")[0] in LOADABLE
    )


def _was_cut_off(journey: Journey, facts: NavigationFacts) -> bool:
    """Whether the browser dropped the navigation though a document had begun to arrive."""
    return _is_dropped(journey, facts) and facts.status == HTTPStatus.OK and not facts.committed


async def _second_look(journey: Journey, facts: NavigationFacts) -> tuple[NavigationFacts, bool]:
    """Return what is known after another look, and whether the document arrived at that."""
    at_least = journey.page.grace.part(_SECOND_LOOK)
    limit = Deadline.after(max(at_least, min(_SECOND_LOOK_LIMIT_SECONDS, journey.deadline.remaining)))
    answer = await look_again(journey.page, journey.url, journey.referer, limit)
    if not answer.status or answer.arrived:
        return replace(facts, replaced=True), answer.arrived
    return replace(facts, status=answer.status, redirect=answer.location), False
