"""What selectors that match nothing may have meant, on pages as they are built in practice."""

from __future__ import annotations

import pytest

from agent_bridge.diagnosis.nearness import NearMiss, near_selectors, ranked
from agent_bridge.diagnosis.subjects import Subject
from tests.unit.agent.near.pages import page, soup_of

# page, action, selector, the first correction
TYPOS = [
    ("dashboard", "dom.text", "aside.MuiDrawer-root.css-9x8y7z", "aside.MuiDrawer-root"),
    # slips of the keyboard
    ("shop", "click", "button.ad-to-cart", "button.add-to-cart"),
    ("shop", "fill", "#serach", "#search"),
    ("shop", "click", ".add-to-crat", ".add-to-cart"),
    ("shop", "dom.text", ".ratng-stars", ".rating-stars"),
    ("shop", "dom.text", ".pric", ".price"),
    ("shop", "fill", "#newsletter-emial", "#newsletter-email"),
    ("shop", "click", "a.cart-lnk", "a.cart-link"),
    ("shop", "select_option", "#sort-bye", "#sort-by"),
    ("item", "dom.text", "[data-testid=product-pirce]", "[data-testid=product-price]"),
    ("checkout", "fill", "#cardNumer", "#cardNumber"),
    ("checkout", "select_option", "#contry", "#country"),
    ("dashboard", "fill", "#order-fliter", "#order-filter"),
    ("docs", "dom.text", ".admonitoin-title", ".admonition-title"),
    ("blog", "click", "a.raed-more", "a.read-more"),
    ("results", "click", "#btnSerach", "#btnSearch"),
    ("results", "fill", "#txtKeywrod", "#txtKeyword"),
    # case and separators
    ("shop", "click", ".addToCart", ".add-to-cart"),
    ("shop", "dom.text", ".rating_stars", ".rating-stars"),
    ("checkout", "fill", "#first-name", "#firstName"),
    ("checkout", "fill", "#email_address", "#emailAddress"),
    ("checkout", "fill", "#firstname", "#firstName"),
    ("results", "dom.html", ".filter-panel", ".filterPanel"),
    ("results", "dom.select", ".filter-item", ".filterItem"),
    ("item", "click", "[data-testid=addToCartButton]", "[data-testid=add-to-cart-button]"),
    ("blog", "dom.text", ".entryTitle", ".entry-title"),
    ("dashboard", "dom.table", "#ordersTable", "#orders-table"),
    # singular and plural, other order, abbreviations
    ("shop", "dom.select", ".product-cards", ".product-card"),
    ("checkout", "dom.select", ".order-summary__names", ".order-summary__name"),
    ("item", "dom.select", "[data-testid=review-items]", "[data-testid=review-item]"),
    ("shop", "click", ".link-cart", ".cart-link"),
    ("login", "click", ".btn-login", ".login-button"),
    ("results", "click", "#search-button", "#btnSearch"),
    ("blog", "click", ".menu-toggle-btn", ".menu-toggle"),
    # hashes of build tools, modifiers
    ("dashboard", "dom.text", ".StatCard_value", ".StatCard_value__s7T8u"),
    ("dashboard", "dom.text", ".StatCard_value__a1B2c", ".StatCard_value__s7T8u"),
    ("dashboard", "dom.select", ".OrdersTable_row__zzz99", ".OrdersTable_row__y1Z2a"),
    ("dashboard", "click", ".Sidebar_link__abc12", ".Sidebar_link__9fGh2"),
    ("checkout", "dom.html", ".checkout__sections--payment", ".checkout__section--payment"),
    ("shop", "dom.text", ".product-card-title", ".product-card__title"),
    ("shop", "dom.text", ".product-card__title--lg", ".product-card__title"),
    # id, class, attribute, test id
    ("shop", "dom.text", "#price", ".price"),
    ("dashboard", "dom.table", ".orders-table", "#orders-table"),
    ("shop", "fill", ".search", "#search"),
    ("checkout", "fill", "#coupon", '[name="coupon"]'),
    ("item", "click", "#add-to-cart-button", '[data-testid="add-to-cart-button"]'),
    ("item", "dom.text", ".product-price", '[data-testid="product-price"]'),
    ("item", "dom.text", "[data-test=product-name]", "[data-testid=product-name]"),
    ("item", "dom.text", "[data-test-id='product-name']", "[data-testid='product-name']"),
    ("checkout", "fill", "[data-testid=first-name]", "[data-cy=first-name]"),
    ("checkout", "fill", "input[name=emailAddress]", "input#emailAddress"),
    ("checkout", "fill", "[id=coupon]", '[name="coupon"]'),
    ("item", "dom.text", "data-test=product-name", "data-testid=product-name"),
    ("dashboard", "click", "id=export-buton", "id=export-button"),
    ("dashboard", "dom.table", "id=OrdersTable", "id=orders-table"),
    ("shop", "dom.text", "price", ".price"),
    ("login", "dom.html", "app-logn", "app-login"),
    ("shop", "click", "buton.add-to-cart", "button.add-to-cart"),
    ("docs", "dom.text", "dt#netlib.connect", r"dt#netlib\.connect"),
    # tags
    ("shop", "click", "a.add-to-cart", "button.add-to-cart"),
    ("shop", "dom.text", "h2.product-card__title", "h3.product-card__title"),
    ("shop", "dom.text", "div.price", "span.price"),
    ("results", "click", "button#btnSearch", "a#btnSearch"),
    ("blog", "click", "button.search-submit", "input.search-submit"),
    # compounds
    ("shop", "click", "button.btn.btn-primary.add-cart", "button.btn.btn-primary.add-to-cart"),
    ("shop", "click", "button.add-to-cart.btn-large", "button.add-to-cart"),
    ("checkout", "click", "button.checkout__sumbit[type=submit]", "button.checkout__submit[type=submit]"),
    ("checkout", "fill", 'input#emailAddress[type="text"]', 'input#emailAddress[type="email"]'),
    # around it
    ("shop", "click", ".product-crad .add-to-cart", ".product-card .add-to-cart"),
    ("shop", "click", ".product-grid > .product-crd button", ".product-grid > .product-card button"),
    ("shop", "dom.text", ".product-grid > .price", ".product-grid   .price"),
    ("shop", "dom.text", ".product-card > h3 > .product-card__titel", None),
    ("dashboard", "dom.text", "#order-table tbody tr", "#orders-table tbody tr"),
    ("dashboard", "dom.text", "#row-1001 [data-statsu=paid]", "#row-1001 [data-status=paid]"),
    ("blog", "dom.text", "article.post h2.entry-titel a", "article.post h2.entry-title a"),
    ("blog", "click", "main >> .read-mroe", "main >> .read-more"),
    ("shop", "click", ".product-card:has(.pirce) button", ".product-card:has(.price) button"),
    ("shop", "click", ".prodct-card:nth-child(2) button", ".product-card:nth-child(2) button"),
    ("shop", "click", ".add-to-crt >> nth=1", ".add-to-cart >> nth=1"),
    # attributes
    ("shop", "click", "a[href='/carts']", "a[href='/cart']"),
    ("shop", "click", "a[href^='/product/']", "a[href^='/products/']"),
    ("shop", "fill", "input[placeholder='Search product']", "input[placeholder='Search products']"),
    ("shop", "fill", "[plaecholder='Search products']", "[placeholder='Search products']"),
    ("dashboard", "click", "[aria-label='Go to the next page']", "[aria-label='Go to next page']"),
    ("login", "fill", "[formControlName=user]", "[formControlName=username]"),
    ("shop", "click", "a[class='nav-link']:has-text('Mugs')", "a[class~=\"nav-link\"]:has-text('Mugs')"),
    ("docs", "click", "a[rel=nxt]", "a[rel=next]"),
    # texts
    ("shop", "click", "text=Ad to cart", "text=Add to Cart"),
    ("item", "click", "text=Add to cart", "text=Add to bag"),
    ("shop", "click", '"Add to cart"', '"Add to Cart"'),
    ("shop", "click", 'button:has-text("Add to chart")', 'button:has-text("Add to Cart")'),
    ("login", "click", 'button:has-text("Log in")', 'button:has-text("Sign in")'),
    ("login", "click", "text=Forgot you password?", "text=Forgot your password?"),
    ("item", "click", "text=Show more review", None),
    ("checkout", "click", 'a:has-text("Place order")', 'button:has-text("Place order")'),
    ("shop", "click", 'button:has-text("Subscibe")', 'button:has-text("Subscribe")'),
    ("docs", "click", ':text-is("next")', ':text-is("Next")'),
    # roles
    ("shop", "click", 'role=button[name="Add to card"]', 'role=button[name="Add to Cart"]'),
    ("shop", "click", 'role=button[name="Contact us"]', 'role=link[name="Contact us"]'),
    ("checkout", "fill", 'role=textbox[name="Frist name"]', 'role=textbox[name="First name"]'),
    # XPath
    ("shop", "click", "//button[@class='add-to-cart']", "//button[contains(@class, 'add-to-cart')]"),
    ("shop", "click", "//a[text()='Contact Us']", "//a[text()='Contact us']"),
    ("checkout", "fill", "//input[@id='fistName']", "//input[@id='firstName']"),
    ("shop", "dom.text", "//div[@class='price']", "//span[@class='price']"),
    ("shop", "click", "//buton[contains(@class,'add-to-cart')]", "//button[contains(@class,'add-to-cart')]"),
    (
        "dashboard",
        "dom.text",
        "xpath=//table[@id='order-table']//tr",
        "xpath=//table[@id='orders-table']//tr",
    ),
    ("blog", "click", "//a[contains(text(),'Continue raeding')]", "//a[contains(text(),'Continue reading')]"),
    # what was to be done decides
    ("shop", "fill", "[name=newsleter_email]", "[name=newsletter_email]"),
    ("login", "fill", "#user-name", '[name="username"]'),
    ("login", "fill", "#pasword", '[name="password"]'),
    ("checkout", "upload", "#proof-uplod", "#proof-upload"),
    ("checkout", "check", "#accept-term", "#accept-terms"),
]

