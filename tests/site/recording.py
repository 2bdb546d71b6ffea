"""Counters, gates, and what was asked for."""

from dataclasses import asdict
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.site.html import page
from tests.site.records import Records


def records_of(request: Request) -> Records:
    """Return the records of the site that answers *request*."""
    records: Records = request.app.state.records
    return records


async def _count(request: Request) -> HTMLResponse:
    name = request.path_params["name"]
    fields = parse_qs((await request.body()).decode())
    count = records_of(request).count(name, *fields.get("note", ()))
    return page(f"Counted {name}", f'<p>It is now <b id="count">{count}</b>.</p>')


async def _counter_form(request: Request) -> HTMLResponse:
    name = request.path_params["name"]
    fields = '<input id="note" name="note"><button id="go">Count</button>'
    form = f'<form method="post" action="/count/{name}">{fields}</form>'
    if gate := request.query_params.get("gate"):
        # Each time there is another one to pass before all of the page is there.
        times = len(records_of(request).requests(request.url.path))
        form += f'<img src="/gate/{gate}-{times}" alt="">'
    return page(f"Counter {name}", form)


async def _counts(request: Request) -> JSONResponse:
    return JSONResponse(records_of(request).counts())


async def _requests(request: Request) -> JSONResponse:
    prefix = request.query_params.get("prefix", "/")
    return JSONResponse([asdict(received) for received in records_of(request).requests(prefix)])


async def _gate(request: Request) -> Response:
    name = request.path_params["name"]
    await records_of(request).pass_gate(name)
    if request.method == "POST":
        count = records_of(request).count(name)
        return page(f"Posted through gate {name}", f'<b id="count">{count}</b>')
    return page(f"Behind gate {name}", '<p id="passed">You are through.</p>')


async def _gate_form(request: Request) -> HTMLResponse:
    name = request.path_params["name"]
    form = f'<form method="post" action="/gate/{name}"><button id="go">Post</button></form>'
    return page(f"Form before gate {name}", form)


async def _open(request: Request) -> PlainTextResponse:
    records_of(request).open_gate(request.path_params["name"])
    return PlainTextResponse("open")


ROUTES = [
    Route("/count/{name}", _count, methods=["POST"]),
    Route("/count/{name}", _counter_form),
    Route("/counts", _counts),
    Route("/requests", _requests),
    Route("/gate/{name}", _gate, methods=["GET", "POST"]),
    Route("/gate/{name}/form", _gate_form),
    Route("/gate/{name}/open", _open, methods=["POST"]),
]
