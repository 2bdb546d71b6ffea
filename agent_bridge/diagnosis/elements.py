"""Which one cause a failed call on an element has: a table of rules, in the order in which they win.

Facts come in as a `Scene`, one cause goes out. What is said of it, and which tips
follow, is in `wording`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from agent_bridge.diagnosis import choices
from agent_bridge.diagnosis.calllog import Said, Sign, said
from agent_bridge.diagnosis.facts import Need
from agent_bridge.diagnosis.wording import wording
from cmdop_browser.exceptions import Candidate, ElementCause, Outcome
from cmdop_browser.exceptions.text import seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent_bridge.diagnosis.facts import ElementFacts, Scene

_Cause = ElementCause

# On a page that stops everybody, a near element is meant only if it is this near.
PLAINLY_MEANT: Final = 0.9
_WALLS: Final = frozenset({_Cause.CHALLENGE, _Cause.LOGIN_WALL, _Cause.CONSENT_WALL})
# Reads and waits take the first of several.
_ON_ONE: Final = frozenset(
    {"click", "hover", "check", "uncheck", "fill", "type", "press", "select_option", "upload", "screenshot"}
)
_KEYS: Final = frozenset({"type", "press"})
_LISTS: Final = frozenset({"select_option"})
# The box was clicked, and the page put it back; the field was emptied; one option was selected.
_HALF_DONE: Final = ("Clicking", "Malformed", "Non-multiple select")
_UPLOADS: Final = frozenset({"upload"})
# Done by one script in the page: Playwright says nothing between the look at the element and the end.
_BY_SCRIPT: Final = frozenset({"fill", "select_option", "upload"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a failure in the end.

    Attributes:
        cause: The one cause; None when time ran out with the act done or half done.
        explanation: The cause in words, fit to follow "failed after 5.0 s: ".
        tips: What to try, the most promising first.
        matches: How many elements the selector matched.
        outcome: Whether the act was carried out.
        candidates: Selectors to use instead, best first.
    """

    cause: ElementCause | None
    explanation: str
    tips: tuple[str, ...] = ()
    matches: int = 0
    outcome: Outcome = Outcome.NOT_EXECUTED
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A scene together with what Playwright's texts say, and the questions that rules ask of it."""

    scene: Scene
    said: Said

    @property
    def element(self) -> ElementFacts | None:
        """The element that the call would act on, if there is one."""
        return self.scene.element

    @property
    def is_gone(self) -> bool:
        """Whether there was an element, and there is none any more."""
        return self.said.found and self.scene.probed and not self.scene.count and not self.scene.frames

    @property
    def may_be_half_done(self) -> bool:
        """Whether keys may have been pressed already: nothing spoke against the element."""
        call = self.scene.call
        return call.action in _KEYS and call.timed_out and self.said.found and self.said.last is None

    @property
    def may_have_acted(self) -> bool:
        """Whether the act may have had its effect: a handler of the page may be what took so long."""
        call = self.scene.call
        by_script = (
            call.action in _BY_SCRIPT and call.timed_out and self.said.found and self.said.last is None
        )
        return by_script or self.may_be_half_done

    def needs(self, *needs: Need) -> bool:
        """Whether the call asks for any of *needs*."""
        return any(need in self.scene.call.needs for need in needs)

    def does(self, actions: frozenset[str]) -> bool:
        """Whether the call is one of *actions*."""
        return self.scene.call.action in actions

    def saw(self, *signs: Sign) -> bool:
        """Whether the last thing that Playwright said is one of *signs*."""
        return self.said.last in signs


@dataclass(frozen=True, slots=True)
class _Rule:
    cause: ElementCause
    applies: Callable[[Case], bool]


def _several(case: Case) -> bool:
    call = case.scene.call
    # Playwright says so itself, unless the time ran out before.
    return case.said.matches > 1 or (call.action in _ON_ONE and call.timed_out and case.scene.count > 1)


def _hidden_input(case: Case) -> bool:
    element = case.element
    return (
        case.needs(Need.VISIBLE)
        and element is not None
        and element.hidden is not None
        and element.hidden.what == "type=hidden"
    )


def _wrong_type(case: Case) -> bool:
    element = case.element
    if Sign.REFUSED in case.said.signs:
        return True
    if element is None:
        return False
    kind = case.scene.call.kind
    if kind is not None:
        return element.tag != kind
    if case.does(_LISTS):
        return element.tag != "select"
    if case.does(_UPLOADS):
        return (element.tag, element.type) != ("input", "file")
    return case.scene.call.action == "fill" and not element.takes_text


