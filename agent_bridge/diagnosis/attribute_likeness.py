"""Conditions on attributes: misspelt values, misspelt names, the wrong operator, the wrong attribute."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from agent_bridge.diagnosis import words
from agent_bridge.diagnosis.likeness import name_likeness, spelling_likeness, text_likeness, words_of
from agent_bridge.diagnosis.selector_parts import Kind, Part, Syntax, renamed, replaced, revalued
from agent_bridge.diagnosis.subjects import Match, Subject, attribute_of, value_holds

if TYPE_CHECKING:
    from collections.abc import Iterator

NEAR: Final = 0.7
MAX_SHOWN: Final = 60
# Attributes that hold words for people.
WORDED: Final = ("aria-label", "placeholder", "title", "alt", "value", "label", "aria-placeholder")
# Names that identify an element as an id does.
IDENTIFYING: Final = ("name", "data-testid", "data-test", "data-test-id", "data-qa", "data-cy", "for")
_TEST_IDS: Final = frozenset(
    f"data-{name}"
    for name in (
        "testid", "test-id", "test", "qa", "cy", "automation-id", "e2e", "tid", "hook", "automation", "qa-id",
        "test-selector", "pw", "testing-id",
    )
)  # fmt: skip
_URLS: Final = frozenset({"href", "src", "action", "formaction", "data-href", "data-url", "data-src"})
# They tell what kind of element it is, not which.
_KINDS: Final = frozenset({"type", "role", "rel", "method", "target"})
_PIECE = re.compile(r"[^\s/.?=&#]+")


def weight_of(part: Part) -> float:
    """How much *part* says about an element."""
    if part.kind is Kind.ATTRIBUTE and part.name in _KINDS:
        return 0.3
    return 1.0 if is_telling(part) else 0.5


def is_telling(part: Part) -> bool:
    """Whether *part* alone can identify an element."""
    if part.kind in {Kind.TEXT, Kind.NAME}:
        return True
    if part.kind is Kind.ATTRIBUTE and (part.value is None or part.name in _KINDS):
        return False
    return any(word not in words.GENERIC for word in words_of(part.value or part.name))


def best_of(matches: list[Match]) -> Match | None:
    """Return the likeliest, None when all are unlikely."""
    kept = [match for match in matches if match.likeness >= NEAR]
    return max(kept, key=lambda match: match.likeness) if kept else None


def attribute(source: str, part: Part, element: Subject) -> Match | None:
    """Return what makes *element* meet *part*, which it does not."""
    actual = attribute_of(element, part.name)
    if part.value is None:
        return best_of(list(_presence(source, part, element)))
    if actual is None:
        return None if part.name in _KINDS else best_of(list(_elsewhere(source, part, element)))
    if part.name == "class":
        return best_of(list(_classes(source, part, actual)))
    found = best_of(list(_values(source, part, actual)) + list(_in_another(part, element)))
    if found is None and part.name in _KINDS:
        edit = revalued(source, part, actual)
        return Match(0.4, 0.3, edit, f"{part.name} is {actual[:MAX_SHOWN]}", is_telling=False)
    return found


# -- the name ------------------------------------------------------------------


def _presence(source: str, part: Part, element: Subject) -> Iterator[Match]:
    if part.name in words.STATES:
        return
    for name in element.attributes:
        likeness = _attribute_name_likeness(part.name, name)
        if likeness >= NEAR:
            yield Match(likeness, 1.0, renamed(source, part, name), f"attribute {name} is like {part.name}")


def _attribute_name_likeness(wanted: str, there: str) -> float:
    if wanted in _TEST_IDS and there in _TEST_IDS:
        return 0.94
    if wanted.startswith("data-") and there.startswith("data-"):
        return name_likeness(wanted[5:], there[5:])
    if there == f"data-{wanted}" or wanted == f"data-{there}":
        return 0.9
    return spelling_likeness(wanted, there)


def _elsewhere(source: str, part: Part, element: Subject) -> Iterator[Match]:
    """The attribute is not there; the value may be in another."""
    value = part.value or ""
    for name, actual in element.attributes.items():
        likeness = _attribute_name_likeness(part.name, name)
        if likeness < NEAR:
            continue
        if value_holds(part.operator, value, actual):
            yield Match(likeness, 1.0, renamed(source, part, name), f"attribute {name} is like {part.name}")
        elif likeness > 0.9 and (same := name_likeness(value, actual)) >= 0.78:
            edit = replaced(part, Kind.ATTRIBUTE, name, actual)
            yield Match(likeness * same, 1.0, edit, _like(name, actual, value))
    yield from _in_another(part, element)


def _in_another(part: Part, element: Subject) -> Iterator[Match]:
    """The value is there, only elsewhere."""
    value = part.value or ""
    if not value or part.operator not in {"=", "~="}:
        return
    if part.name in WORDED:
        for name in WORDED:
            actual = element.attributes.get(name, "")
            if actual and text_likeness(value, actual) >= 0.95:
                yield _moved(part, Kind.ATTRIBUTE, name, actual, 0.82)
    elif part.name in IDENTIFYING or part.name in _TEST_IDS or part.name in {"id", "class"}:
        yield from _identified(part, element)


def _identified(part: Part, element: Subject) -> Iterator[Match]:
    value = part.value or ""
    if element.id and name_likeness(value, element.id) >= 0.95:
        yield _moved(part, Kind.ID, element.id, "", 0.86)
    if is_telling(part):
        for name in element.classes:
            if name_likeness(value, name) >= 0.95:
                yield _moved(part, Kind.CLASS, name, "", 0.84)
    for name in IDENTIFYING:
        actual = element.attributes.get(name, "")
        if name != part.name and actual and name_likeness(value, actual) >= 0.95:
            yield _moved(part, Kind.ATTRIBUTE, name, actual, 0.82)


def _moved(part: Part, kind: Kind, name: str, value: str, likeness: float) -> Match:
    shown = f"{name} {value}" if kind is Kind.ATTRIBUTE else f"{kind.value} {value or name}"
    return Match(likeness, 1.0, replaced(part, kind, name, value), f"{shown[:MAX_SHOWN]}, not {part.name}")


# -- the value -----------------------------------------------------------------


def _classes(source: str, part: Part, actual: str) -> Iterator[Match]:
    value = part.value or ""
    wanted, there = value.split(), actual.split()
    weight = weight_of(part)
    if len(wanted) > 1:
        yield from _class_lists(source, part, actual)
        return
    for token in there:
        likeness = name_likeness(value, token)
        if likeness < NEAR:
            continue
        why = "there are other classes, too" if token == value else _like("class", token, value)
        if part.operator != "=" or actual == token:
            if value_holds(part.operator, token, actual):
                yield Match(likeness, weight, revalued(source, part, token), why)
        elif part.syntax is Syntax.XPATH:
            yield Match(min(likeness, 0.95), weight, replaced(part, Kind.CLASS, token), why)
        else:
            edit = replaced(part, Kind.ATTRIBUTE, "class", token, "~=")
            yield Match(min(likeness, 0.95), weight, edit, why)


def _class_lists(source: str, part: Part, actual: str) -> Iterator[Match]:
    """Several classes at once, as copied from the markup."""
    wanted, there = (part.value or "").split(), actual.split()
    if part.operator != "=":
        return
    pairs = [max((name_likeness(name, other), other) for other in there) for name in wanted]
    worst = min(likeness for likeness, _ in pairs)
    if worst < NEAR or not any(word not in words.GENERIC for name in wanted for word in words_of(name)):
        return
    if len(there) == len(wanted) or len(there) <= 2 * len(wanted):
        why = "the class attribute is like it" if worst < 1 else "its classes are others or in another order"
        yield Match(min(worst, 0.93), weight_of(part), revalued(source, part, actual), why)


def _values(source: str, part: Part, actual: str) -> Iterator[Match]:
    value, name, weight = part.value or "", part.name, weight_of(part)
    telling = is_telling(part)
    if len(value) >= 3 and telling and value.lower() in actual.lower():
        at = actual.lower().index(value.lower())
        text = actual[at : at + len(value)]
        if part.operator == "*=":
            yield Match(0.93, weight, revalued(source, part, text), f"{name} in another case")
        elif part.operator in {"^=", "$="} or name in _URLS:
            edit = replaced(part, Kind.ATTRIBUTE, name, text, "*=")
            likeness = 0.9 if part.operator != "=" or "/" in value else 0.8
            yield Match(likeness, weight, edit, f"{name} contains it")
    if len(actual) > 120:
        return
    if name in WORDED:
        likeness = text_likeness(value, actual)
    elif name in _URLS:
        likeness = _url_likeness(value, actual)
    else:
        likeness = name_likeness(value, actual)
    if likeness >= NEAR:
        yield Match(likeness, weight, revalued(source, part, actual), _like(name, actual, value))
    if part.operator != "=":
        yield from _pieces(source, part, actual)


def _pieces(source: str, part: Part, actual: str) -> Iterator[Match]:
    """A piece of the actual value that is like the wanted one."""
    value = part.value or ""
    core = value.strip("/-_")
    if not core:
        return
    for found in _PIECE.finditer(actual):
        likeness = spelling_likeness(core.lower(), found[0].lower())
        if name_likeness(core, found[0]) == 0:
            continue
        text = value.replace(core, found[0], 1)
        if likeness >= NEAR and value_holds(part.operator, text, actual):
            why = f"{part.name} has {found[0][:MAX_SHOWN]}, like {core[:MAX_SHOWN]}"
            yield Match(likeness, weight_of(part), revalued(source, part, text), why)


def _url_likeness(value: str, actual: str) -> float:
    if value.rstrip("/") == actual.rstrip("/"):
        return 0.97
    mine, theirs = value.strip("/").split("/"), actual.strip("/").split("/")
    if len(mine) != len(theirs):
        return 0.0
    differing = [(one, other) for one, other in zip(mine, theirs, strict=True) if one != other]
    if len(differing) != 1:
        return 0.97 if not differing else 0.0
    likeness = name_likeness(*differing[0])
    return likeness - 0.02 if likeness >= NEAR else 0.0


def _like(name: str, actual: str, value: str) -> str:
    return f"{name} {actual[:MAX_SHOWN]} is like {value[:MAX_SHOWN]}"
