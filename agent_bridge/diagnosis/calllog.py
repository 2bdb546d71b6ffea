"""What Playwright's message and call log say of a call, as facts.

The log tells each look at the element in turn. What the last look showed is why
the call failed; an earlier one may have passed since.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from agent_bridge.diagnosis.texts import bounded


class Sign(Enum):
    """Something that Playwright said of the call or its element."""

    UNPARSABLE = "the selector does not parse"
    UNKNOWN_KEY = "no such key"
    SEVERAL = "strict mode: several elements"
    REFUSED = "the element is of another kind"
    NO_OPTION = "no such option"
    OPTION_DISABLED = "the option is disabled"
    HIDDEN = "not visible"
    FRAME_HIDDEN = "in a frame that is not visible"
    DISABLED = "not enabled"
    INERT = "inert"
    READONLY = "not editable"
    MOVING = "not stable"
    OUTSIDE = "outside of the viewport"
    COVERED = "something else receives the click"
    DETACHED = "taken out of the document"


_UNPARSABLE = "|".join(
    (
        "while parsing ",
        "is not a valid (?:selector|XPath expression)",
        'Unknown engine "',
        "(?:Malformed|Invalid) selector",
        "Selector cannot",
        "Unexpected end of (?:selector|input)",
        "Unexpected token",
        "Unsupported token",
        "(?:Malformed|Unknown|Invalid) attribute",
        "Role must not be",
        'role" attribute',
        "engine expects",
        "Failed to execute 'evaluate' on 'Document'",
        "[Ii]nvalid regular expression",
    )
)
_REFUSED = "|".join(
    (
        "(?:Element|Node) is not an? .*",
        "Not a checkbox or radio.*",
        "Cannot type text into.*",
        r'Input of type "[\w-]+" cannot be filled',
        "Non-multiple (?:file input|select).*",
        "Clicking the .* did not change its state",
        "Cannot uncheck radio button",
        "Malformed value",
        "File input does not support directories",
        r"\[webkitdirectory\] input requires",
        "is not an? .*? element",
    )
)
_SIGNS: Final = tuple(
    (sign, re.compile(pattern))
    for sign, pattern in (
        (Sign.UNPARSABLE, _UNPARSABLE),
        (Sign.UNKNOWN_KEY, r'Unknown key: "(.*?)"'),
        (Sign.SEVERAL, r"strict mode violation: .*? resolved to (\d+) elements"),
        (Sign.NO_OPTION, r"did not find some options"),
        (Sign.OPTION_DISABLED, r"option being selected is not enabled"),
        (Sign.REFUSED, f"({_REFUSED})"),
        (Sign.HIDDEN, r"[Ee]lement is not visible|resolved to hidden"),
        (Sign.FRAME_HIDDEN, r"element is inside a hidden frame"),
        (Sign.DISABLED, r"element is not enabled"),
        (Sign.INERT, r"element is inert|element is not non-inert"),
        (Sign.READONLY, r"element is not editable"),
        (Sign.MOVING, r"element is not stable"),
        (Sign.OUTSIDE, r"[Ee]lement is outside of the viewport"),
        (Sign.COVERED, r"(<[^\n]*?>)[^\n]* intercepts pointer events"),
        (Sign.DETACHED, r"not attached to the DOM|element was detached"),
    )
)
# The click was made; only the navigation it started is not over.
_DONE = re.compile(r"waiting for scheduled navigations to finish(?![\s\S]*navigations have finished)")
_BEGUN = re.compile(r"performing [\w ]+ action(?![\s\S]*performing [\w ]+ action)")
_ACTED = " action done"
# What Playwright says last while it waits for the page, not the page for something.
_ASKING = re.compile(
    r"waiting for (?:locator|element to be|scheduled)|performing|attempting|scrolling|resolved to|forcing"
    r"|elementHandle\."
)
_FOUND = re.compile(r"locator resolved to (?:hidden )?<|resolved to \d+ elements\. Proceeding")
_OPENING_TAG = re.compile(r"^<[^<>]*>")
_ATTRIBUTE = re.compile(r'\s([\w-]+)(?:="([^"]*)")?')
_SHOWN_ATTRIBUTES = ("id", "class")


@dataclass(frozen=True, slots=True)
class Said:
    """What the texts say.

    Attributes:
        signs: Each sign that they hold, the one said last first.
        found: Whether an element was found at any time.
        was_done: Whether the act was done and only its effect was waited for.
        was_begun: Whether the act was begun and no end of it is known.
        matches: How many elements matched, when several were too many; 0 otherwise.
        refusal: Playwright's words, when it refused the kind of element.
        cover: Opening tag of what received the click.
        key: The key that does not exist.
        is_asking: Whether Playwright was waiting for an answer of the page when it stopped.
    """

    signs: tuple[Sign, ...] = ()
    found: bool = False
    was_done: bool = False
    was_begun: bool = False
    matches: int = 0
    refusal: str = ""
    cover: str = ""
    key: str = ""
    is_asking: bool = True

    @property
    def last(self) -> Sign | None:
        """What was said last."""
        return self.signs[0] if self.signs else None


def said(text: str) -> Said:
    """Read Playwright's message with its call log."""
    text = bounded(text)
    last: dict[Sign, re.Match[str]] = {}
    for sign, pattern in _SIGNS:
        for found in pattern.finditer(text):
            last[sign] = found

    def group(sign: Sign) -> str:
        return last[sign].group(1) if sign in last else ""

    begun = _BEGUN.search(text)
    # An act that was seen to go elsewhere was held back, and tried again: the sign comes after it.
    ended = begun is not None and (
        _ACTED in text[begun.end() :] or any(found.start() > begun.start() for found in last.values())
    )
    return Said(
        signs=tuple(sorted(last, key=lambda sign: last[sign].start(), reverse=True)),
        found=bool(_FOUND.search(text)),
        was_done=bool(_DONE.search(text)),
        was_begun=begun is not None and not ended,
        matches=int(group(Sign.SEVERAL) or 0),
        refusal=group(Sign.REFUSED),
        cover=opening_tag(group(Sign.COVERED)),
        key=group(Sign.UNKNOWN_KEY),
        is_asking=_ASKING.search(_last_line(text)) is not None,
    )


def _last_line(text: str) -> str:
    """Return the last line of the call log; without a log nothing is known, which counts as asking."""
    _, found, tail = text.partition("Call log:")
    lines = [line for line in tail.splitlines() if line.strip()]
    return lines[-1] if found and lines else "waiting for locator"


def opening_tag(preview: str) -> str:
    """Return Playwright's preview of an element as an opening tag with id and class only.

    Its other attributes may hold what somebody typed.
    """
    tag = _OPENING_TAG.match(preview)
    if tag is None:
        return ""
    name = re.match(r"<([\w:-]+)", preview)
    shown = {
        found.group(1): found.group(2) or ""
        for found in _ATTRIBUTE.finditer(tag.group())
        if found.group(1) in _SHOWN_ATTRIBUTES
    }
    attributes = "".join(f' {key}="{shown[key]}"' for key in _SHOWN_ATTRIBUTES if shown.get(key))
    return f"<{name.group(1) if name else 'element'}{attributes}>"
