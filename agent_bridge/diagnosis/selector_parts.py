"""The parts of a selector, and how each is written anew in the form that it had."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import TypeAlias

_PLAIN_NAME = re.compile(r"-?[A-Za-z_\u0080-\uffff][\w\u0080-\uffff-]*")
_TO_ESCAPE = re.compile(r"([^\w\u0080-\uffff-])")


# Attributes that have a selector engine of their own.
ENGINE_ATTRIBUTES = frozenset({"data-testid", "data-test-id", "data-test"})


class Kind(enum.Enum):
    """What a part of a selector looks at."""

    TAG = "tag"
    ID = "id"
    CLASS = "class"
    ATTRIBUTE = "attribute"
    TEXT = "text"
    ROLE = "role"
    NAME = "name"
    OTHER = "other"  # a pseudo-class, "*": nothing that could be misspelt


class Syntax(enum.Enum):
    """The language that a part is written in."""

    CSS = "css"
    XPATH = "xpath"
    ROLE = "role"
    TEXT = "text"  # a bare quoted text
    ENGINE = "engine"  # text=…, id=…, data-testid=…


@dataclass(frozen=True, slots=True)
class Part:
    """One simple condition.

    Attributes:
        kind: What it looks at.
        name: The tag, id, class, attribute, role or pseudo-class.
        start: Where it begins in the source.
        end: Where it ends.
        syntax: The language it is written in.
        value: What the attribute or text has to be like; None when it only has to be there.
        operator: CSS's own, "is" and "contains" for texts.
        literal: Where the value stands in the source, quotes included.
    """

    kind: Kind
    name: str
    start: int
    end: int
    syntax: Syntax = Syntax.CSS
    value: str | None = None
    operator: str = ""
    literal: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Compound:
    """The conditions on one element.

    Attributes:
        parts: All of them hold at once.
        combinator: How the element relates to that of the compound before; "" for the first.
        start: Where it begins in the source.
        end: Where it ends.
    """

    parts: tuple[Part, ...]
    combinator: str
    start: int
    end: int


Branch: TypeAlias = "tuple[Compound, ...]"


@dataclass(frozen=True, slots=True)
class Edit:
    """A stretch of the source and what takes its place."""

    start: int
    end: int
    text: str


def applied(source: str, edits: tuple[Edit, ...]) -> str:
    """Return *source* with all *edits* made."""
    for edit in sorted(edits, key=lambda each: each.start, reverse=True):
        source = source[: edit.start] + edit.text + source[edit.end :]
    return source


def renamed(source: str, part: Part, name: str) -> Edit:
    """Give a tag, id, class, role or attribute another name."""
    if part.syntax is Syntax.ENGINE and part.kind is Kind.ATTRIBUTE and name not in ENGINE_ATTRIBUTES:
        return replaced(part, Kind.ATTRIBUTE, name, part.value or "")
    if part.kind is Kind.ATTRIBUTE:
        old = re.compile(re.escape(part.name), re.IGNORECASE)
        text = old.sub(lambda _found: name, source[part.start : part.end], count=1)
        return Edit(part.start, part.end, text)
    return replaced(part, part.kind, name)


def revalued(source: str, part: Part, value: str) -> Edit:
    """Give an attribute or text another value, in the same quotes."""
    assert part.literal is not None  # noqa: S101 -- only parts with a value are revalued
    start, end = part.literal
    old = source[start:end]
    if old[:1] in "\"'":
        return Edit(start, end, quoted(value, old[0], part.syntax))
    if part.syntax is Syntax.CSS and not _PLAIN_NAME.fullmatch(value):
        return Edit(start, end, quoted(value, '"', part.syntax))
    return Edit(start, end, value)


def replaced(part: Part, kind: Kind, name: str, value: str = "", operator: str = "=") -> Edit:
    """Put a condition of another kind in the place of *part*."""
    if part.syntax is Syntax.XPATH:
        return Edit(part.start, part.end, _xpath(kind, name, value, operator))
    if part.syntax is Syntax.ENGINE and kind is Kind.ID:
        return Edit(part.start, part.end, f"id={name}")
    return Edit(part.start, part.end, _css(kind, name, value, operator))


def dropped(part: Part, compound: Compound) -> Edit:
    """Take *part* out of *compound*."""
    alone = len(compound.parts) == 1
    if part.syntax is Syntax.XPATH and part.kind is not Kind.TAG:
        return Edit(part.start, part.end, "true()")
    return Edit(part.start, part.end, "*" if alone or part.syntax is Syntax.XPATH else "")


def _css(kind: Kind, name: str, value: str, operator: str) -> str:
    if kind is Kind.CLASS:
        return f".{escaped(name)}"
    if kind is Kind.ID:
        return f"#{escaped(name)}"
    if kind is Kind.ATTRIBUTE:
        return f"[{name}{operator}{quoted(value, chr(34), Syntax.CSS)}]"
    if kind is Kind.TEXT:
        return f":has-text({quoted(value, chr(34), Syntax.CSS)})"
    return name


def _xpath(kind: Kind, name: str, value: str, operator: str) -> str:
    if kind is Kind.CLASS:
        return f"contains(@class, {quoted(name, chr(39), Syntax.XPATH)})"
    if kind is Kind.ID:
        return f"@id={quoted(name, chr(39), Syntax.XPATH)}"
    if kind is Kind.ATTRIBUTE:
        literal = quoted(value, chr(39), Syntax.XPATH)
        return f"@{name}={literal}" if operator == "=" else f"contains(@{name}, {literal})"
    if kind is Kind.TEXT:
        return f"contains(., {quoted(value, chr(39), Syntax.XPATH)})"
    return name


def escaped(name: str) -> str:
    """Return *name* as a CSS identifier."""
    name = _TO_ESCAPE.sub(r"\\\1", name)
    if name[:1].isdigit():
        return f"\\3{name[0]} {name[1:]}"
    return f"-\\3{name[1]} {name[2:]}" if name[:1] == "-" and name[1:2].isdigit() else name


def quoted(value: str, quote: str, syntax: Syntax) -> str:
    """Return *value* as a string literal."""
    if syntax is Syntax.XPATH:  # which has no escapes
        return f"{quote}{value}{quote}" if quote not in value else _other_quote(value, quote)
    return quote + value.replace("\\", "\\\\").replace(quote, f"\\{quote}") + quote


def _other_quote(value: str, quote: str) -> str:
    other = "'" if quote == '"' else '"'
    return f"{other}{value}{other}"


def unquoted(literal: str) -> str:
    """Return what a quoted literal stands for."""
    return re.sub(r"\\(.)", r"\1", literal[1:-1])
