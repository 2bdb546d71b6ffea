"""Reads of the document as it is now.

Plain CSS goes by DevTools in a world of our own: some 5 ms where Playwright's
first read of a document costs 40, because it compiles its injected bundle.
Everything that only Playwright understands (its selector engines, open shadow
roots) goes to Playwright, with the very same functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser import reading_scripts as scripts
from agent_bridge.browser.answers import Overdue, ScriptFailed
from agent_bridge.browser.diagnose import element_error
from agent_bridge.browser.failures import overdue, raise_if_lost, within
from agent_bridge.browser.rereading import made_again
from agent_bridge.deadline import Deadline
from agent_bridge.diagnosis import texts
from agent_bridge.diagnosis.facts import FailedCall
from cmdop_browser.exceptions import BadRequestError, BrowserError, BrowserScriptError, Outcome

if TYPE_CHECKING:
    from agent_bridge.browser.page import ManagedPage

# 300 MB through the driver stall every page behind it for half a minute.
MAX_RESULT_CHARACTERS = 64 * 1024 * 1024
# For one more look at what was missing, which takes a few milliseconds.
_AGAIN_SECONDS = 0.3


@made_again
async def html(page: ManagedPage, selector: str | None, deadline: Deadline, *, shadow: bool) -> str:
    """Return the document's HTML, or that of the first match of *selector*.

    Args:
        page: Where.
        selector: None for the whole document with its doctype.
        deadline: When to give up.
        shadow: Write out open and closed shadow roots as well.

    Raises:
        BrowserElementNotFoundError: Nothing matches.
        BrowserTimeoutError: The page did not answer.
        PageLost: The page went away.
    """
    if shadow:
        if selector is not None:
            raise BadRequestError(
                "dom.html takes shadow=True for the whole document only",
                field="shadow",
                tips=("leave out the selector",),
            )
        return await _html_with_shadow_roots(page, deadline)
    if selector is None:
        return _whole(await _document(page, "dom.html", scripts.DOCUMENT_HTML, deadline), "dom.html")
    return await _first(page, "dom.html", selector, scripts.FIRST_HTML, deadline)


@made_again
async def text(page: ManagedPage, selector: str | None, deadline: Deadline) -> str:
    """Return the rendered text of the body, or of the first match of *selector*."""
    if selector is None:
        return _whole(await _document(page, "dom.text", scripts.DOCUMENT_TEXT, deadline), "dom.text")
    return await _first(page, "dom.text", selector, scripts.FIRST_TEXT, deadline)


@made_again
async def title(page: ManagedPage, deadline: Deadline) -> str:
    """Return the document's title."""
    return _whole(await _document(page, "title", scripts.DOCUMENT_TITLE, deadline), "title")


@made_again
async def select(page: ManagedPage, selector: str, deadline: Deadline) -> str:
    """Return all matches as a JSON list of tag, text, html and attributes."""
    return _whole(await query(page, "dom.select", selector, scripts.ELEMENTS, deadline), "dom.select")


@made_again
async def attributes(page: ManagedPage, selector: str, name: str, deadline: Deadline) -> str:
    """Return a JSON list of the attribute's values, of those matches that have it."""
    return _whole(
        await query(page, "dom.attrs", selector, scripts.ATTRIBUTES, deadline, argument=name), "dom.attrs"
    )


@made_again
async def count(page: ManagedPage, selector: str, deadline: Deadline) -> int:
    """Return how many elements match."""
    return int(await query(page, "dom.count", selector, scripts.COUNT, deadline))


@made_again
async def links(page: ManagedPage, deadline: Deadline) -> str:
    """Return a JSON list of the absolute http(s) URLs that the document links to, each once."""
    return _whole(await _document(page, "dom.links", scripts.LINKS, deadline), "dom.links")


@made_again
async def table(page: ManagedPage, selector: str, deadline: Deadline) -> str:
    """Return the first match's rows as a JSON list of objects."""
    return await _first(page, "dom.table", selector, scripts.TABLE, deadline, kind="table")


