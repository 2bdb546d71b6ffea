"""How the arguments and results of scripts travel.

JSON, in ASCII, with what Python's own ``json`` adds (NaN, the infinities, integers of
any size). What JSON lacks is an object with the key ``$cmdop``, which names its kind; an
object of the caller's that has this very key is written as a list of its items instead.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import ParseResult, SplitResult, urlparse

TAG: Final = "$cmdop"
# Deep enough for any document, and far from Python's recursion limit of 1000 frames.
MAX_DEPTH: Final = 256

_REGEX_FLAGS: Final = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}


def dumps(value: object, *, for_page: bool = False) -> bytes:
    """Write a value for the other end.

    Args:
        value: What is to travel.
        for_page: Also refuse integers that JavaScript's numbers would round. What comes from a
            page may be a BigInt of any size.

    Raises:
        TypeError: Something in it cannot travel; the message names the path to it.
    """
    return json.dumps(_Writer(for_page).plain(value, "$", 0), separators=(",", ":")).encode("ascii")


def loads(written: bytes) -> Any:
    """Read what `dumps` wrote.

    Raises:
        ValueError: It is no such thing.
    """
    return json.loads(written, object_hook=_tagged) if written else None


class _Writer:
    def __init__(self, for_page: bool) -> None:
        self._for_page = for_page

    def plain(self, value: object, path: str, depth: int) -> object:
        if depth > MAX_DEPTH:
            raise TypeError(f"{path[:40]}… is nested more than {MAX_DEPTH} levels deep, or contains itself")
        match value:
            case int() if self._for_page and not _is_exact(value):
                raise TypeError(
                    f"{path} is {_shown(value)}, which JavaScript's numbers do not hold exactly;"
                    " pass it as a str, for BigInt(…)"
                )
            case None | bool() | int() | float() | str():
                return value
            case list() | tuple() if not isinstance(value, (ParseResult, SplitResult)):
                return [self.plain(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(value)]
            case Mapping():
                return self._mapping(value, path, depth)
            case dt.datetime():
                return {TAG: "date", "iso": value.isoformat()}
            case ParseResult() | SplitResult():
                return {TAG: "url", "url": value.geturl()}
            case re.Pattern() if isinstance(value.pattern, str):
                flags = "".join(letter for letter, flag in _REGEX_FLAGS.items() if value.flags & flag)
                return {TAG: "regex", "source": value.pattern, "flags": flags}
            case bytes() | bytearray() | memoryview():
                return {TAG: "bytes", "base64": base64.b64encode(value).decode("ascii")}
        raise TypeError(f"{path} is of type {type(value).__name__}, which cannot be passed to or from a page")

    def _mapping(self, value: Mapping[Any, Any], path: str, depth: int) -> object:
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"{path} has the key {key!r} of type {type(key).__name__}; keys must be str")
        plain = {key: self.plain(item, f"{path}.{key}", depth + 1) for key, item in value.items()}
        return {TAG: "escape", "items": list(plain.items())} if TAG in plain else plain


def _is_exact(number: int) -> bool:
    try:
        return float(number) == number
    except OverflowError:
        return False


def _shown(number: int) -> str:
    return str(number) if abs(number) < 10**30 else f"an integer of {number.bit_length()} bits"


def _tagged(read: dict[str, Any]) -> object:
    match read:
        case {"$cmdop": "date", "iso": str(iso)}:
            return dt.datetime.fromisoformat(iso)
        case {"$cmdop": "url", "url": str(url)}:
            return urlparse(url)
        case {"$cmdop": "regex", "source": str(source), "flags": str(letters)}:
            return re.compile(source, _flags(letters))
        case {"$cmdop": "bytes", "base64": str(text)}:
            return base64.b64decode(text, validate=True)
        case {"$cmdop": "escape", "items": list(items)}:
            return dict(items)
        case {"$cmdop": kind}:
            raise ValueError(f"a value of the unknown kind {kind!r}")
    return read


def _flags(letters: str) -> re.RegexFlag:
    flags = re.RegexFlag(0)
    for letter in letters:
        flags |= _REGEX_FLAGS.get(letter, re.RegexFlag(0))
    return flags
