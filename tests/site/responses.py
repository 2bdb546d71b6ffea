"""Answers by status, pace, encoding and type."""

import asyncio
import gzip
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.site.html import document, number, page, until_gone

_NO_BODY = {204, 205, 304}
_RETRY_LATER = {429, 503}

# A sentence that looks different in each encoding.
PANGRAM = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich"

_TYPES: dict[str, tuple[str, bytes]] = {
    "json": ("application/json", b'{"answer": [42, null, "\\u00e9"]}'),
    "text": ("text/plain; charset=utf-8", "Plain text, <b>not bold</b>, é.\n".encode()),
    "xml": ("application/xml", b"<?xml version='1.0'?><list><item>one</item></list>"),
    "bad-xml": (
        "application/xhtml+xml",
        b"<html xmlns='http://www.w3.org/1999/xhtml'><body><p>open</body></html>",
    ),
    "svg": ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'><circle r='9'/></svg>"),
    "octets": ("application/octet-stream", b"\x00\x01\x02"),
    "unknown": ("application/x-no-such-type", b"what is this"),
    "empty": ("text/html", b""),
}


async def _status(request: Request) -> Response:
    status = request.path_params["code"]
    if status in _NO_BODY:
        return Response(status_code=status)
    response = page(f"Status {status}", f'<p id="status">{status}</p>', status=status)
    if status in _RETRY_LATER:
        response.headers["retry-after"] = request.query_params.get("after", "7")
    return response


async def _bare_status(request: Request) -> Response:
    """Answer with a status and an empty body."""
    return Response(status_code=request.path_params["code"], headers={"content-type": "text/html"})


async def _slow(request: Request) -> Response:
    """Wait ``seconds`` before the headers."""
    await asyncio.sleep(number(request, "seconds", 1))
    return page("Slow", '<p id="done">That took a while.</p>')


async def _slow_body(request: Request) -> Response:
    """Send the first half at once and the second after ``seconds``."""

    async def halves() -> AsyncIterator[str]:
        whole = document("Slow body", '<p id="first">first</p><!-- half --><p id="second">second</p>')
        first, second = whole.split("<!-- half -->")
        yield first
        await asyncio.sleep(number(request, "seconds", 1))
        yield second

    return StreamingResponse(halves(), media_type="text/html")


async def _hang(request: Request) -> Response:
    await until_gone(request)
    return Response()


async def _hanging_resource(request: Request) -> Response:
    """Show a page whose ``kind`` of sub-resource never comes."""
    markup = {
        "image": '<img src="/hang/image" alt="">',
        "script": '<script src="/hang/script"></script>',
        "deferred": '<script defer src="/hang/script"></script>',
        "stylesheet": '<link rel="stylesheet" href="/hang/stylesheet">',
        "iframe": '<iframe src="/hang/frame"></iframe>',
        "fetch": "<script>fetch('/hang/fetch')</script>",
    }[request.path_params["kind"]]
    return page("Waiting for something", f'<p id="before">before</p>{markup}<p id="after">after</p>')


async def _attachment(request: Request) -> Response:
    name = request.query_params.get("name", "report.csv")
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response("a,b\n1,2\n", media_type="text/csv", headers=headers)


async def _charset(request: Request) -> Response:
    """Send `PANGRAM` in ``charset``, announced by the header or not at all."""
    charset = request.path_params["charset"]
    body = f"<!doctype html><title>{charset}</title><p id=text>{PANGRAM}</p>".encode(charset)
    announced = request.query_params.get("announced", charset)
    media_type = f"text/html; charset={announced}" if announced else "text/html"
    return Response(body, headers={"content-type": media_type})


async def _bad_utf8(_request: Request) -> Response:
    text = b"caf\xe9 \xff\xfe\xf0\x9f ok \xed\xa0\x80"
    body = b"<!doctype html><meta charset=utf-8><title>Broken</title><p id=text>" + text + b"</p>"
    return Response(body, headers={"content-type": "text/html; charset=utf-8"})


async def _type(request: Request) -> Response:
    media_type, body = _TYPES[request.path_params["name"]]
    headers = {"content-type": media_type}
    if "nosniff" in request.query_params:
        headers["x-content-type-options"] = "nosniff"
    return Response(body, headers=headers)


async def _gzip(request: Request) -> Response:
    body = document("Compressed", f'<p id="text">{PANGRAM}</p>').encode()
    headers = {"content-encoding": "gzip", "content-type": "text/html; charset=utf-8"}
    return Response(gzip.compress(body), headers=headers)


async def _echo(request: Request) -> Response:
    """Tell what was asked, in text."""
    return PlainTextResponse(f"{request.method} {request.url.path}?{request.url.query}")


async def _json_after(request: Request) -> Response:
    """Answer scripts of pages, after ``seconds``."""
    await asyncio.sleep(number(request, "seconds", 0))
    return JSONResponse({"items": [f"item {index}" for index in range(int(number(request, "n", 3)))]})


ROUTES = [
    Route("/status/{code:int}", _status),
    Route("/bare-status/{code:int}", _bare_status),
    Route("/slow", _slow),
    Route("/slow-body", _slow_body),
    Route("/hang/{what:path}", _hang, methods=["GET", "POST"]),
    Route("/hanging/{kind}", _hanging_resource),
    Route("/attachment", _attachment),
    Route("/charset/{charset}", _charset),
    Route("/bad-utf8", _bad_utf8),
    Route("/type/{name}", _type),
    Route("/gzip", _gzip),
    Route("/echo/{rest:path}", _echo),
    Route("/items.json", _json_after),
]
