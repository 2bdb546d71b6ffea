"""Which URLs are not even tried."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from agent_bridge.diagnosis.texts import shown_url
from cmdop_browser.exceptions import NavigationCause

LOADABLE = frozenset({"http", "https"})
# Chromium drops longer ones without a word (`url::kMaxURLChars`).
_MAX_URL_CHARACTERS = 2 * 1024 * 1024
_BARE_HOST = re.compile(r"^[\w.-]+(:\d+)?(/|$)")

# Machines at hand, which seldom speak TLS.
_LOCAL = re.compile(r"^(?:localhost|127\.|10\.|192\.168\.)", re.IGNORECASE)
# What is meant for http:// or https:// and is not quite: htp://, https//, http:/, http:///.
_SLIP = re.compile(r"^h+t+p+(s?)[:/]{1,4}([^/:].*)$", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a URL is not even tried."""

    cause: NavigationCause
    message: str
    tips: tuple[str, ...] = ()


def refusal_of(url: str) -> Refusal | None:
    """Return why *url* cannot be loaded, or None when it is worth trying.

    Chromium would repair some of these by guessing, load others that are none
    of a scraper's business, and report the rest as an abort.
    """
    if url == "about:blank":
        return None
    if len(url) > _MAX_URL_CHARACTERS:
        return _invalid("it is longer than 2 MB")
    try:
        parts = urlsplit(url.strip())
        port_is_bad = parts.port == 0
    except ValueError as exc:
        return _invalid(str(exc).lower())
    if not url.strip():
        return _invalid("it is empty")
    if parts.scheme not in LOADABLE:
        return _refuse_scheme(url.strip(), parts.scheme)
    if not parts.hostname:
        return _invalid("it names no host", *_meant(url.strip()))
    if port_is_bad or re.search(r"[\s\x00-\x1f]", parts.netloc):
        return _invalid("its host or port is malformed")
    return None


def _refuse_scheme(url: str, scheme: str) -> Refusal:
    if not scheme or (_BARE_HOST.match(url) and re.match(r"[\w.-]+:\d", url)):
        if _BARE_HOST.match(url) and ("." in url or ":" in url):
            scheme = "http" if _LOCAL.match(url) else "https"
            return _invalid("it has no scheme", *(_meant(url) or (_did_you_mean(f"{scheme}://{url}"),)))
        return _invalid("it is not an absolute URL", *_meant(url))
    return Refusal(NavigationCause.UNSUPPORTED_SCHEME, f"{scheme}: is not loaded", _meant(url))


def _meant(url: str) -> tuple[str, ...]:
    slip = _SLIP.match(url)
    return (_did_you_mean(f"http{slip[1].lower()}://{slip[2]}"),) if slip else ()


def _did_you_mean(url: str) -> str:
    return f"did you mean {shown_url(url)}?"


def _invalid(why: str, *tips: str) -> Refusal:
    return Refusal(NavigationCause.INVALID_URL, f"not a URL that can be loaded: {why}", tips)
