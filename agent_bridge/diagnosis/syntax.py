"""Selectors that do not parse: the parts of a chain, what is wrong, and what was probably meant.

Nothing here decides whether a selector parses; only Playwright knows. What this
proposes is tried there before anybody sees it.
"""

from __future__ import annotations

import re
from functools import reduce
from typing import TYPE_CHECKING, Final

from agent_bridge.diagnosis.likeness import spelling_likeness
from agent_bridge.diagnosis.words import words_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# What is longer was made by a program, which no guess of ours corrects.
MAX_CORRECTED: Final = 500

_CLOSING: Final = {"[": "]", "(": ")", "{": "}"}
_QUOTES: Final = "\"'"
_WHY: Final = (
    (re.compile(r'Unknown engine "(.{0,60}?)"'), "there is no selector engine {0!r}"),
    (re.compile(r'Unexpected token ":" .{0,60}?::(?:text|attr)\b'), "::text and ::attr() are no part of CSS"),
    (re.compile(r'Unexpected token "" '), "it ends too early"),
    (re.compile(r'Unexpected token "(.{1,60}?)"'), "unexpected {0!r}"),
    (re.compile(r"Unexpected end of"), "it ends too early"),
    (re.compile(r"[Uu]nexpected symbol \"(.{1,60}?)\""), "unexpected {0!r}"),
    (re.compile(r"not a valid XPath"), "not a valid XPath"),
    (re.compile(r"[Ii]nvalid regular expression"), "not a valid regular expression"),
    (re.compile(r"is not a valid selector"), "not valid CSS"),
)


SCRAPY: Final = re.compile(r"::(?:text\b|attr\([^)]*\))")
_CALL: Final = re.compile(
    r"""\s*(?:\$\$?|jQuery|(?:document\.)?(?:querySelector(?:All)?|getElements?By(?P<by>Id|ClassName|Name|TagName))"""
    r"""|page\.\w+)\((?P<quote>["'])(?P<text>.*)(?P=quote)\)\s*;?\s*"""
)
_ASKING: Final = {"Id": "#{}", "ClassName": ".{}", "Name": '[name="{}"]', "TagName": "{}"}
# Those of Playwright and of CSS that people write.
_PSEUDOS: Final = words_in(
    """
    active any-link checked default disabled empty enabled first-child first-of-type focus focus-visible
    focus-within has has-text hover in-range indeterminate invalid is lang last-child last-of-type left-of
    light link near not nth-child nth-last-child nth-last-of-type nth-match nth-of-type only-child
    only-of-type optional placeholder-shown read-only read-write required right-of root scope above below
    target text text-is text-matches valid visible visited where contains eq first last
    """
)
_ENGINES: Final = frozenset({"css", "xpath", "text", "id", "role", "nth", "visible", "data-testid"})
# What other tools call them.
_MEANT_ENGINES: Final = {
    "linktext": "text", "partiallinktext": "text", "link": "text", "label": "text", "textcontent": "text",
    "innertext": "text", "cssselector": "css", "testid": "data-testid",
}  # fmt: skip


def why_of(text: str) -> str:
    """Return what Playwright says is wrong, in a few words; "" when it says nothing known."""
    text = text[:2000]
    for pattern, words in _WHY:
        found = pattern.search(text)
        if found:
            return words.format(*found.groups())
    return ""


def parts_of(selector: str) -> list[str]:
    """Split a chain at each `>>` that stands outside of quotes, as Playwright does."""
    parts, start, quote, at = [], 0, "", 0
    while at < len(selector):
        character = selector[at]
        if character == "\\":
            at += 1
        elif quote:
            if character == quote:
                quote = ""
        elif character in "\"'`":
            quote = character
        elif selector.startswith(">>", at):
            parts.append(selector[start:at])
            at += 1
            start = at + 1
        at += 1
    return [part.strip() for part in (*parts, selector[start:])]


def corrections_of(selector: str) -> Iterator[str]:
    """Yield what may have been meant, the smallest change first; each once."""
    if len(selector) > MAX_CORRECTED:
        return
    seen = {selector, ""}
    for correct in _CORRECTIONS:
        once = correct(selector).strip()
        if once not in seen:
            seen.add(once)
            yield once
    # Several mistakes at once.
    for start in (selector, closed(selector)):
        whole = reduce(lambda made, correct: correct(made).strip(), _CORRECTIONS, start)
        if whole not in seen:
            seen.add(whole)
            yield whole


def closed(selector: str) -> str:
    """Close quotes and brackets that are open, and drop closing ones that nothing opened."""
    made: list[str] = []
    open_: list[str] = []
    quote, escaped = "", False
    for character in selector:
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif quote:
            if character == quote:
                quote = ""
        elif character in _QUOTES:
            quote = character
        elif character in _CLOSING:
            open_.append(_CLOSING[character])
        elif character in _CLOSING.values():
            if not open_ or open_[-1] != character:
                continue
            open_.pop()
        made.append(character)
    if quote:
        text = "".join(made)
        # `[href="x]`: the quote belongs in front of the bracket that it swallowed.
        swallowed = re.search(r"[\])]+$", text) if open_ else None
        if swallowed:
            return f"{text[: swallowed.start()]}{quote}{''.join(reversed(open_))}"
        made.append(quote)
    return "".join(made).rstrip() + "".join(reversed(open_))


def _without_empty_end(selector: str) -> str:
    """Drop an opening bracket or combinator that nothing follows."""
    return re.sub(r"(?:\[|\(|::?|[.#]|[>+~,]|>>|/+)\s*$", "", selector.rstrip()).rstrip()


