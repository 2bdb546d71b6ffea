"""What every page of the shop has around its content."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse

from cmdop_browser.demo.markup import NOTHING, Html, join, render
from cmdop_browser.demo.visits import visit_of

_SECTIONS = (
    ("/books", "Catalogue"),
    ("/browse", "Browse"),
    ("/stream", "Long shelf"),
    ("/slow", "Slow shelf"),
    ("/reading-room", "Reading room"),
    ("/visit", "Visit"),
    ("/downloads", "Downloads"),
)


def page(
    request: Request,
    title: str,
    body: Html,
    *,
    head: Html = NOTHING,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """Put *body* into the shop's frame."""
    visit = visit_of(request)
    copies = visit.basket.total() if visit else 0
    signed_in = visit is not None and visit.email is not None
    html = render(
        "layout.html",
        title=title,
        head=head,
        body=body,
        sections=join(_section(path, name, current=request.url.path) for path, name in _SECTIONS),
        query=request.query_params.get("q", ""),
        account_path="/account" if signed_in else "/login",
        account_name="Account" if signed_in else "Log in",
        copies=copies,
        copies_label=f"{copies} {'book' if copies == 1 else 'books'} in the basket",
    )
    return HTMLResponse(html, status, headers)


def _section(path: str, name: str, *, current: str) -> Html:
    here = Html(' aria-current="page"') if path == current else NOTHING
    return render("section.html", path=path, name=name, here=here)
