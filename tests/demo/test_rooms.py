"""Everything but the shelves, as a browser shows it."""

import csv
import json
from pathlib import Path

from playwright.async_api import Page, expect

from cmdop_browser.demo.account import EMAIL, ORDERS, PASSWORD
from cmdop_browser.demo.catalog import PRODUCTS
from cmdop_browser.demo.visits import COOKIE


async def log_in(page: Page, password: str = PASSWORD) -> None:
    await page.get_by_label("E-mail address").fill(EMAIL)
    await page.get_by_label("Password").fill(password)
    await page.locator("#login").get_by_role("button", name="Log in").click()


async def test_login_opens_the_account_and_logout_closes_it(page: Page) -> None:
    await page.goto("/account")
    await expect(page).to_have_url("/login?next=/account")
    await log_in(page, "hardcover")
    await expect(page.get_by_role("alert")).to_have_text("No reader with this e-mail address and password.")
    await expect(page.get_by_label("E-mail address")).to_have_value(EMAIL)

    await log_in(page)
    await expect(page).to_have_url("/account")
    await expect(page.locator("#who")).to_have_text(EMAIL)
    await expect(page.locator(".orders tbody tr")).to_have_count(len(ORDERS))
    (cookie,) = [cookie for cookie in await page.context.cookies() if cookie["name"] == COOKIE]
    assert cookie["httpOnly"]

    await page.get_by_role("button", name="Log out").click()
    await page.goto("/account")
    await expect(page).to_have_url("/login?next=/account")


async def test_basket_keeps_books_through_the_login(page: Page) -> None:
    book = next(product for product in PRODUCTS if product.in_stock)
    for _ in range(2):
        await page.goto(book.path)
        await page.get_by_role("button", name="Add to basket").click()
    await expect(page.locator(".basket tbody")).to_contain_text(book.title)
    await expect(page.locator("#total")).to_have_text(f"€{book.price * 2}")
    await page.goto("/login")
    await log_in(page)
    await expect(page.get_by_label("2 books in the basket")).to_be_visible()


async def test_what_is_sold_out_cannot_be_bought(page: Page) -> None:
    gone = next(product for product in PRODUCTS if not product.in_stock)
    await page.goto(gone.path)
    await expect(page.get_by_role("button", name="Add to basket")).to_be_disabled()


async def test_search_form(page: Page) -> None:
    await page.goto("/")
    await page.get_by_label("Search the shop").fill("tide")
    await page.keyboard.press("Enter")
    await expect(page.locator("#summary")).to_have_text("2 books for “tide”")
    await expect(page.locator("#results .title")).to_have_text(["The Tide Table", "The Tide Table"])
    await page.get_by_label("What are you looking for?").fill('"no" <such> book')
    await page.get_by_role("button", name="Find books").click()
    await expect(page.locator("#summary")).to_have_text('0 books for “"no" <such> book”')


async def test_product_page_carries_structured_data(page: Page) -> None:
    book = next(product for product in PRODUCTS if product.slug == "untitled")
    await page.goto(book.path)
    await expect(page.locator("h1")).to_have_text("<Untitled>")
    data = json.loads(await page.locator('script[type="application/ld+json"]').inner_text())
    assert (data["name"], data["sku"], data["offers"]["price"]) == (book.title, book.sku, str(book.price))
    assert data["offers"]["availability"].endswith("InStock" if book.in_stock else "OutOfStock")
    assert ("aggregateRating" in data) == (book.rating is not None)
    properties = {
        await tag.get_attribute("property"): await tag.get_attribute("content")
        for tag in await page.locator("meta[property]").all()
    }
    assert (properties["og:title"], properties["og:description"]) == (book.title, book.blurb)
    assert properties["og:url"] == page.url == data["@id"]


async def test_consent_banner_covers_the_room_until_it_is_answered(page: Page) -> None:
    await page.goto("/reading-room")
    on_top = """() => {
        const box = document.querySelector("#reserve").getBoundingClientRect();
        return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2).id;
    }"""
    assert await page.evaluate(on_top) == "consent"
    await expect(page.get_by_role("button", name="Accept all")).to_be_focused()
    await page.get_by_role("button", name="Accept all").click()
    assert await page.evaluate(on_top) == "reserve"
    await page.get_by_role("button", name="Reserve a seat").click()
    await expect(page.locator("#reservation")).to_have_text("Seat 7, by the window, is yours.")

    await page.reload()
    await expect(page.locator("#consent")).to_have_count(0)
    await expect(page.locator("#consent-state")).to_have_text("You chose: all cookies.")


async def test_opening_hours_are_in_a_frame(page: Page) -> None:
    await page.goto("/visit")
    assert await page.locator("#hours").count() == 0
    frame = page.frame_locator("iframe.hours")
    await expect(frame.locator("#hours tbody tr")).to_have_count(4)
    await frame.get_by_label("Ask us something").fill("Why?")
    await frame.get_by_role("button", name="Ask").click()
    await expect(frame.locator("#answer")).to_contain_text("“Why?”")


async def test_downloads(page: Page, tmp_path: Path) -> None:
    await page.goto("/downloads")
    for button, name in (("#csv", "catalogue.csv"), ("#pdf", "catalogue.pdf")):
        async with page.expect_download() as arriving:
            await page.click(button)
        download = await arriving.value
        assert download.suggested_filename == name
        await download.save_as(tmp_path / name)
    with (tmp_path / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["sku"], row["title"], row["price"]) for row in rows] == [
        (product.sku, product.title, str(product.price)) for product in PRODUCTS
    ]
    assert (tmp_path / "catalogue.pdf").read_bytes().startswith(b"%PDF-")


async def test_missing_page(page: Page) -> None:
    response = await page.goto("/books/no-such-book")
    assert response is not None
    assert response.status == 404
    await expect(page.locator("main")).to_contain_text("There is no such book on our shelves.")
