"""Take secrets out of text before it becomes part of an error, a log line or a report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

MASK: Final = "***"

_SENSITIVE_NAMES: Final = (
    r"(?:proxy[-_]?)?authorization|(?:set[-_]?)?cookie2?|x[-_]api[-_]key|api[-_]?key|apikey|cmdop[-_]token"
    r"|(?:access|refresh|id|auth|csrf|xsrf|session|bearer)[-_]?token|token"
    r"|(?:client[-_]?)?secret|passwo?r?d|passwd|passphrase|private[-_]?key|signature|credentials?"
)

# Every pattern starts at a literal and consumes each character once: error texts
# of browsers run to megabytes.
_USERINFO: Final = re.compile(r"(?<=://)[^\s/?#\"'<>]*@")
_SCHEME_CREDENTIALS: Final = re.compile(
    r"\b(Bearer|Basic|Digest|Negotiate)(\s+)[^\s\"',;<>]{6,}", re.IGNORECASE
)
_HEADER_LINE: Final = re.compile(
    r"\b((?:proxy-)?authorization|(?:set-)?cookie)(?P<close>[\"']?)(\s*[:=]\s*)(?:\"[^\"\r\n]*\"|'[^'\r\n]*'|[^\r\n]+)",
    re.IGNORECASE,
)
_ASSIGNMENT: Final = re.compile(
    rf"(?<![a-z0-9])({_SENSITIVE_NAMES})([\"']?\s*[:=]\s*)(?:\"[^\"\r\n]*\"|'[^'\r\n]*'|[^\s&;,\"'<>\])}}]+)",
    re.IGNORECASE,
)
_SENSITIVE_KEY: Final = re.compile(rf"(?:.*[-_])?(?:{_SENSITIVE_NAMES})", re.IGNORECASE)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Mask credentials in *text*.

    Covers the user part of URLs (proxies too), ``Authorization`` and cookie
    headers, bearer and basic credentials, and assignments such as
    ``api_key=…`` or ``"password": "…"``.

    Args:
        text: Anything that may end up in front of a person or in a file.
        secrets: Values known to be secret, masked wherever they occur.

    Returns:
        The text with ``***`` in place of each secret.
    """
    for secret in secrets:
        if secret:
            text = text.replace(secret, MASK)
    if "://" in text:
        text = _USERINFO.sub(f"{MASK}@", text)
    if ":" in text or "=" in text:
        text = _HEADER_LINE.sub(rf"\1\g<close>\3{MASK}", text)
        text = _ASSIGNMENT.sub(rf"\1\2{MASK}", text)
    return _SCHEME_CREDENTIALS.sub(rf"\1\2{MASK}", text)


def redact_url(url: str) -> str:
    """Mask the user part and telling query parameters of *url*."""
    return redact(url)


def is_sensitive_name(name: str) -> bool:
    """Whether a header, parameter or key of this name holds a secret."""
    return _SENSITIVE_KEY.fullmatch(name) is not None


def redact_mapping(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of *mapping* with secrets masked, by key and within text."""
    return {
        key: MASK if is_sensitive_name(key) and value else _redact_any(value)
        for key, value in mapping.items()
    }


def _redact_any(value: Any) -> Any:
    if type(value) is str:
        return redact(value)
    if isinstance(value, Mapping):
        return redact_mapping(value)
    if type(value) in {list, tuple}:
        return type(value)(_redact_any(item) for item in value)
    return value
