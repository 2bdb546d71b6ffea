"""The web sites of the corpus: pages from files under the paths, statuses and headers that such pages have."""

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


SERVED: Final[Mapping[str, Served]] = {"/account/login": Served("signin.html")}

REDIRECTS: Final[Mapping[str, str]] = {"/account/orders": "/account/login?next=%2Faccount%2Forders"}


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
