"""Arguments of session calls, checked and written into the messages of the wire."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from cmdop_browser import models
from cmdop_browser._convert import checks
from cmdop_browser.exceptions import BadRequestError
from cmdop_browser.wire import values
from cmdop_browser.wire.v1 import (
    actions_pb2,
    capture_pb2,
    dom_pb2,
    identity_pb2,
    navigation_pb2,
    script_pb2,
    sessions_pb2,
    waits_pb2,
)

if TYPE_CHECKING:
    from pathlib import Path

    from cmdop_browser.wire.v1 import common_pb2

_WAIT_UNTIL: Final = {
    "load": navigation_pb2.WAIT_UNTIL_LOAD,
    "domcontentloaded": navigation_pb2.WAIT_UNTIL_DOMCONTENTLOADED,
    "networkidle": navigation_pb2.WAIT_UNTIL_NETWORKIDLE,
    "commit": navigation_pb2.WAIT_UNTIL_COMMIT,
}
_DIRECTIONS: Final = {
    "back": navigation_pb2.DIRECTION_BACK,
    "forward": navigation_pb2.DIRECTION_FORWARD,
    "reload": navigation_pb2.DIRECTION_RELOAD,
}
_ELEMENT_STATES: Final = {
    "visible": waits_pb2.ELEMENT_STATE_VISIBLE,
    "hidden": waits_pb2.ELEMENT_STATE_HIDDEN,
    "attached": waits_pb2.ELEMENT_STATE_ATTACHED,
    "detached": waits_pb2.ELEMENT_STATE_DETACHED,
}
_IMAGE_FORMATS: Final = {"png": capture_pb2.IMAGE_FORMAT_PNG, "jpeg": capture_pb2.IMAGE_FORMAT_JPEG}
# Flags that mean the same in a Python pattern and in the agent's search.
_MAX_GLOB: Final = 2000
_MAX_WILDCARDS: Final = 6
_WILDCARDS: Final = re.compile(r"\*+")


# Sessions


def create_session(
    options: sessions_pb2.SessionOptions, queue_timeout: float, timeout: float
) -> sessions_pb2.CreateSessionRequest:
    """A request for a session; both times have been checked."""
    return sessions_pb2.CreateSessionRequest(
        options=options, queue_timeout_seconds=queue_timeout, timeout_seconds=timeout
    )


def fetch(
    options: sessions_pb2.SessionOptions,
    url: object,
    *,
    wait_until: object,
    referer: object,
    wait_for: object,
    selector: object,
    queue_timeout: float,
    timeout: float,
) -> navigation_pb2.FetchRequest:
    """One page in one round trip; both times have been checked."""
    return navigation_pb2.FetchRequest(
        options=options,
        queue_timeout_seconds=queue_timeout,
        timeout_seconds=timeout,
        url=checks.text("url", url),
        wait_until=_wait_until(wait_until),
        referer=checks.optional_text("referer", referer),
        wait_for=checks.optional_selector(wait_for, "wait_for"),
        selector=checks.optional_selector(selector),
    )


# Navigation


def navigate(
    call: common_pb2.SessionCall, url: object, wait_until: object, referer: object
) -> navigation_pb2.NavigateRequest:
    """Whether *url* is one that can be loaded is for the agent to say."""
    return navigation_pb2.NavigateRequest(
        call=call,
        url=checks.text("url", url),
        wait_until=_wait_until(wait_until),
        referer=checks.optional_text("referer", referer),
    )


def traverse(
    call: common_pb2.SessionCall, direction: str, wait_until: object
) -> navigation_pb2.TraverseRequest:
    """Back, forward or reload."""
    return navigation_pb2.TraverseRequest(
        call=call, direction=_DIRECTIONS[direction], wait_until=_wait_until(wait_until)
    )


def _wait_until(value: object) -> navigation_pb2.WaitUntil:
    return _WAIT_UNTIL[checks.one_of("wait_until", value, models.WaitUntil)]


# Actions


def click(
    call: common_pb2.SessionCall,
    selector: object,
    *,
    button: object,
    count: object,
    position: object,
    modifiers: object,
    force: object,
) -> actions_pb2.ClickRequest:
    """A click on an element."""
    return actions_pb2.ClickRequest(
        call=call,
        selector=checks.selector(selector),
        button=checks.one_of("button", button, models.MouseButton),
        count=checks.whole("count", count, minimum=1, maximum=100),
        position=_position(position),
        modifiers=checks.each_of("modifiers", modifiers, models.Modifier),
        force=checks.flag("force", force),
    )


def _position(value: object) -> actions_pb2.Position | None:
    if value is None:
        return None
    if isinstance(value, Mapping) and value.keys() == {"x", "y"}:  # Playwright's form
        value = (value["x"], value["y"])
    x, y = checks.pair("position", value, checks.number, "a pair (x, y)")
    return actions_pb2.Position(x=x, y=y)


def fill(call: common_pb2.SessionCall, selector: object, value: object) -> actions_pb2.FillRequest:
    """Put a value into a field; an empty one clears it."""
    return actions_pb2.FillRequest(
        call=call, selector=checks.selector(selector), value=checks.text("value", value, secret=True)
    )


def type_text(
    call: common_pb2.SessionCall, selector: object, text: object, *, delay: object, clear: object
) -> actions_pb2.TypeRequest:
    """Key by key."""
    return actions_pb2.TypeRequest(
        call=call,
        selector=checks.selector(selector),
        text=checks.text("text", text, secret=True),
        delay_seconds=checks.seconds("delay", delay, zero=True),
        clear=checks.flag("clear", clear),
    )


def press(call: common_pb2.SessionCall, key: object, selector: object) -> actions_pb2.PressRequest:
    """One key or a combination; which keys there are is for the browser to say."""
    key = checks.text("key", key)
    if not key:  # not `filled`: the space bar is a key
        checks.refuse("key", key, "the name of a key, such as 'Enter' or 'Control+A'")
    return actions_pb2.PressRequest(call=call, key=key, selector=checks.optional_selector(selector))


def hover(call: common_pb2.SessionCall, selector: object) -> actions_pb2.HoverRequest:
    """Move the mouse onto an element."""
    return actions_pb2.HoverRequest(call=call, selector=checks.selector(selector))


def set_checked(
    call: common_pb2.SessionCall, selector: object, *, checked: bool
) -> actions_pb2.SetCheckedRequest:
    """Tick or untick."""
    return actions_pb2.SetCheckedRequest(call=call, selector=checks.selector(selector), checked=checked)


def select_option(
    call: common_pb2.SessionCall, selector: object, *, value: object, label: object, index: object
) -> actions_pb2.SelectOptionRequest:
    """Choose options by exactly one of value, label and index."""
    given = [name for name, by in (("value", value), ("label", label), ("index", index)) if by is not None]
    if len(given) != 1:
        checks.refuse(given[1] if given else "value", given, "given as exactly one of value, label, index")
    request = actions_pb2.SelectOptionRequest(call=call, selector=checks.selector(selector))
    if value is not None:
        request.values.CopyFrom(actions_pb2.StringList(items=checks.some("value", value, checks.text)))
    elif label is not None:
        request.labels.CopyFrom(actions_pb2.StringList(items=checks.some("label", label, checks.text)))
    else:
        request.indexes.CopyFrom(actions_pb2.IndexList(items=checks.some("index", index, checks.whole)))
    return request


def upload(
    call: common_pb2.SessionCall, selector: object, transfer_ids: list[str]
) -> actions_pb2.UploadFilesRequest:
    """Give files that were sent before to a file input."""
    return actions_pb2.UploadFilesRequest(
        call=call, selector=checks.selector(selector), transfer_ids=transfer_ids
    )


def upload_paths(files: object) -> list[Path]:
    """The files of an upload."""
    return checks.some("files", files, checks.path)


# Waits


def wait_for(
    call: common_pb2.SessionCall, selector: object, state: object
) -> waits_pb2.WaitForSelectorRequest:
    """Wait for an element to be in a state."""
    return waits_pb2.WaitForSelectorRequest(
        call=call,
        selector=checks.selector(selector),
        state=_ELEMENT_STATES[checks.one_of("state", state, models.ElementState)],
    )


def wait_for_glob(call: common_pb2.SessionCall, pattern: object) -> waits_pb2.WaitForUrlRequest:
    """Wait for a URL that a glob matches."""
    if not isinstance(pattern, str):
        checks.refuse("pattern", pattern, "a glob (str) or a compiled regular expression of str")
    glob = checks.filled("pattern", pattern)
    # Every wildcard multiplies what a match may cost in the agent.
    if len(glob) > _MAX_GLOB or len(_WILDCARDS.findall(glob)) > _MAX_WILDCARDS:
        checks.refuse(
            "pattern", glob, f"a glob with at most {_MAX_WILDCARDS} wildcards, or a regular expression"
        )
    return waits_pb2.WaitForUrlRequest(call=call, glob=glob)


def wait_for_other_url(call: common_pb2.SessionCall, url: str) -> waits_pb2.WaitForUrlRequest:
    """Wait for any URL but *url*."""
    return waits_pb2.WaitForUrlRequest(call=call, other_than=url)


def wait_for_function(
    call: common_pb2.SessionCall, js: object, arg: object
) -> waits_pb2.WaitForFunctionRequest:
    """Wait until a script says something true."""
    return waits_pb2.WaitForFunctionRequest(
        call=call, expression=checks.filled("js", js), argument=_argument(arg)
    )


# Script


def evaluate(call: common_pb2.SessionCall, js: object, arg: object) -> script_pb2.EvaluateRequest:
    """Run a script in the page."""
    return script_pb2.EvaluateRequest(call=call, expression=checks.filled("js", js), argument=_argument(arg))


def _argument(arg: object) -> bytes:
    try:
        return values.dumps(arg, for_page=True)
    except TypeError as exc:
        raise BadRequestError(f"arg: {exc}", field="arg", value=type(arg).__name__) from exc


# Capture


def screenshot(
    call: common_pb2.SessionCall, selector: object, *, full_page: object, format: object
) -> capture_pb2.ScreenshotRequest:
    """A picture of an element, the viewport or the page."""
    full_page = checks.flag("full_page", full_page)
    if full_page and selector is not None:
        checks.refuse("full_page", full_page, "False with a selector")
    return capture_pb2.ScreenshotRequest(
        call=call,
        selector=checks.optional_selector(selector),
        full_page=full_page,
        format=_IMAGE_FORMATS[checks.one_of("format", format, models.ImageFormat)],
    )


# Identity


def get_cookies(call: common_pb2.SessionCall, url: object) -> identity_pb2.GetCookiesRequest:
    """Cookies, all or those that URLs would be sent."""
    urls = [] if url is None else checks.some("url", url, checks.web_url)
    return identity_pb2.GetCookiesRequest(call=call, urls=urls)


# Document


def html(call: common_pb2.SessionCall, selector: object, *, shadow: object) -> dom_pb2.HtmlRequest:
    """The HTML of the document or of an element."""
    return dom_pb2.HtmlRequest(
        call=call, selector=checks.optional_selector(selector), shadow=checks.flag("shadow", shadow)
    )


def read(call: common_pb2.SessionCall, selector: object, *, required: bool = True) -> dom_pb2.SelectorRequest:
    """A read of what a selector matches."""
    checked = checks.selector(selector) if required else checks.optional_selector(selector)
    return dom_pb2.SelectorRequest(call=call, selector=checked)


def attrs(call: common_pb2.SessionCall, selector: object, name: object) -> dom_pb2.AttrsRequest:
    """A read of one attribute of what a selector matches."""
    return dom_pb2.AttrsRequest(
        call=call, selector=checks.selector(selector), name=checks.filled("name", name)
    )
