"""An element matches, and something is the matter with it."""

from __future__ import annotations

from typing import Final

from cmdop_browser.exceptions import ElementCause
from tests.corpus.situation import (
    Situation,
    check,
    click,
    fill,
    select_option,
    type_text,
    wait_for,
)

HIDDEN: Final = [
    Situation(
        "a link in a menu that opens on hover",
        "/shop_product.html",
        click(".mega-menu__link--sale"),
        ElementCause.HIDDEN,
    ),
    Situation(
        "a button on a tab that is not the active one",
        "/shop_product.html",
        click(".change-country"),
        ElementCause.HIDDEN,
    ),
    Situation(
        "a menu item in a menu with visibility hidden",
        "/dashboard_mui.html",
        click(".sign-out"),
        ElementCause.HIDDEN,
    ),
    Situation(
        "filling the token that a form carries along",
        "/checkout.html",
        fill("input[name=authenticity_token]", "x"),
        ElementCause.HIDDEN,
    ),
    Situation(
        "waiting for a validation message that nothing shows",
        "/checkout.html",
        wait_for("#terms-error"),
        ElementCause.HIDDEN,
    ),
    Situation(
        "a field of a dialog that is not open",
        "/dashboard_mui.html",
        fill("input[name=customer]"),
        ElementCause.HIDDEN,
    ),
    Situation(
        "a hidden link on a page that was not found",
        "/gone/summer-sale",
        click(".offer-link"),
        ElementCause.HIDDEN,
    ),
]

ZERO_SIZE: Final = [
    Situation(
        "an icon without its font",
        "/shop_product.html",
        click(".wish-icon"),
        ElementCause.ZERO_SIZE,
    ),
    Situation(
        "the real checkbox behind a drawn switch",
        "/checkout.html",
        check("#save-card"),
        ElementCause.ZERO_SIZE,
    ),
    Situation(
        "waiting for an empty advertisement",
        "/checkout.html",
        wait_for(".promo-slot"),
        ElementCause.ZERO_SIZE,
    ),
]

DISABLED: Final = [
    Situation(
        "paying before the form is complete",
        "/checkout.html",
        click("#pay-now"),
        ElementCause.DISABLED,
    ),
    Situation(
        "a field in a fieldset that is disabled",
        "/checkout.html",
        fill("#billing_vat", "PT123"),
        ElementCause.DISABLED,
    ),
    Situation(
        "a link that a framework disables with aria and pointer-events",
        "/dashboard_mui.html",
        click("[data-testid=merge-orders]"),
        ElementCause.DISABLED,
    ),
    Situation(
        "a link of class disabled with pointer-events none",
        "/shop_product.html",
        click("a.btn-express"),
        ElementCause.DISABLED,
    ),
    Situation(
        "choosing an option that is sold out",
        "/shop_product.html",
        select_option("#size-select", value="500"),
        ElementCause.DISABLED,
    ),
    Situation(
        "typing into a disabled coupon field",
        "/checkout.html",
        type_text("#coupon", "SPRING"),
        ElementCause.DISABLED,
    ),
]

READONLY: Final = [
    Situation(
        "a city that follows from the ZIP code",
        "/checkout.html",
        fill("#shipping_city", "Porto"),
        ElementCause.READONLY,
    ),
]

COVERED: Final = [
    Situation(
        "a button behind the consent banner at the bottom",
        "/shop_product.html?firstvisit",
        click(".newsletter-submit"),
        ElementCause.COVERED,
    ),
    Situation(
        "a table row behind the backdrop of a dialog",
        "/dashboard_mui.html",
        click("#export-btn"),
        ElementCause.COVERED,
        steps=(click("#new-order"),),
    ),
    Situation(
        "a link on a page that was not found, behind a survey",
        "/gone/summer-sale?survey",
        click(".back-home"),
        ElementCause.COVERED,
    ),
]

OUTSIDE: Final = [
    Situation(
        "the close button of a drawer that waits outside the window",
        "/shop_product.html",
        click(".size-guide__close"),
        ElementCause.OUTSIDE_VIEWPORT,
    ),
]

AMBIGUOUS: Final = [
    Situation(
        "one add button for each card",
        "/shop_product.html",
        click(".card__add"),
        ElementCause.AMBIGUOUS,
    ),
    Situation(
        "a row menu in each row",
        "/dashboard_mui.html",
        click("button.row-menu"),
        ElementCause.AMBIGUOUS,
    ),
]

ELEMENTS: Final = [*HIDDEN, *ZERO_SIZE, *DISABLED, *READONLY, *COVERED, *OUTSIDE, *AMBIGUOUS]
