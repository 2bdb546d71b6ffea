"""Values known to be secret in a session, so that no text about it shows them.

Remembering costs a call nothing; what it takes to know the rest (the cookies that a
server has set, the passwords that stand in a form) is asked for when a call has failed.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from collections import deque
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from cmdop_browser.exceptions.redact import is_sensitive_name, redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from agent_bridge.browser.options import ContextOptions

# Shorter ones stand in other texts by chance.
_MIN_LENGTH: Final = 4
_MIN_COOKIE_LENGTH: Final = 6
_MAX_LENGTH: Final = 4096
_MAX_URL: Final = 8192
_MAX_PARAMETERS: Final = 200
_REMEMBERED: Final = 100
# A word, which a cookie may hold for a setting: "accepted", "en-US".
_WORDS: Final = re.compile(r"[A-Za-z]+(?:[-_ ][A-Za-z]+)*")
_SECRET_SELECTOR: Final = re.compile(
    r"pass|pwd|(?<![a-z])pw(?![a-z])|secret|token|(?<![a-z])(?:otp|pin|cvv|cvc|totp|mfa|2fa)(?![a-z])|api.?key",
    re.IGNORECASE,
)


class KnownSecrets:
    """What must not be shown of one page."""

    def __init__(self, options: ContextOptions) -> None:
        self._options = options
        self._remembered: deque[str] = deque(maxlen=_REMEMBERED)
        self._seen: tuple[str, ...] = ()

    def filled(self, selector: str, value: str) -> None:
        """Note what is typed into a field, where the selector says that it is a secret."""
        if value and _SECRET_SELECTOR.search(selector[:1000]) and value not in self._remembered:
            self._remembered.append(value)

    def given(self, cookies: Iterable[Mapping[str, Any]]) -> None:
        """Note cookies that the caller sets."""
        self._remembered.extend(_of_cookies(cookies))

    def seen(
        self, cookies: Iterable[Mapping[str, Any]], fields: Iterable[str], urls: Iterable[str] = ()
    ) -> None:
        """Note what a page that failed has: its cookies, what stands in its secret fields and its URLs."""
        of_urls = (value for url in urls for value in _of_url(url))
        self._seen = (*_of_cookies(cookies), *fields, *of_urls)

    def inherit(self, other: KnownSecrets) -> None:
        """Note what was known of the page whose place this one takes."""
        self._remembered.extend(value for value in other._remembered if value not in self._remembered)
        self._seen = (*self._seen, *other._seen)

    def values(self) -> tuple[str, ...]:
        """All of them in every form in which they may stand in a text, the longest first."""
        known = {*self._remembered, *self._seen, *_of_options(self._options)}
        forms = {form for value in known if value for form in _forms(value[:_MAX_LENGTH])}
        return tuple(sorted((form for form in forms if len(form) >= _MIN_LENGTH), key=len, reverse=True))


def _forms(value: str) -> Iterator[str]:
    yield value
    yield quote(value, safe="")
    yield quote_plus(value)
    yield unquote(value)
    yield html.escape(value)
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]


def _of_cookies(cookies: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for cookie in cookies:
        value = str(cookie.get("value") or "")
        if len(value) >= _MIN_COOKIE_LENGTH and (
            cookie.get("httpOnly")
            or is_sensitive_name(str(cookie.get("name")))
            or not _WORDS.fullmatch(value)
        ):
            yield value


def _of_url(url: str) -> Iterator[str]:
    """The values of parameters that are masked in a URL: a page may show them without their names."""
    try:
        parts = urlsplit(url[:_MAX_URL])
        fragment = parts.fragment.partition("?")[2] or parts.fragment
        pairs = [*parse_qsl(parts.query, max_num_fields=_MAX_PARAMETERS)]
        pairs += parse_qsl(fragment, max_num_fields=_MAX_PARAMETERS)
    except ValueError:  # no URL, or one with parameters without end
        return
    for name, value in pairs:
        if redact(f"?{name}={value}") != f"?{name}={value}":
            yield value


def _of_options(options: ContextOptions) -> Iterator[str]:
    for name, value in options.headers:
        if is_sensitive_name(name):
            yield value
            yield from _of_authorization(value)
    if options.proxy is not None:
        yield options.proxy.password
    if options.storage_state:
        yield from _of_storage(options.storage_state)


def _of_authorization(value: str) -> Iterator[str]:
    scheme, _, credentials = value.partition(" ")
    yield credentials
    if scheme.lower() == "basic":
        try:
            yield base64.b64decode(credentials, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return


def _of_storage(storage_state: bytes) -> Iterator[str]:
    try:
        state = json.loads(storage_state)
        yield from _of_cookies(state.get("cookies") or ())
        for origin in state.get("origins") or ():
            for item in origin.get("localStorage") or ():
                if is_sensitive_name(str(item.get("name"))):
                    yield str(item.get("value") or "")
    except (ValueError, AttributeError, TypeError):
        return  # the browser has refused it before there was a page
