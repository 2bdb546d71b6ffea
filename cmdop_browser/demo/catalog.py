"""What the shop sells: the truth that scraped rows are compared with."""

import functools
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class Product:
    """One book of the shop."""

    sku: str
    slug: str
    title: str
    author: str
    category: str
    price: Decimal  # euros
    was: Decimal | None  # the price before a reduction
    rating: float | None  # 1.0 to 5.0; None while nobody has reviewed it
    reviews: int
    stock: int
    year: int
    pages: int
    isbn: str
    blurb: str

    @property
    def path(self) -> str:
        """Where its page is, from the root of the site."""
        return f"/books/{self.slug}"

    @property
    def in_stock(self) -> bool:
        """Whether it can be bought today."""
        return self.stock > 0

    def as_row(self, base_url: str) -> dict[str, str | float | bool | None]:
        """Return what a listing tells of it, as the row that ``recipes/books.py`` yields."""
        return {
            "sku": self.sku,
            "title": self.title,
            "author": self.author,
            "category": self.category,
            "price": float(self.price),
            "rating": self.rating,
            "in_stock": self.in_stock,
            "url": base_url.rstrip("/") + self.path,
        }


def _load() -> Iterator[Product]:
    text = resources.files(__package__).joinpath("catalog.toml").read_text(encoding="utf-8")
    for book in tomllib.loads(text)["books"]:
        yield _product(book)


def _product(book: dict[str, Any]) -> Product:
    was = Decimal(book["was"]) if "was" in book else None
    return Product(**book | {"price": Decimal(book["price"]), "was": was, "rating": book.get("rating")})


PRODUCTS: tuple[Product, ...] = tuple(_load())
CATEGORIES: tuple[str, ...] = tuple(dict.fromkeys(product.category for product in PRODUCTS))


@functools.cache
def by_slug() -> dict[str, Product]:
    """Return the products by the last part of their page's path."""
    return {product.slug: product for product in PRODUCTS}


def find(*, category: str = "", query: str = "") -> Sequence[Product]:
    """Return the products of *category* whose title, author or blurb holds every word of *query*."""
    words = query.casefold().split()
    return [
        product
        for product in PRODUCTS
        if (not category or product.category == category) and _matches(product, words)
    ]


def _matches(product: Product, words: Sequence[str]) -> bool:
    text = f"{product.title} {product.author} {product.blurb}".casefold()
    return all(word in text for word in words)


def rows(base_url: str) -> list[dict[str, str | float | bool | None]]:
    """Return what scraping the whole catalogue must yield, in the order of the listings."""
    return [product.as_row(base_url) for product in PRODUCTS]
