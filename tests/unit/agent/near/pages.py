"""Pages as the agent's script lists them, made from HTML without a browser."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from bs4 import BeautifulSoup, Tag

from agent_bridge.diagnosis.subjects import Subject

PAGES = Path(__file__).parent
_SKIPPED = {"head", "script", "style", "meta", "title", "link"}
_ROLES = {
    "a": "link",
    "button": "button",
    "nav": "navigation",
    "main": "main",
    "img": "img",
    "select": "combobox",
}
_ROLES |= {f"h{level}": "heading" for level in range(1, 7)}


@cache
def soup_of(name: str) -> BeautifulSoup:
    return BeautifulSoup((PAGES / f"{name}.html").read_text(encoding="utf-8"), "html.parser")


@cache
def page(name: str) -> tuple[Subject, ...]:
    """The elements of ``name.html``."""
    return elements_of(soup_of(name))


def elements_of(soup: BeautifulSoup) -> tuple[Subject, ...]:
    listed = [tag for tag in soup.find_all(True) if tag.name not in _SKIPPED]
    places = {id(tag): index for index, tag in enumerate(listed)}
    return tuple(_subject(tag, soup, places) for tag in listed)


def _subject(tag: Tag, soup: BeautifulSoup, places: dict[int, int]) -> Subject:
    attributes = {
        name: " ".join(value) if isinstance(value, list) else value
        for name, value in tag.attrs.items()
        if name not in {"id", "class", "style"}
    }
    kind = attributes.get("type", "")
    if tag.name == "input" and kind not in {"submit", "button", "checkbox", "radio"}:
        attributes.pop("value", None)
    small = tag.name not in {"html", "body", "input", "select"} and len(tag.find_all(True)) <= 30
    text = " ".join(tag.get_text(" " if tag.name == "div" else "").split())[:160] if small else ""
    role = attributes.get("role") or _ROLES.get(tag.name, "")
    if tag.name == "input":
        role = {"submit": "button", "checkbox": "checkbox", "radio": "radio"}.get(kind, "textbox")
    label = soup.find("label", attrs={"for": str(tag.get("id"))}) if tag.get("id") else None
    name = attributes.get("aria-label") or (label.get_text() if label else "") or text
    form = tag if tag.name == "form" else tag.find_parent("form")
    parent = next((places[id(above)] for above in tag.parents if id(above) in places), -1)
    return Subject(
        tag=tag.name,
        id=str(tag.get("id", "")),
        classes=tuple(tag.get_attribute_list("class")) if tag.get("class") else (),
        attributes=attributes,
        text=text,
        role=role,
        name=name or attributes.get("alt", "") or attributes.get("placeholder", ""),
        parent=parent,
        in_login_form=form is not None and form.find("input", type="password") is not None,
        is_secret=tag.name == "input" and kind in {"password", "hidden"},
    )
