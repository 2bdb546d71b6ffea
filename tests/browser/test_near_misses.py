"""What a selector that matches nothing may have meant, found in real pages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import async_playwright

from agent_bridge.browser.executable import find_browser
from agent_bridge.browser.grace import Grace
from agent_bridge.browser.near_misses import near_misses
from agent_bridge.browser.page import ManagedPage
from agent_bridge.deadline import Deadline
from cmdop_browser.exceptions import BrowserElementNotFoundError, CloseReason, ElementCause
from cmdop_browser.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser

    from agent_bridge.diagnosis.nearness import NearMiss
    from tests.site import WebSite

PATIENT = 20.0

SHOP = """
<main><form id="search-form"><input id="search" name="q" placeholder="Search products"></form>
<ul class="list"><li class="item"><a class="product-title" href="/1">Blue mug</a><span class="price">3</span>
<button class="btn btn-primary buy-now">Add to <b>Basket</b></button></li></ul>
<div class="deal"><div><button class="quick-buy">Quick buy</button></div></div></main>
"""
LOGIN = """
<form action="/login"><input type="hidden" name="session_proof" id="proof-of-session" value="h1dden-value">
<input name="username" id="user-name" value="typed-name">
<input type="password" id="pass-word" name="password" value="s3cret-value" data-initial="s3cret-value">
<button class="login-button">Sign in</button></form>
<a class="reset-link" href="/reset?token=l1nk-token">Reset your password</a>
<textarea id="note-text">private-note</textarea>
"""


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as driver:
        program = find_browser(Settings()).path
        browser = await driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[ManagedPage]:
    context = await browser.new_context()
    page = await context.new_page()
    managed = ManagedPage(context, page, await context.new_cdp_session(page), grace=Grace(5.0))
    yield managed
    await managed.close(CloseReason.CLOSED_BY_CALLER)


async def _near(page: ManagedPage, selector: str, action: str = "click") -> tuple[NearMiss, ...]:
    return (await near_misses(page, selector, action, Deadline.after(PATIENT))).misses


@pytest.mark.parametrize(
    ("action", "selector", "expected"),
    [
        ("click", "button.by-now", "button.buy-now"),
        ("fill", "#serach", "#search"),
        ("dom.text", ".productTitle", ".product-title"),
        ("click", ".list > .itm a", ".list > .item a"),
        ("dom.text", "#price", ".price"),
        ("click", "text=Add to cart", "text=Add to Basket"),
        ("click", 'role=button[name="Quik buy"]', 'role=button[name="Quick buy"]'),
        ("click", "//button[@class='buy-now']", "//button[contains(@class, 'buy-now')]"),
        ("click", ".deal > .quick-buy", ".deal   .quick-buy"),
        ("click", ".list:has(.prize) button", ".list:has(.price) button"),
        ("click", ".lst >> .buy-now", ".list >> .buy-now"),
    ],
)
async def test_a_near_miss_is_counted(page: ManagedPage, action: str, selector: str, expected: str) -> None:
    await page.page.set_content(SHOP)

    best = (await _near(page, selector, action))[0]

    assert best.selector == expected
    assert best.count == await page.page.locator(expected).count() == 1
    assert best.why


@pytest.mark.parametrize(
    "selector", [".page-title", ".item-list", ".btn", "#checkout", "text=Log out", "((", "table", "//table"]
)
async def test_nothing_near(page: ManagedPage, selector: str) -> None:
    await page.page.set_content(SHOP.replace("btn ", ""))

    assert await _near(page, selector) == ()


async def test_open_shadow_roots_are_looked_into(page: ManagedPage) -> None:
    await page.page.set_content("<my-card></my-card>")
    await page.page.evaluate(
        """() => {
          const root = document.querySelector('my-card').attachShadow({mode: 'open'});
          root.innerHTML = '<section><button class="pay-invoice">Pay</button></section>';
        }"""
    )

    found = await _near(page, "my-card .pay-invoce")

    assert [(miss.selector, miss.count) for miss in found] == [("my-card .pay-invoice", 1)]


async def test_a_login_form_is_told(page: ManagedPage) -> None:
    await page.page.set_content(LOGIN + SHOP)

    name, secret, search = [
        (await _near(page, selector, "fill"))[0] for selector in ("#usr-name", "#pas-word", "#serach")
    ]

    assert (name.in_login_form, name.is_secret_field) == (True, False)
    assert (secret.in_login_form, secret.is_secret_field) == (True, True)
    assert (search.in_login_form, search.is_secret_field) == (False, False)


@pytest.mark.parametrize(
    "selector",
    [
        "#pas-word",
        "#prof-of-session",
        "[value='s3cret-valu']",
        "[value^='s3cret']",
        "[value='h1dden-valeu']",
        "[data-initial='s3cret-valeu']",
        "[value='typed-nam']",
        "text=privat-note",
        "text=private-nte",
        "a[href='/reset?token=l1nk-tokn']",
        "a.reset-lnk",
    ],
)
async def test_secrets_stay_in_the_page(page: ManagedPage, selector: str) -> None:
    await page.page.set_content(LOGIN)

    found = repr(await _near(page, selector, "fill"))

    for secret in ("s3cret-value", "h1dden-value", "typed-name", "private-note", "l1nk-token"):
        assert secret not in found


async def test_a_page_of_100_000_elements(page: ManagedPage) -> None:
    await page.page.set_content("<main hidden></main><footer><button class='buy-now'>Buy</button></footer>")
    await page.page.evaluate(
        """() => {
          let html = '';
          for (let i = 0; i < 25000; i += 1)
            html += `<div class="row r${i}" data-n="${i}"><p class="cell">${i}</p><a></a><i></i></div>`;
          document.querySelector('main').innerHTML = html;
        }"""
    )
    sizes = []
    evaluate = page.evaluate

    async def measured(*arguments: Any, **options: Any) -> Any:
        written = await evaluate(*arguments, **options)
        sizes.append((len(written), len(json.loads(written)["rows"])))
        return written

    page.evaluate = measured  # type: ignore[method-assign]

    await _near(page, ".rowe .cel")

    assert sizes[0][0] < 500_000
    assert sizes[0][1] <= 1200


async def test_no_time_left_is_no_error(page: ManagedPage) -> None:
    await page.page.set_content(SHOP)

    assert not (await near_misses(page, "#serach", "fill", Deadline.after(0))).misses


async def test_a_page_that_is_gone_is_no_error(page: ManagedPage) -> None:
    await page.page.set_content(SHOP)
    await page.close(CloseReason.CLOSED_BY_CALLER)

    assert await _near(page, "#serach") == ()


async def test_a_failing_call_names_them(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/plain.html"))
    await session.evaluate("document.body.innerHTML = '<button class=\"buy-now\">Buy</button>'")

    with pytest.raises(BrowserElementNotFoundError) as caught:
        await session.click("button.by-now", timeout=0.3)

    assert caught.value.cause is ElementCause.TYPO
    assert caught.value.candidates[0].selector == "button.buy-now"


FRAMED = """<h1>Checkout</h1>
<iframe id="hidden" style="display: none" srcdoc="<i class='pay-nowe'>x</i>"></iframe>
<iframe class="payment" width="300" height="200"
 srcdoc="<input id='cardnumber'><button class='pay-now'>Pay now</button>"></iframe>"""


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("#cardnumbr", "#cardnumber"),
        (".pay-noww", ".pay-now"),
        ("text=Pay nwo", "text=Pay now"),
        ("iframe.payment >> internal:control=enter-frame >> #cardnumbr", "#cardnumber"),
    ],
)
async def test_frames_that_show_are_looked_into(page: ManagedPage, selector: str, expected: str) -> None:
    await page.page.set_content(FRAMED)

    found = await _near(page, selector)

    (best,) = found
    assert best.selector.endswith(f"payment >> internal:control=enter-frame >> {expected}")
    assert best.count == await page.page.locator(best.selector).count() == 1


async def test_the_document_itself_goes_before_its_frames(page: ManagedPage) -> None:
    await page.page.set_content(FRAMED + "<button class='pay-now'>Pay here</button>")

    assert [miss.selector for miss in await _near(page, ".pay-noww")] == [".pay-now"]


@pytest.mark.parametrize(
    ("field", "selector", "expected"),
    [
        ("id", "#chekout-form", "#checkout-form"),
        ("attributes", "#chekout-form", "#checkout-form"),
        ("parentNode", "#chekout-form .field", "#checkout-form .field"),
        ("getAttribute", "form[name=chekcout]", "form[name=checkout]"),
    ],
)
async def test_fields_do_not_hide_what_a_form_is(
    page: ManagedPage, field: str, selector: str, expected: str
) -> None:
    await page.page.set_content(
        f'<form id="checkout-form" name="checkout"><input name="{field}" class="field">'
        '<input name="localName"><input name="shadowRoot"></form><form name="querySelectorAll"></form>'
    )

    assert (await _near(page, selector))[0].selector == expected


@pytest.mark.parametrize("selector", [".buy-nwo", "#quick-buuy"])
async def test_a_very_large_page_is_searched_for_what_shares_letters(
    page: ManagedPage, selector: str
) -> None:
    await page.page.set_content('<button class="buy-now" id="quick-buy">Buy</button><div id="rows"></div>')
    await page.page.evaluate(
        """() => {
          const rows = Array.from({length: 50000}, (_, i) => `<div class='row r${i}'>row ${i}</div>`);
          document.getElementById('rows').innerHTML = rows.join('') + '<p class="buy-now">last</p>';
        }"""
    )

    search = await near_misses(page, selector, "click", Deadline.after(PATIENT))

    assert {miss.selector for miss in search.misses} <= {".buy-now", "#quick-buy"}
    assert search.misses


async def test_want_of_time_is_said(page: ManagedPage) -> None:
    await page.page.set_content(SHOP)

    assert not (await near_misses(page, "#serach", "fill", Deadline.after(0))).was_whole
