"""Too much of everything."""

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.site.html import document, number, page

_MEGABYTE = 1_000_000
_PARAGRAPH = "<p>" + "All work and no play makes a dull page. " * 25 + "</p>\n"


async def _text(request: Request) -> StreamingResponse:
    """Send a page of ``mb`` megabytes in few, large elements."""
    megabytes = int(number(request, "mb", 20))

    def pieces() -> Iterator[str]:
        head, tail = document("Huge", '<pre id="text">|</pre><p id="end">end</p>').split("|")
        yield head
        for _ in range(megabytes):
            yield "x" * (_MEGABYTE - 1) + "\n"
        yield tail

    return StreamingResponse(pieces(), media_type="text/html")


async def _prose(request: Request) -> StreamingResponse:
    """Send a page of ``mb`` megabytes in paragraphs of a kilobyte."""
    megabytes = int(number(request, "mb", 20))

    def pieces() -> Iterator[str]:
        head, tail = document("Huge", '|<p id="end">end</p>').split("|")
        yield head
        for _ in range(megabytes):
            yield _PARAGRAPH * (_MEGABYTE // len(_PARAGRAPH))
        yield tail

    return StreamingResponse(pieces(), media_type="text/html")


async def _elements(request: Request) -> HTMLResponse:
    """Send a list of ``n`` items, each with a link."""
    count = int(number(request, "n", 100_000))
    items = "".join(
        f'<li class="item"><a href="/echo/{index}">Item {index}</a></li>' for index in range(count // 2)
    )
    return page("Many elements", f'<ul id="list">{items}</ul><p id="end">end</p>')


async def _nested(request: Request) -> HTMLResponse:
    """Nest ``n`` divs."""
    depth = int(number(request, "n", 10_000))
    return page("Deep", "<div>" * depth + '<b id="bottom">bottom</b>' + "</div>" * depth)


async def _cookies(request: Request) -> Response:
    """Set ``n`` cookies of a kilobyte."""
    response = page("Many cookies", "<p>Enjoy.</p>")
    for index in range(int(number(request, "n", 50))):
        response.set_cookie(f"c{index}", "v" * 1000, path="/huge")
    return response


async def _frames(request: Request) -> HTMLResponse:
    """Show ``n`` iframes."""
    frames = "".join(
        f'<iframe src="/echo/{index}"></iframe>' for index in range(int(number(request, "n", 200)))
    )
    return page("Many frames", frames)


async def _endless(_request: Request) -> StreamingResponse:
    """Never stop sending."""

    def pieces() -> Iterator[str]:
        yield document("Endless", "").partition("</body>")[0]
        while True:
            yield _PARAGRAPH

    return StreamingResponse(pieces(), media_type="text/html")


ROUTES = [
    Route("/huge/text", _text),
    Route("/huge/prose", _prose),
    Route("/huge/elements", _elements),
    Route("/huge/nested", _nested),
    Route("/huge/cookies", _cookies),
    Route("/huge/frames", _frames),
    Route("/huge/endless", _endless),
]
