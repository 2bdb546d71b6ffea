"""The call does not fit: a wrong selector, an unknown key, another kind of element, another option."""

from __future__ import annotations

from typing import Final

from cmdop_browser.exceptions import BrowserTimeoutError
from cmdop_browser.exceptions import ElementCause as Cause
from tests.corpus.situation import (
    Situation,
    check,
    click,
    fill,
    press,
    select_option,
    table,
    text,
    type_text,
    uncheck,
    upload,
    wait_for,
)

_INVALID_SELECTOR: Final = [
    Situation(
        "an attribute without its bracket",
        "/shop_product.html",
        click("button[data-testid='add-to-cart-button'"),
        Cause.INVALID_SELECTOR,
    ),
    Situation(
        "jQuery's contains",
        "/shop_product.html",
        click("button:contains('Add to cart')"),
        Cause.INVALID_SELECTOR,
    ),
    Situation("XPath for texts", "/shop_product.html", text("//h1/text()"), Cause.INVALID_SELECTOR),
    Situation("XPath for attributes", "/checkout.html", wait_for("//form/@action"), Cause.INVALID_SELECTOR),
    Situation("Scrapy's text", "/news_home.html", text("h1::text"), Cause.INVALID_SELECTOR),
    Situation("a role that does not exist", "/shop_product.html", click("role=btn"), Cause.INVALID_SELECTOR),
    Situation("curly quotes", "/checkout.html", fill("“#shipping_zip”"), Cause.INVALID_SELECTOR),
    Situation("a place in words", "/shop_list.html", click(".quick-add >> nth=one"), Cause.INVALID_SELECTOR),
    Situation("jQuery's eq", "/shop_list.html", click(".quick-add:eq(0)"), Cause.INVALID_SELECTOR),
    Situation(
        "XPath without its bracket", "/checkout.html", click("//button[@id='pay-now'"), Cause.INVALID_SELECTOR
    ),
    Situation(
        "an id that starts with a digit", "/forum_thread.html", wait_for("#1001"), Cause.INVALID_SELECTOR
    ),
    Situation(
        "a number without quotes in an attribute",
        "/dashboard_mui.html",
        text("tr[data-id=10231]"),
        Cause.INVALID_SELECTOR,
    ),
    Situation(
        "two combinators in a row", "/news_home.html", click("section > > article a"), Cause.INVALID_SELECTOR
    ),
    Situation(
        "two dots in a row", "/shop_product.html", click("button..btn-primary"), Cause.INVALID_SELECTOR
    ),
    Situation(
        "a text in brackets without the closing one",
        "/gov_form.html",
        click("button:has-text('Continue'"),
        Cause.INVALID_SELECTOR,
    ),
    Situation(
        "an engine that does not exist", "/ant_admin.html", click("testid=btn-query"), Cause.INVALID_SELECTOR
    ),
    Situation(
        "a wrong selector on a challenge page",
        "/catalogue",
        click("div[class='product'"),
        Cause.INVALID_SELECTOR,
        wall=True,
    ),
    Situation(
        "a wrong selector on a page that was not found",
        "/gone/summer-sale",
        fill("input[name=", "lamp"),
        Cause.INVALID_SELECTOR,
    ),
]

_UNKNOWN_KEY: Final = [
    Situation(
        "a key by the name it has on keyboards",
        "/shop_list.html",
        press("Return", "#header-search"),
        Cause.UNKNOWN_KEY,
    ),
    Situation(
        "a modifier by its short name",
        "/job_application.html",
        press("Ctrl+A", "#applicant_name"),
        Cause.UNKNOWN_KEY,
    ),
    Situation(
        "letters swapped in a key",
        "/dashboard_mui.html",
        press("ArrowDwon", "#status-filter"),
        Cause.UNKNOWN_KEY,
    ),
    Situation(
        "an unknown key for an element that is not there",
        "/wiki_article.html",
        press("Esc", "#dialog-of-editor"),
        Cause.UNKNOWN_KEY,
    ),
]

