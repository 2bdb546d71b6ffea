"""What was seen of a navigation that failed, and what is told of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from agent_bridge.diagnosis.texts import bounded, shown_url
from cmdop_browser.exceptions import NavigationCause

if TYPE_CHECKING:
    from agent_bridge.diagnosis.connection import Connection
    from agent_bridge.diagnosis.waiting import Pending

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
    (_Cause.TLS_WRONG_HOST, "ERR_CERT_COMMON_NAME_INVALID"),
    (_Cause.TLS_OTHER, "ERR_CERT_|ERR_SSL_|ERR_BAD_SSL_CLIENT_AUTH_CERT|ERR_TLS"),
    (_Cause.REDIRECT_LOOP, "ERR_TOO_MANY_REDIRECTS"),
    (_Cause.UNSUPPORTED_SCHEME, "ERR_UNSAFE_REDIRECT|ERR_UNKNOWN_URL_SCHEME|ERR_DISALLOWED_URL_SCHEME"),
    (_Cause.BAD_REDIRECT, "ERR_INVALID_REDIRECT"),
    (_Cause.BLOCKED_BY_POLICY, "ERR_UNSAFE_PORT|ERR_BLOCKED_BY_"),
    (_Cause.PROXY, "ERR_PROXY_|ERR_TUNNEL_CONNECTION_FAILED|ERR_SOCKS_|ERR_NO_SUPPORTED_PROXIES"),
    (_Cause.PROXY, "ERR_MANDATORY_PROXY|ERR_UNABLE_TO_REUSE_CONNECTION_FOR_PROXY_AUTH"),
    (_Cause.BODY_CORRUPT, "ERR_CONTENT_LENGTH_MISMATCH|ERR_CONTENT_DECODING_|ERR_HTTP2_|ERR_QUIC_"),
    (_Cause.BODY_CORRUPT, "ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_INVALID_CHUNKED_ENCODING"),
    (_Cause.BAD_RESPONSE, "ERR_INVALID_HTTP_RESPONSE|ERR_RESPONSE_HEADERS_|ERR_INVALID_RESPONSE"),
    (_Cause.AUTH_REQUIRED, "ERR_UNEXPECTED_PROXY_AUTH|ERR_TOO_MANY_RETRIES"),
    (_Cause.AUTH_REQUIRED, "ERR_INVALID_AUTH_CREDENTIALS|ERR_MISSING_AUTH_CREDENTIALS"),
    (_Cause.TIMEOUT_CONNECT, "ERR_CONNECTION_TIMED_OUT"),
    (_Cause.TIMEOUT_RESPONSE, "ERR_TIMED_OUT"),
    (_Cause.NO_CONTENT, "ERR_HTTP_RESPONSE_CODE_FAILURE|ERR_CACHE_MISS"),
    (_Cause.INVALID_URL, "ERR_INVALID_URL|[Cc]annot navigate to invalid URL"),
    (_Cause.UNSUPPORTED_SCHEME, 'Cannot navigate to "'),
    (_Cause.DOWNLOAD, "Download is starting"),
    (_Cause.INTERRUPTED, "is interrupted by another navigation"),
)
_RULES = tuple((cause, re.compile(pattern)) for cause, pattern in _TEXTS)
_NET_ERROR = re.compile(r"ERR_[A-Z0-9_]{3,60}")


@dataclass(frozen=True, slots=True)
class NavigationFacts:
    """What was seen of a navigation that failed.

    Attributes:
        text: The error's text, or that of the failed request; empty on a timeout of ours.
        url: What was loaded last: where redirects led, else what was asked for.
        stations: The URLs that answered with a redirect, in order.
        timed_out: The caller's time ran out, and how long that was; 0.0 when it did not.
        waited_for: The state that the caller asked to wait for.
        status: Status of the answer to the main request, if one came.
        reason: Its reason phrase.
        headers: Of that answer, names in lower case.
        redirect: Where the last redirect of the main request pointed to, if there was one.
        committed: The document was there, only not everything it refers to.
        in_body: The failure came after the headers of the answer.
        replaced: Another navigation began meanwhile.
        documents: How many documents came one after the other.
        still_replacing: The last of them came just before the end.
        blocked: A script blocked the page, and was stopped.
        proxy: The proxy that was used, without credentials; "" for none.
        proxy_credentials: Whether the proxy was shown some.
        connection: How far a connection of our own got, where one was tried.
        pending: What the page still waits for, where that was looked at.
    """

    text: str
    url: str = ""
    stations: tuple[str, ...] = ()
    timed_out: float = 0.0
    waited_for: str = "load"
    status: int | None = None
    reason: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    redirect: str | None = None
    committed: bool = False
    in_body: bool = False
    replaced: bool = False
    documents: int = 0
    still_replacing: bool = False
    blocked: bool = False
    proxy: str = ""
    proxy_credentials: bool = False
    connection: Connection | None = None
    pending: Pending | None = None

    @property
    def is_tunnelled(self) -> bool:
        """Whether a proxy only passes bytes on."""
        return self.url.startswith("https:")

    @property
    def at(self) -> str:
        """Host and port, as messages name them."""
        parts = urlsplit(self.url)
        try:
            port = parts.port
        except ValueError:
            port = None
        host = parts.hostname or "the host"
        return shown_url(f"{host}:{port}" if port else host)


@dataclass(frozen=True, slots=True)
class NavigationVerdict:
    """What to tell the caller.

    Attributes:
        explanation: Ends the message; lower case.
        tips: Empty for those that follow from the cause alone.
    """

    cause: NavigationCause
    explanation: str
    tips: tuple[str, ...] = ()


def cause_by_text(text: str) -> NavigationCause | None:
    """Return the cause that the browser's words name, by themselves."""
    text = bounded(text)
    return next((cause for cause, pattern in _RULES if pattern.search(text)), None)


def net_error(text: str) -> str:
    """Return the browser's code in *text*, "" when it names none."""
    found = _NET_ERROR.search(bounded(text))
    return found.group() if found else ""


def in_brackets(text: str) -> str:
    """Return the browser's code as a message ends with it."""
    code = net_error(text)
    return f" ({code})" if code else ""
