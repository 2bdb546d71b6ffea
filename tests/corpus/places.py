"""The match is somewhere else than where the selector looks."""

from __future__ import annotations

from typing import Final

from cmdop_browser.exceptions import ElementCause as Cause
from tests.corpus.situation import Situation, click, fill, text, wait_for

_IN_IFRAME: Final = [
    Situation(
        "the card number in the frame of a payment provider",
        "/checkout.html",
        fill("input[name=cardnumber]", "4242"),
        Cause.IN_IFRAME,
    ),
    Situation(
        "waiting for a field of that frame", "/checkout.html", wait_for("input[name=cvc]"), Cause.IN_IFRAME
    ),
    Situation(
        "the bank's confirmation in a frame of that frame",
        "/checkout.html",
        click("button.acs-confirm"),
        Cause.IN_IFRAME,
    ),
    Situation("reading the form of that inner frame", "/checkout.html", text("#acs-form"), Cause.IN_IFRAME),
    Situation(
        "a button in the help frame of a page that was not found",
        "/gone/summer-sale",
        click("button.ask-support"),
        Cause.IN_IFRAME,
    ),
    Situation(
        "the badge of a robot check, in its frame", "/contact_form.html", click(".rc-anchor"), Cause.IN_IFRAME
    ),
    Situation(
        "accepting in the frame of a consent wall",
        "/evening-post",
        click("button.sp_choice_type_11"),
        Cause.IN_IFRAME,
        wall=True,
    ),
    Situation(
        "a player in a frame while the document is loading",
        "/2026/11/orchard",
        click("button.play-audio"),
        Cause.IN_IFRAME,
        steps=(wait_for(".audio-player", "attached"),),
        arrive="commit",
        alone=True,
    ),
    Situation(
        "a button by its text, in a frame", "/gone/summer-sale", click("text=Ask support"), Cause.IN_IFRAME
    ),
]

_IN_CLOSED_SHADOW_ROOT: Final = [
    Situation(
        "a button of a component that shows nobody its insides",
        "/bank_components.html",
        click("button.pin-confirm"),
        Cause.IN_CLOSED_SHADOW_ROOT,
    ),
    Situation(
        "a field of that component",
        "/bank_components.html",
        fill("#pin-input", "123456"),
        Cause.IN_CLOSED_SHADOW_ROOT,
    ),
    Situation(
        "a closed component inside an open one",
        "/bank_components.html",
        click("button.max-amount"),
        Cause.IN_CLOSED_SHADOW_ROOT,
    ),
    Situation(
        "the button of a chat bubble",
        "/docs_just_a_moment.html",
        click("button.open-chat"),
        Cause.IN_CLOSED_SHADOW_ROOT,
    ),
]

_NOWHERE: Final = [
    Situation(
        "XPath that stops at an open shadow root",
        "/bank_components.html",
        click("//button[@class='transfer-submit']"),
        Cause.NO_MATCH,
    ),
    Situation(
        "XPath into a component by its tag", "/bank_components.html", text("//hb-header//nav"), Cause.NO_MATCH
    ),
    Situation(
        "a page that only hosts a closed root",
        "/docs_just_a_moment.html",
        wait_for("#pdf-export-progress"),
        Cause.NO_MATCH,
    ),
    Situation(
        "a page that hosts closed roots without a match",
        "/bank_components.html",
        click(".mortgage-calculator"),
        Cause.NO_MATCH,
    ),
    Situation(
        "a page with frames, none with a match",
        "/checkout.html",
        click(".loyalty-points-redeem"),
        Cause.NO_MATCH,
    ),
    Situation("reading what was never there", "/wiki_article.html", text("#coordinates-map"), Cause.NO_MATCH),
    Situation(
        "a slash at the end is no other page", "/kitchen", wait_for(".voucher-balance"), Cause.NO_MATCH
    ),
    Situation(
        "a language in front is no other page", "/tarife", wait_for(".enterprise-quote-form"), Cause.NO_MATCH
    ),
    Situation(
        "a page that rewrote its own address is no other page",
        "/spa_app.html?rewrite",
        click(".export-calendar"),
        Cause.NO_MATCH,
    ),
]

PLACES: Final = [*_IN_IFRAME, *_IN_CLOSED_SHADOW_ROOT, *_NOWHERE]
