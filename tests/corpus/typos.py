"""Nothing matches what was asked for, and what was meant is on the page."""

from __future__ import annotations

from typing import Final

from cmdop_browser.exceptions import ElementCause
from tests.corpus.situation import Call, Situation, click, fill


def typo(path: str, call: Call, meant: str, why: str) -> Situation:
    """A call that misses what is *meant*, as CSS, by a slip that *why* describes."""
    return Situation(f"{why}: {call.selector}", path, call, ElementCause.TYPO, target=meant)


SHOP: Final = [
    typo("/shop_product.html", click("#add-to-card"), "#add-to-cart", "a letter of an id"),
    typo("/shop_product.html", click("#addToCart"), "#add-to-cart", "camel case for kebab case"),
    typo(
        "/shop_product.html", click(".newsletter-sumbit"), ".newsletter-submit", "letters swapped in a class"
    ),
    typo("/checkout.html", fill("#shipping_firstname"), "#shipping_first_name", "an underscore too few"),
]

TYPOS: Final = [*SHOP]
