"""Documents for the pages that are made on request."""

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse


def document(title: str, body: str, *, head: str = "") -> str:
    """Put *body* and *head*, which are markup, into a document called *title*, which is text."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<link rel="icon" href="data:,">{head}</head>\n'
        f"<body>\n<h1>{escape(title)}</h1>\n{body}\n</body></html>"
    )


def page(title: str, body: str, *, head: str = "", status: int = 200) -> HTMLResponse:
    """Return `document` as a response."""
    return HTMLResponse(document(title, body, head=head), status)


def number(request: Request, name: str, default: float) -> float:
    """Return the number *name* of the query."""
    return float(request.query_params.get(name, default))


async def until_gone(request: Request) -> None:
    """Wait until the client has closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
