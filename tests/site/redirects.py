"""Redirects that end, and some that do not."""

import json

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tests.site.html import page

_BY_SCRIPT = "<p>Going round.</p><script>location.href = '/redirect/script-loop?' + Math.random()</script>"
_BY_META = '<meta http-equiv="refresh" content="0; url=/redirect/meta-loop">'


async def _to(request: Request) -> Response:
    """Redirect to ``url``, which may be anything, with ``status``."""
    status = int(request.query_params.get("status", "302"))
    # RedirectResponse would quote the URL.
    return Response(status_code=status, headers={"location": request.query_params["url"]})


async def _chain(request: Request) -> Response:
    left = request.path_params["length"]
    if left == 0:
        return page("End of the chain", '<p id="end">Here it ends.</p>')
    return RedirectResponse(f"/redirect/chain/{left - 1}", 302)


async def _loop(_request: Request) -> Response:
    return RedirectResponse("/redirect/loop", 302)


async def _pair_loop(request: Request) -> Response:
    """Two addresses that send one to each other."""
    return RedirectResponse("/redirect/pair/b" if request.path_params["name"] == "a" else "/redirect/pair/a")


async def _script_loop(_request: Request) -> Response:
    return page("Round by script", _BY_SCRIPT)


async def _meta_loop(_request: Request) -> Response:
    return page("Round by meta", "<p>Going round.</p>", head=_BY_META)


async def _reload_loop(_request: Request) -> Response:
    return page("Reloading", "<p>Again.</p><script>location.reload()</script>")


async def _reload_later(request: Request) -> Response:
    delay = int(request.path_params["milliseconds"])
    return page("Reloading", f"<p>Again.</p><script>setTimeout(() => location.reload(), {delay})</script>")


async def _script_chain(request: Request) -> Response:
    left = request.path_params["length"]
    if left == 0:
        return page("End of the chain", '<p id="end">Here it ends.</p>')
    return page(f"{left} to go", f"<script>location.replace('/redirect/script-chain/{left - 1}')</script>")


async def _by_script(request: Request) -> Response:
    """Lead to ``url`` before the page has loaded, with a referrer by ``policy``."""
    query = request.query_params
    head = f'<meta name="referrer" content="{query.get("policy", "")}">'
    return page("By script", f"<script>location.replace({json.dumps(query['url'])})</script>", head=head)


async def _on(request: Request) -> Response:
    """Lead to ``url`` in one of three ways."""
    query = request.query_params
    where = json.dumps(query["url"])
    if query["way"] == "by meta":
        return page("On", "", head=f'<meta http-equiv="refresh" content="0; url={query["url"]}">')
    if query["way"] == "at once":
        return page("On", f"<script>location.href = {where}</script>")
    return page("On", f"<script>onload = () => {{ location.href = {where} }}</script>")


async def _back(_request: Request) -> Response:
    return page("Back", "<script>history.back()</script>")


ROUTES = [
    Route("/redirect/on", _on),
    Route("/redirect/back", _back),
    Route("/redirect/by-script", _by_script),
    Route("/redirect/to", _to),
    Route("/redirect/chain/{length:int}", _chain),
    Route("/redirect/loop", _loop),
    Route("/redirect/pair/{name}", _pair_loop),
    Route("/redirect/script-chain/{length:int}", _script_chain),
    Route("/redirect/script-loop", _script_loop),
    Route("/redirect/meta-loop", _meta_loop),
    Route("/redirect/reload-loop", _reload_loop),
    Route("/redirect/reload-later/{milliseconds:int}", _reload_later),
]