# page, action, selector: nothing there is meant by it
NO_TYPOS = [
    ("shop", "dom.text", ".product-description"),
    ("shop", "dom.text", ".title"),
    ("shop", "dom.text", ".product-title-page"),
    ("shop", "dom.text", ".article-title"),
    ("shop", "dom.text", ".container-fluid"),
    ("shop", "dom.select", ".item"),
    ("shop", "click", ".btn-danger"),
    ("shop", "click", ".active.tab"),
    ("shop", "click", ".button"),
    ("shop", "click", "#submit"),
    ("shop", "click", "[data-product-id='20']"),
    ("shop", "click", "text=Log out"),
    ("shop", "click", "text=Add to wishlist"),
    ("shop", "dom.table", "table"),
    ("shop", "dom.text", "h4"),
    ("shop", "click", "button[disabled]"),
    ("shop", "click", "role=button[name='Delete']"),
    ("shop", "fill", "input[type=password]"),
    ("item", "dom.text", ".page-title"),
    ("item", "dom.text", "[data-testid=user-name]"),
    ("item", "dom.text", "[data-testid=product-stock]"),
    ("item", "click", ".mt-5"),
    ("item", "click", "#checkout"),
    ("dashboard", "dom.text", "#row-1003"),
    ("dashboard", "dom.text", "[data-order-id='1009']"),
    ("dashboard", "dom.text", ".css-abc123"),
    ("dashboard", "dom.text", ".product-title"),
    ("dashboard", "click", "text=Refunded"),
    ("docs", "dom.text", ".price"),
    ("docs", "dom.text", ".page-content"),
    ("docs", "dom.text", ".author"),
    ("docs", "click", "text=Download PDF"),
    ("login", "dom.text", ".product-title"),
    ("login", "dom.select", ".dashboard .widget"),
    ("login", "click", "#logout"),
    ("login", "dom.text", "h1.title"),
    ("login", "click", "text=Sign up"),
    ("login", "dom.text", "#order-total"),
    ("blog", "dom.text", "#post-103"),
    ("blog", "dom.text", ".page-title"),
    ("blog", "dom.select", ".comment-list .comment"),
    ("blog", "click", ".next-page"),
    ("checkout", "dom.text", ".cart-total"),
    ("checkout", "dom.text", ".error-message"),
    ("checkout", "click", "text=Track your parcel"),
    ("results", "dom.select", ".results"),
    ("results", "dom.select", ".job-card"),
    ("results", "dom.select", ".search-results .result"),
    ("results", "dom.text", ".job-title"),
    ("results", "dom.text", "//div[@class='job']"),
]


