"""Cookies in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from cmdop_browser import models
from cmdop_browser._convert import checks
from cmdop_browser.wire.v1 import identity_pb2

if TYPE_CHECKING:
    from cmdop_browser.wire.v1 import common_pb2

# Playwright and browser extensions write these names.
_SPELLINGS: Final = {"httpOnly": "http_only", "sameSite": "same_site"}
_FIELDS: Final = ("name", "value", "domain", "path", "url", "expires", "http_only", "secure", "same_site")


def set_cookies(call: common_pb2.SessionCall, cookies: object) -> identity_pb2.SetCookiesRequest:
    """Cookies to be set, each a `Cookie` or a mapping with its fields."""
    given = checks.items("cookies", cookies, secret=True)
    return identity_pb2.SetCookiesRequest(
        call=call, cookies=[_message(f"cookies[{index}]", cookie) for index, cookie in enumerate(given)]
    )


def read_cookies(reply: identity_pb2.GetCookiesReply) -> list[models.Cookie]:
    """The cookies of a session."""
    return [_model(cookie) for cookie in reply.cookies]


def _message(field: str, cookie: object) -> identity_pb2.Cookie:
    if isinstance(cookie, models.Cookie):
        cookie = {name: getattr(cookie, name) for name in _FIELDS}
    if not isinstance(cookie, Mapping):
        checks.refuse(field, cookie, "a Cookie or a mapping with its fields", secret=True)
    given = {_SPELLINGS.get(name, name): value for name, value in cookie.items() if value is not None}
    if unknown := sorted(str(name) for name in given.keys() - set(_FIELDS)):
        checks.refuse(field, unknown, f"a mapping with the fields {', '.join(_FIELDS)}")
    if not (given.get("url") or given.get("domain")):
        checks.refuse(field, cookie, "given a url or a domain", secret=True)
    same_site = given.get("same_site")
    return identity_pb2.Cookie(
        name=checks.filled(f"{field}.name", given.get("name")),
        value=checks.text(f"{field}.value", given.get("value", ""), secret=True),
        expires=_expires(f"{field}.expires", given.get("expires")),
        http_only=checks.flag(f"{field}.http_only", given.get("http_only", False)),
        secure=checks.flag(f"{field}.secure", given.get("secure", False)),
        same_site=None
        if same_site is None
        else checks.one_of(f"{field}.same_site", same_site, models.SameSite),
        **_place(field, given),
    )


def _place(field: str, given: Mapping[Any, Any]) -> dict[str, str]:
    """Where it belongs; a browser takes either a URL or a domain with a path."""
    place = {
        name: checks.filled(f"{field}.{name}", given[name])
        for name in ("url", "domain", "path")
        if given.get(name)
    }
    if "domain" in place:
        place.setdefault("path", "/")
        place.pop("url", None)
    else:
        place.pop("path", None)
    return place


def _expires(field: str, value: object) -> float | None:
    if value is None:
        return None
    moment = checks.number(field, value)
    return None if moment == -1 else moment  # Playwright's way to say "with the session"


def _model(cookie: identity_pb2.Cookie) -> models.Cookie:
    return models.Cookie(
        name=cookie.name,
        value=cookie.value,
        domain=cookie.domain or None,
        path=cookie.path or None,
        expires=cookie.expires if cookie.HasField("expires") else None,
        http_only=cookie.http_only,
        secure=cookie.secure,
        same_site=cast("models.SameSite", cookie.same_site) if cookie.same_site else None,
    )
