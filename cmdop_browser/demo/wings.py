"""The shop's other rooms: each has one thing that scrapers stumble over."""

import asyncio
import math

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse

from cmdop_browser.demo.layout import page
from cmdop_browser.demo.markup import render

CONSENT_COOKIE = "quire_consent"
LONGEST_WAIT = 30.0


async def slow(request: Request) -> HTMLResponse:
    """Answer after as many seconds as asked for."""
    seconds = _seconds(request.query_params.get("seconds", "3"))
    await asyncio.sleep(seconds)
    return page(request, "The slow shelf", render("slow.html", seconds=f"{seconds:g}"))


async def reading_room(request: Request) -> HTMLResponse:
    """Cover the page with a consent banner until a cookie says that it was answered."""
    answer = request.cookies.get(CONSENT_COOKIE)
    banner = render("consent.html") if answer is None else ""
    state = f"You chose: {answer} cookies." if answer else "You have not chosen yet."
    return page(request, "The reading room", render("reading_room.html", banner=banner, state=state))


async def visit(request: Request) -> HTMLResponse:
    """Show the opening hours in an iframe."""
    return page(request, "Visit the shop", render("visit.html"))


async def hours(_request: Request) -> HTMLResponse:
    """Return what the iframe of `visit` shows."""
    return HTMLResponse(render("hours.html"))


async def robots(_request: Request) -> PlainTextResponse:
    """Welcome every robot, the account excepted."""
    return PlainTextResponse("User-agent: *\nDisallow: /account\nDisallow: /basket\n")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= LONGEST_WAIT:  # also false for a NaN
        raise HTTPException(400, f"The slow shelf takes 0 to {LONGEST_WAIT:g} seconds.")
    return seconds