def _matching(name: str, action: str, selector: str) -> tuple[NearMiss, ...]:
    """What the browser would leave: soupsieve counts where it knows the syntax."""
    kept = []
    for miss in near_selectors(selector, page(name), action):
        count = _count(name, miss.selector)
        if count:
            kept.append(miss.counted(count))
    return ranked(kept, action)


def _count(name: str, selector: str) -> int:
    if "/" in selector.partition("[")[0] or "=" in selector.partition("[")[0] or selector[0] in "\"'":
        return 1
    if any(part in selector for part in (">>", ":has-text", ":text-is")):
        return 1
    return len(soup_of(name).select(selector))


@pytest.mark.parametrize(("name", "action", "selector", "expected"), TYPOS)
def test_typo(name: str, action: str, selector: str, expected: str | None) -> None:
    assert _count(name, selector) == 0 or expected is None or ">>" in selector or _count(name, expected) == 1

    found = [miss.selector for miss in _matching(name, action, selector)]

    assert found[:1] == ([] if expected is None else [expected])


@pytest.mark.parametrize(("name", "action", "selector"), NO_TYPOS)
def test_no_typo(name: str, action: str, selector: str) -> None:
    assert [(miss.selector, miss.score, miss.why) for miss in _matching(name, action, selector)] == []


