"""Facts and logs of failed calls, as the rules get them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent_bridge.diagnosis.facts import Choice, ElementFacts, FailedCall, Scene
from agent_bridge.diagnosis.nearness import NearMiss
from agent_bridge.diagnosis.pages import PageKind

if TYPE_CHECKING:
    from cmdop_browser.exceptions import ElementCause

WAITING = 'Locator.click: Timeout 5000ms exceeded.\nCall log:\n  - waiting for locator("#x")\n'
DONE = "  - performing click action\n  - click action done\n  - waiting for scheduled navigations to finish\n"
HELD_BACK = (
    "  - performing click action\n  - <div></div> intercepts pointer events\n  - retrying click action\n"
)
FOUND = f'{WAITING}    - locator resolved to <button id="x">x</button>\n  - attempting click action\n'
NEAR = NearMiss("button.buy-now", 2, 0.85, "class")


def found_but(line: str) -> str:
    """The log of an element that was found, with what the last look showed."""
    checks = "waiting for element to be visible, enabled and stable"
    return f"{FOUND}    2 x {checks}\n      - {line}\n    - retrying click action\n"


def button(**facts: Any) -> ElementFacts:
    return ElementFacts(markup='<button id="x">', tag="button", selector="#x", **facts)


def field(kind: str = "text", **facts: Any) -> ElementFacts:
    return ElementFacts(
        markup='<input id="x">', tag="input", type=kind, selector="#x", takes_text=True, **facts
    )


COLOURS = ElementFacts(
    "<select>", "select", options=(Choice("r", "Red"), Choice("x", "Infrared", disabled=True))
)


def call(action: str = "click", text: str = WAITING, **facts: Any) -> FailedCall:
    return FailedCall(action, "#x", text=text, waited=5.0, **facts)


def one(action: str, element: ElementFacts, text: str = WAITING, **facts: Any) -> Scene:
    return Scene(call(action, text, **facts), count=1, visible=int(element.is_visible), element=element)


def none(**facts: Any) -> Scene:
    return Scene(call(), **facts)


def kind(cause: ElementCause) -> PageKind:
    return PageKind(cause, f"the page is {cause}", ("its title",), (f"tip for {cause}",))
