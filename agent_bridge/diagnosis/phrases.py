"""What is said of a failure, and how counts, selectors and lists are written in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from agent_bridge.diagnosis.texts import MAX_URL, shorten

if TYPE_CHECKING:
    from cmdop_browser.exceptions import Candidate

_MAX_LISTED: Final = 10


@dataclass(frozen=True, slots=True)
class Words:
    """What to say.

    Attributes:
        explanation: Fit to follow "failed after 5.0 s: ".
        tips: What to try, the most promising first.
        candidates: Selectors to use instead.
    """

    explanation: str
    tips: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()


def counted(count: int, noun: str = "match") -> str:
    """Return ``1 match`` or ``2 matches``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}{'es' if noun.endswith('ch') else 's'}"


def quoted(selector: str) -> str:
    """Return a selector as a tip shows it: one that can be pasted into Python."""
    return repr(shorten(selector, MAX_URL))


def listed(names: list[str]) -> str:
    """Return *names* quoted and with commas, the first of them when there are many."""
    shown = ", ".join(repr(name) for name in names[:_MAX_LISTED])
    return f"{shown}, …" if len(names) > _MAX_LISTED else shown
