"""What is said of each cause of a failed call on an element: an explanation, tips, candidates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rapidfuzz import fuzz, process

from agent_bridge.diagnosis import keys, wrong_types
from agent_bridge.diagnosis.calllog import Sign
from agent_bridge.diagnosis.texts import MAX_URL, shorten
from cmdop_browser.exceptions import Candidate, ElementCause
from cmdop_browser.exceptions.text import seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent_bridge.diagnosis.calllog import Said
    from agent_bridge.diagnosis.facts import By, CoverFacts, ElementFacts, Scene

_MAX_NAMED = 5
_MAX_OPTIONS = 10
_LIKELY_OPTION: Final = 60.0
# Only `click` has the option.
_FORCE = "pass force=True to click through it"


@dataclass(frozen=True, slots=True)
class Words:
    """What to say.

    Attributes:
        explanation: Fit to follow "failed after 5.0 s: ".
        tips: What to try, the most promising first.
        candidates: Selectors to use instead.
    """

    explanation: str
    tips: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()


def wording(cause: ElementCause, scene: Scene, said: Said) -> Words:
    """Return what to say of *cause* in this scene."""
    if scene.kind is not None and scene.kind.cause is cause and not (scene.count or scene.moved_to):
        return Words(scene.kind.explanation, scene.kind.tips)
    return _WORDINGS[cause](scene, said)


def counted(count: int, noun: str = "match") -> str:
    """Return ``1 match`` or ``2 matches``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}{'es' if noun.endswith('ch') else 's'}"


def quoted(selector: str) -> str:
    """Return a selector as a tip shows it: one that can be pasted into Python."""
    return repr(shorten(selector, MAX_URL))


def _invalid_selector(scene: Scene, _said: Said) -> Words:
    syntax = scene.syntax
    if syntax is None:
        return Words("the selector does not parse")
    where = f" at {quoted(syntax.where)}" if syntax.where else ""
    why = f": {syntax.why}" if syntax.why else ""
    meant = tuple(f"did you mean {quoted(selector)}?" for selector in syntax.corrections)
    return Words(
        f"the selector does not parse{where}{why}",
        meant or ("check brackets and quotes; without text=, xpath= or role= it is CSS",),
        tuple(Candidate(selector, why="corrected syntax") for selector in syntax.corrections),
    )


def _unknown_key(scene: Scene, said: Said) -> Words:
    combination = scene.call.key or said.key
    unknown = said.key or keys.unknown_key(combination) or combination
    near = keys.near_keys(combination)
    named = "keys are named as in KeyboardEvent.key: 'Enter', 'ArrowDown', 'a', 'Control+a'"
    first = (f"did you mean {' or '.join(map(repr, near))}?",) if near else ()
    return Words(f"there is no key {quoted(unknown)}", (*first, named))


def _hung(scene: Scene, _said: Said) -> Words:
    if not scene.freed:
        return Words(
            "the page does not answer, not even when its script is told to stop",
            ("allow more time: timeout=…", "if it stays so, the session is ended, and a new one is needed"),
        )
    return Words(
        "a script of the page blocked it, and was stopped",
        (
            "the page can be used again, but what its script was doing is lost: look at it, or load it anew",
            "a script that only takes long needs more time: timeout=…",
        ),
    )


def _several(scene: Scene, said: Said) -> Words:
    count = scene.count or said.matches
    selector = scene.call.selector
    shown = f", {scene.visible} of them visible" if 0 < scene.visible < count else ""
    tips = []
    if scene.visible == 1:
        tips.append(f"only one of them is visible: {quoted(f'{selector} >> visible=true')}")
    tips.append(f"pick one by its place: {quoted(f'{selector} >> nth=0')}")
    visible_first = sorted(scene.siblings, key=lambda sibling: not sibling.is_visible)
    named = [sibling.selector for sibling in visible_first if sibling.selector][:_MAX_NAMED]
    if named:
        tips.append(f"or by what sets it apart: {', '.join(map(quoted, named[:3]))}")
    return Words(
        f"the selector matches {count} elements{shown}",
        tuple(tips),
        tuple(Candidate(name, 1, 1.0, "one of the matches") for name in named),
    )


