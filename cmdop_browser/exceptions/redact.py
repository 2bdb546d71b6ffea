"""Take secrets out of text before it becomes part of an error, a log line or a report."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

MASK: Final = "***"

_NAMES: Final = (
    r"(?:proxy[-_]?)?authorization|(?:set[-_]?)?cookies?|x[-_]api[-_]key|api[-_]?key|cmdop[-_]token"
    r"|(?:[a-z]+[-_]?)?token|(?:client[-_]?)?secret|secret[-_]?key|access[-_]?key|(?:[a-z]+)?pass(?:word|wd|phrase)"
    r"|private[-_]?key|signature"
)
_VALUE: Final = r"""(?:"[^"\r\n]*"|'[^'\r\n]*'|[^\s&;,"'<>\])}]+)"""

# Error texts of browsers run to megabytes, and so do pages: what is searched for there
# are a few words, which `str.find` does at memory speed; a pattern is tried only where
# one of them stands, and none looks at a character more than a few times.
_USERINFO: Final = re.compile(r"(?<=://)[^\s/?#\"'<>]*@")
_CREDENTIALS: Final = re.compile(
    r"(?<!\w)((?:Bearer|Basic|Digest|Negotiate)\s+)(?=[^\s\"',;<>]*[0-9=])[^\s\"',;<>]{6,}", re.IGNORECASE
)
_CREDENTIALS_WORDS: Final = ("bearer", "basic", "digest", "negotiate")
_AUTHORIZATION: Final = re.compile(rf"(authorization[\"']?\s*[:=]\s*)(?:\w+\s+)?{_VALUE}", re.IGNORECASE)
_COOKIES: Final = re.compile(r"(cookie[\"']?\s*[:=]\s*[\"']?)[^\s=;:\"']+=[^\"'\r\n]*", re.IGNORECASE)
# A bare colon does not assign, it begins a pseudo-class: #password:focus.
_ASSIGNMENT: Final = re.compile(
    r"((?:authorization|cookies?|api[-_]?key|token|secret(?:[-_]?key)?|access[-_]?key|pass(?:word|wd|phrase)"
    r"|private[-_]?key|signature)"
    rf"(?:[\"']?\s*=\s*|[\"']\s*:\s*|\s*:\s+|:(?=[\"'])))(?!\*\*\*){_VALUE}",
    re.IGNORECASE,
)
_ASSIGNMENT_WORDS: Final = (
    "authorization",
    "cookie",
    "api",
    "token",
    "secret",
    "access",
    "pass",
    "private",
    "signature",
)
# Of parameters whose names say less, the values that look made: long, or with digits among the letters.
_MADE: Final = r"(?:[^&;\s\"'<>#]{16,}|(?=[^&;\s\"'<>#]*\d)[^&;\s\"'<>#]{6,})"
_PARAMETER: Final = re.compile(
    r"([?&;](?:(?:php|j|asp\.?net_?)sess(?:ion)?_?id|sess(?:ion)?_?id|pwd|pass|passcode|otp)=)[^&;\s\"'<>#]+"
    rf"|([?&;](?:key|sig|code|auth|sid|session|state|ticket|nonce|hash)=){_MADE}",
    re.IGNORECASE,
)
# Forms that are secrets whatever stands before them: a JSON web token, keys with a well-known prefix.
_KEYS: Final = re.compile(
    r"(?<!\w)()(?:eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?|AKIA[0-9A-Z]{16}|gh[pousr]_\w{20,}|xox[abprs]-[\w-]{10,}"
    r"|[sr]k_(?:live|test)_\w{10,})"
)
_KEYS_WORDS: Final = ("eyj", "akia", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "xox", "k_live_", "k_test_")
_SENSITIVE_KEY: Final = re.compile(rf"(?:.*[-_.])?(?:{_NAMES})", re.IGNORECASE | re.DOTALL)

# Markup: what a field of a form, or a meta element, holds. No value of an attribute is longer than this.
_FIELD: Final = re.compile(
    r"<(?:input|meta|textarea|button)\b(?:\"[^\"]{0,4000}\"|'[^']{0,4000}'|[^'\"<>]){0,200}", re.IGNORECASE
)
_FIELD_WORDS: Final = ("<input", "<meta", "<textarea", "<button")
_SECRET_FIELD: Final = re.compile(
    r"""\btype\s*=\s*["']?password|autocomplete\s*=\s*["']?(?:cc-|current-password|new-password|one-time-code)"""
    r"""|\b(?:name|id|property|http-equiv)\s*=\s*["']?[^\s"'>]*"""
    r"""(?:token|secret|passw|passphrase|api[-_]?key|csrf|xsrf|nonce|session|signature|otp\b|cvv|cvc)""",
    re.IGNORECASE,
)
_FIELD_VALUE: Final = re.compile(
    r"""((?:\s|["'])(?:value|content)\s*=\s*)(?:"[^"]*"|'[^']*'|[^\s"'<>]+)""", re.IGNORECASE
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Mask credentials in *text*.

    Covers the user part of URLs (proxies too), ``Authorization`` and cookie
    headers, bearer and basic credentials, assignments such as ``api_key=…`` or
    ``"password": "…"``, keys of well-known form, and in markup the values of fields
    that hold a secret.

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
    if "<" in text:
        text = _where(_FIELD, _FIELD_WORDS, text, _masked_field)
    if ":" in text or "=" in text:
        text = _where(_AUTHORIZATION, ("authorization",), text, _masked)
        text = _where(_COOKIES, ("cookie",), text, _masked)
        text = _where(_ASSIGNMENT, _ASSIGNMENT_WORDS, text, _masked)
        text = _PARAMETER.sub(_masked_parameter, text)
    text = _where(_KEYS, _KEYS_WORDS, text, _masked, before=1)
    return _where(_CREDENTIALS, _CREDENTIALS_WORDS, text, _masked)


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


def _where(
    pattern: re.Pattern[str],
    words: tuple[str, ...],
    text: str,
    change: Callable[[re.Match[str]], str],
    *,
    before: int = 0,
) -> str:
    """Change what *pattern* matches where one of *words* stands.

    Args:
        pattern: Tried at each of the words, or up to *before* characters ahead of it.
        words: In lower case.
        text: What is searched.
        change: Makes the replacement.
        before: How much of a match may stand before its word.
    """
    lower = text.lower()
    if len(lower) != len(text):  # a few letters grow: positions would be off
        lower = "".join(letter if len(letter.lower()) != 1 else letter.lower() for letter in text)
    starts = {
        max(at - back, 0) for word in words for at in _places(lower, word) for back in range(before + 1)
    }
    parts, done = [], 0
    for start in sorted(starts):
        if start >= done and (found := pattern.match(text, start)):
            parts += [text[done:start], change(found)]
            done = found.end()
    return "".join((*parts, text[done:])) if parts else text


def _places(text: str, word: str) -> Iterable[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)


def _masked(found: re.Match[str]) -> str:
    return found[1] + MASK


def _masked_parameter(found: re.Match[str]) -> str:
    return (found[1] or found[2]) + MASK


def _masked_field(found: re.Match[str]) -> str:
    field = found[0]
    if _SECRET_FIELD.search(field):
        return _FIELD_VALUE.sub(rf'\g<1>"{MASK}"', field)
    return field
