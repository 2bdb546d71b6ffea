"""One condition of a selector against one element: does it hold, and if not, what would."""

from __future__ import annotations

from typing import Final

from rapidfuzz import fuzz

from agent_bridge.diagnosis.attribute_likeness import (
    IDENTIFYING,
    MAX_SHOWN,
    NEAR,
    attribute,
    best_of,
    is_telling,
    weight_of,
)
from agent_bridge.diagnosis.likeness import name_likeness, spelling_likeness, text_likeness, word_likeness
from agent_bridge.diagnosis.selector_parts import Kind, Part, Syntax, renamed, replaced, revalued
from agent_bridge.diagnosis.subjects import Match, Subject, holds, squeezed
from agent_bridge.diagnosis.words import HTML_TAGS

# Of a hundred; a text below has no stretch that is worth comparing word by word.
_ALIKE_ENOUGH: Final = 55
_RELATED_TAGS = (
    frozenset({"a", "button", "input", "summary"}),
    frozenset({"input", "textarea", "select"}),
    frozenset({"div", "span", "section", "article", "p", "li", "main", "aside", "header", "footer", "nav"}),
    frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "p", "span", "div", "strong", "b"}),
    frozenset({"ul", "ol", "div", "nav", "menu", "dl"}),
    frozenset({"img", "picture", "svg", "i", "span"}),
    frozenset({"td", "th", "div", "span"}),
    frozenset({"a", "span", "div", "li", "p"}),
    frozenset({"table", "div"}),
    frozenset({"form", "div", "section"}),
)


def compare(source: str, part: Part, element: Subject) -> Match | None:
    """Return how *part* fits *element* and what would make it fit; None when nothing would."""
    if part.kind is Kind.TAG:
        return _tag(part, element)
    if part.kind is Kind.ROLE:
        return _role(part, element)
    if holds(part, element):
        return Match(1.0, weight_of(part), is_telling=is_telling(part))
    if part.kind in {Kind.ID, Kind.CLASS}:
        return _name(source, part, element)
    if part.kind is Kind.ATTRIBUTE:
        return attribute(source, part, element)
    if part.kind is Kind.TEXT:
        return _text(source, part, element)
    if part.kind is Kind.NAME:
        return _accessible_name(source, part, element)
    return None


# -- tags and roles ------------------------------------------------------------


def _tag(part: Part, element: Subject) -> Match | None:
    if element.tag == part.name:
        return Match(1.0, 0.25, is_telling=False)
    why = f"it is a <{element.tag}>"
    edit = replaced(part, Kind.TAG, element.tag)
    if part.name not in HTML_TAGS:
        return _no_tag(part, element)
    if any(part.name in group and element.tag in group for group in _RELATED_TAGS):
        return Match(0.5, 0.25, edit, why, is_telling=False)
    return Match(0.1, 0.25, edit, why, is_telling=False)


def _no_tag(part: Part, element: Subject) -> Match | None:
    """A tag that HTML does not have: misspelt, or a class whose dot was forgotten."""
    found: list[Match] = []
    likeness = spelling_likeness(part.name, element.tag)
    if "-" in element.tag:
        likeness = max(likeness, name_likeness(part.name, element.tag))
    if likeness:
        edit = replaced(part, Kind.TAG, element.tag)
        found.append(Match(likeness, 1.0, edit, f"tag {element.tag} is like {part.name}"))
    if part.syntax is Syntax.CSS:
        found += [
            Match(0.9, 1.0, replaced(part, Kind.CLASS, name), f"class {name}, not a tag")
            for name in element.classes
            if name.lower() == part.name
        ]
        if element.id and element.id.lower() == part.name:
            found.append(Match(0.9, 1.0, replaced(part, Kind.ID, element.id), f"id {element.id}, not a tag"))
    return best_of(found)


def _role(part: Part, element: Subject) -> Match | None:
    if element.role == part.name:
        return Match(1.0, 0.4, is_telling=False)
    if not element.role:
        return None
    edit = replaced(part, Kind.ROLE, element.role)
    return Match(0.5, 0.35, edit, f"its role is {element.role}", is_telling=False)


# -- ids, classes --------------------------------------------------------------


