"""The JSON that the shop's own script reads."""

import asyncio
import re

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from cmdop_browser.demo import catalog
from cmdop_browser.demo.cards import as_json

PAGE_SIZE = 12


async def books(request: Request) -> JSONResponse:
    """Return one page of books, after the shop's latency."""
    number = page_number(request)
    found = catalog.find(category=request.query_params.get("category", ""))
    await asyncio.sleep(request.app.state.latency)
    start = (number - 1) * PAGE_SIZE
    return JSONResponse(
        {
            "page": number,
            "pages": number_of_pages(len(found)),
            "total": len(found),
            "books": [as_json(product) for product in found[start : start + PAGE_SIZE]],
        },
        headers={"cache-control": "no-store"},
    )


def number_of_pages(total: int) -> int:
    """Return how many pages *total* books fill, at least one."""
    return max(1, -(-total // PAGE_SIZE))


def page_number(request: Request) -> int:
    """Return the page that *request* asks for, 1 when it does not say.

    Raises:
        HTTPException: 400, not a page number.
    """
    text = request.query_params.get("page", "1")
    if not re.fullmatch("[1-9][0-9]{0,5}", text):
        raise HTTPException(400, f"“{text}” is no page number.")
    return int(text)
