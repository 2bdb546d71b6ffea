"""The elements of a page as selectors see them, and how one condition fits one of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agent_bridge.diagnosis.selector_parts import Edit, Kind, Part, Syntax

if TYPE_CHECKING:
    from collections.abc import Mapping


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
        is_without_meaning: Whether the part was made by a build tool and may go.
    """

    likeness: float
    weight: float = 1.0
    edit: Edit | None = None
    why: str = ""
    is_telling: bool = True
    is_without_meaning: bool = False


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
        return squeezed(part.value or "") in squeezed(element.name)
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


def squeezed(text: str) -> str:
    """Return *text* as Playwright compares it."""
    return " ".join(text.split()).lower()


def _text_holds(part: Part, text: str) -> bool:
    value = part.value or ""
    if part.operator == "is":
        return " ".join(value.split()) == " ".join(text.split())
    if part.syntax is Syntax.XPATH:
        return value in text
    return squeezed(value) in squeezed(text)
