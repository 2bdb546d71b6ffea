"""What covers an element looks like, and which of its controls closes it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from agent_bridge.diagnosis import page_words as words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agent_bridge.diagnosis.facts import Closer, CoverFacts

_MODAL_NAME: Final = re.compile(
    r"(?:^|[-_ ])(?:modal|dialog|popup|pop-up|lightbox|overlay|backdrop|scrim|fancybox|interstitial"
    r"|newsletter|paywall|drawer|offcanvas|sheet)",
    re.IGNORECASE,
)
_CLOSE: Final = re.compile(
    r"^\W*(?:close|dismiss|cancel|skip|not now|maybe later|later|no,? thanks|schlie(?:ß|ss)en"
    r"|abbrechen|nein|sp[aä]ter|fermer|annuler|plus tard|non merci|cerrar|cancelar|ahora no|chiudi|annulla"
    r"|fechar|sluiten|annuleren|zamknij|st[aä]ng|lukk?|luk|sulje|zav[rř][ií]t|kapat|закрыть|закрити"
    r"|отмена|閉じる|关闭|關閉|닫기|إغلاق)|^[\xd7✕✖\u2a2fxX]$",
    re.IGNORECASE,
)


def looks_like(cover: CoverFacts) -> Literal["consent", "modal", "loading"] | None:
    """Return what *cover* looks like; None for what is neither."""
    named = bool(words.CONSENT_NAME.search(cover.names))
    said = bool(words.CONSENT.search(cover.text))
    answers = any(
        words.ACCEPT.search(closer.text) or words.REFUSE.search(closer.text) for closer in cover.closers
    )
    # A form about privacy is no consent banner, nor is a recipe for cookies.
    if (named and (said or answers or cover.url)) or (
        said and answers and (words.PURPOSES.search(cover.text) or len(cover.text) < 600)
    ):
        return "consent"
    if named and cover.role in {"dialog", "alertdialog", "region", "banner"}:
        return "consent"
    if not cover.closers and (cover.is_busy or words.LOADING.match(cover.text)):
        return "loading"
    if cover.is_modal or cover.role in {"dialog", "alertdialog"} or _MODAL_NAME.search(cover.names):
        return "modal"
    return None


def ranked_closers(looks: str | None, closers: Iterable[Closer]) -> tuple[Closer, ...]:
    """Return *closers* with the one that does it most surely first.

    A question for consent comes back until it is answered, so an answer is better
    than its cross; of a dialog the cross is what changes nothing.
    """
    return tuple(sorted(closers, key=lambda closer: _rank(looks, closer.text.strip())))


def _rank(looks: str | None, text: str) -> int:
    answers = 0 if words.ACCEPT.search(text) else 1 if words.REFUSE.search(text) else None
    closes = _CLOSE.search(text) is not None
    if looks == "consent":
        return answers if answers is not None else 2 if closes else 3
    return 0 if closes else 1 if words.REFUSE.search(text) else 2 if answers is not None else 3
