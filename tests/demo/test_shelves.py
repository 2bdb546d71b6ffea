"""The listings, as a browser shows them."""

import asyncio
from urllib.parse import urljoin

import pytest
from playwright.async_api import Page, Route, expect

from cmdop_browser.demo.api import PAGE_SIZE
from cmdop_browser.demo.catalog import CATEGORIES, PRODUCTS

BOOK = "#books .book[data-sku]"
SKELETON = "#books .skeleton"
IN_ORDER = [product.sku for product in PRODUCTS]


async def skus(page: Page) -> list[str]:
    return [await book.get_attribute("data-sku") or "" for book in await page.locator(BOOK).all()]


async def test_skeletons_are_shown_until_the_books_come(page: Page) -> None:
    release = asyncio.Event()

    async def hold(route: Route) -> None:
        await release.wait()
        await route.continue_()

    await page.route("**/api/books*", hold)
    await page.goto("/books")
    await expect(page.locator(SKELETON)).to_have_count(PAGE_SIZE)
    await expect(page.locator("#books")).to_have_attribute("aria-busy", "true")
    release.set()
    await expect(page.locator(BOOK)).to_have_count(PAGE_SIZE)
    await expect(page.locator(SKELETON)).to_have_count(0)
    await expect(page.locator("#books")).to_have_attribute("aria-busy", "false")


async def test_pagination_leads_through_the_whole_catalogue(page: Page, base_url: str) -> None:
    seen: list[str] = []
    path: str | None = "/books"
    while path:
        await page.goto(path)
        await expect(page.locator(BOOK)).to_have_count(PAGE_SIZE)
        seen += await skus(page)
        following = page.locator("a[rel=next]")
        path = urljoin(base_url, await following.get_attribute("href")) if await following.count() else None
    assert seen == IN_ORDER
    assert await page.locator("a[rel=prev]").count() == 1


@pytest.mark.parametrize("category", CATEGORIES)
async def test_categories(page: Page, category: str) -> None:
    await page.goto(f"/books?category={category}")
    chosen = [product.sku for product in PRODUCTS if product.category == category]
    await expect(page.locator(BOOK)).to_have_count(len(chosen))
    assert await skus(page) == chosen
    await expect(page.locator(".chip[aria-current]")).to_have_text(category)


async def test_load_more(page: Page) -> None:
    await page.goto("/browse")
    button = page.locator("#load-more")
    for shown in range(PAGE_SIZE, len(PRODUCTS), PAGE_SIZE):
        await expect(page.locator(BOOK)).to_have_count(shown)
        await expect(page.locator(".progress")).to_have_text(f"{shown} of {len(PRODUCTS)} books")
        await button.click()
    await expect(page.locator(BOOK)).to_have_count(len(PRODUCTS))
    await expect(button).to_be_hidden()
    assert await skus(page) == IN_ORDER


async def test_infinite_scroll(page: Page) -> None:
    await page.goto("/stream")
    for shown in range(PAGE_SIZE, len(PRODUCTS) + 1, PAGE_SIZE):
        await expect(page.locator(BOOK)).to_have_count(shown)
        await page.locator("#sentinel").scroll_into_view_if_needed()
    await expect(page.locator("#sentinel")).to_have_text("That was the last one.")
    assert await skus(page) == IN_ORDER


async def test_infinite_scroll_on_a_screen_taller_than_the_shelf(page: Page) -> None:
    await page.set_viewport_size({"width": 1280, "height": 8000})
    await page.goto("/stream")
    await expect(page.locator(BOOK)).to_have_count(len(PRODUCTS))


@pytest.mark.parametrize("path", ["/books", "/browse", "/stream"])
async def test_a_shelf_that_cannot_be_fetched_says_so_and_can_be_tried_again(page: Page, path: str) -> None:
    await page.route("**/api/books*", lambda route: route.fulfill(status=500), times=1)
    await page.goto(path)
    await expect(page.get_by_role("alert")).to_contain_text("the shelf answered 500")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.locator(BOOK).nth(PAGE_SIZE - 1)).to_be_visible()
    await expect(page.get_by_role("alert")).to_have_count(0)


async def test_script_and_server_render_the_same_card(page: Page) -> None:
    await page.goto("/books")
    await expect(page.locator(BOOK)).to_have_count(PAGE_SIZE)
    by_script = await page.evaluate(CARDS)
    await page.goto("/search?q=e")
    by_server = await page.evaluate(CARDS)
    assert by_script == {sku: by_server[sku] for sku in by_script}


# Markup by SKU, without what a parser does not tell apart: attributes in one order, no space between tags.
CARDS = """() => {
  const shape = (node) => node.nodeType === Node.TEXT_NODE
    ? node.data.trim()
    : [node.tagName, [...node.attributes].map((own) => `${own.name}=${own.value}`).sort(), shapes(node)];
  const shapes = (node) => [...node.childNodes].map(shape).filter((part) => part !== "");
  const books = [...document.querySelectorAll(".book[data-sku]")];
  return Object.fromEntries(books.map((book) => [book.dataset.sku, shapes(book)]));
}"""