def _hidden(case: Case) -> bool:
    if not case.needs(Need.VISIBLE):
        return False
    if case.element is None:
        return not case.is_gone and case.saw(Sign.HIDDEN, Sign.FRAME_HIDDEN)
    if case.element.hidden is not None:
        return True
    return not case.element.is_empty and case.saw(Sign.HIDDEN, Sign.FRAME_HIDDEN)


def _empty(case: Case) -> bool:
    return case.needs(Need.VISIBLE) and case.element is not None and case.element.is_empty


def _disabled(case: Case) -> bool:
    if case.saw(Sign.DISABLED, Sign.INERT, Sign.OPTION_DISABLED):
        return True
    if not case.said.found and choices.is_disabled(case.scene):
        return True  # Playwright says so itself, unless the time ran out before
    by = case.element.disabled if case.element is not None else None
    if by is None:
        return False
    if by.what == "pointer-events: none":
        return case.needs(Need.POINTER)
    if by.what == "inert":
        return case.needs(Need.ENABLED, Need.POINTER)
    return case.needs(Need.ENABLED)


def _no_option(case: Case) -> bool:
    # Playwright says so itself, unless the time ran out before.
    return case.saw(Sign.NO_OPTION) or (not case.said.found and choices.is_missing(case.scene))


def _readonly(case: Case) -> bool:
    if not case.needs(Need.EDITABLE):
        return False
    return case.saw(Sign.READONLY) or (case.element is not None and case.element.readonly is not None)


def _detached(case: Case) -> bool:
    if case.scene.moved_to:
        return False
    return (
        case.saw(Sign.DETACHED)
        or case.is_gone
        or (case.element is not None and case.element.is_detached and case.said.last is None)
    )


def _moving(case: Case) -> bool:
    if case.saw(Sign.MOVING):
        return True
    return (
        case.needs(Need.STABLE)
        and case.said.last is None
        and case.element is not None
        and case.element.is_moving
        and case.element.cover is None
    )


def _outside(case: Case) -> bool:
    if case.saw(Sign.OUTSIDE):
        return True
    return case.needs(Need.POINTER) and case.element is not None and case.element.is_outside


def _covered(case: Case) -> bool:
    if not case.needs(Need.POINTER):
        return False
    return case.saw(Sign.COVERED) or (case.element is not None and case.element.cover is not None)


def _late(case: Case) -> bool:
    # It matches, shows, and nothing ever spoke against it: it came as the time ran out, or after a read.
    call = case.scene.call
    return case.scene.count > 0 and not case.said.found and (call.timed_out or not call.text)


def _typo(case: Case) -> bool:
    if not case.scene.near or case.said.found:
        return False
    kind = case.scene.kind
    if kind is None or kind.cause not in _WALLS:
        return True
    best = case.scene.near[0]
    if kind.cause is _Cause.LOGIN_WALL and best.in_login_form:
        return True
    return best.score >= PLAINLY_MEANT


def _page_is(cause: ElementCause) -> Callable[[Case], bool]:
    def applies(case: Case) -> bool:
        return case.scene.kind is not None and case.scene.kind.cause is cause

    return applies


def _moved_on(case: Case) -> bool:
    return bool(case.scene.moved_to) or _page_is(_Cause.WRONG_PAGE)(case)


def _loading(case: Case) -> bool:
    return bool(case.scene.pending_url) or _page_is(_Cause.PAGE_LOADING)(case)


def _nothing(case: Case) -> bool:
    return not case.said.found and not case.scene.count