def _hidden(scene: Scene, said: Said) -> Words:
    element, by = scene.element, scene.element.hidden if scene.element is not None else None
    tips: list[str] = []
    if 0 < scene.visible < scene.count:
        tips.append(
            f"{scene.visible} of {scene.count} matches {'is' if scene.visible == 1 else 'are'} visible:"
            f" {quoted(f'{scene.call.selector} >> visible=true')}"
        )
    if element is None or by is None:
        explanation = (
            "it is in a frame that is not visible"
            if said.last is Sign.FRAME_HIDDEN
            else "it was there but not visible"
        )
        return Words(explanation, (*tips, "do first what makes it appear: open its menu, tab or dialog"))
    if by.what == "type=hidden":
        return Words(
            f'it is an <input type="hidden">, which nobody can {_verb(scene)}',
            ("the page's script sets its value: fill the field that it is made from",),
        )
    tips += _ways_to_show(scene, element, by)
    return Words(f"it is there but not visible: {_what_hides(by)}", tuple(tips))


def _what_hides(by: By) -> str:
    if by.what.startswith("closed "):
        return f"{'it is' if by.own else 'it is inside'} {by.markup}, which is closed"
    if by.what == "overflow: hidden":
        return f"{by.markup} around it cuts it off with overflow: hidden"
    if by.what.endswith(" attribute"):
        return f"{'it has' if by.own else f'{by.markup} around it has'} the {by.what}"
    if by.what.startswith(("display", "visibility", "content-visibility")):
        return f"{'it has' if by.own else f'{by.markup} around it has'} {by.what}"
    return by.what


def _ways_to_show(scene: Scene, element: ElementFacts, by: By) -> list[str]:
    call = scene.call
    tips = []
    if element.label and call.action in {"click", "check", "uncheck"}:
        tips.append(f"its label is visible, click that: {quoted(element.label)}")
    if by.what == "closed details":
        tips.append(f"open it first: click {quoted(f'{by.selector} > summary')}")
    elif element.tag in {"option", "optgroup"}:
        tips.append(f"choose it with select_option({quoted(by.selector)}, …)")
    else:
        tips.append("do first what makes it appear: open its menu, tab or dialog")
    if call.action == "wait_for":
        tips.append('it need not be visible to be read: wait_for(…, state="attached")')
    return tips


def _empty(scene: Scene, _said: Said) -> Words:
    tips = []
    if 0 < scene.visible < scene.count:
        tips.append(
            f"{scene.visible} of {scene.count} matches {'is' if scene.visible == 1 else 'are'} visible:"
            f" {quoted(f'{scene.call.selector} >> visible=true')}"
        )
    if scene.element is not None and scene.element.label:
        tips.append(f"its label is visible, click that: {quoted(scene.element.label)}")
    tips.append("give the selector of what shows in its place, inside or around it")
    return Words("it is there but its box is empty, 0 pixels wide or high", tuple(tips))


def _disabled(scene: Scene, said: Said) -> Words:
    if said.last is Sign.OPTION_DISABLED:
        return Words("the option is disabled", _enabled_options(scene))
    by = scene.element.disabled if scene.element is not None else None
    if by is None:
        inert = said.last is Sign.INERT
        return Words(
            "it was inert" if inert else "it was disabled",
            ("complete what enables it first, such as required fields",),
        )
    where = "it has" if by.own else f"{by.markup} around it has"
    words = {
        "disabled attribute": "it is disabled: it has the disabled attribute",
        "disabled fieldset": f"it is disabled by {by.markup} around it ({quoted(by.selector)})",
        "disabled optgroup": f"it is disabled by {by.markup} around it",
        "aria-disabled": f'it is disabled: {where} aria-disabled="true"',
        "inert": f"it is disabled: {where} the inert attribute",
        "pointer-events: none": f"it takes no clicks: {where} pointer-events: none",
    }
    tips = {
        "inert": "inert parts of a page wait for something else: finish or close the dialog in front first",
        "pointer-events: none": "the page turns clicks off until it is ready: wait for that, then click",
        "disabled fieldset": "complete what enables the fieldset first",
    }
    return Words(
        words.get(by.what, f"it is disabled: {by.what}"),
        (tips.get(by.what, "complete what enables it first, such as required fields"),),
    )


