"""Nothing matches because of what the page is."""

from __future__ import annotations

from typing import Final

from cmdop_browser.exceptions import ElementCause
from tests.corpus.situation import Situation, click, text

LOGIN_WALL: Final = [
    Situation(
        "orders that send a stranger to the login",
        "/account/orders",
        text("table.order-history"),
        ElementCause.LOGIN_WALL,
    ),
]

ERROR_PAGE: Final = [
    Situation(
        "a product that is gone",
        "/product/9999",
        click("button.add-to-basket"),
        ElementCause.ERROR_PAGE,
    ),
]

WALLS_AND_STATES: Final = [*LOGIN_WALL, *ERROR_PAGE]
