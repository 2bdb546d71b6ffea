"""Every book of a shop whose shelves are filled by script, page after page."""

import argparse
import json
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from urllib.parse import urljoin

from bs4 import Tag

from cmdop_browser import CMDOPClient, with_auto_restart

SHOP = "http://127.0.0.1:8080"  # where `python -m cmdop_browser.demo` serves it


@with_auto_restart(key=itemgetter("sku"))
def books(
    client: CMDOPClient, *, base_url: str = SHOP, screenshot: Path | None = None
) -> Iterator[dict[str, object]]:
    """Walk the catalogue along its "Next" links and yield a row per book."""
    with client.browser.create_session(block=() if screenshot else ("image", "font")) as session:
        url: str | None = urljoin(base_url, "/books")
        while url:
            session.navigate(url).raise_for_status()
            session.wait_for("#books .book[data-sku]")
            if screenshot:
                session.wait_for_idle()
                session.screenshot(path=screenshot)
                screenshot = None  # of the first page only
            page = session.dom.soup("main")
            yield from (row(book, url) for book in page.select("#books .book"))
            following = page.select_one("a[rel=next]")
            url = urljoin(url, str(following["href"])) if following else None


def row(book: Tag, page_url: str) -> dict[str, object]:
    """Read one card of a shelf."""
    rating = book.select_one("[data-rating]")
    return {
        "sku": book["data-sku"],
        "title": one(book, ".title").get_text(strip=True),
        "author": one(book, ".author").get_text(strip=True),
        "category": one(book, ".category").get_text(strip=True),
        "price": float(one(book, ".price").get_text().removeprefix("€")),
        "rating": float(str(rating["data-rating"])) if rating else None,
        "in_stock": one(book, ".stock").get_text() == "In stock",
        "url": urljoin(page_url, str(one(book, ".title a")["href"])),
    }


def one(book: Tag, css: str) -> Tag:
    """Find what must be there once: a shop that has changed its markup is an error, not an empty field."""
    (found,) = book.select(css)
    return found


recipe = books  # what `cmdop-browser run recipes/books.py` runs

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", nargs="?", default=SHOP, help="where the shop is (default: %(default)s)")
    parser.add_argument("-o", "--output", type=Path, default=Path("books.jsonl"))
    options = parser.parse_args()
    with options.output.open("w", encoding="utf-8") as lines:
        for book_row in books(base_url=options.url):
            lines.write(json.dumps(book_row, ensure_ascii=False) + "\n")
