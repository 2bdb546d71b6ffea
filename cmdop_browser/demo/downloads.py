"""The catalogue as files."""

import csv
import functools
import io

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from cmdop_browser.demo import pdf
from cmdop_browser.demo.catalog import PRODUCTS
from cmdop_browser.demo.layout import page
from cmdop_browser.demo.markup import render

COLUMNS = ("sku", "title", "author", "category", "price", "stock", "isbn")


async def index(request: Request) -> HTMLResponse:
    """List the files."""
    return page(
        request,
        "Downloads",
        render("downloads.html", csv_size=_size(csv_bytes()), pdf_size=_size(pdf_bytes())),
    )


async def csv_file(_request: Request) -> Response:
    """Send the catalogue as a CSV attachment."""
    return _attachment(csv_bytes(), "text/csv; charset=utf-8", "catalogue.csv")


async def pdf_file(_request: Request) -> Response:
    """Send the price list as a PDF attachment."""
    return _attachment(pdf_bytes(), "application/pdf", "catalogue.pdf")


@functools.cache
def csv_bytes() -> bytes:
    """Return the catalogue as CSV (RFC 4180)."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(COLUMNS)
    table.writerows([getattr(product, column) for column in COLUMNS] for product in PRODUCTS)
    return out.getvalue().encode()


@functools.cache
def pdf_bytes() -> bytes:
    """Return the price list as PDF."""
    lines = [
        f"{product.sku}    {product.price} EUR    {product.title}, {product.author}" for product in PRODUCTS
    ]
    return pdf.document("Quire: price list", lines)


def _attachment(content: bytes, media_type: str, name: str) -> Response:
    return Response(
        content, media_type=media_type, headers={"content-disposition": f'attachment; filename="{name}"'}
    )


def _size(content: bytes) -> str:
    return f"{len(content) / 1000:.1f} kB"
