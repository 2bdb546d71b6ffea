"""Is an argument what it should be? Each check returns it in the form that travels.

A refused argument is a `BadRequestError` that names the parameter and what it may be;
its value is shown unless it could be a secret.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar, get_args
from urllib.parse import urlsplit

from cmdop_browser.exceptions import BadRequestError
from cmdop_browser.exceptions.redact import MASK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

_MAX_SHOWN: Final = 200
# A year: above it a "timeout" is a mistake in units, and gRPC's deadline would overflow.
MAX_SECONDS: Final = 366 * 24 * 3600.0
# What is left of a deadline that has just passed: the other end turns it into its error.
MIN_SECONDS: Final = 0.001


def refuse(
    field: str, value: object, expected: str, *, secret: bool = False, tips: tuple[str, ...] = ()
) -> NoReturn:
    """Raise the error for *value* in the parameter *field*."""
    shown = MASK if secret else _show(value)
    message = f"{field} must be {expected}, not {shown}"
    raise BadRequestError(message, field=field, value=shown if secret else value, tips=tips)


def text(field: str, value: object, *, secret: bool = False) -> str:
    """A string that can travel."""
    if not isinstance(value, str):
        refuse(field, value, "a str", secret=secret)
    if "\0" in value:
        refuse(field, value, "a str without NUL characters", secret=secret)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        refuse(field, value, "a str without lone surrogates", secret=secret)
    return str(value)


def optional_text(field: str, value: object) -> str | None:
    """A string that can travel, or None."""
    return None if value is None else filled(field, value)


def filled(field: str, value: object) -> str:
    """A string with something in it."""
    checked = text(field, value)
    if not checked.strip():
        refuse(field, value, "a str that is not empty")
    return checked


def web_url(field: str, value: object) -> str:
    """A URL with a scheme and a host, as cookies are sent to."""
    checked = filled(field, value)
    try:
        parts = urlsplit(checked)
    except ValueError:
        parts = urlsplit("")
    if not (parts.scheme and parts.hostname):
        refuse(field, value, "a URL", tips=("give it whole, such as https://shop.test/",))
    return checked


def selector(value: object, field: str = "selector") -> str:
    """A selector; whether it parses is for the browser to say."""
    return filled(field, value)


def optional_selector(value: object, field: str = "selector") -> str | None:
    """A selector or None."""
    return None if value is None else selector(value, field)


def flag(field: str, value: object) -> bool:
    """A bool, and nothing that merely is true or false."""
    if not isinstance(value, bool):
        refuse(field, value, "True or False")
    return value


def one_of(field: str, value: object, literal: Any) -> str:
    """One of the values of a ``Literal``."""
    allowed = get_args(literal)
    if not isinstance(value, str) or value not in allowed:
        refuse(field, value, f"one of {', '.join(map(repr, allowed))}", tips=_nearest(value, allowed))
    return value


def _nearest(value: object, allowed: tuple[str, ...]) -> tuple[str, ...]:
    from difflib import get_close_matches  # noqa: PLC0415 -- rarely used

    names = {name.casefold(): name for name in allowed}
    near = get_close_matches(value.casefold(), names, n=1) if isinstance(value, str) else []
    return (f"did you mean {names[near[0]]!r}?",) if near else ()


def each_of(field: str, values: object, literal: Any) -> list[str]:
    """Several of the values of a ``Literal``, each once."""
    checked = [one_of(field, value, literal) for value in items(field, values)]
    return list(dict.fromkeys(checked))


def items(field: str, values: object, *, secret: bool = False) -> list[Any]:
    """The members of a collection, which is not one string."""
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        refuse(field, values, "a list or tuple", secret=secret)
    return list(values)


def some(field: str, values: object, check: Callable[[str, object], T]) -> list[T]:
    """One value or a collection of them."""
    if isinstance(values, (list, tuple, set, frozenset)):
        return [check(field, value) for value in values]
    return [check(field, values)]


def whole(field: str, value: object, *, minimum: int = 0, maximum: int = 2**31 - 1) -> int:
    """An integer within bounds."""
    if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
        refuse(field, value, f"a whole number from {minimum} to {maximum}")
    return int(value)


def number(field: str, value: object) -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _is_finite(value):
        refuse(field, value, "a finite number")
    return float(value)


def seconds(field: str, value: object, *, zero: bool = False) -> float:
    """A length of time; zero only where it means something."""
    expected = f"a number of seconds, {'at least 0' if zero else 'more than 0'} and at most a year"
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _is_finite(value):
        refuse(field, value, expected)
    if value < 0 or (value == 0 and not zero) or value > MAX_SECONDS:
        refuse(field, value, expected)
    return float(value)


def timeout(value: object, default: float) -> float:
    """A call's own timeout, or the default where it has none."""
    return default if value is None else seconds("timeout", value)


def pair(field: str, value: object, check: Callable[[str, object], T], expected: str) -> tuple[T, T]:
    """Two members, each of them checked."""
    members: Sequence[object] | None = list(value) if isinstance(value, (list, tuple)) else None
    if members is None or len(members) != 2:
        refuse(field, value, expected)
    return check(field, members[0]), check(field, members[1])


def path(field: str, value: object) -> Path:
    """A path in the file system."""
    if not isinstance(value, (str, os.PathLike)):
        refuse(field, value, "a str or a path")
    name = os.fspath(value)
    if not isinstance(name, str) or not name or "\0" in name:
        refuse(field, value, "a path that is not empty and of text")
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        refuse(field, value, "a path that the file system can hold")
    return Path(name)


def optional_path(field: str, value: object) -> Path | None:
    """A path or None."""
    return None if value is None else path(field, value)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an int beyond every float
        return False


def _show(value: object) -> str:
    try:
        shown = repr(value)
    except Exception as error:  # noqa: BLE001 -- whatever a foreign __repr__ does, it is not our fault
        shown = f"<{type(value).__name__}, whose repr raised {type(error).__name__}>"
    shown = shown.encode("ascii", "backslashreplace").decode() if not shown.isprintable() else shown
    return shown if len(shown) <= _MAX_SHOWN else f"{shown[:_MAX_SHOWN]}…"
