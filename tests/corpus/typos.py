"""Nothing matches what was asked for, and what was meant is on the page."""

from __future__ import annotations

from typing import Any, Final

from cmdop_browser.exceptions import ElementCause as Cause
from tests.corpus.situation import Call, Situation, check, click, fill, select_option, text, wait_for


def typo(path: str, call: Call, meant: str, why: str, **more: Any) -> Situation:
    """A call that misses what is *meant*, as CSS, by a slip that *why* describes."""
    return Situation(f"{why}: {call.selector}", path, call, Cause.TYPO, target=meant, **more)


_SHOP: Final = [
    typo("/shop_product.html", click("#add-to-card"), "#add-to-cart", "a letter of an id"),
    typo("/shop_product.html", click("#addToCart"), "#add-to-cart", "camel case for kebab case"),
    typo("/shop_product.html", click(".newsletter-sumbit"), ".newsletter-submit", "letters swapped"),
    typo("/shop_product.html", click("button.btn-add-to-basket"), "#add-to-cart", "another word in a class"),
    typo("/shop_product.html", click("[data-testid=add-to-cart-btn]"), "#add-to-cart", "a test id cut short"),
    typo(
        "/shop_product.html",
        select_option("select#sizeSelect", value="250"),
        "#size-select",
        "camel case with a tag",
    ),
    typo(
        "/shop_product.html", fill("input[name=quantitiy]", "2"), "#qty-input", "a letter too many in a name"
    ),
    typo("/shop_product.html", click("a.btn.btn-add-to-cart"), "#add-to-cart", "a link for a button"),
    typo("/shop_product.html", click("text=Add to crat"), "#add-to-cart", "letters swapped in a text"),
    typo(
        "/shop_product.html",
        click("role=button[name='Add to card']"),
        "#add-to-cart",
        "a letter of a name by role",
    ),
    typo(
        "/shop_product.html", click("//button[@id='add-to-cart-btn']"), "#add-to-cart", "too much in an XPath"
    ),
    typo(
        "/shop_product.html",
        text("//h1[@class='product-titel']"),
        "h1.product-title",
        "letters swapped in an XPath",
    ),
    typo(
        "/shop_product.html", text(".product__title"), ".product-title", "an element of BEM for a plain class"
    ),
    typo("/shop_product.html", fill("#qty_input", "2"), "#qty-input", "an underscore for a dash"),
    typo("/shop_product.html", click(".Btn-Wishlist"), ".btn-wishlist", "capitals"),
    typo(
        "/shop_product.html", text("#product-4711 .price--curent"), ".price--current", "the last part of two"
    ),
    typo(
        "/shop_product.html",
        fill("footer form#newsletter input#newsletter-email"),
        "#newsletter-email",
        "the middle part of three",
    ),
    typo(
        "/shop_product.html",
        text("[data-sku='MUG-BLUE-350']"),
        "#product-4711",
        "a letter too many in a value",
    ),
    typo(
        "/shop_product.html",
        click("a[href='/legal/imprints']"),
        "a[href='/legal/imprint']",
        "the path of a link",
    ),
    typo("/checkout.html", fill("#shipping_firstname"), "#shipping_first_name", "an underscore too few"),
    typo("/checkout.html", fill("#shippingLastName"), "#shipping_last_name", "camel case for snake case"),
    typo("/checkout.html", fill("input[name='shipping.zip']", "1100"), "#shipping_zip", "a dot for brackets"),
    typo("/checkout.html", text(".grandTotal"), ".grand-total", "camel case in a class"),
    typo("/checkout.html", text("[data-qa=grand_total]"), ".grand-total", "an underscore in a test id"),
    typo("/checkout.html", check("#accept-term"), "#accept-terms", "a plural"),
    typo(
        "/shop_list.html", select_option("#sort_by", value="new"), "#sort-by", "an underscore in a short id"
    ),
    typo("/shop_list.html", click("a[rel=nxt]"), "a.pagination-next", "a letter of a short value"),
    typo(
        "/shop_de.html", click("#warenkorb-oeffnen"), "#warenkorb-öffnen", "an umlaut written as two letters"
    ),
    typo(
        "/shop_de.html", click("text=Gutschein einlosen"), ".gutschein-einlösen", "an umlaut without its dots"
    ),
    typo(
        "/shop_de.html",
        click(".artikel__kauf[data-artikelnr='P-1']"),
        ".artikel__kaufen",
        "one wrong part of a compound",
    ),
]

