"""One condition of a selector against one element: does it hold, and if not, what would."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from agent_bridge.diagnosis import words
from agent_bridge.diagnosis.likeness import (
    name_likeness,
    spelling_likeness,
    text_likeness,
    words_of,
)
from agent_bridge.diagnosis.selector_parts import (
    Edit,
    Kind,
    Part,
    Syntax,
    renamed,
    replaced,
    revalued,
)

_NEAR: Final = 0.7
MAX_SHOWN: Final = 60
# Attributes that hold words for people.
_WORDED = frozenset({"aria-label", "placeholder", "title", "alt", "value", "aria-placeholder", "label"})
_TEST_IDS = frozenset(
    {"data-testid", "data-test-id", "data-test", "data-qa", "data-cy", "data-automation-id", "data-e2e",
     "data-tid", "data-hook", "data-automation", "data-qa-id", "data-test-selector"}
)  # fmt: skip
# Names that identify an element as an id does.
_IDENTIFYING = ("id", "name", "data-testid", "data-test", "data-test-id", "data-qa", "data-cy", "for")
_URLS = frozenset({"href", "src", "action", "formaction", "data-href", "srcset"})
_HTML_TAGS = frozenset(
    ["a", "abbr", "address", "area", "article", "aside", "audio", "b", "base", "blockquote", "body", "br", "button", "canvas", "caption", "cite", "code", "col", "colgroup", "data", "datalist", "dd", "del", "details", "dfn", "dialog", "div", "dl", "dt", "em", "embed", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hgroup", "hr", "html", "i", "iframe", "img", "input", "ins", "kbd", "label", "legend", "li", "link", "main", "map", "mark", "menu", "meta", "meter", "nav", "noscript", "object", "ol", "optgroup", "option", "output", "p", "param", "picture", "pre", "progress", "q", "rp", "rt", "ruby", "s", "samp", "script", "search", "section", "select", "slot", "small", "source", "span", "strong", "style", "sub", "summary", "sup", "svg", "table", "tbody", "td", "template", "textarea", "tfoot", "th", "thead", "time", "title", "tr", "track", "u", "ul", "var", "video", "wbr", "path"]
)
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
_TYPELIKE = frozenset({"type", "role", "rel", "method", "target"})


@dataclass(frozen=True, slots=True)
class Subject:
    """An element of the page, as far as selectors see it.

    Attributes:
        tag: Lower case.
        id: "" without one.
        classes: In their order.
        attributes: All others that may be shown: no values of passwords or hidden fields.
        text: What it shows, bounded.
        role: Explicit or implied.
        name: Accessible name, bounded.
        parent: Position of the nearest listed ancestor, -1 when there is none.
        visible: Whether it is rendered at all.
        in_login_form: Whether a password is asked for in the same form.
        is_secret: Whether it is a password or hidden field.
    """

    tag: str
    id: str = ""
    classes: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    role: str = ""
    name: str = ""
    parent: int = -1
    visible: bool = True
    in_login_form: bool = False
    is_secret: bool = False

    @classmethod
    def parse(cls, row: Mapping[str, Any]) -> Subject:
        """Read what the page's script wrote."""
        return cls(
            tag=str(row["t"]),
            id=str(row.get("i", "")),
            classes=tuple(str(name) for name in row.get("c", ())),
            attributes={str(key): str(value) for key, value in (row.get("a") or {}).items()},
            text=str(row.get("x", "")),
            role=str(row.get("r", "")),
            name=str(row.get("n", "")),
            parent=int(row.get("p", -1)),
            visible=not row.get("h"),
            in_login_form=bool(row.get("l")),
            is_secret=bool(row.get("s")),
        )


@dataclass(frozen=True, slots=True)
class Match:
    """How a part fits an element.

    Attributes:
        likeness: 1 when it holds.
        weight: How much the part says.
        edit: What makes it hold; None when it does.
        why: The edit in words.
        is_telling: Whether the part alone can identify an element.
    """

    likeness: float
    weight: float = 1.0
    edit: Edit | None = None
    why: str = ""
    is_telling: bool = True


def holds(part: Part, element: Subject) -> bool:
    """Whether *element* meets *part*; what cannot be told counts as met."""
    if part.kind is Kind.TAG:
        return element.tag == part.name
    if part.kind is Kind.ID:
        return element.id == part.name
    if part.kind is Kind.CLASS:
        return part.name in element.classes
    if part.kind is Kind.ATTRIBUTE:
        actual = attribute_of(element, part.name)
        return actual is not None and (part.value is None or value_holds(part.operator, part.value, actual))
    if part.kind is Kind.TEXT:
        return _text_holds(part, element.text)
    if part.kind is Kind.ROLE:
        return element.role == part.name
    if part.kind is Kind.NAME:
        return _squeezed(part.value or "") in _squeezed(element.name)
    return True


