"""The web sites of the corpus: pages from files, at the paths and with the statuses that such pages have."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from cmdop_browser.demo.server import AppServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.requests import Request

PAGES: Final = Path(__file__).with_name("pages")

# Where a document that never ends stops.
_HELD: Final = "<!-- held here -->"


@dataclass(frozen=True)
class Served:
    """How a page is answered."""

    file: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    held: bool = False


_CLOUD: Final = {"server": "cloudflare", "cf-mitigated": "challenge", "cf-ray": "8f0a1b2c3d4e5f60-LIS"}

# Paths that say something of themselves, as those of real sites do; other pages are at their file's name.
SERVED: Final[Mapping[str, Served]] = {
    "/account/login": Served("signin.html"),
    "/dashboard": Served("signin.html"),
    "/projects/7": Served("signin_sso.html", 401),
    "/auth/login": Served("signin_sso.html"),
    "/connexion": Served("signin_fr.html"),
    "/catalogue": Served("challenge_moment.html", 403, _CLOUD),
    "/catalogue/lamps": Served("challenge_moment.html", 503, {"server": "cloudflare"}),
    "/sorry/index": Served("challenge_captcha.html", 429),
    "/dp/B00BLUEMUG": Served("challenge_captcha.html"),
    "/flights": Served("challenge_hold.html", 403),
    "/nachrichten/politik": Served("consent_wall.html"),
    "/consent/choices": Served("consent_before.html"),
    "/evening-post": Served("consent_frame.html"),
    "/orders/export": Served("error_500.html", 500),
    "/sale": Served("error_503.html", 503, {"retry-after": "3600"}),
    "/internal/metrics": Served("error_403.html", 403, {"server": "nginx/1.25.3"}),
    "/api-console": Served("error_429.html", 429, {"retry-after": "60"}),
    "/2026/11/orchard": Served("news_article_slow.html", held=True),
    "/board": Served("slow_app.html", held=True),
    "/kitchen/": Served("shop_list.html"),
    "/de/tarife": Served("pricing.html"),
    "/wiki/Login": Served("wiki_article.html"),
    "/login/help": Served("forum_thread.html"),
}

REDIRECTS: Final[Mapping[str, str]] = {
    "/account/orders": "/account/login?next=%2Faccount%2Forders",
    "/billing/invoices": "/auth/login?returnUrl=%2Fbilling%2Finvoices",
    "/mon-compte/factures": "/connexion?retour=%2Fmon-compte%2Ffactures",
    "/search/mugs": "/sorry/index?continue=%2Fsearch%2Fmugs",
    "/find/sextant": "/consent/choices?continue=%2Ffind%2Fsextant",
    "/p/mug-2019": "/shop_list.html",
    "/beta/planner": "/spa_app.html",
    "/kitchen": "/kitchen/",
    "/tarife": "/de/tarife",
    "/wiki/Signing_in": "/wiki/Login",
}


class CorpusSite(AppServer):
    """The corpus, served from a thread while the block lasts."""

    def __init__(self) -> None:
        super().__init__(Starlette(routes=[Route("/{path:path}", _answer, methods=["GET", "POST"])]))

    def at(self, path: str) -> str:
        """Return the URL of *path*, which starts with a slash."""
        return self.url + path


async def _answer(request: Request) -> Response:
    path = request.url.path
    if path.startswith("/never/"):
        await _until_gone(request)
        return PlainTextResponse("")
    if path in REDIRECTS:
        return RedirectResponse(REDIRECTS[path], 302)
    if path == "/old-docs":  # moved to another site
        return RedirectResponse(f"http://localhost:{request.url.port}/pricing.html", 301)
    served = SERVED.get(path)
    if served is None and (PAGES / path[1:]).is_file():
        served = Served(path[1:])
    if served is None:
        served = Served("error_404.html", 404)
    # Another port of the same machine is another site for Chromium when it has another name.
    source = (PAGES / served.file).read_text(encoding="utf-8")
    source = source.replace("{{elsewhere}}", f"http://localhost:{request.url.port}")
    headers = {"cache-control": "no-store", **served.headers}
    if not served.held:
        return HTMLResponse(source, served.status, headers)
    return StreamingResponse(_held(source, request), served.status, headers, "text/html; charset=utf-8")


async def _held(source: str, request: Request) -> AsyncIterator[str]:
    yield source.partition(_HELD)[0]
    await _until_gone(request)


async def _until_gone(request: Request) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        while (await request.receive())["type"] != "http.disconnect":
            pass
