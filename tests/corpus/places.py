"""The match is somewhere else than where the selector looks."""

from __future__ import annotations

from typing import Final

from cmdop_browser.exceptions import ElementCause
from tests.corpus.situation import Situation, click, fill

IN_IFRAME: Final = [
    Situation(
        "the card number in the frame of a payment provider",
        "/checkout.html",
        fill("input[name=cardnumber]", "4242424242424242"),
        ElementCause.IN_IFRAME,
    ),
    Situation(
        "the bank's confirmation in a frame of that frame",
        "/checkout.html",
        click(".acs-confirm"),
        ElementCause.IN_IFRAME,
    ),
    Situation(
        "a button in the help frame of a page that was not found",
        "/gone/summer-sale",
        click(".ask-support"),
        ElementCause.IN_IFRAME,
    ),
]

PLACES: Final = [*IN_IFRAME]
