"""Reduce any value to what JSON can hold, without secrets."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from os import PathLike
from typing import Any, Final

from cmdop_browser.exceptions.redact import MASK, is_sensitive_name, redact

_MAX_DEPTH: Final = 8
_MAX_REPR: Final = 500
_WORDS: Final = frozenset({"code", "cause", "reason", "outcome", "id", "media_type", "ready_state"})


def clean_text(text: str) -> str:
    """*text* without secrets, and without what UTF-8 cannot carry."""
    return redact(text.encode("utf-8", "backslashreplace").decode())


def clip(text: str, limit: int) -> str:
    """At most *limit* characters of *text*, an ellipsis included when it was cut."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + "…"


def plain(value: Any, depth: int = _MAX_DEPTH) -> Any:
    """*value* as JSON values; what has no such form becomes its ``repr``.

    Errors hold only such values, so that they can always be pickled, copied and
    sent, whatever object the failure was about.
    """
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, PathLike):
        return clean_text(str(value))
    if depth > 0 and isinstance(value, Mapping):
        return {
            clean_text(str(key)): MASK if is_sensitive_name(str(key)) and item else plain(item, depth - 1)
            for key, item in value.items()
        }
    if depth > 0 and isinstance(value, list | tuple | set | frozenset):
        return [plain(item, depth - 1) for item in value]
    return _described(value)


def mask_in(value: Any, secrets: tuple[str, ...]) -> Any:
    """*value*, made of JSON values, with ``***`` in place of *secrets* in all its texts.

    Words from closed lists stay what they are.
    """
    if isinstance(value, str):
        for secret in secrets:
            if secret:
                value = value.replace(secret, MASK)
        return value
    if isinstance(value, Mapping):
        return {key: item if key in _WORDS else mask_in(item, secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [mask_in(item, secrets) for item in value]
    return value


def _described(value: Any) -> str:
    try:
        text = repr(value)
    except Exception as exc:  # noqa: BLE001 -- a broken __repr__ must not hide the error being built
        text = f"<{type(value).__name__}: repr failed with {type(exc).__name__}>"
    return clip(clean_text(text), _MAX_REPR)
