"""Ordinary pages where nothing matches: no login wall, no consent wall, no challenge."""

from __future__ import annotations

from typing import Final

from cmdop_browser.exceptions import ElementCause as Cause
from tests.corpus.situation import Situation, click, fill, text, wait_for

_WITH_A_LOGIN: Final = [
    Situation(
        "a product page with a login form in its header",
        "/shop_product.html",
        wait_for(".loyalty-points-balance"),
        Cause.NO_MATCH,
    ),
    Situation(
        "a list with a hidden login dialog and a cookie bar",
        "/shop_list.html",
        click(".gift-card-balance"),
        Cause.NO_MATCH,
    ),
    Situation(
        "a forum with a login form on top", "/forum_thread.html", text(".poll-results"), Cause.NO_MATCH
    ),
    Situation(
        "an article whose readers log in to comment",
        "/news_comment.html",
        click("#quantity-stepper"),
        Cause.NO_MATCH,
    ),
    Situation(
        "help with the login, at a path that says login",
        "/login/help",
        click("#attachments-zip"),
        Cause.NO_MATCH,
    ),
    Situation(
        "an encyclopedia's article about logging in",
        "/wiki/Login",
        wait_for(".map-container"),
        Cause.NO_MATCH,
    ),
    Situation("that article by a redirect", "/wiki/Signing_in", wait_for(".map-container"), None),
    Situation("changing one's password", "/change_password.html", text("table.invoices"), Cause.NO_MATCH),
    Situation(
        "asking for a new password", "/reset_password.html", fill("#delivery-note", "x"), Cause.NO_MATCH
    ),
    Situation("registering", "/register.html", text(".voucher-preview"), Cause.NO_MATCH),
    Situation(
        "ordering as a guest or with an account",
        "/checkout_identify.html",
        click("#express-wallet"),
        Cause.NO_MATCH,
    ),
    Situation(
        "the settings of a bank account's login",
        "/account_security.html",
        click("#export-statement"),
        Cause.NO_MATCH,
    ),
    Situation(
        "a bank that one is logged in to, with a PIN pad",
        "/bank_components.html",
        text(".savings-goal"),
        Cause.NO_MATCH,
    ),
    Situation("prices, with a link to log in", "/pricing.html", wait_for("#invoice-address"), Cause.NO_MATCH),
    Situation("a Japanese newspaper with a login link", "/news_ja.html", text("#tenki-yoho"), Cause.NO_MATCH),
    Situation(
        "an Arabic clinic with a login link", "/clinic_ar.html", click("#insurance-upload"), Cause.NO_MATCH
    ),
    Situation("a search without hits", "/search_no_hits.html", click("li.hit a.hit__title"), Cause.NO_MATCH),
    Situation(
        "a page that was not found, with a login link",
        "/gone/autumn-sale",
        text("#price-history"),
        Cause.ERROR_PAGE,
    ),
    Situation("maintenance, with a login for staff", "/sale", click("#wishlist-share"), Cause.ERROR_PAGE),
    Situation(
        "a redirect to a list with a link to sign in", "/p/mug-2019", click("#warranty-pdf"), Cause.WRONG_PAGE
    ),
]

_ABOUT_COOKIES: Final = [
    Situation(
        "a product page with a consent banner",
        "/shop_product.html?firstvisit",
        wait_for(".assembly-video"),
        Cause.NO_MATCH,
    ),
    Situation("a cookie policy", "/cookie_policy.html", click("#wishlist-share"), Cause.NO_MATCH),
    Situation(
        "a service of the state with a cookie banner on top",
        "/gov_form.html",
        click("#payment-receipt"),
        Cause.NO_MATCH,
    ),
    Situation("prices with a small privacy note", "/pricing.html", text(".volume-discounts"), Cause.NO_MATCH),
    Situation("a German shop", "/shop_de.html", click("#rezept-drucken"), Cause.NO_MATCH),
    Situation(
        "a consent form of a hospital's study", "/study_consent.html", text(".lab-results"), Cause.NO_MATCH
    ),
    Situation("one's privacy settings", "/privacy_settings.html", click("#crossword-today"), Cause.NO_MATCH),
    Situation(
        "a newspaper behind its newsletter window",
        "/news_home.html?newsletter",
        text(".lottery-numbers"),
        Cause.NO_MATCH,
    ),
    Situation("a newspaper", "/news_home.html", text(".lottery-numbers"), Cause.NO_MATCH),
]

_ABOUT_ROBOTS: Final = [
    Situation(
        "an article about captchas", "/article_captcha.html", click("#listen-to-article"), Cause.NO_MATCH
    ),
    Situation(
        "documentation of 'Just a moment' pages",
        "/docs_just_a_moment.html",
        text(".api-playground"),
        Cause.NO_MATCH,
    ),
    Situation(
        "a contact form with a reCAPTCHA badge",
        "/contact_form.html",
        click("#book-appointment"),
        Cause.NO_MATCH,
    ),
    Situation(
        "a blog with a robot check for comments",
        "/blog_comments.html",
        text(".nutrition-facts"),
        Cause.NO_MATCH,
    ),
    Situation(
        "a newsletter form with a robot check",
        "/signup_turnstile.html",
        click("#season-pass-2027"),
        Cause.NO_MATCH,
    ),
    Situation(
        "a download that starts in just a moment", "/download_moment.html", text("#release-archive"), None
    ),
    Situation(
        "a forbidden page of a plain server", "/internal/metrics", text(".uptime-graph"), Cause.ERROR_PAGE
    ),
    Situation("a rate limit", "/api-console", click("#run-query"), Cause.ERROR_PAGE),
]

_APPLICATIONS: Final = [
    Situation("a page about a loading dock", "/loading_dock.html", text(".opening-hours"), Cause.NO_MATCH),
    Situation(
        "a React dashboard with a noscript note", "/dashboard_mui.html", text(".heat-map"), Cause.NO_MATCH
    ),
    Situation("a console in Ant Design", "/ant_admin.html", click("#billing-plan"), Cause.NO_MATCH),
    Situation("a booking form", "/booking_vue.html", text(".spa-treatments"), Cause.NO_MATCH),
    Situation("a contact in a CRM", "/angular_crm.html", click(".invoice-pdf"), Cause.NO_MATCH),
    Situation(
        "a checkout with the frames of a payment provider",
        "/checkout.html",
        text("#gift-message-preview"),
        Cause.NO_MATCH,
    ),
    Situation("a job application", "/job_application.html", click("#video-interview"), Cause.NO_MATCH),
    Situation(
        "an auction that changes all the time",
        "/feed_live.html",
        text(".shipping-calculator"),
        Cause.NO_MATCH,
    ),
    Situation("an error page of the server", "/orders/export", click("#schedule-daily"), Cause.ERROR_PAGE),
]

ORDINARY: Final = [*_WITH_A_LOGIN, *_ABOUT_COOKIES, *_ABOUT_ROBOTS, *_APPLICATIONS]
