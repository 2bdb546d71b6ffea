"""What a page has written to its console.

The browser stores the messages anyway and gives them to whoever asks: a page that does
not fail pays nothing for it.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser.answers import Overdue, PageLost
from agent_bridge.browser.page import guarded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.deadline import Deadline

log = logging.getLogger(__name__)

MAX_MESSAGES: Final = 30
# Of those at most, errors that came before; what a page chats of must not push them out.
_MAX_ERRORS: Final = 10
_ERRORS: Final = ("error: ", "uncaught: ", "assert: ")
# As many as the browser keeps.
_MAX_KEPT: Final = 1000
_MAX_TEXT: Final = 1000
# Playwright writes a message of its own when it sets the content of a page.
_OF_PLAYWRIGHT: Final = "--playwright--"


async def messages(page: ManagedPage, deadline: Deadline) -> tuple[str, ...]:
    """Return the latest messages and errors, a line each; what came before the deadline, if it runs out."""
    found: deque[tuple[float, str]] = deque(maxlen=_MAX_KEPT)
    listeners = {
        "Runtime.consoleAPICalled": guarded(lambda event: found.extend(_called(event))),
        "Runtime.exceptionThrown": guarded(lambda event: found.extend(_thrown(event))),
        "Log.entryAdded": guarded(lambda event: found.extend(_entered(event))),
    }
    for name, listener in listeners.items():
        page.cdp.on(name, listener)
    try:
        for domain in ("Runtime", "Log"):
            await page.guard(page.cdp.send(f"{domain}.enable"), deadline)
    except (Overdue, PageLost, PlaywrightError) as exc:
        log.debug("the page told of its console only in part: %s", type(exc).__name__)
    finally:
        for name, listener in listeners.items():
            page.cdp.remove_listener(name, listener)
        # Not waited for: a page that hangs now would send its messages to us when it goes on.
        for domain in ("Runtime", "Log"):
            page.chore(page.cdp.send(f"{domain}.disable"))
    return _selected([text for _time, text in sorted(found, key=lambda entry: entry[0])])


def _selected(lines: list[str]) -> tuple[str, ...]:
    """Return the last lines, and in place of the first of them the last errors before."""
    earlier = [line for line in lines[:-MAX_MESSAGES] if line.startswith(_ERRORS)][-_MAX_ERRORS:]
    return (*earlier, *lines[-MAX_MESSAGES:][len(earlier) :]) if earlier else tuple(lines[-MAX_MESSAGES:])


def _called(event: dict[str, Any]) -> Iterator[tuple[float, str]]:
    text = " ".join(_shown(argument) for argument in event.get("args") or ())
    if text.startswith(_OF_PLAYWRIGHT):
        return
    frames = (event.get("stackTrace") or {}).get("callFrames") or ()
    where = _place(frames[0].get("url"), frames[0].get("lineNumber")) if frames else ""
    yield float(event.get("timestamp") or 0), _line(str(event.get("type") or "log"), text, where)


def _thrown(event: dict[str, Any]) -> Iterator[tuple[float, str]]:
    details = event.get("exceptionDetails") or {}
    exception = details.get("exception") or {}
    # The first line of the description; the stack follows it.
    text = str(exception.get("description") or exception.get("value") or details.get("text") or "")
    where = _place(details.get("url"), details.get("lineNumber"))
    yield float(event.get("timestamp") or 0), _line("uncaught", text.partition("\n")[0], where)


def _entered(event: dict[str, Any]) -> Iterator[tuple[float, str]]:
    entry = event.get("entry") or {}
    if entry.get("source") == "network":
        return  # the page's failed requests tell it better
    where = _place(entry.get("url"), entry.get("lineNumber"))
    yield (
        float(entry.get("timestamp") or 0),
        _line(str(entry.get("level") or "info"), str(entry.get("text") or ""), where),
    )


def _shown(argument: dict[str, Any]) -> str:
    value = argument.get("value")
    if value is None:
        value = argument.get("description") or argument.get("unserializableValue") or argument.get("type")
    return str(value)[:_MAX_TEXT]


def _place(url: object, line: object) -> str:
    if not url:
        return ""
    return f"{url}:{line + 1}" if isinstance(line, int) else str(url)


def _line(kind: str, text: str, where: str) -> str:
    joined = " ".join(text[:_MAX_TEXT].split())
    return f"{kind}: {joined}" + (f" ({where[:_MAX_TEXT]})" if where else "")