_APPLICATIONS: Final = [
    typo("/dashboard_mui.html", click("[data-testid=exportCsv]"), "#export-btn", "camel case in a test id"),
    typo(
        "/dashboard_mui.html", click(".MuiButton-outline"), "#new-order", "a variant of a framework's class"
    ),
    typo(
        "/dashboard_mui.html",
        wait_for("table.MuiTable-root.css-9x8y7z"),
        "#orders-table",
        "a hash of Emotion's",
    ),
    typo("/dashboard_mui.html", text("#orders_table"), "#orders-table", "an underscore in an id"),
    typo("/dashboard_mui.html", click("text=Export CVS"), "#export-btn", "letters swapped in a short word"),
    typo(
        "/dashboard_mui.html",
        click("role=button[name='New ordre']"),
        "#new-order",
        "letters swapped in a name by role",
    ),
    typo(
        "/pricing.html",
        click(".Button_root__a1B2c[data-plan-id=team]"),
        "[data-plan-id=team]",
        "a hash of CSS modules beside an attribute",
    ),
    typo(
        "/pricing.html",
        text(".PlanCard_featured__x1Y2z"),
        ".PlanCard_featured__zA8bC",
        "a hash of CSS modules",
    ),
    typo(
        "/pricing.html",
        select_option("select.CurrencySwitch_select__q9W8e", value="gbp"),
        "#currency",
        "such a hash with a tag",
    ),
    typo("/pricing.html", click("a.Header_cta__Qq1Ww"), "a.Header_cta__Zx8vB", "such a hash of a link"),
    typo(
        "/pricing.html",
        click("[data-testid=uc-accept-all]"),
        "[data-testid=uc-accept-all-button]",
        "a test id without its end",
    ),
    typo("/angular_crm.html", fill("[formcontrolname=firstname]"), "#mat-input-0", "lower case in a value"),
    typo(
        "/angular_crm.html",
        fill("input[formcontrolname=last_name]"),
        "#mat-input-1",
        "snake case for camel case",
    ),
    typo(
        "/angular_crm.html",
        click("button.saveContact"),
        ".save-contact",
        "camel case with another tag's class",
    ),
    typo(
        "/angular_crm.html",
        click("mat-sidenav a[routerlink='/deal']"),
        "a[routerlink='/deals']",
        "a singular in a route",
    ),
    typo("/booking_vue.html", fill("#checkIn", "2026-12-24"), "#check-in", "camel case in a short id"),
    typo(
        "/booking_vue.html", fill("input[name=check_out]", "2026-12-26"), "#check-out", "snake case in a name"
    ),
    typo("/booking_vue.html", click("#search-room"), "#search-rooms", "a singular"),
    typo(
        "/booking_vue.html",
        click(".room_book[data-room='101']"),
        ".room__book[data-room='101']",
        "one underscore of BEM",
    ),
    typo(
        "/ant_admin.html",
        click("[data-testid=btn-create-users]"),
        "[data-testid=btn-create-user]",
        "a plural in a test id",
    ),
    typo("/ant_admin.html", text("#user_table"), "#user-table", "an underscore in another id"),
    typo(
        "/ant_admin.html",
        click("[data-testid=query-btn]"),
        "[data-testid=btn-query]",
        "words in another order",
    ),
    typo(
        "/ant_admin.html",
        click("li[data-menu-id='rc-menu-uuid-7-audit']"),
        "[data-menu-id$=audit]",
        "a number that is made anew",
    ),
    typo("/job_application.html", fill("#applicant-email"), "#applicant_email", "a dash for an underscore"),
    typo("/job_application.html", fill("#coverLetter"), "#cover-letter", "camel case for an editor"),
    typo(
        "/bank_components.html",
        fill("#transfer-amout", "10"),
        "#transfer-amount",
        "a letter too few in an open shadow root",
    ),
    typo(
        "/bank_components.html",
        click(".hb-nav__log-out"),
        ".hb-nav__logout",
        "a dash too many in an open shadow root",
    ),
    typo("/signup_turnstile.html", click("button.mailing-joint"), ".mailing-join", "a letter too many"),
]

# Where the page is a special one, too: the near miss says more.
_ELSEWHERE: Final = [
    typo(
        "/news_ja.html", click(".kensaku__buton"), ".kensaku__button", "a letter too few on a Japanese page"
    ),
    typo("/news_home.html", click(".o-header__subscibe"), ".o-header__subscribe", "a letter too few"),
    typo("/contact_form.html", text("#contct-form"), "#contact-form", "a form that has a field called id"),
    typo("/news_home.html", text("#wheather"), "#weather", "a common misspelling"),
    typo(
        "/gov_form.html", fill("#registrationNumber", "AB12"), "#registration-number", "the name for the id"
    ),
    typo(
        "/gov_form.html",
        click("summary.govuk-details_summary"),
        ".govuk-details__summary",
        "one underscore of two",
    ),
    typo(
        "/account/orders", fill("#login-emial"), "#login-email", "letters swapped on a login page", wall=True
    ),
    typo(
        "/account/login",
        click("button#login-sumbit"),
        "#login-submit",
        "a misspelt button of a login page",
        wall=True,
    ),
    typo(
        "/projects/7",
        fill("#curent-password", "x"),
        "#current-password",
        "the password of a login page with status 401",
        wall=True,
    ),
    typo(
        "/gone/summer-sale",
        click("a.back-hom"),
        "a.back-home",
        "a letter too few on a page that was not found",
    ),
    typo("/p/mug-2019", click("#mini-cart-togle"), "#mini-cart-toggle", "a letter too few after a redirect"),
    typo(
        "/shop_product.html",
        click("#add-to-cartt"),
        "#add-to-cart",
        "a letter too many with scripts off",
        session={"javascript": False},
    ),
    typo(
        "/2026/11/orchard",
        text("h1.headlin"),
        "h1.headline",
        "a letter too few in a document that is loading",
        steps=(wait_for("h1.headline", "attached"),),
        arrive="commit",
        alone=True,
    ),
]

TYPOS: Final = [*_SHOP, *_APPLICATIONS, *_ELSEWHERE]