def attribute_of(element: Subject, name: str) -> str | None:
    """Return an attribute, be it id or class."""
    if name == "id":
        return element.id or None
    if name == "class":
        return " ".join(element.classes) if element.classes else None
    return element.attributes.get(name)


def value_holds(operator: str, value: str, actual: str) -> bool:
    """Whether CSS's *operator* holds between *actual* and *value*."""
    if operator == "=":
        return actual == value
    if not value:
        return False
    if operator == "~=":
        return value in actual.split()
    if operator == "|=":
        return actual == value or actual.startswith(f"{value}-")
    if operator == "^=":
        return actual.startswith(value)
    if operator == "$=":
        return actual.endswith(value)
    return value in actual


def _squeezed(text: str) -> str:
    return " ".join(text.split()).lower()


def _text_holds(part: Part, text: str) -> bool:
    value = part.value or ""
    if part.operator == "is":
        return " ".join(value.split()) == " ".join(text.split())
    if part.syntax is Syntax.XPATH:
        return value in text
    return _squeezed(value) in _squeezed(text)


def compare(source: str, part: Part, element: Subject) -> Match | None:
    """Return how *part* fits *element* and what would make it fit; None when nothing would."""
    if part.kind is Kind.TAG:
        return _tag(part, element)
    if part.kind is Kind.ROLE:
        return _role(part, element)
    if holds(part, element):
        return Match(1.0, _weight(part), is_telling=_is_telling(part))
    if part.kind in {Kind.ID, Kind.CLASS}:
        return _name(source, part, element)
    if part.kind is Kind.ATTRIBUTE:
        return _attribute(source, part, element)
    if part.kind is Kind.TEXT:
        return _text(source, part, element)
    if part.kind is Kind.NAME:
        return _accessible_name(source, part, element)
    return None


def _weight(part: Part) -> float:
    if part.kind is Kind.ATTRIBUTE and part.name in _TYPELIKE:
        return 0.3
    return 1.0 if _is_telling(part) else 0.5


def _is_telling(part: Part) -> bool:
    if part.kind is Kind.ATTRIBUTE and (part.value is None or part.name in _TYPELIKE):
        return False
    name = part.value or part.name
    if part.kind in {Kind.TEXT, Kind.NAME}:
        return True
    return any(word not in words.GENERIC for word in words_of(name))


def _best(matches: list[Match]) -> Match | None:
    kept = [match for match in matches if match.likeness >= _NEAR]
    return max(kept, key=lambda match: match.likeness) if kept else None


# -- tags and roles ------------------------------------------------------------


def _tag(part: Part, element: Subject) -> Match | None:
    if element.tag == part.name:
        return Match(1.0, 0.25, is_telling=False)
    why = f"it is a <{element.tag}>"
    edit = replaced(part, Kind.TAG, element.tag)
    if part.name not in _HTML_TAGS:
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
        for name in element.classes:
            if name.lower() == part.name:
                found.append(Match(0.9, 1.0, replaced(part, Kind.CLASS, name), f"class {name}, not a tag"))
        if element.id and element.id.lower() == part.name:
            found.append(Match(0.9, 1.0, replaced(part, Kind.ID, element.id), f"id {element.id}, not a tag"))
    return _best(found)


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
    wanted, weight = part.name, _weight(part)
    telling = _is_telling(part)

    def like(kind: Kind, actual: str, factor: float) -> None:
        likeness = name_likeness(wanted, actual)
        if kind is not part.kind and likeness < 0.9:
            likeness -= 0.05  # another kind and another spelling: two slips
        likeness *= factor
        if likeness < _NEAR:
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
    for attribute in _IDENTIFYING:
        actual = element.attributes.get(attribute)
        if not actual or attribute == "id":
            continue
        likeness = name_likeness(wanted, actual)
        likeness = (likeness if likeness >= 0.9 else likeness - 0.05) * (0.85 if telling else 0.8)
        if likeness >= _NEAR:
            edit = replaced(part, Kind.ATTRIBUTE, attribute, actual)
            found.append(Match(likeness, weight, edit, f"{attribute} {actual[:MAX_SHOWN]}", is_telling=True))
    return _best(found)


# -- attributes ----------------------------------------------------------------