# elements of one page, selector, the first correction; "" for none
ELEMENTS = (
    Subject("table", id="kurse"),
    Subject("tr", classes=("zeile1",), parent=0),
    Subject("tr", classes=("zeile2",), parent=0),
    Subject("div", classes=("ProductGrid_grid__x8K2a",)),
    Subject("button", classes=("css-1abc2d-MuiButton-root",), text="Los"),
    Subject("button", id="mui-42"),
    Subject("label", attributes={"for": "email-address"}, text="E-Mail"),
    Subject("b", id="Größe", text="fünf"),
    Subject("a", classes=("oversikt-på-språk",), text="Töpfern für Anfänger"),
)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("#kurs tr.zeile", "#kurse tr.zeile1"),
        ("#kurs tr.spalte", ""),
        ("div.ProductGrid", "div.ProductGrid_grid__x8K2a"),
        ("div.ProductGrid_title", ""),
        (".css-9z8y7x-MuiButton-root", ".css-1abc2d-MuiButton-root"),
        (".css-9z8y7x-MuiChip-root", ""),
        ("label[for=email]", "label[for=email-address]"),
        ("#Grosse", "#Größe"),
        ("#groesse", "#Größe"),
        (".oversikt-paa-spraak", ".oversikt-på-språk"),
        ("text=Toepfern fuer Anfaenger", "text=Töpfern für Anfänger"),
        # The number is another each time, and says nothing of what it was on.
        ("#mui-41", ""),
    ],
)
def test_names_as_they_are_written_elsewhere(selector: str, expected: str) -> None:
    found = [miss.selector for miss in near_selectors(selector, ELEMENTS, "click")]

    assert found[:1] == ([expected] if expected else [])
