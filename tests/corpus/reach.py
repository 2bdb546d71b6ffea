"""An element matches and cannot be reached: covered, out of view, moving, replaced, or one of several."""

from __future__ import annotations

from typing import Final

from cmdop_browser.exceptions import ElementCause as Cause
from tests.corpus.situation import Situation, check, click, fill, hover

_COVERED: Final = [
    Situation(
        "a button behind the consent banner at the bottom",
        "/shop_product.html?firstvisit",
        click(".newsletter-submit"),
        Cause.COVERED,
    ),
    Situation(
        "a button behind a consent dialog with its backdrop",
        "/shop_de.html?erstbesuch",
        click(".gutschein-einlösen"),
        Cause.COVERED,
    ),
    Situation(
        "a teaser behind a newsletter window",
        "/news_home.html?newsletter",
        click("button.teaser__bookmark"),
        Cause.COVERED,
    ),
    Situation(
        "a button behind the backdrop of a dialog",
        "/dashboard_mui.html",
        click("#export-btn"),
        Cause.COVERED,
        steps=(click("#new-order"),),
    ),
    Situation(
        "a button behind the transparent backdrop of a menu",
        "/angular_crm.html",
        click("button.cancel-contact"),
        Cause.COVERED,
        steps=(click("#user-menu"),),
    ),
    Situation(
        "hovering over a menu behind a modal",
        "/ant_admin.html",
        hover("li.ant-menu-item-selected"),
        Cause.COVERED,
        steps=(click("[data-testid=btn-create-user]"),),
    ),
    Situation(
        "a room behind the mask that shows while rooms are searched",
        "/booking_vue.html",
        click(".room__book[data-room='101']"),
        Cause.COVERED,
        steps=(click("#search-rooms"),),
    ),
    Situation(
        "choosing a room behind that mask",
        "/booking_vue.html",
        check("#room-101"),
        Cause.COVERED,
        steps=(click("#search-rooms"),),
    ),
    Situation(
        "a button of a card whose link is stretched over all of it",
        "/offers_cards.html",
        click("button.offer-save"),
        Cause.COVERED,
    ),
    Situation("a field under its floating label", "/offers_cards.html", click("#voucher"), Cause.COVERED),
    Situation(
        "a button under the round chat button", "/booking_vue.html", click("button.feedback"), Cause.COVERED
    ),
    Situation(
        "a link on a page that was not found, behind a survey",
        "/gone/summer-sale?survey",
        click("a.back-home"),
        Cause.COVERED,
    ),
]

_OUTSIDE: Final = [
    Situation(
        "the close button of a drawer right of the window",
        "/shop_product.html",
        click(".size-guide__close"),
        Cause.OUTSIDE_VIEWPORT,
    ),
    Situation(
        "a link of a drawer left of the window",
        "/news_home.html",
        click("a.off-canvas__link--culture"),
        Cause.OUTSIDE_VIEWPORT,
    ),
    Situation(
        "a drawer of a page that reads from right to left",
        "/clinic_ar.html",
        click("button.drawer__close"),
        Cause.OUTSIDE_VIEWPORT,
    ),
    Situation(
        "a link to skip to the content", "/shop_list.html", click("a.skip-link"), Cause.OUTSIDE_VIEWPORT
    ),
    Situation(
        "another one, moved far to the left",
        "/gov_form.html",
        click(".govuk-skip-link"),
        Cause.OUTSIDE_VIEWPORT,
    ),
]

_MOVING: Final = [
    Situation(
        "a headline that runs through a ticker", "/news_home.html", click("a.ticker__item"), Cause.MOVING
    ),
    Situation(
        "a button that bounces to be seen", "/booking_vue.html", click("button.last-room"), Cause.MOVING
    ),
    Situation(
        "hovering over a button that flies about",
        "/feed_live.html",
        hover("button.claim-bonus"),
        Cause.MOVING,
    ),
]

_DETACHED: Final = [
    Situation(
        "a button of a list that is made again all the time",
        "/feed_live.html",
        click("button.bid-more[data-paddle='1']"),
        Cause.DETACHED,
    ),
    Situation("a row of such a list", "/feed_live.html", hover(".bid-row[data-key='2'] b"), Cause.DETACHED),
    Situation(
        "a button that goes away when the mouse comes", "/feed_live.html", click("#quick-bid"), Cause.DETACHED
    ),
]

_AMBIGUOUS: Final = [
    Situation("an add button on each card", "/shop_product.html", click(".card__add"), Cause.AMBIGUOUS),
    Situation("a row menu in each row", "/dashboard_mui.html", click("button.row-menu"), Cause.AMBIGUOUS),
    Situation(
        "fields of a class of the framework",
        "/booking_vue.html",
        fill("input.el-input__inner", "x"),
        Cause.AMBIGUOUS,
    ),
    Situation("checkboxes of one name", "/shop_list.html", check("input[name=brand]"), Cause.AMBIGUOUS),
    Situation("links on a page that was not found", "/gone/summer-sale", click("header a"), Cause.AMBIGUOUS),
    Situation(
        "hovering over articles", "/shop_list.html", hover("[data-testid=product-card]"), Cause.AMBIGUOUS
    ),
    Situation(
        "a text that stands in several buttons",
        "/news_ja.html",
        click("text=続きを読む"),
        Cause.AMBIGUOUS,
        target="button.kiji__more",
    ),
]

REACH: Final = [*_COVERED, *_OUTSIDE, *_MOVING, *_DETACHED, *_AMBIGUOUS]
