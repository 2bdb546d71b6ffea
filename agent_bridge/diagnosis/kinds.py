"""What a page can be, other than the page that was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmdop_browser.exceptions import ElementCause


@dataclass(frozen=True, slots=True)
class PageKind:
    """What a page is, and how that was seen.

    Attributes:
        cause: Its name.
        explanation: Fit to follow "failed after 5.0 s: ".
        seen: The signs, the plainest first.
        tips: What to do about it.
    """

    cause: ElementCause
    explanation: str
    seen: tuple[str, ...]
    tips: tuple[str, ...]


def shown(text: str, limit: int = 60) -> str:
    """Return a text of the page as evidence quotes it."""
    flat = " ".join(text.split())
    return f'"{flat if len(flat) <= limit else flat[: limit - 1] + "…"}"'
