"""An element matches and is not fit for the call: hidden, without a size, disabled, not to be edited."""

from __future__ import annotations

from typing import Final

from cmdop_browser.exceptions import ElementCause as Cause
from tests.corpus.situation import (
    Situation,
    check,
    click,
    fill,
    hover,
    screenshot,
    script,
    select_option,
    type_text,
    wait_for,
)

_HIDDEN: Final = [
    Situation(
        "a link in a menu that opens on hover",
        "/shop_product.html",
        click(".mega-menu__link--sale"),
        Cause.HIDDEN,
    ),
    Situation(
        "a button on a tab that is not the active one",
        "/shop_product.html",
        click(".change-country"),
        Cause.HIDDEN,
    ),
    Situation(
        "a menu item in a menu with visibility hidden",
        "/dashboard_mui.html",
        click(".sign-out"),
        Cause.HIDDEN,
    ),
    Situation(
        "the token that a form carries along",
        "/checkout.html",
        fill("input[name=authenticity_token]"),
        Cause.HIDDEN,
    ),
    Situation(
        "waiting for a validation message that nothing shows",
        "/checkout.html",
        wait_for("#terms-error"),
        Cause.HIDDEN,
    ),
    Situation(
        "a field of a dialog that is not open",
        "/dashboard_mui.html",
        fill("input[name=customer]"),
        Cause.HIDDEN,
    ),
    Situation(
        "a hidden link on a page that was not found", "/gone/summer-sale", click(".offer-link"), Cause.HIDDEN
    ),
    Situation(
        "a filter in a details element that is closed",
        "/shop_list.html",
        check("input[value=neon]"),
        Cause.HIDDEN,
    ),
    Situation("a help button in closed details", "/gov_form.html", click(".find-registration"), Cause.HIDDEN),
    Situation(
        "a button made invisible because all is sold",
        "/shop_list.html",
        click(".quick-add[data-sku='ST-102']"),
        Cause.HIDDEN,
    ),
    Situation(
        "the hidden login dialog of a shop",
        "/shop_list.html",
        fill("#login-modal input[name=email]"),
        Cause.HIDDEN,
    ),
    Situation(
        "a tab body that Angular keeps invisible", "/angular_crm.html", click("a.download-all"), Cause.HIDDEN
    ),
    Situation(
        "a file input that is only opened by script", "/ant_admin.html", click("#import-file"), Cause.HIDDEN
    ),
    Situation("an item of a dropdown that is closed", "/ant_admin.html", click(".export-xlsx"), Cause.HIDDEN),
    Situation(
        "a question that another answer opens", "/gov_form.html", fill("#charger-id", "C-12"), Cause.HIDDEN
    ),
    Situation(
        "a picture of a message that is not shown",
        "/dashboard_mui.html",
        screenshot("div.toast"),
        Cause.HIDDEN,
    ),
    Situation(
        "a list that Select2 drew anew",
        "/offers_cards.html",
        select_option("#store", value="2"),
        Cause.HIDDEN,
    ),
    Situation("the title of the document", "/offers_cards.html", click("title"), Cause.HIDDEN),
    Situation(
        "the next slide of a carousel",
        "/news_home.html",
        hover("a.carousel__more[data-slide-link='2']"),
        Cause.HIDDEN,
    ),
]

_ZERO_SIZE: Final = [
    Situation("an icon without its font", "/shop_product.html", click(".wish-icon"), Cause.ZERO_SIZE),
    Situation(
        "the real checkbox behind a drawn switch", "/checkout.html", check("#save-card"), Cause.ZERO_SIZE
    ),
    Situation(
        "waiting for an empty advertisement", "/news_home.html", wait_for("#div-gpt-ad-1"), Cause.ZERO_SIZE
    ),
    Situation("a counter without a number", "/shop_product.html", click("span.cart-count"), Cause.ZERO_SIZE),
    Situation("hovering over an empty message area", "/feed_live.html", hover(".flash"), Cause.ZERO_SIZE),
]

_DISABLED: Final = [
    Situation("paying before the form is complete", "/checkout.html", click("#pay-now"), Cause.DISABLED),
    Situation(
        "paying when the terms are still not accepted",
        "/checkout.html",
        click("button.pay-button"),
        Cause.DISABLED,
        steps=(fill("#shipping_first_name"), fill("#shipping_last_name"), fill("#shipping_zip", "1100")),
    ),
    Situation(
        "a field in a fieldset that is disabled",
        "/checkout.html",
        fill("#billing_vat", "PT1"),
        Cause.DISABLED,
    ),
    Situation(
        "a button in a fieldset for later", "/gov_form.html", click("button.add-second"), Cause.DISABLED
    ),
    Situation(
        "a link with aria-disabled and no pointer events",
        "/dashboard_mui.html",
        click("[data-testid=merge-orders]"),
        Cause.DISABLED,
    ),
    Situation(
        "a link of class disabled without pointer events",
        "/shop_product.html",
        click("a.btn-express"),
        Cause.DISABLED,
    ),
    Situation(
        "a button with no pointer events until a filter is set",
        "/shop_list.html",
        click(".clear-filters"),
        Cause.DISABLED,
    ),
    Situation(
        "choosing an option that is sold out",
        "/shop_product.html",
        select_option("#size-select", value="500"),
        Cause.DISABLED,
    ),
    Situation(
        "choosing a country without delivery, by its label",
        "/checkout.html",
        select_option("#shipping_country", label="United States (no delivery)"),
        Cause.DISABLED,
    ),
    Situation(
        "typing into a disabled coupon field",
        "/checkout.html",
        type_text("#coupon", "SPRING"),
        Cause.DISABLED,
    ),
    Situation(
        "saving an invalid Angular form", "/angular_crm.html", click("button.save-contact"), Cause.DISABLED
    ),
    Situation(
        "a page made inert by a guided tour",
        "/angular_crm.html",
        click("button.cancel-contact"),
        Cause.DISABLED,
        steps=(script("() => document.querySelector('.start-tour').click()"),),
    ),
    Situation(
        "a disabled button in an open shadow root",
        "/bank_components.html",
        click("hb-card .freeze-card"),
        Cause.DISABLED,
        proof="document.querySelector('hb-card').shadowRoot.querySelector('.freeze-card').disabled",
        target="button.freeze-card",
    ),
    Situation(
        "a time slot that is taken, on an Arabic page",
        "/clinic_ar.html",
        click(".slot[data-time='09:30']"),
        Cause.DISABLED,
    ),
    Situation(
        "the previous page of the first page",
        "/ant_admin.html",
        click(".ant-pagination-prev button"),
        Cause.DISABLED,
    ),
    Situation(
        "a disabled button of a document that is still loading",
        "/2026/11/orchard",
        click("button.share"),
        Cause.DISABLED,
        steps=(wait_for("button.share", "attached"),),
        arrive="commit",
        alone=True,
    ),
]

_READONLY: Final = [
    Situation(
        "a city that follows from the ZIP code",
        "/checkout.html",
        fill("#shipping_city", "Porto"),
        Cause.READONLY,
    ),
    Situation(
        "a date that only the calendar sets",
        "/angular_crm.html",
        fill("#mat-input-2", "1.1.1990"),
        Cause.READONLY,
    ),
    Situation("notes that were imported", "/angular_crm.html", fill("textarea#notes", "new"), Cause.READONLY),
    Situation(
        "typing over a file number", "/clinic_ar.html", type_text("#file-number", "A-105"), Cause.READONLY
    ),
]

STATES: Final = [*_HIDDEN, *_ZERO_SIZE, *_DISABLED, *_READONLY]
