"""What a situation of the corpus is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cmdop_browser.exceptions import BrowserElementNotFoundError, CMDOPError, ElementCause

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmdop_browser import models

# Causes that accuse the site: to name one on an ordinary page is a false alarm.
WALLS: Final = frozenset({ElementCause.LOGIN_WALL, ElementCause.CONSENT_WALL, ElementCause.CHALLENGE})

# Long enough for a call that can succeed on two busy cores, short enough for hundreds that cannot.
SECONDS: Final = 1.0


@dataclass(frozen=True)
class Call:
    """A call on the session.

    Attributes:
        action: Its name, such as "click" or "dom.text".
        selector: What it is to find; "" for calls without one.
    """

    action: str
    selector: str
    arguments: tuple[Any, ...]
    options: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        shown = [repr(argument) for argument in self.arguments]
        shown += [f"{name}={value!r}" for name, value in self.options.items()]
        return f"{self.action}({', '.join(shown)})"


def click(selector: str, **options: Any) -> Call:
    return Call("click", selector, (selector,), options)


def hover(selector: str, **options: Any) -> Call:
    return Call("hover", selector, (selector,), options)


def fill(selector: str, value: str = "Ada", **options: Any) -> Call:
    return Call("fill", selector, (selector, value), options)


def type_text(selector: str, text: str = "Ada", **options: Any) -> Call:
    return Call("type", selector, (selector, text), options)


def press(key: str, selector: str | None = None, **options: Any) -> Call:
    return Call("press", selector or "", (key,), {"selector": selector, **options})


def check(selector: str, **options: Any) -> Call:
    return Call("check", selector, (selector,), options)


def uncheck(selector: str, **options: Any) -> Call:
    return Call("uncheck", selector, (selector,), options)


def select_option(selector: str, **options: Any) -> Call:
    return Call("select_option", selector, (selector,), options)


def upload(selector: str, *names: str, **options: Any) -> Call:
    """Give files that the runner makes, called *names*."""
    return Call("upload", selector, (selector, [f"{{files}}/{name}" for name in names]), options)


def wait_for(selector: str, state: models.ElementState = "visible", **options: Any) -> Call:
    return Call("wait_for", selector, (selector,), {"state": state, **options})


def text(selector: str) -> Call:
    return Call("dom.text", selector, (selector,))


def html(selector: str) -> Call:
    return Call("dom.html", selector, (selector,))


def table(selector: str) -> Call:
    return Call("dom.table", selector, (selector,))


def screenshot(selector: str) -> Call:
    return Call("screenshot", selector, (selector,))


def script(source: str) -> Call:
    return Call("evaluate", "", (source,))


def until(condition: str) -> Call:
    return Call("wait_for_function", "", (condition,), {"timeout": 10.0})


@dataclass(frozen=True)
class Situation:
    """A call that fails, and why.

    Attributes:
        name: What is the matter, in words; unique.
        path: The page, as `tests.corpus.site` serves it.
        call: The call that fails.
        cause: The one true cause; None where only the walls are ruled out.
        target: CSS of the element that the call is about, where its own selector is not CSS or matches
            nothing. For a `TYPO` it is the element that was meant.
        steps: Calls before, which succeed.
        proof: JavaScript that is true on the page when it is what this says it is, in addition to what
            is checked for each cause.
        session: Options of the session, which it then has to itself.
        arrive: What the navigation waits for.
        error: The class of the error.
        alone: The session is of no use afterwards.
        wall: The page is a wall, though that is not why the call fails.
    """

    name: str
    path: str
    call: Call
    cause: ElementCause | None
    target: str = ""
    steps: tuple[Call, ...] = ()
    proof: str = ""
    session: Mapping[str, Any] = field(default_factory=dict)
    arrive: models.WaitUntil = "load"
    error: type[CMDOPError] = BrowserElementNotFoundError
    alone: bool = False
    wall: bool = False
