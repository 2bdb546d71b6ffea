"""The shop as a Starlette application."""

from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cmdop_browser.demo import account, api, downloads, pages, wings
from cmdop_browser.demo.layout import page
from cmdop_browser.demo.markup import render
from cmdop_browser.demo.visits import Visits

_POLICY = "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'"


def create_app(*, latency: float = 0.25) -> Starlette:
    """Build the shop.

    Args:
        latency: Seconds that its JSON takes, so that the listings are seen to fill.
    """
    app = Starlette(
        routes=[
            Route("/", pages.home),
            Route("/books", pages.catalogue),
            Route("/browse", pages.browse),
            Route("/stream", pages.stream),
            Route("/books/{slug}", pages.product),
            Route("/search", pages.search),
            Route("/login", account.login, methods=["GET", "POST"]),
            Route("/logout", account.logout, methods=["POST"]),
            Route("/account", account.account),
            Route("/basket", account.basket),
            Route("/basket", account.add_to_basket, methods=["POST"]),
            Route("/slow", wings.slow),
            Route("/reading-room", wings.reading_room),
            Route("/visit", wings.visit),
            Route("/visit/hours", wings.hours),
            Route("/downloads", downloads.index),
            Route("/downloads/catalogue.csv", downloads.csv_file),
            Route("/downloads/catalogue.pdf", downloads.pdf_file),
            Route("/covers/{slug}.svg", pages.cover_image),
            Route("/api/books", api.books),
            Route("/robots.txt", wings.robots),
            Mount("/static", StaticFiles(packages=[("cmdop_browser.demo", "static")]), name="static"),
        ],
        exception_handlers={HTTPException: _error_page},
        middleware=[Middleware(_OwnResourcesOnly)],
    )
    app.state.latency = latency
    app.state.visits = Visits()
    return app


async def _error_page(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    title = "We do not have that" if error.status_code == 404 else "That did not work"
    nothing_said = error.detail == HTTPStatus(error.status_code).phrase
    detail = "Perhaps it has been lent out." if nothing_said else error.detail
    body = render("error.html", status=error.status_code, title=title, detail=detail)
    return page(request, title, body, status=error.status_code, headers=error.headers)


class _OwnResourcesOnly:
    """Tells the browser to load nothing from elsewhere, as careful shops do."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"content-security-policy", _POLICY.encode())]
            await send(message)

        await self._app(scope, receive, send_with_policy if scope["type"] == "http" else send)