def _attribute(source: str, part: Part, element: Subject) -> Match | None:
    found: list[Match] = []
    actual = attribute_of(element, part.name)
    if part.value is None:
        return _present(source, part, element)
    if actual is not None:
        found.extend(_same_attribute(source, part, actual))
    elif part.name not in _TYPELIKE:
        found.extend(_other_attribute(source, part, element))
    if part.name in _TYPELIKE and not found and actual is not None:
        edit = revalued(source, part, actual)
        return Match(0.4, 0.3, edit, f"{part.name} is {actual[:MAX_SHOWN]}", is_telling=False)
    return _best(found)


def _present(source: str, part: Part, element: Subject) -> Match | None:
    found: list[Match] = []
    if part.name.startswith(("aria-", "data-")) or part.name not in words.STATES:
        for name in element.attributes:
            likeness = _attribute_name_likeness(part.name, name)
            if likeness >= _NEAR:
                why = f"attribute {name} is like {part.name}"
                found.append(Match(likeness, 1.0, renamed(source, part, name), why))
    return _best(found)


def _attribute_name_likeness(wanted: str, there: str) -> float:
    if wanted in _TEST_IDS and there in _TEST_IDS:
        return 0.94
    if wanted.startswith("data-") and there.startswith("data-"):
        return name_likeness(wanted[5:], there[5:])
    return max(spelling_likeness(wanted, there), 0.9 if there == f"data-{wanted}" else 0.0)


def _same_attribute(source: str, part: Part, actual: str) -> list[Match]:
    value = part.value or ""
    found: list[Match] = []
    name = part.name

    def by(likeness: float, operator: str, text: str, why: str) -> None:
        kind = Kind.CLASS if name == "class" and part.syntax is Syntax.XPATH else Kind.ATTRIBUTE
        shown = text if kind is Kind.CLASS else name
        edit = replaced(part, kind, shown, text, operator)
        found.append(Match(likeness, _weight(part), edit, why))

    if name == "class":
        for token in actual.split():
            likeness = name_likeness(value, token)
            if likeness < _NEAR:
                continue
            why = f"class {token[:MAX_SHOWN]} is like {value[:MAX_SHOWN]}"
            if token == value:
                why = "the class attribute holds several"
            if part.operator == "=" and actual != token:
                by(min(likeness, 0.95), "~=", token, why)
            else:
                found.append(Match(likeness, _weight(part), revalued(source, part, token), why))
        if part.operator == "=" and sorted(actual.split()) == sorted(value.split()):
            found.append(
                Match(0.93, _weight(part), revalued(source, part, actual), "classes in another order")
            )
        elif part.operator == "=" and len(value.split()) > 1 and set(value.split()) < set(actual.split()):
            found.append(Match(0.9, _weight(part), revalued(source, part, actual), "it has more classes"))
        return found
    if (
        len(value) >= 3
        and value.lower() in actual.lower()
        and any(w not in words.GENERIC for w in words_of(value))
    ):
        at = actual.lower().index(value.lower())
        text = actual[at : at + len(value)]
        if text == value and part.operator != "*=":
            by(0.9, "*=", text, f"{name} contains it")
        elif part.operator == "*=":
            found.append(Match(0.93, _weight(part), revalued(source, part, text), f"{name} in another case"))
    if len(actual) > 120:
        return found
    if name in _WORDED:
        likeness = text_likeness(value, actual)
    elif name in _URLS:
        likeness = _url_likeness(value, actual)
    else:
        likeness = name_likeness(value, actual)
    if likeness < _NEAR and part.operator != "=":
        return [*found, *_window(source, part, actual)]
    if likeness >= _NEAR:
        why = f"{name} {actual[:MAX_SHOWN]} is like {value[:MAX_SHOWN]}"
        found.append(Match(likeness, _weight(part), revalued(source, part, actual), why))
    return found


def _window(source: str, part: Part, actual: str) -> list[Match]:
    """A piece of the actual value that is like the wanted one."""
    best, piece = 0.0, ""
    for found in re.finditer(r"[^\s/_.?=&-]+(?:[_-][^\s/_.?=&-]+)*|[^\s/_.?=&-]+", actual):
        likeness = spelling_likeness((part.value or "").strip("/-_").lower(), found[0].lower())
        if likeness > best:
            best, piece = likeness, found[0]
    if best < _NEAR:
        return []
    value = part.value or ""
    core = value.strip("/-_")
    at = value.find(core)
    text = value[:at] + piece + value[at + len(core) :]
    if not value_holds(part.operator, text, actual):
        return []
    why = f"{part.name} has {piece[:MAX_SHOWN]}, like {core[:MAX_SHOWN]}"
    return [Match(best, _weight(part), revalued(source, part, text), why)]