def _name(source: str, part: Part, element: Subject) -> Match | None:
    found: list[Match] = []
    wanted, weight = part.name, weight_of(part)
    telling = is_telling(part)

    def like(kind: Kind, actual: str, factor: float) -> None:
        likeness = name_likeness(wanted, actual)
        if kind is not part.kind and likeness < 0.9:
            likeness -= 0.05  # another kind and another spelling: two slips
        likeness *= factor
        if likeness < NEAR:
            return
        if kind is part.kind:
            edit = renamed(source, part, actual)
            why = f"{kind.value} {actual[:MAX_SHOWN]} is like {wanted[:MAX_SHOWN]}"
        else:
            edit = replaced(part, kind, actual)
            why = f"{kind.value} {actual[:MAX_SHOWN]}, not {part.kind.value}"
        found.append(Match(likeness, weight, edit, why, is_telling=telling or likeness > 0.75))

    for name in element.classes:
        like(Kind.CLASS, name, 1.0 if part.kind is Kind.CLASS else 0.93)
    if element.id:
        like(Kind.ID, element.id, 1.0 if part.kind is Kind.ID else 0.93)
    for name in IDENTIFYING:
        actual = element.attributes.get(name)
        if not actual:
            continue
        likeness = name_likeness(wanted, actual)
        likeness = (likeness if likeness >= 0.9 else likeness - 0.05) * (0.85 if telling else 0.8)
        if likeness >= NEAR:
            edit = replaced(part, Kind.ATTRIBUTE, name, actual)
            found.append(Match(likeness, weight, edit, f"{name} {actual[:MAX_SHOWN]}", is_telling=True))
    return best_of(found)


# -- texts ---------------------------------------------------------------------


def _text(source: str, part: Part, element: Subject) -> Match | None:
    value = part.value or ""
    found: list[Match] = []
    if element.text:
        likeness, text = _nearest_text(value, element.text, whole=part.operator == "is")
        if likeness >= NEAR:
            edit = revalued(source, part, text)
            found.append(
                Match(likeness, 1.0, edit, f'text "{text[:MAX_SHOWN]}" is like "{value[:MAX_SHOWN]}"')
            )
    for name in ("aria-label", "placeholder", "value", "title", "alt"):
        actual = element.attributes.get(name, "")
        likeness = text_likeness(value, actual) * 0.86 if actual else 0.0
        if likeness >= NEAR:
            edit = replaced(part, Kind.ATTRIBUTE, name, actual)
            found.append(Match(likeness, 1.0, edit, f"{name}, not text"))
    return best_of(found)


def _nearest_text(value: str, text: str, *, whole: bool) -> tuple[float, str]:
    """Return the stretch of *text* most like *value*."""
    text = " ".join(text.split())
    best, piece = text_likeness(value, text), text
    if whole and squeezed(value) == squeezed(text):
        return 0.97, text
    wanted, there = value.split(), text.split()
    if len(there) <= len(wanted) or whole or len(there) > 40:
        return best, piece
    if fuzz.partial_ratio(value.lower(), text.lower(), score_cutoff=_ALIKE_ENOUGH) == 0:
        return best, piece
    for length in {len(wanted), len(wanted) + 1, max(1, len(wanted) - 1)}:
        for start in range(len(there) - length + 1):
            stretch = " ".join(there[start : start + length])
            likeness = text_likeness(value, stretch) - 0.03
            if likeness > best and (length > 1 or _is_misspelt(value, stretch)):
                best, piece = likeness, stretch
    return best, piece


def _is_misspelt(value: str, word: str) -> bool:
    """Whether one word in a longer text is *value* with a slip, not just a word like it."""
    one, other = squeezed(value), squeezed(word)
    return 0 < spelling_likeness(one, other) == word_likeness(one, other)


def _accessible_name(source: str, part: Part, element: Subject) -> Match | None:
    if not element.name:
        return None
    value = part.value or ""
    likeness, text = _nearest_text(value, element.name, whole=False)
    if likeness < NEAR:
        return None
    why = f'name "{text[:MAX_SHOWN]}" is like "{value[:MAX_SHOWN]}"'
    return Match(likeness, 1.0, revalued(source, part, text), why)
