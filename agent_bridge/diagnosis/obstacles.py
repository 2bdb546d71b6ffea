"""What is said of an element that is there and cannot be acted on: what stands in the way, and what helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rapidfuzz import fuzz, process

from agent_bridge.diagnosis import choices, uncovering, wrong_types
from agent_bridge.diagnosis.calllog import Sign
from agent_bridge.diagnosis.phrases import Words, listed, quoted
from cmdop_browser.exceptions import ElementCause

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent_bridge.diagnosis.calllog import Said
    from agent_bridge.diagnosis.facts import By, ElementFacts, Scene

_LIKELY_OPTION: Final = 60.0


def _hidden(scene: Scene, said: Said) -> Words:
    element, by = scene.element, scene.element.hidden if scene.element is not None else None
    tips = _those_that_show(scene)
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


def _those_that_show(scene: Scene) -> list[str]:
    if not 0 < scene.visible < scene.count:
        return []
    are = "is" if scene.visible == 1 else "are"
    narrowed = quoted(f"{scene.call.selector} >> visible=true")
    return [f"{scene.visible} of {scene.count} matches {are} visible: {narrowed}"]


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
    if element.tag == "area":
        return ["click the picture that it is a part of, where it lies: position=(x, y)", *_attached(scene)]
    if by.what.endswith("is not rendered"):
        return [f"it is never shown, only read: dom.html({quoted(call.selector)})", *_attached(scene)]
    if element.widget:
        tips.append(f"{quoted(element.widget)} shows in its place: click that, then the option in its list")
    if element.label and call.action in {"click", "check", "uncheck"}:
        tips.append(f"its label is visible, click that: {quoted(element.label)}")
    if by.what == "closed details":
        tips.append(f"open it first: click {quoted(f'{by.selector} > summary')}")
    elif element.tag in {"option", "optgroup"}:
        tips.append(f"choose it with select_option({quoted(by.selector)}, …)")
    elif not element.widget:
        tips.append("do first what makes it appear: open its menu, tab or dialog")
    return [*tips, *_attached(scene)]


def _attached(scene: Scene) -> list[str]:
    if scene.call.action != "wait_for":
        return []
    return ['it need not be visible to be read: wait_for(…, state="attached")']


def _empty(scene: Scene, _said: Said) -> Words:
    tips = _those_that_show(scene)
    if scene.element is not None and scene.element.widget:
        tips.append(f"{quoted(scene.element.widget)} shows in its place: click that")
    if scene.element is not None and scene.element.label:
        tips.append(f"its label is visible, click that: {quoted(scene.element.label)}")
    tips.append("give the selector of what shows in its place, inside or around it")
    return Words("it is there but its box is empty, 0 pixels wide or high", tuple(tips))


def _disabled(scene: Scene, said: Said) -> Words:
    by = scene.element.disabled if scene.element is not None else None
    unsaid = said.last is None and by is None and choices.is_disabled(scene)
    if said.last is Sign.OPTION_DISABLED or unsaid:
        return Words("the option is disabled", _enabled_options(scene))
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
    return (f"the options that can be selected: {listed(enabled)}",)


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
    tips.append(f"the options there are: {listed(names)}{more}")
    return Words("the list has no such option", tuple(tips))


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


def _outside(scene: Scene, _said: Said) -> Words:
    if (missed := uncovering.missed(scene)) is not None:
        return missed
    return Words(
        "it cannot be scrolled into the viewport",
        (
            "do first what brings it in: open the menu or drawer it belongs to",
            "or create the session with a larger viewport",
        ),
    )


def _verb(scene: Scene) -> str:
    return {"fill": "fill", "type": "type into", "check": "check", "uncheck": "uncheck"}.get(
        scene.call.action, "see or click"
    )


def _wrong_type(scene: Scene, said: Said) -> Words:
    return Words(*wrong_types.explained(scene.call, scene.element, said.refusal))


OBSTACLES: Final[dict[ElementCause, Callable[[Scene, Said], Words]]] = {
    ElementCause.WRONG_TYPE: _wrong_type,
    ElementCause.HIDDEN: _hidden,
    ElementCause.ZERO_SIZE: _empty,
    ElementCause.DISABLED: _disabled,
    ElementCause.NO_SUCH_OPTION: _no_option,
    ElementCause.READONLY: _readonly,
    ElementCause.DETACHED: _detached,
    ElementCause.MOVING: _moving,
    ElementCause.OUTSIDE_VIEWPORT: _outside,
    ElementCause.COVERED: uncovering.covered,
}
