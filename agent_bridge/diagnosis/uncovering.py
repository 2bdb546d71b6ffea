"""What is said of an element that something else takes the click of, and what helps against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from agent_bridge.diagnosis.phrases import Words, quoted
from agent_bridge.diagnosis.texts import MAX_URL, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_bridge.diagnosis.calllog import Said
    from agent_bridge.diagnosis.facts import CoverFacts, ElementFacts, Scene

# Only `click` has the option.
_FORCE: Final = "pass force=True to click through it"
_TEXT_CALLS: Final = "fill() and type() need no click"
# A key does to these what a click does.
_BY_KEY: Final = {"a": "Enter", "button": "Enter", "summary": "Enter"}
_BUTTON_TYPES: Final = frozenset({"submit", "button", "reset", "image"})
_BOX_TYPES: Final = frozenset({"checkbox", "radio"})


def covered(scene: Scene, said: Said) -> Words:
    """Return what to say when something else receives the click."""
    if (words := missed(scene)) is not None:
        return words
    element = scene.element
    cover = element.cover if element is not None else None
    force = (f"or {_FORCE}",) if scene.call.action == "click" else ()
    if element is None or cover is None:
        by = f"covered by {said.cover}" if said.cover else "something else would receive the click"
        return Words(by, ("wait until it is gone, or close it first", *force))
    if cover.stays:
        tips = tuple(_ways_around(scene, element, cover))
        return Words(
            f"covered by {_named(cover)}",
            tips or ("no place of it can be reached: act on what covers it instead",),
        )
    return Words(f"covered by {_named(cover)}", (_way_to_uncover(cover), *force))


def missed(scene: Scene) -> Words | None:
    """Return what to say when the position to click lies outside of the element; None when it does not."""
    cover = scene.element.cover if scene.element is not None else None
    position = scene.call.position
    if cover is None or cover.missed is None or position is None:
        return None
    (x, y), (width, height) = position, cover.missed
    size = f"{width}x{height} pixels"
    return Words(
        f"position=({x:g}, {y:g}) lies outside of it, which is {size}: {cover.markup} is there",
        (
            f"count from its top left corner: position=({width // 2}, {height // 2}) is its middle",
            "or leave position out: the middle is what a click hits",
        ),
    )


def _named(cover: CoverFacts) -> str:
    markup = f"{cover.markup}{cover.pseudo}" if cover.pseudo else cover.markup
    around = ", in which it stands" if cover.is_around else ""
    shows = f", which shows {shorten(cover.url, MAX_URL)}" if cover.url else ""
    return f"{markup}{around}{shows}"


def _way_to_uncover(cover: CoverFacts) -> str:
    """Return what takes a cover away that does go away."""
    what = {"consent": "the consent banner", "modal": "the dialog"}.get(cover.looks or "")
    click = f": click {quoted(cover.closers[0].selector)}" if cover.closers else ""
    if cover.looks == "loading":
        busy = "it shows that the page is at work: wait until that is over"
        if cover.selector and not cover.is_around and not cover.pseudo:
            return f"{busy}: wait_for({quoted(cover.selector)}, state='hidden')"
        return busy
    if what or click:
        return f"close {what or 'it'} first{click}"
    if cover.selector:
        return f"wait until it is gone: wait_for({quoted(cover.selector)}, state='hidden')"
    return "wait until it is gone, or close it first"


def _ways_around(scene: Scene, element: ElementFacts, cover: CoverFacts) -> Iterator[str]:
    """Yield what reaches an element although its cover stays: forcing a click would hit the cover, too."""
    is_click = scene.call.action == "click"
    if cover.is_label and element.label:
        yield f"it is its own label, click that: {quoted(element.label)}"
    if is_click and cover.free is not None:
        x, y = cover.free
        yield f"aim at a place of it that is free: position=({x}, {y})"
    if element.takes_text:
        yield (
            f"the label over it does not matter for text: {_TEXT_CALLS}"
            if cover.tag == "label"
            else _TEXT_CALLS
        )
    elif is_click and (key := _key_for(element)):
        selector = quoted(scene.call.selector)
        yield f"use the keyboard, which nothing covers: press({key!r}, selector={selector})"
    if cover.is_link or cover.is_around:
        whose = "what it stands in" if cover.is_around else "what lies over it"
        if cover.selector and cover.tag not in {"html", "body"}:
            yield f"click {whose}, if that is what you want: {quoted(cover.selector)}"
    if cover.is_bar:
        yield "it keeps its place while the page scrolls: create the session with a larger viewport"


def _key_for(element: ElementFacts) -> str:
    if element.tag == "input":
        return "Space" if element.type in _BOX_TYPES else "Enter" if element.type in _BUTTON_TYPES else ""
    return _BY_KEY.get(element.tag, "")