RULES: Final = (
    # 1. The caller's own mistake.
    _Rule(_Cause.INVALID_SELECTOR, lambda case: case.scene.syntax is not None),
    _Rule(_Cause.UNKNOWN_KEY, lambda case: Sign.UNKNOWN_KEY in case.said.signs),
    # 2. A page that does not get to anything else.
    _Rule(_Cause.PAGE_HUNG, lambda case: case.scene.hung),
    # 3. A fact about an element that matches, whatever the page is; in the order
    # in which Playwright looks, because the first obstacle is the one to remove.
    _Rule(_Cause.AMBIGUOUS, _several),
    _Rule(_Cause.HIDDEN, _hidden_input),
    _Rule(_Cause.WRONG_TYPE, _wrong_type),
    _Rule(_Cause.HIDDEN, _hidden),
    _Rule(_Cause.ZERO_SIZE, _empty),
    _Rule(_Cause.DISABLED, _disabled),
    _Rule(_Cause.NO_SUCH_OPTION, _no_option),
    _Rule(_Cause.READONLY, _readonly),
    _Rule(_Cause.DETACHED, _detached),
    _Rule(_Cause.MOVING, _moving),
    _Rule(_Cause.OUTSIDE_VIEWPORT, _outside),
    _Rule(_Cause.COVERED, _covered),
    _Rule(_Cause.PAGE_LOADING, _late),
    # 4. Where the match really is.
    _Rule(_Cause.IN_IFRAME, lambda case: bool(case.scene.frames)),
    _Rule(_Cause.IN_CLOSED_SHADOW_ROOT, lambda case: bool(case.scene.closed_roots)),
    # 5. What was probably meant.
    _Rule(_Cause.TYPO, _typo),
    # 6. What the page is, the more special first.
    _Rule(_Cause.CHALLENGE, _page_is(_Cause.CHALLENGE)),
    _Rule(_Cause.LOGIN_WALL, _page_is(_Cause.LOGIN_WALL)),
    _Rule(_Cause.CONSENT_WALL, _page_is(_Cause.CONSENT_WALL)),
    _Rule(_Cause.ERROR_PAGE, _page_is(_Cause.ERROR_PAGE)),
    _Rule(_Cause.WRONG_PAGE, _moved_on),
    _Rule(_Cause.SCRIPT_DISABLED, _page_is(_Cause.SCRIPT_DISABLED)),
    _Rule(_Cause.PAGE_LOADING, _loading),
    # 7.
    _Rule(_Cause.NO_MATCH, _nothing),
)


def verdict_of(scene: Scene) -> Verdict | None:
    """Return the verdict on a failed call; None when Playwright refused for a reason without a cause."""
    case = Case(scene, said(scene.call.text))
    if scene.call.timed_out and case.said.was_done:
        return _done(case)
    if scene.call.timed_out and case.said.was_begun:
        return _begun(case)
    if case.may_be_half_done and not scene.hung:
        return _half_done(case)
    for rule in RULES:
        if rule.applies(case):
            return _verdict(rule.cause, case)
    return _half_done(case) if scene.call.timed_out else None


def _verdict(cause: ElementCause, case: Case) -> Verdict:
    words = wording(cause, case.scene, case.said)
    return Verdict(
        cause,
        words.explanation,
        words.tips,
        _matches(cause, case),
        _outcome(cause, case),
        words.candidates,
    )


def _matches(cause: ElementCause, case: Case) -> int:
    if cause in {_Cause.IN_IFRAME, _Cause.IN_CLOSED_SHADOW_ROOT, _Cause.TYPO, _Cause.INVALID_SELECTOR}:
        return 0
    return case.scene.count or case.said.matches or int(case.said.found and not case.is_gone)


def _outcome(cause: ElementCause, case: Case) -> Outcome:
    if case.may_have_acted:
        return Outcome.UNKNOWN
    if cause is _Cause.WRONG_TYPE and case.said.refusal.startswith(_HALF_DONE):
        return Outcome.UNKNOWN
    return Outcome.NOT_EXECUTED


def _done(case: Case) -> Verdict:
    call = case.scene.call
    return Verdict(
        None,
        f"was done, but then a script blocked the page for {seconds(call.waited)}"
        if case.scene.hung
        else f"was done, but the page it led to did not load within {seconds(call.waited)}",
        ("do not repeat it; wait for the page: wait_for_url or wait_for",),
        case.scene.count or 1,
        Outcome.EXECUTED,
    )


def _begun(case: Case) -> Verdict:
    call = case.scene.call
    stopped = "; the script that blocked it was stopped" if case.scene.freed else ""
    return Verdict(
        ElementCause.PAGE_HUNG,
        f"was begun, but the page did not answer within {seconds(call.waited)}{stopped}",
        (
            "look at the page before repeating it: the act may have had its effect",
            *(("what the page's script was doing is lost; the page can be used again",) if stopped else ()),
        ),
        case.scene.count or 1,
        Outcome.UNKNOWN,
    )


def _half_done(case: Case) -> Verdict:
    return Verdict(
        None,
        f"was begun, but was not done within {seconds(case.scene.call.waited)}",
        (
            "look at the page before repeating it: a part of it may have been done",
            "allow more time: timeout=…",
        ),
        case.scene.count or 1,
        Outcome.UNKNOWN,
    )
