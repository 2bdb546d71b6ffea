"""Selectors that parse, or nearly, and cannot match whatever the page is: what is wrong, and what was meant.

Playwright takes most of them without a word, and waits for what never comes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from agent_bridge.diagnosis.likeness import spelling_likeness
from agent_bridge.diagnosis.syntax import SCRAPY, is_xpath, parts_of
from agent_bridge.diagnosis.words import ARIA_ROLES, HTML_TAGS

if TYPE_CHECKING:
    from collections.abc import Callable

READ_TEXT: Final = "read text with dom.text(selector)"
READ_ATTRIBUTES: Final = "read attributes with dom.attrs(selector)"

_PREDICATE = r"(?:\[[^\]]*\])?"
_XPATH_LEAF = re.compile(rf"(.*?)//?(?:(text|comment)\(\)|@[\w:*-]+|attribute::[\w:*-]+){_PREDICATE}\s*")
_PLACE = re.compile(r"nth\s*=\s*(.*)", re.DOTALL)
_VISIBLE = re.compile(r"visible\s*=\s*(.*)", re.DOTALL)
_ROLE = re.compile(r"(role\s*=\s*)([\w-]+)(.*)", re.DOTALL)
_EMPTY_NAME = re.compile(r"\[\s*name\s*=\s*\]")
_ZEROTH = re.compile(r"(:nth-(?:last-)?(?:child|of-type)\(\s*)0(\s*\))")
_CURLY_PAIR = re.compile("\\s*[\u2018-\u201f](.+)[\u2018-\u201f]\\s*")
_STRAIGHT_PAIR = re.compile(r"""\s*(["'])\s*(["']?)(.+)\2\s*\1\s*""")
_LIKE_A_SELECTOR = re.compile(r"[.#][A-Za-z_-][\w-]*|.*[\w\]][.#>\[][\w\s-]|\[\w|//\w|\w+=\w")
_STRAIGHT = str.maketrans({**dict.fromkeys(map(ord, "‘’‚‛"), "'"), **dict.fromkeys(map(ord, "“”„‟"), '"')})  # noqa: RUF001 -- they are what it is about
_FIRST_AND_LAST: Final = {"first": "0", "last": "-1"}
# Tags and short forms that are taken for roles.
_ROLE_OF: Final = {
    "a": "link", "anchor": "link", "aside": "complementary", "btn": "button", "div": "generic",
    "dropdown": "combobox", "field": "textbox", "footer": "contentinfo", "h1": "heading", "h2": "heading",
    "h3": "heading", "header": "banner", "input": "textbox", "item": "listitem", "label": "textbox",
    "li": "listitem", "modal": "dialog", "nav": "navigation", "ol": "list", "popup": "dialog",
    "section": "region", "select": "combobox", "td": "cell", "text": "textbox", "textarea": "textbox",
    "th": "columnheader", "title": "heading", "toggle": "switch", "tr": "row", "ul": "list",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mistake:
    """Why a selector never matches.

    Attributes:
        why: In a few words.
        corrections: What may have been meant, the likeliest first.
        tips: What to do besides.
        is_certain: Whether it is a mistake on every page; if not, only where a correction matches.
        where: The part of a chain that it is in; "" for the whole.
    """

    why: str
    corrections: tuple[str, ...] = ()
    tips: tuple[str, ...] = ()
    is_certain: bool = True
    where: str = ""


def mistake_in(selector: str) -> Mistake | None:
    """Return why *selector*, which matched nothing, cannot match; None when it can."""
    parts = parts_of(selector)
    if _PLACE.fullmatch(parts[0]):
        return Mistake(
            "nth= picks from what stands before it, and nothing does",
            tips=(f"say first what to pick from: {f'li >> {selector.strip()}'!r}",),
        )
    for at, part in enumerate(parts):
        for look in _LOOKS:
            found = look(part)
            if found is None:
                continue
            whole = tuple(
                " >> ".join(each for each in (*parts[:at], correction, *parts[at + 1 :]) if each)
                for correction in found.corrections
            )
            return replace(found, corrections=whole, where=part if len(parts) > 1 else "")
    return None


def reading_tips(selector: str) -> tuple[str, ...]:
    """Return how to read what *selector* asks for in Scrapy's way."""
    asked = " ".join(SCRAPY.findall(selector))
    tips = ((READ_TEXT, "::text"), (READ_ATTRIBUTES, "::attr"))
    return tuple(tip for tip, sign in tips if sign in asked)


def _xpath_leaf(part: str) -> Mistake | None:
    found = _XPATH_LEAF.fullmatch(part)
    if found is None or not is_xpath(part) or "|" in part:
        return None
    element = found[1] or "//*"
    if found[2]:
        return Mistake(f"it leads to {found[2]}s, and only elements can be found", (element,), (READ_TEXT,))
    return Mistake("it leads to attributes, and only elements can be found", (element,), (READ_ATTRIBUTES,))


def _place(part: str) -> Mistake | None:
    found = _PLACE.fullmatch(part)
    if found is None or re.fullmatch(r"[+-]?\d+\s*", found[1]):
        return None
    number = re.search(r"-?\d+", found[1])
    meant = number[0] if number else _FIRST_AND_LAST.get(found[1].strip().lower(), "0")
    return Mistake("nth= takes a number, counted from 0, and -1 for the last", (f"nth={meant}",))


def _visible(part: str) -> Mistake | None:
    found = _VISIBLE.fullmatch(part)
    if found is None or found[1].strip() in {"true", "false"}:
        return None
    is_no = found[1].strip().lower() in {"false", "no", "0", "hidden", "off"}
    return Mistake("visible= takes true or false", ("visible=false" if is_no else "visible=true",))


def _role(part: str) -> Mistake | None:
    found = _ROLE.fullmatch(part)
    if found is None:
        return None
    role = found[2].lower()
    if role in ARIA_ROLES:
        if not _EMPTY_NAME.search(found[3]):
            return None
        return Mistake("name= says no name", (found[1] + found[2] + _EMPTY_NAME.sub("", found[3]),))
    alike = max(ARIA_ROLES, key=lambda known: (spelling_likeness(role, known), known))
    meant = _ROLE_OF.get(role) or (alike if spelling_likeness(role, alike) else "")
    rest = _EMPTY_NAME.sub("", found[3])
    return Mistake(
        f"there is no ARIA role {found[2]!r}",
        (f"{found[1]}{meant}{rest}",) if meant else (),
        () if meant else ("tags are found by CSS, roles are button, link, textbox, heading and so on",),
    )


def _zeroth(part: str) -> Mistake | None:
    if not _ZEROTH.search(part):
        return None
    return Mistake("CSS counts from 1, so there is no 0th", (_ZEROTH.sub(r"\g<1>1\2", part),))


def _curly_quotes(part: str) -> Mistake | None:
    if part.startswith("text="):
        return None
    if found := _CURLY_PAIR.fullmatch(part):
        return Mistake(
            "its quotation marks are curly, and stand around the whole", (found[1], f'"{found[1]}"')
        )
    # An apostrophe in a text is as it should be.
    straight = part.translate(_STRAIGHT)
    if straight != part and re.search("[=(]\\s*[\u2018-\u201f]", part):
        return Mistake("its quotation marks are curly", (straight,))
    return None


def _quoted(part: str) -> Mistake | None:
    found = _STRAIGHT_PAIR.fullmatch(part)
    if found is None:
        return None
    inner = found[3].strip()
    if inner not in HTML_TAGS and not _LIKE_A_SELECTOR.match(inner):
        return None
    return Mistake("quotation marks make it a text to look for", (inner,), is_certain=False)


_LOOKS: Final[tuple[Callable[[str], Mistake | None], ...]] = (
    _xpath_leaf,
    _place,
    _visible,
    _role,
    _zeroth,
    _curly_quotes,
    _quoted,
)
