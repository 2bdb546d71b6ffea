"""What a Playwright selector asks for, part by part, with the place of each part in the source.

The places are what matters: a correction replaces the one part that is wrong and
leaves the rest as the caller wrote it. cssselect cuts CSS into tokens; its own
parser forgets the places and does not know Playwright's pseudo-classes.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cssselect.parser import SelectorSyntaxError, tokenize

from agent_bridge.diagnosis import xpaths
from agent_bridge.diagnosis.selector_parts import (
    ENGINE_ATTRIBUTES,
    Branch,
    Compound,
    Kind,
    Part,
    Syntax,
    unquoted,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Branch", "Compound", "Kind", "ParsedSelector", "Part", "Syntax", "parse"]

# What people write by hand is far shorter; what is longer is not worth a guess.
MAX_SELECTOR: Final = 1000

_ENGINE = re.compile(r"\s*\*?([a-zA-Z_0-9+:-]+)\s*=")
_XPATH = re.compile(r"\s*(?:\(*//|\.\.)")
_TEXT_PSEUDOS = frozenset({"has-text", "text", "text-is"})
# Their argument is a selector; what `:not()` holds is not wanted, so it is no wish.
_NESTING = frozenset({"is", "where", "has", "matches", "nth-match", "light"})
_ROLE_ATTRIBUTE = re.compile(r"\[\s*([\w-]+)\s*=\s*(\"[^\"]*\"|'[^']*'|[^\]\s]*)\s*[is]?\s*\]")


class _Step(enum.Enum):
    """Parts of a `>>` chain that say something about the match before them."""

    FILTER = enum.auto()


@dataclass(frozen=True, slots=True)
class ParsedSelector:
    """A selector taken apart.

    Attributes:
        source: As the caller wrote it.
        branches: The alternatives of a comma list, one where there is none.
        nested: What stands inside `:has()`, `:is()` and the like.
    """

    source: str
    branches: tuple[Branch, ...]
    nested: tuple[Branch, ...] = ()

    def terms(self) -> tuple[str, ...]:
        """The names and texts that it asks for; tags only where nothing else is asked for."""
        found: dict[str, None] = {}
        for compound in self._compounds():
            named = [part for part in compound.parts if part.kind not in {Kind.TAG, Kind.OTHER, Kind.ROLE}]
            for part in named or compound.parts:
                found[part.value or part.name] = None
        return tuple(term for term in found if term and term != "*")

    @property
    def wants_text(self) -> bool:
        """Whether it asks for what an element shows."""
        return any(
            part.kind in {Kind.TEXT, Kind.NAME} for compound in self._compounds() for part in compound.parts
        )

    def _compounds(self) -> Iterator[Compound]:
        for branch in (*self.branches, *self.nested):
            yield from branch


def parse(source: str) -> ParsedSelector | None:
    """Take *source* apart; None when it is no selector or one that asks for nothing by name."""
    if len(source) > MAX_SELECTOR:
        return None
    branches: list[Branch] = [()]
    nested: list[Branch] = []
    try:
        for start, end in _chain(source):
            segment = _segment(source, start, end)
            if segment is _Step.FILTER:
                continue
            parsed, inner = segment
            branches = [
                (*before, *_joined(branch, chained=bool(before))) for before in branches for branch in parsed
            ]
            nested.extend(inner)
    except (SelectorSyntaxError, ValueError):
        return None
    kept = tuple(branch for branch in branches if branch)
    return ParsedSelector(source, kept, tuple(nested)) if kept or nested else None


def _joined(branch: Branch, *, chained: bool) -> Branch:
    if not chained or not branch:
        return branch
    first = branch[0]
    return (Compound(first.parts, ">>", first.start, first.end), *branch[1:])


def _chain(source: str) -> Iterator[tuple[int, int]]:
    """Yield the places of what `>>` separates, outside of quotes."""
    start = position = 0
    quote = ""
    while position < len(source):
        character = source[position]
        if character == "\\":
            position += 1
        elif quote:
            if character == quote:
                quote = ""
        elif character in "\"'`":
            quote = character
        elif source.startswith(">>", position):
            yield start, position
            position += 1
            start = position + 1
        position += 1
    yield start, len(source)


def _segment(source: str, start: int, end: int) -> tuple[tuple[Branch, ...], tuple[Branch, ...]] | _Step:
    text = source[start:end]
    start += len(text) - len(text.lstrip())
    text = text.strip()
    end = start + len(text)
    if found := _ENGINE.match(text):
        return _engine(source, found[1].lower(), start, start + found.end(), end)
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return _single(Part(Kind.TEXT, "text", start, end, Syntax.TEXT, text[1:-1], "is", (start, end)))
    if _XPATH.match(text):
        return (xpaths.parse(source, start, end),), ()
    return _Css(source, start, end).parse()


def _engine(
    source: str, engine: str, start: int, body: int, end: int
) -> tuple[tuple[Branch, ...], tuple[Branch, ...]] | _Step:
    while body < end and source[body].isspace():
        body += 1
    value = source[body:end]
    if engine in {"css", "css:light"}:
        return _Css(source, body, end).parse()
    if engine == "xpath":
        return (xpaths.parse(source, body, end),), ()
    if engine in {"text", "text:light"}:
        if value.startswith("/"):
            return ((),), ()
        exact = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
        text = value[1:-1] if exact else value
        operator = "is" if exact else "contains"
        return _single(Part(Kind.TEXT, "text", start, end, Syntax.ENGINE, text, operator, (body, end)))
    if engine == "id":
        return _single(Part(Kind.ID, value, start, end, Syntax.ENGINE, None, "", (body, end)))
    if engine in ENGINE_ATTRIBUTES:
        return _single(Part(Kind.ATTRIBUTE, engine, start, end, Syntax.ENGINE, value, "=", (body, end)))
    if engine == "role":
        return _role(source, body, end), ()
    if engine in {"nth", "visible", "has-text", "has-not-text", "has", "has-not", "internal"}:
        return _Step.FILTER
    raise ValueError(engine)


def _single(part: Part) -> tuple[tuple[Branch, ...], tuple[Branch, ...]]:
    return ((Compound((part,), "", part.start, part.end),),), ()


def _role(source: str, start: int, end: int) -> tuple[Branch, ...]:
    text = source[start:end]
    name = re.match(r"\s*([\w-]+)", text)
    if name is None:
        raise ValueError(text)
    parts = [Part(Kind.ROLE, name[1], start + name.start(1), start + name.end(1), Syntax.ROLE)]
    for found in _ROLE_ATTRIBUTE.finditer(text):
        if found[1] == "name" and not found[2].startswith("/"):
            literal = (start + found.start(2), start + found.end(2))
            quoted = found[2][:1] in "\"'"
            parts.append(
                Part(
                    Kind.NAME,
                    "name",
                    start + found.start(),
                    start + found.end(),
                    Syntax.ROLE,
                    unquoted(found[2]) if quoted else found[2],
                    "contains",
                    literal,
                )
            )
    return ((Compound(tuple(parts), "", start, end),),)


@dataclass(frozen=True, slots=True)
class _Token:
    type: str
    value: str
    start: int
    end: int


@dataclass(slots=True)
class _Css:
    """A parser of just as much CSS as tells what is wanted."""

    source: str
    start: int
    end: int
    nested: list[Branch] = field(default_factory=list)
    _tokens: list[_Token] = field(default_factory=list)
    _at: int = 0

    def parse(self) -> tuple[tuple[Branch, ...], tuple[Branch, ...]]:
        raw = list(tokenize(self.source[self.start : self.end]))
        places = [self.start + token.pos for token in raw] + [self.end]
        self._tokens = [
            _Token(token.type, token.value or "", places[index], places[index + 1])
            for index, token in enumerate(raw)
        ]
        branches = self._branches("")
        if self._next.type != "EOF":
            raise ValueError(self.source)
        return branches, tuple(self.nested)

    @property
    def _next(self) -> _Token:
        return self._tokens[min(self._at, len(self._tokens) - 1)]

    def _take(self) -> _Token:
        token = self._next
        self._at += 1
        return token

    def _is(self, value: str) -> bool:
        return self._next.type == "DELIM" and self._next.value == value

    def _expect(self, kind: str) -> _Token:
        token = self._take()
        if token.type != kind:
            raise ValueError(f"expected {kind} at {token.start}")
        return token

    def _skip_spaces(self) -> bool:
        before = self._at
        while self._next.type == "S":
            self._at += 1
        return self._at > before

    def _branches(self, closing: str) -> tuple[Branch, ...]:
        branches: list[Branch] = []
        while True:
            branches.append(self._branch(closing))
            if not self._is(","):
                return tuple(branches)
            self._take()

    def _branch(self, closing: str) -> Branch:
        compounds: list[Compound] = []
        combinator = ""
        self._skip_spaces()
        while True:
            if self._next.type == "DELIM" and self._next.value in ">+~":
                combinator = self._take().value
                self._skip_spaces()
                continue
            start = self._next.start
            parts = self._compound()
            if self._next.start == start:
                return tuple(compounds)
            end = self._tokens[self._at - 1].end
            compounds.append(Compound(tuple(parts), combinator, start, end))
            combinator = " " if self._skip_spaces() else ""
            if self._next.type == "EOF" or self._is(",") or (closing and self._is(closing)):
                return tuple(compounds)

    def _compound(self) -> list[Part]:
        parts: list[Part] = []
        while True:
            token = self._next
            if token.type == "IDENT" and not parts:
                self._take()
                parts.append(Part(Kind.TAG, token.value.lower(), token.start, token.end))
            elif token.type == "HASH":
                self._take()
                parts.append(Part(Kind.ID, token.value, token.start, token.end))
            elif self._is("*"):
                self._take()
                if self._is("|"):
                    raise ValueError(self.source)
                parts.append(Part(Kind.OTHER, "*", token.start, token.end))
            elif self._is("."):
                self._take()
                name = self._expect("IDENT")
                parts.append(Part(Kind.CLASS, name.value, token.start, name.end))
            elif self._is("["):
                parts.append(self._attribute())
            elif self._is(":"):
                parts.append(self._pseudo())
            else:
                return parts

    def _attribute(self) -> Part:
        start = self._take().start
        self._skip_spaces()
        name = self._expect("IDENT").value.lower()
        self._skip_spaces()
        operator, value, literal = "", None, None
        if not self._is("]"):
            operator = self._take().value
            if operator != "=":
                operator += self._expect("DELIM").value
            self._skip_spaces()
            token = self._take()
            value, literal = token.value, (token.start, token.end)
            self._skip_spaces()
            if self._next.type == "IDENT":
                self._take()
                self._skip_spaces()
        if not self._is("]"):
            raise ValueError(self.source)
        return Part(Kind.ATTRIBUTE, name, start, self._take().end, Syntax.CSS, value, operator, literal)

    def _pseudo(self) -> Part:
        start = self._take().start
        if self._is(":"):
            self._take()
        token = self._expect("IDENT")
        name, end = token.value.lower(), token.end
        if not self._is("("):
            return Part(Kind.OTHER, name, start, end)
        self._take()
        if name in _TEXT_PSEUDOS:
            self._skip_spaces()
            text = self._expect("STRING")
            self._skip_spaces()
            end = self._closed()
            operator = "is" if name == "text-is" else "contains"
            return Part(Kind.TEXT, name, start, end, Syntax.CSS, text.value, operator, (text.start, text.end))
        if name in _NESTING:
            self.nested.extend(branch for branch in self._branches(")") if branch)
        return Part(Kind.OTHER, name, start, self._closed())

    def _closed(self) -> int:
        """Take what is left up to the bracket that closes."""
        depth = 1
        while depth:
            token = self._take()
            if token.type == "EOF":
                raise ValueError(self.source)
            if token.type == "DELIM":
                depth += {"(": 1, ")": -1}.get(token.value, 0)
        return token.end
