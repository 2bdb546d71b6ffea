"""Why no document arrived: from Chromium's and Playwright's texts to a cause."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from agent_bridge.diagnosis.texts import bounded
from cmdop_browser.exceptions import NavigationCause

_Cause = NavigationCause

# https://source.chromium.org/chromium/chromium/src/+/main:net/base/net_error_list.h
# The first match wins, so the special comes before the general.
_TEXTS: tuple[tuple[NavigationCause, str], ...] = (
    (_Cause.DNS, "ERR_NAME_NOT_RESOLVED|ERR_NAME_RESOLUTION_FAILED|ERR_DNS_|ERR_ICANN_NAME_COLLISION"),
    (_Cause.REFUSED, "ERR_CONNECTION_REFUSED"),
    (_Cause.RESET, "ERR_CONNECTION_(RESET|ABORTED|CLOSED)|ERR_SOCKET_NOT_CONNECTED"),
    (_Cause.UNREACHABLE, "ERR_ADDRESS_UNREACHABLE|ERR_ADDRESS_INVALID|ERR_NETWORK_ACCESS_DENIED"),
    (_Cause.OFFLINE, "ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED"),
    (_Cause.EMPTY_RESPONSE, "ERR_EMPTY_RESPONSE"),
    (_Cause.TLS_EXPIRED, "ERR_CERT_DATE_INVALID"),
    (_Cause.TLS_SELF_SIGNED, "ERR_CERT_AUTHORITY_INVALID"),
    (_Cause.TLS_WRONG_HOST, "ERR_CERT_COMMON_NAME_INVALID"),
    (_Cause.TLS_OTHER, "ERR_CERT_|ERR_SSL_|ERR_BAD_SSL_CLIENT_AUTH_CERT|ERR_TLS"),
    (_Cause.REDIRECT_LOOP, "ERR_TOO_MANY_REDIRECTS"),
    (_Cause.UNSUPPORTED_SCHEME, "ERR_UNSAFE_REDIRECT|ERR_UNKNOWN_URL_SCHEME|ERR_DISALLOWED_URL_SCHEME"),
    (_Cause.BAD_REDIRECT, "ERR_INVALID_REDIRECT"),
    (_Cause.BLOCKED_BY_POLICY, "ERR_UNSAFE_PORT|ERR_BLOCKED_BY_"),
    (_Cause.PROXY, "ERR_PROXY_|ERR_TUNNEL_CONNECTION_FAILED|ERR_SOCKS_|ERR_NO_SUPPORTED_PROXIES"),
    (_Cause.PROXY, "ERR_MANDATORY_PROXY|ERR_UNEXPECTED_PROXY_AUTH"),
    (_Cause.BODY_CORRUPT, "ERR_CONTENT_LENGTH_MISMATCH|ERR_CONTENT_DECODING_|ERR_HTTP2_|ERR_QUIC_"),
    (_Cause.BODY_CORRUPT, "ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_INVALID_CHUNKED_ENCODING"),
    (_Cause.BAD_RESPONSE, "ERR_INVALID_HTTP_RESPONSE|ERR_RESPONSE_HEADERS_|ERR_INVALID_RESPONSE"),
    (_Cause.AUTH_REQUIRED, "ERR_INVALID_AUTH_CREDENTIALS|ERR_MISSING_AUTH_CREDENTIALS|ERR_TOO_MANY_RETRIES"),
    (_Cause.TIMEOUT_CONNECT, "ERR_CONNECTION_TIMED_OUT"),
    (_Cause.TIMEOUT_RESPONSE, "ERR_TIMED_OUT"),
    (_Cause.INVALID_URL, "ERR_INVALID_URL|[Cc]annot navigate to invalid URL"),
    (_Cause.UNSUPPORTED_SCHEME, 'Cannot navigate to "'),
    (_Cause.DOWNLOAD, "Download is starting"),
    (_Cause.INTERRUPTED, "is interrupted by another navigation"),
)
_RULES = tuple((cause, re.compile(pattern)) for cause, pattern in _TEXTS)


@dataclass(frozen=True, slots=True)
class NavigationFacts:
    """What was seen of a navigation that failed.

    Attributes:
        text: The error's text, or that of the failed request; empty on a timeout of ours.
        timed_out: The caller's time ran out.
        status: Status of the answer to the main request, if one came.
        redirect: Where the last redirect of the main request pointed to, if there was one.
        committed: The document was there, only not everything it refers to.
        in_body: The failure came after the headers of the answer.
        replaced: Another navigation began meanwhile.
    """

    text: str
    timed_out: bool = False
    status: int | None = None
    redirect: str | None = None
    committed: bool = False
    in_body: bool = False
    replaced: bool = False


def cause_of(facts: NavigationFacts) -> NavigationCause:
    """Return the cause that the facts show."""
    if facts.timed_out:
        if facts.committed or facts.status is not None:
            return NavigationCause.TIMEOUT_LOAD
        return NavigationCause.TIMEOUT_RESPONSE
    if facts.in_body:
        return NavigationCause.BODY_CORRUPT
    if "ERR_ABORTED" in facts.text:
        return _cause_of_abort(facts)
    text = bounded(facts.text)
    for cause, pattern in _RULES:
        if pattern.search(text):
            return cause
    return NavigationCause.BAD_RESPONSE if "ERR_" in text else NavigationCause.INTERRUPTED


def _cause_of_abort(facts: NavigationFacts) -> NavigationCause:
    if facts.redirect is not None and urlsplit(facts.redirect).scheme not in {"", "http", "https"}:
        return NavigationCause.UNSUPPORTED_SCHEME
    # Some answers without a document (304, a redirect to mailto:) are shown to nobody.
    return NavigationCause.INTERRUPTED if facts.replaced else NavigationCause.NO_CONTENT


_LOADABLE = {"http", "https"}
# Chromium drops longer ones without a word (`url::kMaxURLChars`).
_MAX_URL_CHARACTERS = 2 * 1024 * 1024
_BARE_HOST = re.compile(r"^[\w.-]+(:\d+)?(/|$)")


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
    if parts.scheme not in _LOADABLE:
        return _refuse_scheme(url.strip(), parts.scheme)
    if not parts.hostname:
        return _invalid("it names no host")
    if port_is_bad or re.search(r"[\s\x00-\x1f]", parts.netloc):
        return _invalid("its host or port is malformed")
    return None


def _refuse_scheme(url: str, scheme: str) -> Refusal:
    if not scheme or (_BARE_HOST.match(url) and re.match(r"[\w.-]+:\d", url)):
        if _BARE_HOST.match(url) and ("." in url or ":" in url):
            return _invalid("it has no scheme", f"did you mean https://{url}?")
        return _invalid("it is not an absolute URL")
    return Refusal(NavigationCause.UNSUPPORTED_SCHEME, f"{scheme}: is not loaded")


def _invalid(why: str, *tips: str) -> Refusal:
    return Refusal(NavigationCause.INVALID_URL, f"not a URL that can be loaded: {why}", tips)