def _url_likeness(value: str, actual: str) -> float:
    if value.rstrip("/") == actual.rstrip("/"):
        return 0.97
    mine, theirs = value.strip("/").split("/"), actual.strip("/").split("/")
    if len(mine) != len(theirs):
        return 0.0
    worst, differing = 1.0, 0
    for one, other in zip(mine, theirs, strict=True):
        if one != other:
            differing += 1
            worst = min(worst, name_likeness(one, other))
    return worst - 0.02 if differing == 1 else 0.0


def _other_attribute(source: str, part: Part, element: Subject) -> list[Match]:
    value = part.value or ""
    found: list[Match] = []
    for name, actual in element.attributes.items():
        likeness = _attribute_name_likeness(part.name, name)
        if likeness < _NEAR:
            continue
        if value_holds(part.operator, value, actual):
            why = f"attribute {name} is like {part.name}"
            found.append(Match(likeness, 1.0, renamed(source, part, name), why))
        elif (same := name_likeness(value, actual)) >= 0.78 and likeness > 0.9:
            edit = replaced(part, Kind.ATTRIBUTE, name, actual, "=")
            why = f"{name} {actual[:MAX_SHOWN]} is like {value[:MAX_SHOWN]}"
            found.append(Match(likeness * same, 1.0, edit, why))
    telling = _is_telling(part)
    identifying = part.name in _IDENTIFYING or part.name in _TEST_IDS or part.name in {"aria-label", "class"}
    if not identifying or not value:
        return found
    if element.id and name_likeness(value, element.id) >= 0.95:
        found.append(
            Match(0.86, 1.0, replaced(part, Kind.ID, element.id), f"id {element.id}, not {part.name}")
        )
    for name in element.classes:
        if telling and name_likeness(value, name) >= 0.95:
            found.append(Match(0.84, 1.0, replaced(part, Kind.CLASS, name), f"class {name}, not {part.name}"))
    for name in (*_IDENTIFYING, "aria-label", "placeholder"):
        actual = element.attributes.get(name, "")
        if name != part.name and actual and name_likeness(value, actual) >= 0.95:
            edit = replaced(part, Kind.ATTRIBUTE, name, actual)
            found.append(Match(0.82, 1.0, edit, f"{name} {actual[:MAX_SHOWN]}, not {part.name}"))
    return found


# -- texts ---------------------------------------------------------------------


def _text(source: str, part: Part, element: Subject) -> Match | None:
    value = part.value or ""
    found: list[Match] = []
    if element.text:
        likeness, text = _nearest_text(value, element.text, whole=part.operator == "is")
        if likeness >= _NEAR:
            edit = revalued(source, part, text)
            found.append(
                Match(likeness, 1.0, edit, f'text "{text[:MAX_SHOWN]}" is like "{value[:MAX_SHOWN]}"')
            )
    for name in ("aria-label", "placeholder", "value", "title", "alt"):
        actual = element.attributes.get(name, "")
        likeness = text_likeness(value, actual) * 0.86 if actual else 0.0
        if likeness >= _NEAR:
            edit = replaced(part, Kind.ATTRIBUTE, name, actual)
            found.append(Match(likeness, 1.0, edit, f"{name}, not text"))
    return _best(found)


def _nearest_text(value: str, text: str, *, whole: bool) -> tuple[float, str]:
    """Return the stretch of *text* most like *value*."""
    text = " ".join(text.split())
    best, piece = text_likeness(value, text), text
    if whole and _squeezed(value) == _squeezed(text):
        return 0.97, text
    wanted, there = value.split(), text.split()
    if len(there) <= len(wanted) or whole or len(there) > 40:
        return best, piece
    for length in {len(wanted), len(wanted) + 1, max(1, len(wanted) - 1)}:
        for start in range(len(there) - length + 1):
            stretch = " ".join(there[start : start + length])
            likeness = text_likeness(value, stretch) - 0.03
            if likeness > best:
                best, piece = likeness, stretch
    return best, piece


def _accessible_name(source: str, part: Part, element: Subject) -> Match | None:
    if not element.name:
        return None
    value = part.value or ""
    likeness, text = _nearest_text(value, element.name, whole=False)
    if likeness < _NEAR:
        return None
    why = f'name "{text[:MAX_SHOWN]}" is like "{value[:MAX_SHOWN]}"'
    return Match(likeness, 1.0, revalued(source, part, text), why)