_WRONG_TYPE: Final = [
    Situation(
        "filling a select that Angular draws",
        "/angular_crm.html",
        fill("#mat-select-4", "Portugal"),
        Cause.WRONG_TYPE,
    ),
    Situation(
        "choosing in a select that Angular draws",
        "/angular_crm.html",
        select_option("#mat-select-4", label="Portugal"),
        Cause.WRONG_TYPE,
    ),
    Situation(
        "choosing in a div that looks like a select",
        "/booking_vue.html",
        select_option("#board-select", label="Half board"),
        Cause.WRONG_TYPE,
    ),
    Situation(
        "choosing in a text field",
        "/ant_admin.html",
        select_option("#filter_username", value="ada"),
        Cause.WRONG_TYPE,
    ),
    Situation("filling a real select", "/shop_list.html", fill("#sort-by", "new"), Cause.WRONG_TYPE),
    Situation("ticking a button", "/booking_vue.html", check("#search-rooms"), Cause.WRONG_TYPE),
    Situation(
        "uploading to a drop zone",
        "/job_application.html",
        upload("#photo-dropzone", "me.png"),
        Cause.WRONG_TYPE,
    ),
    Situation(
        "two files for an input of one",
        "/job_application.html",
        upload("#cv", "one.pdf", "two.pdf"),
        Cause.WRONG_TYPE,
    ),
    Situation("a word for a number", "/booking_vue.html", fill("#adults", "two"), Cause.WRONG_TYPE),
    Situation(
        "a German date for a date input",
        "/booking_vue.html",
        fill("#check-in", "24.12.2026"),
        Cause.WRONG_TYPE,
    ),
    Situation(
        "an American month for a month input",
        "/job_application.html",
        fill("#start_month", "12/2026"),
        Cause.WRONG_TYPE,
    ),
    Situation(
        "a spoken time for a time input", "/booking_vue.html", fill("#arrival-time", "9 am"), Cause.WRONG_TYPE
    ),
    Situation("unticking a radio button", "/job_application.html", uncheck("#swim-yes"), Cause.WRONG_TYPE),
    Situation("filling a checkbox", "/job_application.html", fill("#privacy", "yes"), Cause.WRONG_TYPE),
    Situation("filling a file input", "/job_application.html", fill("#cv", "cv.pdf"), Cause.WRONG_TYPE),
    Situation(
        "text that is marked as not editable",
        "/job_application.html",
        fill("#job-description", "mine"),
        Cause.WRONG_TYPE,
    ),
    Situation("filling a headline", "/shop_product.html", fill("h1.product-title", "Mug"), Cause.WRONG_TYPE),
    Situation(
        "typing into a paragraph", "/leaving.html", type_text("p.hold-notice", "more"), Cause.WRONG_TYPE
    ),
    Situation("reading a list as a table", "/news_home.html", table("ol.most-read"), Cause.WRONG_TYPE),
]

_NO_SUCH_OPTION: Final = [
    Situation(
        "a country that is not offered",
        "/checkout.html",
        select_option("#shipping_country", value="DE"),
        Cause.NO_SUCH_OPTION,
    ),
    Situation(
        "a country by a label that is not there",
        "/checkout.html",
        select_option("#shipping_country", label="Germany"),
        Cause.NO_SUCH_OPTION,
    ),
    Situation(
        "half of a label",
        "/shop_list.html",
        select_option("#sort-by", label="Price"),
        Cause.NO_SUCH_OPTION,
    ),
    Situation(
        "a position after the last",
        "/job_application.html",
        select_option("#degree", index=9),
        Cause.NO_SUCH_OPTION,
    ),
    Situation(
        "one of two languages",
        "/job_application.html",
        select_option("#languages", value=["pt", "fr"]),
        Cause.NO_SUCH_OPTION,
    ),
]

# What was there and did not go, and what was done and is not over: no element is missing.
_NOT_IN_TIME: Final = [
    Situation(
        "a message that does not go away",
        "/leaving.html",
        wait_for(".loading-seats", "hidden"),
        None,
        error=BrowserTimeoutError,
    ),
    Situation(
        "a cookie bar that stays in the document",
        "/shop_list.html",
        wait_for("#cookie-bar", "detached"),
        None,
        error=BrowserTimeoutError,
    ),
    Situation(
        "a skeleton that never makes room",
        "/analytics_skeleton.html",
        wait_for("[aria-busy=true]", "hidden"),
        None,
        error=BrowserTimeoutError,
    ),
    Situation(
        "a click whose page does not come",
        "/leaving.html",
        click("a.to-slow-checkout"),
        None,
        error=BrowserTimeoutError,
        alone=True,
    ),
]

CALLS: Final = [*_INVALID_SELECTOR, *_UNKNOWN_KEY, *_WRONG_TYPE, *_NO_SUCH_OPTION, *_NOT_IN_TIME]
