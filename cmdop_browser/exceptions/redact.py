"""Take secrets out of text before it becomes part of an error, a log line or a report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

MASK: Final = "***"

_NAMES: Final = (
    r"(?:proxy[-_]?)?authorization|(?:set[-_]?)?cookies?|x[-_]api[-_]key|api[-_]?key|cmdop[-_]token"
    r"|(?:[a-z]+[-_]?)?token|(?:client[-_]?)?secret|pass(?:word|wd|phrase)|private[-_]?key|signature"
)
_VALUE: Final = r"""(?:"[^"\r\n]*"|'[^'\r\n]*'|[^\s&;,"'<>\])}]+)"""

# Error texts of browsers run to megabytes: each pattern starts at a literal, and
# none looks at a character more than a few times.
_USERINFO: Final = re.compile(r"(?<=://)[^\s/?#\"'<>]*@")
_CREDENTIALS: Final = re.compile(
    r"\b(Bearer|Basic|Digest|Negotiate)(\s+)(?=[^\s\"',;<>]*[0-9=])[^\s\"',;<>]{6,}", re.IGNORECASE
)
_AUTHORIZATION: Final = re.compile(rf"(authorization[\"']?\s*[:=]\s*)(?:\w+\s+)?{_VALUE}", re.IGNORECASE)
_COOKIES: Final = re.compile(r"(cookie[\"']?\s*[:=]\s*[\"']?)[^\s=;:\"']+=[^\"'\r\n]*", re.IGNORECASE)
# A bare colon does not assign, it begins a pseudo-class: #password:focus.
_ASSIGNMENT: Final = re.compile(
    rf"(?<![a-z0-9])((?:{_NAMES})(?:[\"']?\s*=\s*|[\"']\s*:\s*|\s*:\s+|:(?=[\"'])))(?!\*\*\*){_VALUE}",
    re.IGNORECASE,
)
_LONG_PARAMETER: Final = re.compile(
    r"([?&](?:key|sig|code|auth|sid|session(?:_?id)?)=)[^&\s\"'<>#]{16,}", re.IGNORECASE
)
_SENSITIVE_KEY: Final = re.compile(rf"(?:.*[-_.])?(?:{_NAMES})", re.IGNORECASE | re.DOTALL)


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
        for pattern in (_AUTHORIZATION, _COOKIES, _ASSIGNMENT, _LONG_PARAMETER):
            text = pattern.sub(rf"\g<1>{MASK}", text)
    return _CREDENTIALS.sub(rf"\1\2{MASK}", text)


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
