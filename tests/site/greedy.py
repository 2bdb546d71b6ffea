"""Pages that take all there is: of memory, of the caller's patience."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.site.html import page


async def _hungry(_request: Request) -> Response:
    """A script that fills the heap."""
    script = "const all = []; for (;;) all.push(new Array(100000).fill(Math.random()));"
    return page("Hungry", f"<script>{script}</script>")


async def _restless(_request: Request) -> Response:
    """A page that writes its history on and on, while an image never comes."""
    script = "setInterval(() => history.pushState(0, '', '/greedy/restless/' + Math.random()), 20)"
    return page("Restless", f'<img src="/hang/image" alt=""><script>{script}</script>')


ROUTES = [
    Route("/greedy/hungry", _hungry),
    Route("/greedy/restless", _restless),
]
