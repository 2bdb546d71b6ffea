"""From messages to the agent's own types, refusing what no client of ours would send."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final, Literal

from agent_bridge.browser import blocking
from agent_bridge.browser.actions import Choice
from agent_bridge.browser.options import ContextOptions, ProxyServer
from agent_bridge.deadline import Deadline
from agent_bridge.keepsakes import SESSION_ID
from agent_bridge.pool.recovery import Lost
from agent_bridge.pool.session import SessionSpec
from cmdop_browser.exceptions import BadRequestError
from cmdop_browser.wire import values
from cmdop_browser.wire.v1 import actions_pb2, capture_pb2, navigation_pb2, sessions_pb2, waits_pb2

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright._impl._api_structures import SetCookieParam  # the public name is missing

    from agent_bridge.browser.actions import Button, Modifier
    from agent_bridge.browser.capture import ImageFormat
    from agent_bridge.browser.navigation import Direction, WaitUntil
    from agent_bridge.browser.waits import ElementState
    from cmdop_browser.wire.v1 import identity_pb2

# A year; a longer time is a mistake in the unit.
_MAX_SECONDS: Final = 366 * 24 * 3600.0
_MAX_VIEWPORT: Final = 16_384
# https://www.rfc-editor.org/rfc/rfc9110#name-tokens
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

WAIT_UNTIL: Final[dict[int, WaitUntil]] = {
    navigation_pb2.WAIT_UNTIL_UNSPECIFIED: "load",
    navigation_pb2.WAIT_UNTIL_LOAD: "load",
    navigation_pb2.WAIT_UNTIL_DOMCONTENTLOADED: "domcontentloaded",
    navigation_pb2.WAIT_UNTIL_NETWORKIDLE: "networkidle",
    navigation_pb2.WAIT_UNTIL_COMMIT: "commit",
}
DIRECTION: Final[dict[int, Direction]] = {
    navigation_pb2.DIRECTION_BACK: "back",
    navigation_pb2.DIRECTION_FORWARD: "forward",
    navigation_pb2.DIRECTION_RELOAD: "reload",
}
ELEMENT_STATE: Final[dict[int, ElementState]] = {
    waits_pb2.ELEMENT_STATE_UNSPECIFIED: "visible",
    waits_pb2.ELEMENT_STATE_VISIBLE: "visible",
    waits_pb2.ELEMENT_STATE_HIDDEN: "hidden",
    waits_pb2.ELEMENT_STATE_ATTACHED: "attached",
    waits_pb2.ELEMENT_STATE_DETACHED: "detached",
}
IMAGE_FORMAT: Final[dict[int, ImageFormat]] = {
    capture_pb2.IMAGE_FORMAT_UNSPECIFIED: "png",
    capture_pb2.IMAGE_FORMAT_PNG: "png",
    capture_pb2.IMAGE_FORMAT_JPEG: "jpeg",
}
_BUTTONS: Final[dict[str, Button]] = {"": "left", "left": "left", "middle": "middle", "right": "right"}
_MODIFIERS: Final[dict[str, Modifier]] = {
    "Alt": "Alt",
    "Control": "Control",
    "ControlOrMeta": "ControlOrMeta",
    "Meta": "Meta",
    "Shift": "Shift",
}
_SAME_SITE: Final[dict[str, Literal["Lax", "None", "Strict"]]] = {
    "Lax": "Lax",
    "None": "None",
    "Strict": "Strict",
}


def choose(table: dict[Any, Any], value: object, field: str) -> Any:
    """Return what *value* stands for.

    Raises:
        BadRequestError: It stands for nothing here.
    """
    if value not in table:
        allowed = ", ".join(sorted({str(choice) for choice in table.values()}))
        raise BadRequestError(f"{field} must be one of: {allowed}", field=field, value=value)
    return table[value]


def deadline(seconds: float, field: str = "timeout") -> Deadline:
    """Return the deadline of a call."""
    return Deadline.after(positive(seconds, field))


def positive(seconds: float, field: str) -> float:
    """Return *seconds* when it is a time that can pass."""
    if not math.isfinite(seconds) or not 0 < seconds <= _MAX_SECONDS:
        raise BadRequestError(
            f"{field} must be more than 0 and at most a year of seconds", field=field, value=seconds
        )
    return seconds


def selector(text: str, field: str = "selector") -> str:
    """Return a selector that says something."""
    if not text.strip():
        raise BadRequestError(f"{field} must not be empty", field=field, value=text)
    return text


def session_spec(options: sessions_pb2.SessionOptions) -> SessionSpec:
    """Return what concerns the pool."""
    return SessionSpec(
        name=options.name,
        idle_timeout=positive(options.idle_timeout_seconds, "idle_timeout"),
        timeout=positive(options.timeout_seconds, "timeout"),
        restore=options.on_crash == sessions_pb2.ON_CRASH_RESTORE,
    )


def lost_session(request: sessions_pb2.CreateSessionRequest) -> Lost | None:
    """Return the session of an earlier instance that is to be rebuilt, if one is."""
    if not request.HasField("lost"):
        return None
    lost = request.lost
    if not SESSION_ID.fullmatch(lost.session.session_id):
        raise BadRequestError("the session to rebuild has no valid id", field="lost")
    if request.options.on_crash != sessions_pb2.ON_CRASH_RESTORE:
        raise BadRequestError('only sessions with on_crash="restore" are rebuilt', field="on_crash")
    return Lost(
        lost.session.session_id,
        lost.session.epoch,
        lost.url,
        lost.navigated,
        by_navigation=lost.by_navigation,
        filled=lost.filled,
    )


def context_options(options: sessions_pb2.SessionOptions) -> ContextOptions:
    """Return what concerns the browser context."""
    return ContextOptions(
        viewport=_viewport(options),
        locale=options.locale if options.HasField("locale") else None,
        timezone=options.timezone if options.HasField("timezone") else None,
        user_agent=_header_value(options.user_agent, "user_agent")
        if options.HasField("user_agent")
        else None,
        headers=tuple((_header_name(h.name), _header_value(h.value, "headers")) for h in options.headers),
        proxy=_proxy(options.proxy) if options.HasField("proxy") else None,
        storage_state=options.storage_state,
        block=_block(options),
        javascript=options.javascript,
        ignore_https_errors=options.ignore_https_errors,
    )


def _viewport(options: sessions_pb2.SessionOptions) -> tuple[int, int]:
    size = (options.viewport_width, options.viewport_height)
    if not all(0 < side <= _MAX_VIEWPORT for side in size):
        raise BadRequestError(
            f"viewport sides must be 1 to {_MAX_VIEWPORT} pixels", field="viewport", value=size
        )
    return size


def _header_name(name: str) -> str:
    if not _HEADER_NAME.fullmatch(name):
        raise BadRequestError(f"{name[:80]!r} is no name for an HTTP header", field="headers")
    return name


def _header_value(value: str, field: str) -> str:
    if any(character in value for character in "\r\n\0") or not value.isascii():
        raise BadRequestError("the value of an HTTP header must be ASCII without line breaks", field=field)
    return value


def _proxy(proxy: sessions_pb2.Proxy) -> ProxyServer:
    return ProxyServer(proxy.server, proxy.username, proxy.password, tuple(proxy.bypass))


def _block(options: sessions_pb2.SessionOptions) -> tuple[str, ...]:
    for kind in options.block:
        if kind not in blocking.KINDS:
            allowed = ", ".join(sorted(blocking.KINDS))
            raise BadRequestError(f"block takes: {allowed}", field="block", value=kind)
    return tuple(options.block)


def button(request: actions_pb2.ClickRequest) -> Button:
    """Return the mouse button."""
    return choose(_BUTTONS, request.button, "button")  # type: ignore[no-any-return]


def modifiers(request: actions_pb2.ClickRequest) -> tuple[Modifier, ...]:
    """Return the keys held down."""
    return tuple(choose(_MODIFIERS, name, "modifiers") for name in request.modifiers)


def choice(request: actions_pb2.SelectOptionRequest) -> Choice:
    """Return which options to select."""
    match request.WhichOneof("by"):
        case "values":
            return Choice(values=tuple(request.values.items))
        case "labels":
            return Choice(labels=tuple(request.labels.items))
        case "indexes":
            return Choice(indexes=tuple(request.indexes.items))
        case _:
            raise BadRequestError("select_option needs one of value, label and index", field="value")


def url_pattern(request: waits_pb2.WaitForUrlRequest) -> str | Callable[[str], bool]:
    """Return the glob, or the condition that the URL be another one."""
    if request.WhichOneof("pattern") == "other_than":
        left = request.other_than
        return lambda url: url != left
    return selector(request.glob, "pattern")


def argument(encoded: bytes) -> Any:
    """Return the argument of a script."""
    if not encoded:
        return None
    try:
        return values.loads(encoded)
    except (ValueError, RecursionError) as exc:
        raise BadRequestError(f"arg does not decode: {exc}", field="arg") from exc


def cookie(message: identity_pb2.Cookie) -> SetCookieParam:
    """Return a cookie in the form that Playwright takes."""
    made: SetCookieParam = {"name": message.name, "value": message.value}
    if message.url:
        made["url"] = message.url
    else:
        made["domain"] = message.domain
        made["path"] = message.path or "/"
    if message.HasField("expires"):
        made["expires"] = message.expires
    if message.http_only:
        made["httpOnly"] = True
    if message.secure:
        made["secure"] = True
    if message.same_site:
        made["sameSite"] = choose(_SAME_SITE, message.same_site, "same_site")
    return made