def _enabled_options(scene: Scene) -> tuple[str, ...]:
    options = scene.element.options if scene.element is not None else ()
    enabled = [option.label or option.value for option in options if not option.disabled]
    if not enabled:
        return ("complete what enables it first, such as another list",)
    return (f"the options that can be selected: {_listed(enabled)}",)


def _no_option(scene: Scene, _said: Said) -> Words:
    element = scene.element
    if element is None or not element.options:
        empty = element is not None and element.tag == "select"
        return Words(
            "the list is empty" if empty else "the list has no such option",
            ("the page fills it later: wait_for an option of it first",) if empty else (),
        )
    names = [option.label or option.value for option in element.options]
    known = {text: at for at, option in enumerate(element.options) for text in (option.label, option.value)}
    tips = []
    for asked in scene.call.options[:1]:
        near = process.extractOne(
            asked, list(known), scorer=fuzz.ratio, processor=str.casefold, score_cutoff=_LIKELY_OPTION
        )
        if near is not None:
            option = element.options[known[near[0]]]
            tips.append(f"did you mean label={option.label!r} (value={option.value!r})?")
    more = f" and {element.more_options} more" if element.more_options else ""
    tips.append(f"the options there are: {_listed(names)}{more}")
    return Words("the list has no such option", tuple(tips))


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:_MAX_OPTIONS])
    return f"{shown}, …" if len(names) > _MAX_OPTIONS else shown


def _readonly(scene: Scene, _said: Said) -> Words:
    by = scene.element.readonly if scene.element is not None else None
    how = "" if by is None else f": it has the {by.what}" if "attribute" in by.what else f": it has {by.what}"
    return Words(
        f"it is read-only{how}",
        ("the page sets its value by script: use the control it offers, such as a date picker",),
    )


def _moving(scene: Scene, _said: Said) -> Words:
    tips = ["wait for its animation to end"]
    if scene.call.action == "click":
        tips.append("or pass force=True to click it while it moves")
    return Words("it does not stop moving", tuple(tips))


def _detached(scene: Scene, said: Said) -> Words:
    again = said.last is Sign.DETACHED and scene.count > 0
    return Words(
        "it was taken out of the document meanwhile",
        (
            "the page renders it anew again and again: wait until it is done, then act"
            if again
            else "the page removed it: look for what took its place",
        ),
    )


def _outside(_scene: Scene, _said: Said) -> Words:
    return Words(
        "it cannot be scrolled into the viewport",
        (
            "do first what brings it in: open the menu or drawer it belongs to",
            "or create the session with a larger viewport",
        ),
    )


def _covered(scene: Scene, said: Said) -> Words:
    cover = scene.element.cover if scene.element is not None else None
    force = (f"or {_FORCE}",) if scene.call.action == "click" else ()
    if cover is None:
        by = f"covered by {said.cover}" if said.cover else "something else would receive the click"
        return Words(by, ("wait until it is gone, or close it first", *force))
    shows = f", which shows {shorten(cover.url, MAX_URL)}" if cover.url else ""
    return Words(f"covered by {cover.markup}{shows}", (*_ways_to_uncover(scene, cover), *force))


def _ways_to_uncover(scene: Scene, cover: CoverFacts) -> tuple[str, ...]:
    label = scene.element.label if scene.element is not None else ""
    if cover.is_label and label:
        return (f"it is its own label, click that: {quoted(label)}",)
    if cover.tag in {"html", "body"}:
        return ("the page around it takes the click: aim at another place, position=(x, y)",)
    what = {"consent": "consent banner", "modal": "dialog"}.get(cover.looks or "", "")
    click = f": click {quoted(cover.closers[0].selector)}" if cover.closers else ""
    if what:
        return (f"close the {what} first{click}",)
    if click:
        return (f"close it first{click}",)
    if cover.selector:
        return (f"wait until it is gone: wait_for({quoted(cover.selector)}, state='hidden')",)
    return ("wait until it is gone, or close it first",)


def _in_iframe(scene: Scene, _said: Said) -> Words:
    match = scene.frames[0]
    more = f", and in {len(scene.frames) - 1} more" if len(scene.frames) > 1 else ""
    found = f"{counted(match.count)} in the frame {quoted(match.frame)}{more}"
    inside = tuple(found.selector for found in scene.frames if found.selector)
    tips = [f"reach into the frame: {quoted(inside[0])}"] if inside else []
    if match.url.startswith("http"):
        tips.append(f"or load the frame's page itself: navigate({quoted(match.url)})")
    return Words(
        f"no match in the page, but {found} ({shorten(match.url, MAX_URL)})",
        tuple(tips),
        tuple(
            Candidate(found.selector, found.count, 1.0, "in a frame")
            for found in scene.frames
            if found.selector
        ),
    )