def _straight_quotes(selector: str) -> str:
    return re.sub("[\u2018-\u201b]", "'", re.sub("[\u201c-\u201f]", '"', selector))


def _unwrapped(selector: str) -> str:
    """Return what a call such as `$(…)` or `document.querySelector(…)` asks for."""
    found = _CALL.fullmatch(selector)
    if found is None:
        return selector
    text = found["text"]
    return _ASKING[found["by"]].format(text) if found["by"] else text


def _without_scrapy(selector: str) -> str:
    """`::text` and `::attr(…)` are Scrapy's, and name no element."""
    return SCRAPY.sub("", selector)


def _known_pseudo(selector: str) -> str:
    """Put the pseudo-class that is spelt nearly so in the place of one that there is not."""

    def replaced(found: re.Match[str]) -> str:
        name = found[1].lower()
        if name in _PSEUDOS:
            return found[0]
        near = max(_PSEUDOS, key=lambda known: (spelling_likeness(name, known), known))
        return f":{near}" if spelling_likeness(name, near) else found[0]

    return selector if is_xpath(selector) else re.sub(r"(?<![:\\]):([a-z][a-z-]+)", replaced, selector)


def _known_engine(selector: str) -> str:
    """`txt=` is misspelt, `name=` is an attribute: neither is an engine."""
    found = re.fullmatch(r"""\s*([A-Za-z][\w-]*)\s*=\s*(["']?)(.+?)\2\s*""", selector)
    if found is None or found[1].lower() in _ENGINES:
        return selector
    name, value = found[1], found[3]
    near = _MEANT_ENGINES.get(name.lower().replace("_", "").replace("-", ""), "")
    if not near and "-" not in name:
        near = max(_ENGINES, key=lambda known: (spelling_likeness(name.lower(), known), known))
        near = near if spelling_likeness(name.lower(), near) else ""
    if near:
        return f"{near}={value}"
    if name.lower() in {"class", "classname"}:
        return f".{value.strip().replace(' ', '.')}"
    return f'[{name}="{value}"]'


def _has_text(selector: str) -> str:
    """`:contains(…)` of jQuery is `:has-text(…)` here."""

    def replaced(found: re.Match[str]) -> str:
        text = found.group(1).strip()
        if text[:1] in _QUOTES and text[:1]:
            return f":has-text({text})"
        return f':has-text("{text}")'

    return re.sub(r":contains\(([^()]*)\)", replaced, selector)


def _without_at(selector: str) -> str:
    """`[@class=…]` is XPath; CSS has no at sign there."""
    if is_xpath(selector):
        return selector
    return re.sub(r"\[\s*@", "[", selector)


def _by_place(selector: str) -> str:
    """`:eq(2)`, `:first`, `:last` of jQuery are `>> nth=…`, at the end of a part."""
    selector = re.sub(r":eq\((-?\d+)\)\s*(?=$|>>)", r" >> nth=\1 ", selector)
    selector = re.sub(r":first(?![\w-])\s*(?=$|>>)", " >> nth=0 ", selector)
    return re.sub(r":last(?![\w-])\s*(?=$|>>)", " >> nth=-1 ", selector).strip()


def _by_type(selector: str) -> str:
    """`:checkbox` and its like of jQuery are attributes; `:selected` is `:checked`."""
    selector = re.sub(r":(checkbox|radio|password|submit|file|reset)(?![\w(-])", r"[type=\1]", selector)
    return re.sub(r":selected(?![\w(-])", ":checked", selector)


def _quoted_values(selector: str) -> str:
    """Put quotes around attribute values that need them."""
    if is_xpath(selector):
        return selector
    return re.sub(
        r"\[\s*([\w:-]+)\s*([~|^$*]?=)\s*([^\"'\]\[]+?)\s*\]",
        lambda found: f'[{found.group(1)}{found.group(2)}"{found.group(3)}"]',
        selector,
    )


def _digits_first(selector: str) -> str:
    """Ids and classes that begin with a digit can be named as attributes only."""
    selector = re.sub(r"#(\d[\w-]*)", r'[id="\1"]', selector)
    return re.sub(r"(?<![\d\w])\.(\d[\w-]*)", r'[class~="\1"]', selector)


def _escaped_classes(selector: str) -> str:
    """`.md:flex` and `.w-1/2` are classes whose signs need a backslash."""
    if is_xpath(selector):
        return selector
    selector = re.sub(r"(\.[\w-]+)/([\w-]+)", r"\1\\/\2", selector)
    return re.sub(r"(\.(?:sm|md|lg|xl|2xl|hover|focus|dark|group-hover)):([a-z][\w-]*)", r"\1\\:\2", selector)


def _single_signs(selector: str) -> str:
    """`..price` and `##id` have a sign too many."""
    if is_xpath(selector):
        return selector
    return re.sub(r"([.#])\1+", r"\1", selector)


def _as_xpath(selector: str) -> str:
    """A path that begins with one slash is XPath, too, but has to say so."""
    stripped = selector.strip()
    return f"xpath={stripped}" if re.match(r"\.?/\w|\.//\w|\(+/\w", stripped) else selector


def is_xpath(selector: str) -> bool:
    """Whether *selector* is one by its beginning."""
    return re.match(r"\s*(?:xpath=|\(*\.{0,2}/|\.\.$)", selector) is not None


_CORRECTIONS: Final[tuple[Callable[[str], str], ...]] = (
    _unwrapped,
    _without_scrapy,
    _straight_quotes,
    _has_text,
    _without_at,
    _by_place,
    _by_type,
    _known_pseudo,
    _known_engine,
    _quoted_values,
    _digits_first,
    _escaped_classes,
    _single_signs,
    _as_xpath,
    closed,
    _without_empty_end,
)
