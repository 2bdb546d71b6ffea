"""What an XPath asks for, as far as it is written the way people write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agent_bridge.diagnosis.selector_parts import Branch, Compound, Kind, Part, Syntax

if TYPE_CHECKING:
    from collections.abc import Iterator

_STEP = re.compile(r"(?:[\w-]+::)?([A-Za-z][\w.-]*|\*)")
_STRING = r"(\"[^\"]*\"|'[^']*')"
_ATTRIBUTE = re.compile(rf"@([\w:-]+)\s*=\s*{_STRING}")
_ATTRIBUTE_PART = re.compile(rf"(contains|starts-with|ends-with)\(\s*@([\w:-]+)\s*,\s*{_STRING}\s*\)")
_CLASS_TOKEN = re.compile(rf"contains\(\s*concat\([^@]*@class\s*\)?\s*,[^)]*\)\s*,\s*{_STRING}\s*\)")
_OWN = r"(?:text\(\)|\.|normalize-space\(\s*(?:text\(\)|\.)?\s*\))"
_TEXT = re.compile(rf"(?<![\w)/]){_OWN}\s*=\s*{_STRING}")
_TEXT_PART = re.compile(rf"(?:contains|starts-with)\(\s*{_OWN}\s*,\s*{_STRING}\s*\)")
_OPERATORS = {"contains": "*=", "starts-with": "^=", "ends-with": "$="}


def parse(source: str, start: int, end: int) -> Branch:
    """Take the XPath between *start* and *end* apart."""
    compounds: list[Compound] = []
    for combinator, first, last in _steps(source, start, end):
        bracket = source.find("[", first, last)
        node = source[first : last if bracket < 0 else bracket]
        found = _STEP.match(node)
        if found is None:  # "..", ".", a function: nothing that has a name
            continue
        place = first + found.start(1)
        tag = found[1].lower()
        parts = [Part(Kind.OTHER if tag == "*" else Kind.TAG, tag, place, place + len(tag), Syntax.XPATH)]
        if bracket >= 0:
            parts.extend(_conditions(source, bracket, last))
        compounds.append(Compound(tuple(parts), combinator if compounds else "", first, last))
    return tuple(compounds)


def _steps(source: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """Yield what slashes separate, outside of quotes and brackets."""
    position = first = start
    combinator, depth, quote = "", 0, ""
    while position < end:
        character = source[position]
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "[":
            depth += 1
        elif character == "]":
            depth -= 1
        elif character == "/" and not depth:
            if position > first:
                yield combinator, first, position
            combinator = ">"
            if source.startswith("//", position):
                combinator = " "
                position += 1
            first = position + 1
        elif character == "(" and position == first:
            first += 1
        position += 1
    yield combinator, first, end


def _conditions(source: str, start: int, end: int) -> Iterator[Part]:
    text = source[start:end]
    if re.search(r"\bnot\(|\bor\b|/", re.sub(_STRING, "", text)):
        return  # what is not wanted, or wanted elsewhere
    for pattern in (_ATTRIBUTE, _ATTRIBUTE_PART, _CLASS_TOKEN, _TEXT, _TEXT_PART):
        for found in pattern.finditer(text):
            literal = found[found.lastindex or 0]
            value = literal[1:-1]
            place = (start + found.end(found.lastindex or 0) - len(literal), 0)
            place = (place[0], place[0] + len(literal))
            first, last = start + found.start(), start + found.end()
            if pattern is _ATTRIBUTE:
                yield Part(Kind.ATTRIBUTE, found[1].lower(), first, last, Syntax.XPATH, value, "=", place)
            elif pattern is _ATTRIBUTE_PART:
                operator = _OPERATORS[found[1]]
                name = found[2].lower()
                yield Part(Kind.ATTRIBUTE, name, first, last, Syntax.XPATH, value, operator, place)
            elif pattern is _CLASS_TOKEN:
                yield Part(Kind.ATTRIBUTE, "class", first, last, Syntax.XPATH, value.strip(), "~=", place)
            else:
                operator = "is" if pattern is _TEXT else "contains"
                yield Part(Kind.TEXT, "text", first, last, Syntax.XPATH, value, operator, place)