def _in_closed_root(scene: Scene, _said: Said) -> Words:
    root = scene.closed_roots[0]
    at_a_place = f"click({quoted(root.host)}, position=(x, y))"
    return Words(
        f"no match in reach, but {counted(root.count)} in the closed shadow root of {quoted(root.host)}",
        (
            f"no selector reaches into it: click its host at a place, {at_a_place}, or press keys",
            "to read it: dom.html(shadow=True)",
        ),
    )


def _typo(scene: Scene, _said: Said) -> Words:
    first, *others = (near.candidate() for near in scene.near[:_MAX_NAMED])
    tips = [f"did you mean {quoted(first.selector)}? ({counted(first.count)})"]
    if others:
        tips.append(
            "or " + ", ".join(f"{quoted(other.selector)} ({counted(other.count)})" for other in others)
        )
    return Words("no element matches, but something near does", tuple(tips), (first, *others))


def _moved_on(scene: Scene, _said: Said) -> Words:
    return Words(
        f"the page moved on meanwhile, to {shorten(scene.moved_to, MAX_URL)}",
        ("wait for the page that is meant: wait_for_url, then act",),
    )


def _loading(scene: Scene, _said: Said) -> Words:
    if scene.pending_url:
        return Words(
            f"the page was still on its way to {shorten(scene.pending_url, MAX_URL)}",
            ("wait until it is there: wait_for_url, or allow more time: timeout=…",),
        )
    return Words(
        "it came only when the time was up",
        ("wait for it first: wait_for(selector), or allow more time: timeout=…",),
    )


def _no_match(scene: Scene, _said: Said) -> Words:
    call = scene.call
    tips = []
    if scene.below_root:
        tips.append(
            f"XPath stops at shadow roots, and it would match in that of {quoted(scene.below_root)}:"
            " use CSS, text= or role="
        )
    if scene.page:
        waited = f"; {seconds(call.waited)} were waited" if call.timed_out else ""
        tips.append(f"the page is {scene.page}{waited}")
    if not call.timed_out:
        tips.append("reads do not wait; for what comes late: wait_for(selector) first")
    tips.append("check the selector against dom.html()")
    if scene.probed:
        return Words("no element matches", tuple(tips))
    return Words(
        "no element matched, and the page was too busy to be looked at",
        (*tips, "allow more time: timeout=…"),
    )


def _verb(scene: Scene) -> str:
    return {"fill": "fill", "type": "type into", "check": "check", "uncheck": "uncheck"}.get(
        scene.call.action, "see or click"
    )


def _wrong_type(scene: Scene, said: Said) -> Words:
    return Words(*wrong_types.explained(scene.call, scene.element, said.refusal))


_WORDINGS: Final[dict[ElementCause, Callable[[Scene, Said], Words]]] = {
    ElementCause.INVALID_SELECTOR: _invalid_selector,
    ElementCause.UNKNOWN_KEY: _unknown_key,
    ElementCause.PAGE_HUNG: _hung,
    ElementCause.AMBIGUOUS: _several,
    ElementCause.WRONG_TYPE: _wrong_type,
    ElementCause.HIDDEN: _hidden,
    ElementCause.ZERO_SIZE: _empty,
    ElementCause.DISABLED: _disabled,
    ElementCause.NO_SUCH_OPTION: _no_option,
    ElementCause.READONLY: _readonly,
    ElementCause.DETACHED: _detached,
    ElementCause.MOVING: _moving,
    ElementCause.OUTSIDE_VIEWPORT: _outside,
    ElementCause.COVERED: _covered,
    ElementCause.IN_IFRAME: _in_iframe,
    ElementCause.IN_CLOSED_SHADOW_ROOT: _in_closed_root,
    ElementCause.TYPO: _typo,
    ElementCause.WRONG_PAGE: _moved_on,
    ElementCause.PAGE_LOADING: _loading,
    ElementCause.NO_MATCH: _no_match,
}