async def query(
    page: ManagedPage,
    action: str,
    selector: str,
    function: str,
    deadline: Deadline,
    *,
    argument: object = None,
) -> Any:
    """Call *function* with the list of matches.

    Args:
        page: Where.
        action: The public name of the call, for messages.
        selector: Playwright's selector syntax.
        function: JavaScript `(elements, argument, limit) => value`.
        deadline: When to give up.
        argument: Passed to the function.

    Raises:
        BrowserElementNotFoundError: The selector does not parse.
        BrowserTimeoutError: The page did not answer.
        PageLost: The page went away.
    """
    found = await _evaluate(
        page, action, scripts.query(function), selector, argument, MAX_RESULT_CHARACTERS, deadline=deadline
    )
    if found != scripts.ASK_PLAYWRIGHT:
        return _checked(page, action, found)
    locator = page.page.locator(selector)
    pair = scripts.with_argument(function)
    try:
        found = await page.guard(locator.evaluate_all(pair, [argument, MAX_RESULT_CHARACTERS]), deadline)
    except Overdue as exc:
        raise await overdue(page, action, deadline, outcome=Outcome.NOT_EXECUTED) from exc
    except PlaywrightError as exc:
        await raise_if_lost(page, exc)
        raise await element_error(
            page, FailedCall(action, selector, text=exc.message, timed_out=False)
        ) from exc
    return _checked(page, action, found)


async def _document(page: ManagedPage, action: str, function: str, deadline: Deadline) -> Any:
    return _checked(
        page, action, await _evaluate(page, action, function, MAX_RESULT_CHARACTERS, deadline=deadline)
    )


async def _evaluate(
    page: ManagedPage, action: str, function: str, *arguments: object, deadline: Deadline
) -> Any:
    try:
        return await page.evaluate(function, *arguments, deadline=deadline)
    except Overdue as exc:
        raise await overdue(page, action, deadline, outcome=Outcome.NOT_EXECUTED) from exc
    except ScriptFailed as exc:
        raise BrowserScriptError(
            f"{action} failed in the page: {exc}", action=action, script_message=str(exc)
        ) from exc
    except PlaywrightError as exc:
        await raise_if_lost(page, exc)
        raise BrowserError(f"{action} failed: {texts.first_sentence(exc.message)}", action=action) from exc


def _checked(page: ManagedPage, action: str, found: Any) -> Any:
    if isinstance(found, dict) and "tooLarge" in found:
        raise BadRequestError(
            f"{action} would return more than {MAX_RESULT_CHARACTERS // 2**20} MiB",
            field="selector",
            tips=("read a part of the page: give a narrower selector", "dom.html() gives each element once"),
            details={"url": texts.shorten(page.url)},
        )
    return found


def _whole(found: Any, action: str) -> str:
    if not isinstance(found, str):
        raise TypeError(f"{action}: the page answered {type(found).__name__}")
    return found


async def _first(
    page: ManagedPage,
    action: str,
    selector: str,
    function: str,
    deadline: Deadline,
    *,
    kind: str | None = None,
) -> str:
    """Return what *function* says of the first match, which is a *kind* of element if that is given."""
    found = await query(page, action, selector, function, deadline)
    if _is_missing(found):
        error = await element_error(page, FailedCall(action, selector, timed_out=False, kind=kind))
        # Looking into it took some tenths of a second, in which it may have come.
        again = query(page, action, selector, function, deadline)
        try:
            found = await page.guard(again, Deadline.after(min(_AGAIN_SECONDS, deadline.remaining)))
        except (Overdue, BrowserError):
            raise error from None
        if _is_missing(found):
            raise error
    return _whole(found, action)


def _is_missing(found: Any) -> bool:
    return found is None or (isinstance(found, dict) and "notTable" in found)


async def _html_with_shadow_roots(page: ManagedPage, deadline: Deadline) -> str:
    """Ask the browser itself, which alone sees closed roots."""
    document = await within(page, "dom.html", deadline, page.cdp.send("DOM.getDocument", {"depth": 0}))
    reply = await within(
        page,
        "dom.html",
        deadline,
        page.cdp.send("DOM.getOuterHTML", {"nodeId": document["root"]["nodeId"], "includeShadowDOM": True}),
    )
    return str(reply["outerHTML"])
