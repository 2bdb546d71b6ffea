"""Why an action on an element failed: from Playwright's message and call log to a cause."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent_bridge.diagnosis.texts import bounded
from cmdop_browser.exceptions import ElementCause, Outcome
from cmdop_browser.exceptions.text import seconds

_Cause = ElementCause


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the texts show.

    Attributes:
        cause: The one cause; None when time ran out after the act was done.
        explanation: The cause in words, with what the texts say of it.
        tips: What to try.
        matches: How many elements the selector matched, where the texts tell.
        outcome: Whether the act was carried out.
    """

    cause: ElementCause | None
    explanation: str
    tips: tuple[str, ...] = ()
    matches: int = 0
    outcome: Outcome = Outcome.NOT_EXECUTED


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    cause: ElementCause
    # `{0}`, `{1}` are the groups of the pattern.
    explanation: str
    tips: tuple[str, ...] = ()
    matches: int = 1


def _rule(pattern: str, cause: ElementCause, explanation: str, *tips: str, matches: int = 1) -> _Rule:
    return _Rule(re.compile(pattern), cause, explanation, tips, matches)


# Searched in the whole message in this order: what the caller got wrong first,
# then what the last look at the element showed.
_RULES = (
    _rule(
        r'while parsing (?:css )?selector "(.*?)"',
        _Cause.INVALID_SELECTOR,
        "the selector does not parse near {0!r}",
        matches=0,
    ),
    _rule(
        r'is not a valid (?:selector|XPath expression)|Unknown engine "|Malformed selector|Invalid selector'
        r"|Selector cannot|Unexpected end of (?:selector|input) while parsing|Error while parsing selector",
        _Cause.INVALID_SELECTOR,
        "the selector does not parse",
        matches=0,
    ),
    _rule(
        r'Unknown key: "(.*?)"',
        _Cause.UNKNOWN_KEY,
        "there is no key {0!r}",
        'keys are named as in KeyboardEvent.key: "Enter", "ArrowDown", "a", "Control+a"',
        matches=0,
    ),
    _rule(
        r"strict mode violation: .*? resolved to (\d+) elements",
        _Cause.AMBIGUOUS,
        "the selector matches {0} elements",
    ),
    _rule(
        r"did not find some options",
        _Cause.NO_SUCH_OPTION,
        "the list has no such option",
        "read the options there are: dom.attrs('option', 'value')",
    ),
    _rule(
        r"option being selected is not enabled",
        _Cause.DISABLED,
        "the option is disabled",
    ),
    _rule(
        r"Element is not an? (<.*?>|\w+)|Node is not an? (<.*?>|\w+)|Not a checkbox or radio"
        r"|Cannot type text into|Input of type \"\w+\" cannot be filled|Non-multiple file input"
        r"|did not change its state"
        r"|Malformed value|is not an? .*? element",
        _Cause.WRONG_TYPE,
        "the element does not take this action",
        "use the call that fits: fill for text, check for boxes, select_option for lists, upload for files",
    ),
    _rule(
        r"(<[^\n]*>) (?:from (?:<[^\n]*>) subtree )?intercepts pointer events",
        _Cause.COVERED,
        "covered by {0}",
    ),
    _rule(
        r"element is not visible|locator resolved to hidden",
        _Cause.HIDDEN,
        "it is there but not visible",
        "do first what makes it appear: open its menu, tab or dialog",
    ),
    _rule(
        r"element is not enabled",
        _Cause.DISABLED,
        "it is disabled",
        "complete what enables it first, such as required fields",
    ),
    _rule(
        r"element is not editable",
        _Cause.READONLY,
        "it is read-only",
    ),
    _rule(
        r"element is outside of the viewport",
        _Cause.OUTSIDE_VIEWPORT,
        "it cannot be scrolled into the viewport",
        "create the session with a larger viewport",
    ),
    _rule(
        r"element is not stable",
        _Cause.MOVING,
        "it does not stop moving",
        "pass force=True to act while it moves",
    ),
    _rule(
        r"not attached to the DOM|element was detached",
        _Cause.DETACHED,
        "it was taken out of the document",
        "the page renders it anew; wait until it is done, then act",
    ),
)

# The click was made; only the navigation it started is not over.
_DONE = re.compile(r"waiting for scheduled navigations to finish(?![\s\S]*navigations have finished)")
_UNKNOWN = re.compile(r"performing [\w ]+ action(?![\s\S]*action done)")
# The element was there, and nothing spoke against the action.
_FOUND = re.compile(r"locator resolved to <")
_NO_MATCH_TIPS = (
    "check the selector against dom.html(); the element may be in a frame or appear later",
    "wait for it: wait_for(selector)",
)


def verdict_of(text: str, *, waited: float, timed_out: bool) -> Verdict:
    """Return what Playwright's text says of a failed action.

    Args:
        text: The message with its call log.
        waited: Seconds the caller gave.
        timed_out: Whether the time ran out, rather than Playwright refusing.
    """
    text = bounded(text)
    if timed_out and _DONE.search(text):
        return Verdict(
            None,
            f"was done, but the page it led to did not load within {seconds(waited)}",
            ("do not repeat it; wait for the page: wait_for_url or wait_for",),
            1,
            Outcome.EXECUTED,
        )
    if timed_out and _UNKNOWN.search(text):
        return Verdict(
            ElementCause.PAGE_HUNG,
            f"was begun, but the page did not answer within {seconds(waited)}",
            ("look at the page before repeating it: the act may have had its effect",),
            1,
            Outcome.UNKNOWN,
        )
    for rule in _RULES:
        found = rule.pattern.search(text)
        if found:
            return _apply(rule, found)
    if timed_out and _FOUND.search(text):
        return Verdict(
            None,
            f"was begun, but was not done within {seconds(waited)}",
            (
                "look at the page before repeating it: a part of it may have been done",
                "allow more time: timeout=…",
            ),
            1,
            Outcome.UNKNOWN,
        )
    return no_match()


def no_match() -> Verdict:
    """Return the verdict of a selector that matches nothing."""
    return Verdict(ElementCause.NO_MATCH, "no element matches", _NO_MATCH_TIPS)


def wrong_type(*tips: str) -> Verdict:
    """Return the verdict of an element that the call does not fit."""
    return Verdict(ElementCause.WRONG_TYPE, "the element does not take this action", tips, 1)


def _apply(rule: _Rule, found: re.Match[str]) -> Verdict:
    groups = [group for group in found.groups() if group]
    matches = rule.matches
    if rule.cause is ElementCause.AMBIGUOUS:
        matches = int(groups[0])
    # A pattern with alternatives may match without its group.
    explanation = (
        rule.explanation.format(*groups) if groups else re.sub(r" ?(near )?\{0!?r?\}", "", rule.explanation)
    )
    return Verdict(rule.cause, explanation, rule.tips, matches)
