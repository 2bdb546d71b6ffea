"""What is said of each cause of a failed call on an element: an explanation, tips, candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from agent_bridge.diagnosis import keys
from agent_bridge.diagnosis.obstacles import OBSTACLES
from agent_bridge.diagnosis.phrases import Words, counted, quoted
from agent_bridge.diagnosis.texts import MAX_URL, shorten
from cmdop_browser.exceptions import Candidate, ElementCause

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent_bridge.diagnosis.calllog import Said
    from agent_bridge.diagnosis.facts import Scene

_MAX_NAMED = 5
_WAIT_FIRST: Final = "reads do not wait; for what comes late: wait_for(selector) first"


def wording(cause: ElementCause, scene: Scene, said: Said) -> Words:
    """Return what to say of *cause* in this scene."""
    if scene.kind is not None and scene.kind.cause is cause and not (scene.count or scene.moved_to):
        return Words(scene.kind.explanation, scene.kind.tips)
    return _WORDINGS[cause](scene, said)


def _invalid_selector(scene: Scene, _said: Said) -> Words:
    syntax = scene.syntax
    if syntax is None:
        return Words("the selector does not parse")
    where = f" at {quoted(syntax.where)}" if syntax.where else ""
    why = f": {syntax.why}" if syntax.why else ""
    meant = tuple(
        f"did you mean {quoted(each.selector)}?" + (f" ({counted(each.count)})" if each.count else "")
        for each in syntax.corrections
    )
    otherwise = (
        () if syntax.tips else ("check brackets and quotes; without text=, xpath= or role= it is CSS",)
    )
    wrong = "can match nothing" if syntax.parses else "does not parse"
    return Words(f"the selector {wrong}{where}{why}", (*meant, *syntax.tips) or otherwise, syntax.corrections)


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
    if not scene.call.timed_out:
        return Words("it came only after the page was read", (_WAIT_FIRST,))
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
    if not call.timed_out:
        tips.append(_WAIT_FIRST)
    tips.append("check the selector against dom.html()")
    if not scene.probed:
        if scene.refused:
            return Words("no element matched, and the page could not be asked about it", tuple(tips))
        return Words(
            "no element matched, and the page was too busy to be looked at",
            (*tips, "allow more time: timeout=…"),
        )
    if not scene.searched_whole:
        return Words(
            "no element matches; the page is too large, or too busy, to be searched whole for one like it",
            tuple(tips),
        )
    return Words("no element matches", tuple(tips))


_WORDINGS: Final[dict[ElementCause, Callable[[Scene, Said], Words]]] = {
    ElementCause.INVALID_SELECTOR: _invalid_selector,
    ElementCause.UNKNOWN_KEY: _unknown_key,
    ElementCause.PAGE_HUNG: _hung,
    ElementCause.AMBIGUOUS: _several,
    **OBSTACLES,
    ElementCause.IN_IFRAME: _in_iframe,
    ElementCause.IN_CLOSED_SHADOW_ROOT: _in_closed_root,
    ElementCause.TYPO: _typo,
    ElementCause.WRONG_PAGE: _moved_on,
    ElementCause.PAGE_LOADING: _loading,
    ElementCause.NO_MATCH: _no_match,
}
