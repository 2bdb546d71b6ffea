"""The options of a session, from keywords to the wire."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from cmdop_browser import models
from cmdop_browser._convert import checks
from cmdop_browser._files import read_file
from cmdop_browser.wire.v1 import common_pb2, sessions_pb2

if TYPE_CHECKING:
    from os import PathLike

ON_CRASH: Final = {
    "raise": sessions_pb2.ON_CRASH_RAISE,
    "restore": sessions_pb2.ON_CRASH_RESTORE,
}
_MAX_VIEWPORT: Final = 10_000
_MAX_NAME: Final = 200
_PROXY_SCHEMES: Final = frozenset({"http", "https", "socks4", "socks5"})


def session_options(
    *,
    name: str | None = None,
    viewport: tuple[int, int] = (1280, 720),
    locale: str | None = None,
    timezone: str | None = None,
    user_agent: str | None = None,
    headers: Mapping[str, str] | None = None,
    proxy: models.Proxy | str | Mapping[str, Any] | None = None,
    storage_state: Mapping[str, Any] | str | PathLike[str] | None = None,
    block: Iterable[models.BlockedKind] = (),
    javascript: bool = True,
    ignore_https_errors: bool = False,
    on_crash: models.OnCrash = "raise",
    idle_timeout: float = 300.0,
    timeout: float,
) -> sessions_pb2.SessionOptions:
    """Check the options and write them down.

    Raises:
        BadRequestError: One of them is not what it should be.
        FileNotFoundError: `storage_state` names a file that does not exist.
    """
    width, height = checks.pair("viewport", viewport, _viewport_side, "a pair (width, height)")
    return sessions_pb2.SessionOptions(
        name=_name(name),
        viewport_width=width,
        viewport_height=height,
        locale=checks.optional_text("locale", locale),
        timezone=checks.optional_text("timezone", timezone),
        user_agent=_optional_header_value("user_agent", user_agent),
        headers=_headers(headers),
        proxy=_proxy(proxy),
        storage_state=_storage_state(storage_state),
        block=checks.each_of("block", block, models.BlockedKind),
        javascript=checks.flag("javascript", javascript),
        ignore_https_errors=checks.flag("ignore_https_errors", ignore_https_errors),
        on_crash=ON_CRASH[checks.one_of("on_crash", on_crash, models.OnCrash)],
        idle_timeout_seconds=checks.seconds("idle_timeout", idle_timeout),
        timeout_seconds=timeout,
    )


def _viewport_side(field: str, value: object) -> int:
    return checks.whole(field, value, minimum=1, maximum=_MAX_VIEWPORT)


def _name(value: object) -> str | None:
    name = checks.optional_text("name", value)
    if name is not None and len(name) > _MAX_NAME:
        checks.refuse("name", value, f"at most {_MAX_NAME} characters long")
    return name


def _header_value(field: str, value: object) -> str:
    # The value may be a credential, so it is never shown.
    checked = checks.text(field, value, secret=True)
    if not checked.isascii() or "\r" in checked or "\n" in checked:
        checks.refuse(field, value, "one line of ASCII", secret=True)
    return checked


def _optional_header_value(field: str, value: object) -> str | None:
    return None if value is None else _header_value(field, checks.filled(field, value))


def _headers(value: object) -> list[common_pb2.Header]:
    if value is None:
        return []
    if not isinstance(value, Mapping):
        checks.refuse("headers", value, "a mapping from names to values", secret=True)
    return [
        common_pb2.Header(name=_header_name(name), value=_header_value(f"headers[{name!r}]", text))
        for name, text in value.items()
    ]


def _header_name(value: object) -> str:
    name = checks.filled("headers", value)
    # RFC 9110, 5.6.2: what a token may be made of.
    if not all(char.isascii() and (char.isalnum() or char in "!#$%&'*+-.^_`|~") for char in name):
        checks.refuse("headers", value, "a mapping whose names are HTTP field names")
    return name


def _proxy(value: object) -> sessions_pb2.Proxy | None:
    if value is None:
        return None
    if isinstance(value, str):
        return _proxy_from_url(value)
    if isinstance(value, models.Proxy):
        return _proxy_message(value.server, value.username, value.password, value.bypass)
    if not isinstance(value, Mapping):
        checks.refuse("proxy", value, "a URL, a Proxy or a mapping with the fields of Proxy", secret=True)
    return _proxy_from_mapping(value)


def _proxy_from_mapping(value: Mapping[Any, Any]) -> sessions_pb2.Proxy:
    known = ("server", "username", "password", "bypass")
    if "server" not in value or not set(value) <= set(known):
        expected = f"a mapping with server and optionally {', '.join(known[1:])}"
        checks.refuse("proxy", value, expected, secret=True)
    bypass = value.get("bypass") or ()
    if isinstance(bypass, str):  # Playwright's form
        bypass = [host.strip() for host in bypass.split(",") if host.strip()]
    return _proxy_message(value["server"], value.get("username"), value.get("password"), bypass)


def _proxy_from_url(url: str) -> sessions_pb2.Proxy:
    parts = urlsplit(_checked_server(url))
    username, password = parts.username, parts.password
    server = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return _proxy_message(server, username and unquote(username), password and unquote(password), ())


def _proxy_message(server: object, username: object, password: object, bypass: object) -> sessions_pb2.Proxy:
    return sessions_pb2.Proxy(
        server=_checked_server(server),
        username=None if username is None else checks.text("proxy.username", username, secret=True),
        password=None if password is None else checks.text("proxy.password", password, secret=True),
        bypass=[checks.filled("proxy.bypass", host) for host in checks.items("proxy.bypass", bypass)],
    )


def _checked_server(value: object) -> str:
    server = checks.text("proxy", value, secret=True).strip()
    expected = "like http://host:port, with one of the schemes http, https, socks4, socks5"
    try:
        parts = urlsplit(server)
        usable = parts.scheme in _PROXY_SCHEMES and parts.hostname and parts.port != 0
    except ValueError:  # a port that is none
        usable = False
    if not usable:
        checks.refuse("proxy", value, expected, secret=True)
    return server


_PARTS_OF_STATE: Final = ("cookies", "origins")


def _storage_state(value: object) -> bytes:
    if value is None:
        return b""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        expected = "a mapping or the path of a file, and this is JSON: pass json.loads(…)"
        checks.refuse("storage_state", value, expected, secret=True)
    if isinstance(value, (str, os.PathLike)):
        value = _parsed_state(read_file(checks.path("storage_state", value)))
    if (
        not isinstance(value, Mapping)
        or not all(part in _PARTS_OF_STATE for part in value)
        or not all(isinstance(value.get(part, []), (list, tuple)) for part in _PARTS_OF_STATE)
    ):
        checks.refuse(
            "storage_state",
            value,
            "a mapping with lists of cookies and origins and nothing else, or a file of it",
            secret=True,
        )
    try:
        return json.dumps(value, allow_nan=False).encode("ascii")
    except (TypeError, ValueError):
        checks.refuse("storage_state", value, "made of what JSON can hold", secret=True)


def _parsed_state(content: bytes) -> object:
    try:
        return json.loads(content)
    except ValueError:
        checks.refuse("storage_state", None, "a file of JSON", secret=True)
