"""Nothing matches because of what the page is, or of the state that it is in."""

from __future__ import annotations

from typing import Final

from cmdop_browser.exceptions import ElementCause as Cause
from tests.corpus.situation import Situation, click, fill, script, text, until, wait_for

_LOGIN_WALL: Final = [
    Situation(
        "orders that send a stranger to the login",
        "/account/orders",
        text("table.order-history"),
        Cause.LOGIN_WALL,
    ),
    Situation(
        "a dashboard that shows the login in its place",
        "/dashboard",
        click(".revenue-widget .expand"),
        Cause.LOGIN_WALL,
    ),
    Situation(
        "a project that answers 401 with a login panel",
        "/projects/7",
        wait_for(".kanban-column"),
        Cause.LOGIN_WALL,
    ),
    Situation(
        "invoices that send one to single sign-on",
        "/billing/invoices",
        text("table#invoices"),
        Cause.LOGIN_WALL,
    ),
    Situation(
        "a French customer account", "/mon-compte/factures", wait_for("ul.factures li"), Cause.LOGIN_WALL
    ),
]

_CONSENT_WALL: Final = [
    Situation(
        "a German newspaper: consent or subscription",
        "/nachrichten/politik",
        text("article.aufmacher"),
        Cause.CONSENT_WALL,
    ),
    Situation(
        "a search that asks for consent before", "/find/sextant", click("a.result-title"), Cause.CONSENT_WALL
    ),
    Situation(
        "a page that is only a consent frame",
        "/evening-post",
        text("h2.top-story-headline"),
        Cause.CONSENT_WALL,
    ),
]

_CHALLENGE: Final = [
    Situation("an interstitial with status 403", "/catalogue", click("a.catalogue-entry"), Cause.CHALLENGE),
    Situation("an interstitial with status 503", "/catalogue/lamps", wait_for("ul.lamps"), Cause.CHALLENGE),
    Situation("a search that ends at unusual traffic", "/search/mugs", text("ol.hits"), Cause.CHALLENGE),
    Situation(
        "a product page that answers 200 with a robot check",
        "/dp/B00BLUEMUG",
        click("#buybox-add"),
        Cause.CHALLENGE,
    ),
    Situation("a button to press and hold", "/flights", fill("#departure-airport", "LIS"), Cause.CHALLENGE),
]

_ERROR_PAGE: Final = [
    Situation("a product that is gone", "/product/9999", click("button.add-to-basket"), Cause.ERROR_PAGE),
    Situation("an export that fails", "/orders/export", text("pre.csv-preview"), Cause.ERROR_PAGE),
    Situation("a page under maintenance", "/sale", wait_for(".discount-grid"), Cause.ERROR_PAGE),
    Situation("a page that is forbidden", "/internal/metrics", click("#cpu-chart"), Cause.ERROR_PAGE),
    Situation("too many requests", "/api-console", fill("textarea.query-editor", "{}"), Cause.ERROR_PAGE),
]

_WRONG_PAGE: Final = [
    Situation(
        "an old product that leads to the list", "/p/mug-2019", text(".technical-drawing"), Cause.WRONG_PAGE
    ),
    Situation("a trial that was moved", "/beta/planner", click("#invite-testers"), Cause.WRONG_PAGE),
    Situation(
        "a page that moved to another site", "/old-docs", wait_for("#changelog-entries"), Cause.WRONG_PAGE
    ),
    Situation(
        "an offer that leads elsewhere by script",
        "/offer_expired.html",
        click("button.claim-offer"),
        Cause.WRONG_PAGE,
        steps=(until("location.pathname === '/shop_list.html'"),),
    ),
]

_SCRIPT_DISABLED: Final = [
    Situation(
        "a React application",
        "/spa_app.html",
        click("button.add-plant"),
        Cause.SCRIPT_DISABLED,
        session={"javascript": False},
    ),
    Situation(
        "a Vue application",
        "/vue_shop.html",
        wait_for(".basket__total"),
        Cause.SCRIPT_DISABLED,
        session={"javascript": False},
    ),
]

_PAGE_LOADING: Final = [
    Situation(
        "the end of a document that is not there yet",
        "/2026/11/orchard",
        click("a.next-article"),
        Cause.PAGE_LOADING,
        arrive="commit",
        alone=True,
    ),
    Situation(
        "an application whose script has not come",
        "/board",
        wait_for("button.new-card"),
        Cause.PAGE_LOADING,
        arrive="commit",
        alone=True,
    ),
    Situation(
        "a script that hangs in the middle of the page",
        "/vendor_slow.html",
        click("button.reverse-route"),
        Cause.PAGE_LOADING,
        arrive="commit",
        alone=True,
    ),
    Situation(
        "a button that comes when the last picture has",
        "/gallery_slow.html",
        click("button.start-slideshow"),
        Cause.PAGE_LOADING,
        arrive="domcontentloaded",
        alone=True,
    ),
    Situation(
        "a report that shows its skeleton",
        "/analytics_skeleton.html",
        text(".revenue-total"),
        Cause.PAGE_LOADING,
    ),
    Situation(
        "a mailbox that shows its spinner",
        "/mail_spinner.html",
        click("button.compose-message"),
        Cause.PAGE_LOADING,
    ),
]

_PAGE_HUNG: Final = [
    Situation(
        "a script that starts to add up for ever",
        "/report_hung.html",
        wait_for("#approved-by"),
        Cause.PAGE_HUNG,
        steps=(script("() => { setTimeout(() => { for (;;) {} }, 100); return true }"),),
        alone=True,
    ),
    Situation(
        "a script in the page that never ends",
        "/report_stuck.html",
        click("#sign-report"),
        Cause.PAGE_HUNG,
        arrive="commit",
        alone=True,
    ),
]

WALLS_AND_STATES: Final = [
    *_LOGIN_WALL,
    *_CONSENT_WALL,
    *_CHALLENGE,
    *_ERROR_PAGE,
    *_WRONG_PAGE,
    *_SCRIPT_DISABLED,
    *_PAGE_LOADING,
    *_PAGE_HUNG,
]
