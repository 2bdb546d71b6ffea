"""Whether two URLs name one page, as far as addresses can tell.

Sites send visitors around for many reasons that are none of a scraper's business:
a slash, https, a language, a slug, a tracking parameter. Only what is left counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

_MAX: Final = 2000
_LANGUAGE: Final = re.compile(
    r"^(?:[a-z]{2}|(?:[a-z]{2,3})[-_](?:[a-z]{2,4}|\d{3})(?:[-_][a-z]{2})?|english|deutsch|francais|espanol|intl|international)$"
)
_LANGUAGE_HOST: Final = re.compile(r"^(?:www\d?|m|mobile|wap|amp|[a-z]{2}|[a-z]{2}-[a-z]{2})$")
_DEFAULT: Final = re.compile(r"^(?:index|default|home|start|main|startseite|accueil|inicio)(?:\.\w{2,5})?$")
_EXTENSION: Final = re.compile(r"\.(?:html?|xhtml|php\d?|aspx?|jspx?|do|cgi|cfm)$")
_SESSION: Final = re.compile(r";\w*session\w*=.*$", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\d{2,}|(?<![\d])\d$|^\d+")
# Addresses that say themselves that they lead elsewhere.
_POINTERS: Final = frozenset(
    [
        "random",
        "latest",
        "newest",
        "current",
        "permalink",
        "shortlink",
        "me",
        "goto",
        "out",
        "away",
        "today",
        "last",
        "first",
        "next",
    ]
)


@dataclass(frozen=True, slots=True)
class _Address:
    site: tuple[str, ...]
    port: int | None
    segments: tuple[str, ...]
    query: tuple[tuple[str, str], ...]


def is_same_page(asked: str, there: str) -> bool:
    """Whether *there* is the page that *asked* asks for, or may well be."""
    if asked[:_MAX] == there[:_MAX]:
        return True
    one, other = _address(asked), _address(there)
    if one is None or other is None:
        return False
    if not _is_same_site(one, other):
        return _leads_elsewhere(asked, there)
    if _leads_elsewhere(asked, there):
        return True
    return _is_same_path(one, other) and _is_same_query(one, other)


def path_of(url: str) -> str:
    """Return the path of *url*, which carries no secrets of its query, for a message."""
    try:
        return urlsplit(url[:_MAX]).path or "/"
    except ValueError:
        return "/"


def host_of(url: str) -> str:
    """Return the host of *url* with its port, in lower case."""
    try:
        parts = urlsplit(url[:_MAX])
        port = parts.port
    except ValueError:
        return ""
    host = (parts.hostname or "").lower()
    return f"{host}:{port}" if port else host


def _address(url: str) -> _Address | None:
    try:
        parts = urlsplit(url[:_MAX])
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return None
    path = _SESSION.sub("", unquote(parts.path)).casefold()
    segments = [segment for segment in path.split("/") if segment]
    # A language may stand first, or behind one other segment.
    segments = [
        segment for index, segment in enumerate(segments) if not (index < 2 and _LANGUAGE.match(segment))
    ]
    if segments and _DEFAULT.match(segments[-1]):
        segments.pop()
    if segments:
        segments[-1] = _EXTENSION.sub("", segments[-1])
    query = tuple(sorted(parse_qsl(parts.query, keep_blank_values=True)[:50]))
    standard = {"http": 80, "https": 443}[parts.scheme]
    return _Address(
        _site(parts.hostname.lower().rstrip(".")),
        None if port in {None, standard} else port,
        tuple(segments),
        query,
    )


def _site(host: str) -> tuple[str, ...]:
    labels = host.split(".")
    if re.fullmatch(r"[\d.]+|\[?[0-9a-f:]+\]?", host):
        return (host,)
    while len(labels) > 2 and _LANGUAGE_HOST.match(labels[0]):
        labels.pop(0)
    return tuple(labels)


def _is_same_site(one: _Address, other: _Address) -> bool:
    if one.site == other.site:
        return True
    # example.com sends visitors to example.de, or example.org to example.co.uk.
    return (
        len(one.site) > 1
        and len(other.site) > 1
        and one.port == other.port
        and len(one.site[0]) > 3
        and one.site[0] == other.site[0]
        and len(one.site) <= 3
        and len(other.site) <= 3
    )


def _is_same_path(one: _Address, other: _Address) -> bool:
    asked, there = one.segments, other.segments
    if asked == there:
        return True
    # The start page is whatever the site starts with; below that a site may add a slug or a first section.
    if there[: len(asked)] == asked:
        return True
    if not asked or len(there) < len(asked) or asked[:-1] != there[: len(asked) - 1]:
        return False
    numbers = _NUMBER.findall(asked[-1])
    # A slug that was reworded keeps its number.
    return bool(numbers) and any(numbers[-1] == number for number in _NUMBER.findall(there[len(asked) - 1]))


def _is_same_query(one: _Address, other: _Address) -> bool:
    there = dict(other.query)
    return all(
        name not in there or value.casefold() == there[name].casefold() or _is_about_form(name)
        for name, value in one.query
    )


def _is_about_form(name: str) -> bool:
    """Whether a parameter is about how, not what: language, campaign, session."""
    return bool(
        re.match(
            r"(?:utm_|_|mc_|hsa_|pk_|ga_)|(?:gclid|fbclid|msclkid|dclid|yclid|igshid|ref|referrer|source|src|lang|language"
            r"|locale|hl|gl|sid|session|sessionid|phpsessid|jsessionid|t|ts|time|timestamp|v|ver|version|rnd|nocache)$",
            name,
            re.IGNORECASE,
        )
    )


def _leads_elsewhere(asked: str, there: str) -> bool:
    """Whether the address asked for is one that only points to another."""
    try:
        parts, target = urlsplit(asked[:_MAX]), urlsplit(there[:_MAX])
        target_host = target.hostname or ""
    except ValueError:
        return False
    segments = [segment for segment in parts.path.lower().split("/") if segment]
    if segments and segments[-1] in _POINTERS:
        return True
    host = (parts.hostname or "").lower()
    # It carries the whole address that it leads to.
    if host != target_host and any(
        host_of(value).partition(":")[0] == target_host
        for _, value in parse_qsl(parts.query)[:50]
        if value.startswith(("http://", "https://"))
    ):
        return True
    # A short link: a short host, and one segment that is a code.
    return (
        host != target_host
        and len(host.removeprefix("www.")) <= 8
        and len(segments) == 1
        and re.fullmatch(r"[A-Za-z0-9_-]{3,12}", parts.path.strip("/")) is not None
        and not host.replace(".", "").isdigit()
    )
