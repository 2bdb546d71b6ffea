"""Kinds of pages from recorded facts; what the facts look like in a browser is in tests/browser."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_bridge.diagnosis.facts import Closer, CoverFacts
from agent_bridge.diagnosis.page_seen import Field, Form, PageFacts, Waiting, seen_of
from agent_bridge.diagnosis.pages import kind_of, looks_like, ranked_closers
from agent_bridge.diagnosis.same_page import is_same_page
from cmdop_browser.exceptions import ElementCause

ORDINARY = PageFacts(
    answered=True,
    requested_url="https://shop.test/item/3",
    arrived_url="https://shop.test/item/3",
    document_url="https://shop.test/item/3",
    url="https://shop.test/item/3",
    asked_url="https://shop.test/item/3",
    status=200,
    title="Blue mug",
    ready_state="complete",
    text="Blue mug 12.00 Add to basket",
    length=400,
    links=4,
    headings=("Blue mug",),
)
LOGIN = Form(
    fields=(Field("email", "email"), Field("password", "password", "current-password")),
    action="/session",
    length=60,
    buttons=("Log in",),
)


def cause_of(**changes: object) -> ElementCause | None:
    kind = kind_of(replace(ORDINARY, **changes))  # type: ignore[arg-type]
    return kind.cause if kind is not None else None


def test_an_ordinary_page_is_nothing_special() -> None:
    assert cause_of() is None


def test_nothing_is_known_of_a_page_that_was_never_asked_for() -> None:
    assert kind_of(PageFacts()) is None


def test_the_more_special_kind_is_named() -> None:
    challenge = {"needles": ("_cf_chl_opt",), "title": "Just a moment...", "headings": (), "length": 80}
    login = {"forms": (LOGIN,), "title": "Log in", "headings": (), "length": 100}
    assert cause_of(status=403, **challenge) is ElementCause.CHALLENGE
    assert cause_of(status=403, **login) is ElementCause.LOGIN_WALL
    assert cause_of(status=403) is ElementCause.ERROR_PAGE
    assert cause_of(status=404, document_url="https://shop.test/gone") is ElementCause.ERROR_PAGE
    assert cause_of(document_url="https://shop.test/gone", url="https://shop.test/gone") is (
        ElementCause.WRONG_PAGE
    )


def test_a_page_that_does_not_answer_is_known_from_the_network() -> None:
    network = PageFacts(
        requested_url="https://shop.test/item/3", document_url="https://shop.test/", status=200
    )
    kind = kind_of(network)
    assert kind is not None
    assert kind.cause is ElementCause.WRONG_PAGE
    assert kind.explanation == "the page was redirected from /item/3 to /"
    loading = kind_of(replace(network, document_url=network.requested_url, is_loading=True))
    assert loading is not None
    assert loading.cause is ElementCause.PAGE_LOADING


def test_a_page_that_moves_by_itself_has_moved_on() -> None:
    moved = {"document_url": "https://shop.test/expired", "url": "https://shop.test/expired"}
    kind = kind_of(replace(ORDINARY, **moved))  # type: ignore[arg-type]
    assert kind is not None
    assert kind.explanation == "the page moved on from /item/3 to /expired"
    assert cause_of(**moved, has_acted=True) is None


def test_a_redirect_stays_wrong_after_a_click_on_the_page_it_led_to() -> None:
    home = "https://shop.test/sale"
    there = {"document_url": home, "url": home, "arrived_url": home}
    assert cause_of(**there, has_acted=True) is ElementCause.WRONG_PAGE


def test_a_click_that_leads_to_a_login_leads_to_a_wall() -> None:
    login = {
        "has_acted": True,
        "asked_url": "https://shop.test/orders",
        "document_url": "https://shop.test/login?next=/orders",
        "url": "https://shop.test/login?next=/orders",
        "forms": (LOGIN,),
        "length": 120,
    }
    assert cause_of(**login) is ElementCause.LOGIN_WALL
    assert cause_of(**{**login, "asked_url": login["url"]}) is None


LITTLE_ELSE = {"forms": (LOGIN,), "title": "", "headings": (), "length": 100, "links": 2}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"title": "Acme - Log in", "headings": ("Acme",), "length": 400, "prose": 200},
        {"title": "Acme", "headings": ("Acme", "Sign in"), "length": 200, "prose": 120},
        {"title": "Acme", "headings": ("Welcome to Acme",), "media": 1},
        {"title": "Log in", "headings": ("Acme", "News"), "records": 4, "length": 500},
    ],
)
def test_a_page_that_is_there_for_its_login(changes: dict[str, object]) -> None:
    assert cause_of(**{**LITTLE_ELSE, **changes}) is ElementCause.LOGIN_WALL


@pytest.mark.parametrize(
    "changes",
    [
        {"headings": ("Mugs",)},
        {"title": "Shop", "headings": ("Log in", "Mugs")},
        {"records": 3},
        {"media": 2},
        {"prose": 90},
        {"links": 9},
        {"forms": (replace(LOGIN, heading="Log in to leave a comment"),)},
        {"forms": (replace(LOGIN, buttons=("Anmelden und kommentieren",)),)},
        {"title": "Acme - Log in", "length": 900},
        {"title": "Acme - Log in", "length": 300, "forms": (replace(LOGIN, height=30.0),)},
    ],
)
def test_a_login_in_a_corner_of_a_page_about_something_else(changes: dict[str, object]) -> None:
    assert cause_of(**{**LITTLE_ELSE, **changes}) is None


@pytest.mark.parametrize(
    "text",
    [
        "Loading",
        "Loading…",
        "Loading... 40 %",
        "Loading, please wait",
        "Please wait while we load your orders.",
        "Loading your dashboard",
        "Chargement des résultats…",
        "Daten werden geladen",
        "読み込み中",
        "загружается...",
    ],
)
def test_a_page_that_says_only_that_it_is_loading(text: str) -> None:
    bare = {"length": len(text), "links": 0, "headings": (), "text": text}
    assert cause_of(**bare) is ElementCause.PAGE_LOADING
    assert cause_of(**bare, buttons=("Cancel",)) is None


@pytest.mark.parametrize(
    "text",
    [
        "Loading dock 4",
        "Please wait for me at the door.",
        "Loading zones are marked yellow.",
        "Laden in Kreuzberg",
        "Espere fuera de la tienda",
        "Laster for hire",
    ],
)
def test_prose_that_begins_like_a_wait(text: str) -> None:
    assert cause_of(length=len(text), links=0, headings=(), text=text) is None


def test_a_small_spinner_stands_for_a_page_only_if_nothing_else_is_there() -> None:
    spinner = Waiting('<div class="spinner">', 0.01, is_moving=True)
    picture = Waiting("<img>", 0.01, is_picture=True)
    for waiting in (spinner, picture):
        assert cause_of(waiting=(waiting,)) is None
        assert cause_of(waiting=(waiting,), length=0, links=0) is ElementCause.PAGE_LOADING
        assert cause_of(waiting=(waiting,), length=0, links=3) is None


@pytest.mark.parametrize("javascript", [True, False])
def test_a_url_that_the_page_rewrote_is_the_same_document(javascript: bool) -> None:
    assert cause_of(url="https://shop.test/mugs/blue", javascript=javascript) is None


@pytest.mark.parametrize("state", ["loading", "interactive"])
def test_a_document_that_is_not_complete_is_loading(state: str) -> None:
    assert cause_of(ready_state=state) is ElementCause.PAGE_LOADING


def test_a_box_that_is_only_called_a_loader_is_none() -> None:
    box = Waiting("<div class=loader>", 0.5)
    assert cause_of(waiting=(box,)) is None
    assert cause_of(waiting=(replace(box, is_moving=True),)) is ElementCause.PAGE_LOADING
    assert cause_of(waiting=(replace(box, is_moving=True, share=0.01),)) is None


def test_the_wait_that_a_server_asks_for_is_passed_on() -> None:
    kind = kind_of(replace(ORDINARY, status=429, headers=(("retry-after", "30"),)))
    assert kind is not None
    assert "wait 30 s" in kind.tips[0]


def test_secrets_of_an_address_are_not_shown() -> None:
    asked, there = "https://shop.test/a?token=geheim1", "https://other.test/b?token=geheim2"
    kind = kind_of(replace(ORDINARY, requested_url=asked, document_url=there, url=there, arrived_url=there))
    assert kind is not None
    assert "geheim" not in repr(kind)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
        max_leaves=5,
    )
)
def test_what_a_page_says_is_cut(value: object) -> None:
    seen = seen_of({"title": str(value) * 1000, "buttons": [value] * 3})
    assert len(seen["title"]) <= 400


SAME = [
    ("https://a.test/x", "https://a.test/x/"),
    ("http://a.test/x", "https://www.a.test/x"),
    ("https://a.test/x", "https://a.test/en-GB/x"),
    ("https://a.test/de/x", "https://a.test/fr/x"),
    ("https://a.test/X/Y", "https://a.test/x/y"),
    ("https://a.test/x?utm_source=1&gclid=2", "https://a.test/x"),
    ("https://a.test/x?q=1", "https://a.test/x?page=1&q=1#top"),
    ("https://a.test/x/index.html", "https://a.test/x/"),
    ("https://a.test/x.php", "https://a.test/x"),
    ("https://a.test/", "https://a.test/home"),
    ("https://a.test", "https://a.test/app/dashboard"),
    ("https://a.test/q/11", "https://a.test/q/11/why-is-it-so"),
    ("https://a.test/11-old", "https://a.test/11-new"),
    ("https://a.test/%C3%A4", "https://a.test/ä"),
    ("https://a.test/x;jsessionid=1", "https://a.test/x"),
    ("https://shop.com/x", "https://shop.co.uk/x"),
    ("https://a.test/x", "https://m.a.test/x"),
    ("https://a.test:443/x", "https://a.test/x"),
    ("https://t.test/aB3dE", "https://long.example/article/1"),
    ("https://a.test/random", "https://a.test/articles/8"),
    ("https://a.test/r?url=https://b.test/x", "https://b.test/x"),
]
DIFFERENT = [
    ("https://a.test/x", "https://a.test/"),
    ("https://a.test/x", "https://a.test/y"),
    ("https://a.test/items/3", "https://a.test/items/4"),
    ("https://a.test/items/3", "https://a.test/items"),
    ("https://a.test/x?id=1", "https://a.test/x?id=2"),
    ("https://a.test/x", "https://b.example/x"),
    ("https://a.test/x", "about:blank"),
    ("https://a.test/x", "https://[broken"),
    ("http://127.0.0.1:1/x", "http://127.0.0.2:1/x"),
]


@pytest.mark.parametrize(("asked", "there"), SAME)
def test_one_page(asked: str, there: str) -> None:
    assert is_same_page(asked, there)


@pytest.mark.parametrize(("asked", "there"), DIFFERENT)
def test_different_pages(asked: str, there: str) -> None:
    assert not is_same_page(asked, there)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_two_texts_are_compared(one: str, other: str) -> None:
    assert is_same_page(one, other) in {True, False}
    assert is_same_page(f"https://a.test/{one}", f"https://a.test/{one}")


def cover(names: str = "", text: str = "", *labels: str, **more: object) -> CoverFacts:
    closers = tuple(Closer(label, f"text={label}") for label in labels)
    return CoverFacts("#c", "<div>", names=names, text=text, closers=closers, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seen", "looks"),
    [
        (cover("onetrust-banner-sdk", "We use cookies", "Accept"), "consent"),
        (cover("cookie-banner", "", "OK"), "consent"),
        (cover("x", "Wir verwenden Cookies und Partner", "Alle akzeptieren"), "consent"),
        (cover("sp_message_container", url="https://cmp.test/"), "consent"),
        (cover("modal-backdrop"), "modal"),
        (cover("x", "Sign up", "✕", is_modal=True), "modal"),
        (cover("x", role="alertdialog"), "modal"),
        (cover("loading-overlay", is_busy=True), "loading"),
        (cover("veil", "Please wait…"), "loading"),
        (cover("modal", "Uploading", "Cancel", is_busy=True), "modal"),
        (cover("sticky-header", "Home Shop"), None),
        (cover("cookie-recipes card", "Chocolate"), None),
        (cover("hero", "Our cookies are baked daily"), None),
    ],
)
def test_what_a_cover_looks_like(seen: CoverFacts, looks: str | None) -> None:
    assert looks_like(seen) == looks


@pytest.mark.parametrize(
    ("looks", "labels", "best"),
    [
        ("consent", ["Settings", "✕", "Reject all", "Accept all"], "Accept all"),
        ("consent", ["Fermer", "Refuser", "Tout accepter"], "Tout accepter"),
        ("consent", ["Schließen", "Ablehnen"], "Ablehnen"),
        ("consent", ["Cerrar", "Configurar"], "Cerrar"),
        ("modal", ["Subscribe", "✕"], "✕"),
        ("modal", ["Get my code", "No thanks"], "No thanks"),
        (None, ["OK", "Schließen"], "Schließen"),
    ],
)
def test_the_control_that_closes_it(looks: str | None, labels: list[str], best: str) -> None:
    closers = tuple(Closer(label, f"#{index}") for index, label in enumerate(labels))
    assert ranked_closers(looks, closers)[0].text == best


REDIRECTED_TO_LOGIN = {
    "requested_url": "https://shop.test/wiki/Signing_in",
    "asked_url": "https://shop.test/wiki/Signing_in",
    "arrived_url": "https://shop.test/wiki/Login",
    "document_url": "https://shop.test/wiki/Login",
    "url": "https://shop.test/wiki/Login",
    "title": "Login",
    "headings": ("Login",),
}


def test_a_login_page_without_a_form_has_a_button_that_leads_to_one() -> None:
    assert cause_of(**REDIRECTED_TO_LOGIN, buttons=("Log in",)) is ElementCause.LOGIN_WALL
    assert cause_of(**REDIRECTED_TO_LOGIN, buttons=("Sign in with Google",)) is ElementCause.LOGIN_WALL


def test_an_article_about_logins_is_no_login_page() -> None:
    assert cause_of(**REDIRECTED_TO_LOGIN, buttons=("Edit", "History")) is not ElementCause.LOGIN_WALL
