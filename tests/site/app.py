"""The application: pages from files, and what only a program can answer."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.site import greedy, huge, identity, recording, redirects, resources, responses, submissions
from tests.site.certificates import made_certificates, old_tls
from tests.site.faults import answer_with_fault
from tests.site.html import page
from tests.site.listeners import CERTIFICATES, Ports, certificate, listening, relay_to, say_nothing
from tests.site.proxies import PROXIES
from tests.site.records import Received, Records

PAGES = Path(__file__).with_name("pages")


def create_app(records: Records, ports: Ports) -> Starlette:
    """Build the site; *ports* is filled when it starts."""
    app = Starlette(
        routes=[
            Route("/", _index),
            Route("/{name:str}.html", _page),
            *greedy.ROUTES,
            *huge.ROUTES,
            *identity.ROUTES,
            *recording.ROUTES,
            *redirects.ROUTES,
            *resources.ROUTES,
            *responses.ROUTES,
            *submissions.ROUTES,
        ],
        middleware=[Middleware(_Recorded, records=records)],
        lifespan=lambda _app: _more_ports(ports),
    )
    app.state.records = records
    return app


async def _index(_request: Request) -> Response:
    links = "".join(
        f'<li><a href="/{path.name}">{path.stem}</a></li>' for path in sorted(PAGES.glob("*.html"))
    )
    return page("Test site", f"<ul>{links}</ul>")


async def _page(request: Request) -> Response:
    path = PAGES / f"{request.path_params['name']}.html"
    if not path.is_file():
        return page("Not found", f"<p>There is no page called {path.stem}.</p>", status=404)
    return FileResponse(path, headers={"cache-control": "no-store"})


@contextlib.asynccontextmanager
async def _more_ports(ports: Ports) -> AsyncIterator[None]:
    async with contextlib.AsyncExitStack() as stack:
        ports.faults = await stack.enter_async_context(listening(answer_with_fault))
        ports.silent = await stack.enter_async_context(listening(say_nothing))
        relay = relay_to(lambda: ports.http)
        contexts = {name: certificate(name) for name in CERTIFICATES} | made_certificates()
        for name, context in contexts.items():
            ports.tls[name] = await stack.enter_async_context(listening(relay, tls=context))
        old = old_tls(certificate("self_signed"))
        ports.old_tls = await stack.enter_async_context(listening(relay, tls=old))
        for name, proxy in PROXIES.items():
            ports.proxies[name] = await stack.enter_async_context(listening(proxy))
        yield


class _Recorded:
    """Notes each request before it is answered."""

    def __init__(self, app: ASGIApp, *, records: Records) -> None:
        self._app = app
        self._records = records

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            query = scope["query_string"].decode("latin-1")
            _, port = scope["client"]
            self._records.add(Received(scope["method"], scope["path"], query, headers, port))
        await self._app(scope, receive, send)
