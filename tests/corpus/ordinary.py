"""Ordinary pages where nothing matches: no login wall, no consent wall, no challenge."""

from __future__ import annotations

from typing import Final

from cmdop_browser.exceptions import ElementCause
from tests.corpus.situation import Situation, wait_for

ORDINARY: Final = [
    Situation(
        "a product page with a login form in its header",
        "/shop_product.html",
        wait_for(".loyalty-points-balance"),
        ElementCause.NO_MATCH,
    ),
]
